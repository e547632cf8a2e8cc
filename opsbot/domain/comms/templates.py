"""Templates of messages to people: whom they are for, what they ask for, and in which order stages go. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Audience = Literal["users", "support", "stakeholders", "executives", "regulators"]
AUDIENCES: Final[tuple[Audience, ...]] = (
    "users",
    "support",
    "stakeholders",
    "executives",
    "regulators",
)

Stage = Literal["investigating", "identified", "monitoring", "resolved", "correction"]
STAGES: Final[tuple[Stage, ...]] = (
    "investigating",
    "identified",
    "monitoring",
    "resolved",
    "correction",
)
"""In the order in which an incident is told. A correction stands beside: it moves no stage."""

FieldType = Literal["line", "text", "time", "number", "choice", "link"]
"""
*line*: one line of words. *text*: several. *time*: an instant, shown as an absolute time with its zone.
*number*: with its denominator where it has one (`212 of 4,310`). *choice*: one of its options.
"""

Locale = str
"""A language tag in lower case (`en`, `de`, `pt-br`)."""


@dataclass(frozen=True, slots=True)
class Field:
    """
    Something that a person fills in. *max_length* counts characters.

    *fact* names the line of the fact sheet that it is prefilled from, empty for none. *options* belong
    to a choice.
    """

    name: str
    label: str
    type: FieldType = "line"
    required: bool = True
    max_length: int = 200
    options: tuple[str, ...] = ()
    fact: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """
    One template, `<audience>-<situation>-<stage>`.

    *headline* and *bodies* are template source; *bodies* by locale, the first is the one that others
    translate. *headlines* has the headline by locale, where a translation has one of its own. *digest* is
    the SHA-256 of its whole text, *body_hash* that of what it says: *approved* is the *body_hash* that the
    owners of the file approved in advance, empty where none. *targets* are the usual ones, empty for
    those of the workflow. *approvals* is how many other people it takes beside what policy asks for.
    *slots* are what its words answer (`next_update`, `workaround` ...). *source* is its file.
    """

    name: str
    title: str
    audience: Audience
    situation: str
    stage: Stage
    headline: str
    bodies: Mapping[Locale, str]
    digest: str
    body_hash: str
    fields: tuple[Field, ...] = ()
    targets: tuple[str, ...] = ()
    approvals: int = 0
    approved: str = ""
    slots: frozenset[str] = frozenset()
    source: str = ""
    headlines: Mapping[Locale, str] = field(default_factory=dict)

    @property
    def holding(self) -> bool:
        """Return whether it may go out at once: no words of anybody in it, and approved as it stands."""
        return bool(self.approved) and self.approved == self.body_hash and not self.fields

    def field(self, name: str) -> Field | None:
        """Return one of its fields, None where it has none of that name."""
        return next((one for one in self.fields if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Rendered:
    """
    What a template says, byte for byte as it is published: a headline, and the text by locale.

    *headlines* is the headline by locale, for targets that show one language at a time.
    """

    headline: str
    texts: Mapping[Locale, str] = field(default_factory=dict)
    headlines: Mapping[Locale, str] = field(default_factory=dict)


NAME: Final = re.compile(
    r"(users|support|stakeholders|executives|regulators)-([a-z0-9-]+?)-"
    r"(investigating|identified|monitoring|resolved|correction)"
)
"""What the name of a template says of it."""

SLOTS: Final[Mapping[Stage, frozenset[str]]] = {
    "investigating": frozenset({"effect", "since", "next_update"}),
    "identified": frozenset({"effect", "cause", "action", "next_update"}),
    "monitoring": frozenset({"action", "since", "next_update"}),
    "resolved": frozenset({"confirmed", "leftovers", "follow_up"}),
    "correction": frozenset({"corrected"}),
}
"""
What the words of a message to users must answer at each stage; without one of them it cannot be sent.

A holding message, which goes out before anything is known, needs `effect` and `next_update` alone.
"""

MOST_CHARACTERS: Final = 12_000
"""Of one rendered text; beyond, nobody reads it and Slack refuses it."""


def goes_back(before: Stage | None, after: Stage) -> bool:
    """Return whether a message of stage *after* steps back from *before*, which takes a reason."""
    if before is None or after == "correction":
        return False
    return STAGES.index(after) < STAGES.index(before)
