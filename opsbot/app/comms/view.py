"""What is shown of a message, read once: its words, what stands in its way, who is asked, how far each target is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from opsbot.domain.approval import Approval
from opsbot.domain.comms.message import Message
from opsbot.domain.comms.templates import Locale, Rendered, Template
from opsbot.domain.comms.told import Surety
from opsbot.domain.incident.incident import Incident


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One thing that the wording check found.

    *rule* is its id (`W-JARGON`), *said* the words it is about, *fix* what to write instead. A `stop`
    cannot be published; a `warn` asks once.
    """

    rule: str
    level: Literal["stop", "warn"]
    said: str
    fix: str


@dataclass(frozen=True, slots=True)
class Fact:
    """
    One line of the fact sheet: *name* for templates, *label* and *value* for people, and what it is worth.

    *by_locale* is the value in languages in which it reads otherwise.
    """

    name: str
    label: str
    value: str
    surety: Surety
    source: str = ""
    by_locale: Mapping[Locale, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MessageView:
    """
    Everything about one message.

    *rendered* is what is published, byte for byte. *findings* of the wording check; *blocked* what
    stands in the way beside (`K-3 still holds: say that the feature stays off, or restore it first`), in our words.
    *approvals* it waits for, *asked* who may give them; *needs* is how many other people it would take,
    for a draft. *template* is None where its file is gone.
    *refused_by* is who said no to it, empty where nobody did. *first* names, by target, the message that
    has to come there before this one. *late* are the targets that it is not sent to again, as what it promises
    was due meanwhile.
    """

    message: Message
    incident: Incident
    rendered: Rendered
    values: Mapping[str, str]
    findings: tuple[Finding, ...]
    blocked: tuple[str, ...]
    approvals: tuple[Approval, ...]
    asked: tuple[str, ...]
    author: str
    template: Template | None = None
    why: str = ""
    needs: int = 0
    refused_by: str = ""
    first: Mapping[str, str] = field(default_factory=dict)
    late: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class MessageForm:
    """
    What a form is made from: the template, its fields prefilled, the targets it could go to, the fact sheet.

    *said* is what the message said that it corrects. *goes_back*: its stage is one that the audience was told to be past, which takes a reason. *zone* is
    where times are read.
    """

    template: Template
    incident: Incident
    values: Mapping[str, str]
    targets: tuple[str, ...]
    chosen: tuple[str, ...]
    facts: tuple[Fact, ...]
    message: str = ""
    corrects: str = ""
    version: int | None = None
    goes_back: bool = False
    said: str = ""
    zone: str = "UTC"
