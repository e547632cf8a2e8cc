"""What telling people needs from outside: templates that can be filled, and places that take messages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from opsbot.app.taken import Taken
from opsbot.domain.change import Record
from opsbot.domain.comms.templates import Audience, Locale, Rendered, Stage, Template


class Templates(Protocol):
    """The templates of `runbooks/comms/`, as they are now."""

    def known(self) -> Mapping[str, Template]:
        """Return every template that can be used, by name."""
        ...

    def render(
        self, template: Template, values: Mapping[str, str], facts: Mapping[str, str]
    ) -> Rendered:
        """
        Fill a template; nothing in *values* or *facts* is ever read as a template.

        *values* are its fields by name, *facts* the confirmed lines of the fact sheet.

        Raises:
            Refused: a field is missing, unknown, too long or of another type, or the text comes out
                too long; names the field and what is allowed.
        """
        ...


Impact = Literal["none", "minor", "major", "critical"]
"""How the wide world calls severity; SEV1 is critical, SEV2 major, SEV3 minor, SEV4 none."""


@dataclass(frozen=True, slots=True)
class Post:
    """
    One message on its way to one target, exactly as it was approved.

    *key* is ours and stays the same for every attempt; a target that cannot be told a key is searched
    for it. *incident* is a stable, opaque key of the incident, *thread* what this target called it when
    the first message came there, empty for the first. *at_ms* is when it was published, *next_ms* when
    the next is promised. *components* are workflows by the name that users know. *corrects* is where
    the message that it corrects stands at this target, as its handle, empty for none. *stays_off*: it
    says that the feature stays off, so no page may say that it works. *others* are the handles of every
    other message there, of any incident: whatever bears one of them is not this message. *unseen* are
    earlier messages of the incident that were given up there and may have come all the same, the oldest
    first; none where *thread* is known. *taken* is how much the incident's kills take of a workflow.
    """

    key: str
    message: str
    incident: str
    audience: Audience
    stage: Stage
    impact: Impact
    headline: str
    texts: Mapping[Locale, str]
    at_ms: int
    next_ms: int | None = None
    components: Mapping[str, str] = field(default_factory=dict)
    thread: Record = field(default_factory=dict)
    corrects: Record = field(default_factory=dict)
    stays_off: bool = False
    others: tuple[Record, ...] = ()
    unseen: tuple["Post", ...] = ()
    taken: Mapping[str, Taken] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Posted:
    """
    What a target left of a message.

    *url* is where people read it, empty where nobody can. *thread* is what it calls the incident,
    *handle* what it calls this message. *confirmed* of *expected* instances show it, None where a
    target has none. *detail* is a word about it, for the card.
    """

    url: str = ""
    thread: Record = field(default_factory=dict)
    handle: Record = field(default_factory=dict)
    confirmed: int | None = None
    expected: int | None = None
    detail: str = ""


class Publisher(Protocol):
    """One target. Only effect handlers call it."""

    async def publish(self, post: Post, *, attempt: int) -> Posted:
        """
        Publish one message once; from the second *attempt* on look for its key before sending.

        Raises:
            RetryLater: with the target's own wait where it names one; whatever was sent may be there.
            GiveUp: it will never take it, in our words: what it said and what to change.
        """
        ...


class Publishers(Protocol):
    """Every target that can be reached."""

    def to(self, target: str) -> Publisher:
        """
        Return the target of that name.

        Raises:
            GiveUp: nobody declared it, or its secrets are missing; names the setting.
        """
        ...
