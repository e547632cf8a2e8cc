"""What a person asks of messages to people, whatever the surface; parsers build these."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from opsbot.app.incident.requests import Which
from opsbot.app.requests import ApproveRequest
from opsbot.domain.comms.templates import Audience
from opsbot.domain.comms.told import Surety


@dataclass(frozen=True, slots=True)
class NewMessage:
    """
    `/ai-comms new [template] [INC-7] [field=value …]`: a draft.

    *values* are its fields as typed; those that are left out are taken from the fact sheet where
    they can be. *targets* None are the template's, or the workflow's. *corrects* is the message that
    it corrects. *back* is why it steps back a stage. *next_s* promises the next update, in seconds from now;
    None is what the cadence says. *run* and *step* are of the run that asked for it.
    """

    template: str
    which: Which
    values: Mapping[str, str] = field(default_factory=dict)
    targets: tuple[str, ...] | None = None
    corrects: str = ""
    back: str = ""
    next_s: int | None = None
    run: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True)
class EditMessage:
    """Change a draft or one that waits (its approvals die); what is None stays. *seen* is the version on the screen."""

    message: str
    values: Mapping[str, str] | None = None
    targets: tuple[str, ...] | None = None
    next_s: int | None = None
    back: str = ""
    seen: int | None = None


EVERY: Final = "*"
"""In the place of the ids of warnings: every one that the preview shows."""


@dataclass(frozen=True, slots=True)
class PublishMessage:
    """
    Let a message go, or ask for the approvals that it takes.

    *sha* is what the preview on the screen showed: where it is another by now, nothing is published.
    *anyway* are the ids of warnings of the wording check that somebody read and keeps, `*` for
    every one that the preview shows.
    """

    message: str
    sha: str = ""
    seen: int | None = None
    anyway: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HoldUsers:
    """The first word in one tap: publish what was approved in advance. *run* and *step* as in `NewMessage`."""

    which: Which
    template: str = ""
    run: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True)
class DropMessage:
    """Give a draft up, or say no to one that waits; *why* is asked for where it waits."""

    message: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class RetryTarget:
    """Try one target of a published message again."""

    message: str
    target: str


@dataclass(frozen=True, slots=True)
class StateFact:
    """Put a line on the fact sheet: what is so, and how sure that is; empty *text* takes it off."""

    which: Which
    name: str
    text: str = ""
    surety: Surety = "believed"


@dataclass(frozen=True, slots=True)
class SnoozeUpdate:
    """Move the promise of the next update to an audience by *for_s* seconds; the reason is required."""

    which: Which
    audience: Audience
    for_s: int
    why: str


@dataclass(frozen=True, slots=True)
class RunClock:
    """
    Start a legal clock of an incident, or say that it was answered.

    It begins at *from_ms*, or when *began* says as somebody typed it: in the zone of every time that
    people read, as in a form. With neither it begins now.
    """

    which: Which
    name: str
    act: Literal["start", "answered"] = "start"
    from_ms: int | None = None
    began: str = ""


@dataclass(frozen=True, slots=True)
class HoldEvidence:
    """Say where the evidence of an exposure was put aside: it opens the way back."""

    which: Which
    where: str


@dataclass(frozen=True, slots=True)
class SetCanned:
    """Change what a workflow's users read while it is paused, by locale, without a change of files."""

    workflow: str
    texts: Mapping[str, str]
    mode: Literal["canned", "human"] = "canned"


@dataclass(frozen=True, slots=True)
class CommsLook:
    """
    Look: messages of an incident (`list`), one as it is published (`preview`), templates, the fact sheet.

    *every* lists those of incidents that are over too.
    """

    what: Literal["list", "preview", "templates", "facts"] = "list"
    which: Which = field(default_factory=Which)
    message: str = ""
    every: bool = False


CommsWords: TypeAlias = (
    NewMessage
    | EditMessage
    | PublishMessage
    | HoldUsers
    | DropMessage
    | RetryTarget
    | StateFact
    | SnoozeUpdate
    | RunClock
    | HoldEvidence
    | SetCanned
    | CommsLook
)
"""Everything that can be asked about messages to people."""

Asking: TypeAlias = Which | DropMessage | SnoozeUpdate | ApproveRequest
"""What a form is opened for: a new message of an incident, and whatever asks for a reason."""
