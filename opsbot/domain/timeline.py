"""A line of an incident's timeline, whoever or whatever it is from. Pure."""

from dataclasses import dataclass
from typing import Literal

from opsbot.domain.change import Json, Record

Kind = Literal["kill", "proof", "restore", "route", "page", "note", "comms", "incident", "reminder"]
"""What a line is about; marks of the picture are told apart by it."""


@dataclass(frozen=True, slots=True)
class Line:
    """
    One line.

    *at_ms* is when it happened. *who* did or said it, as people call them. *source* is where it is
    from: `journal`, or how a person put it there. *entry* is the journal entry's number, 0 for a
    person's line; *note* is that line's id, empty for the journal's. *by* is the identity behind
    *who*, empty for a part of the bot. *edits* counts how often its message changed. A *retracted*
    line stays where it was. *name* is what it is about in short (`K-1`, `r4`), where there is one thing.
    """

    at_ms: int
    who: str
    text: str
    source: str = "journal"
    permalink: str = ""
    retracted: bool = False
    kind: Kind = "incident"
    by: str = ""
    entry: int = 0
    note: str = ""
    edits: int = 0
    noted_by: str = ""
    name: str = ""

    def as_json(self) -> Record:
        """Return the machine's form."""
        plain: dict[str, Json] = {
            "at_ms": self.at_ms,
            "who": self.who,
            "text": self.text,
            "source": self.source,
            "kind": self.kind,
            "retracted": self.retracted,
        }
        more: dict[str, Json] = {
            "permalink": self.permalink,
            "entry": self.entry,
            "line": self.note,
            "edits": self.edits,
            "noted_by": self.noted_by,
            "name": self.name,
        }
        return {**plain, **{name: value for name, value in more.items() if value}}
