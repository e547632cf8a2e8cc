"""A line of an incident's timeline that a person put there, with its own time and author. Pure."""

from dataclasses import dataclass, fields, replace
from typing import Final, Literal

from opsbot.domain.change import Record

Source = Literal["command", "reaction", "shortcut", "pagerduty"]

FOLLOWED: Final = "system:slack"
"""Who retracts a line because its message was deleted or its reaction taken off: Slack is followed."""


@dataclass(frozen=True, slots=True)
class Note:
    """
    One line, `INC-1:n1`, `INC-1:n2` ...

    *at_ms* is when the thing itself happened (a message's own time), *noted_ms* when it was put
    here; *author* is whose words they are and *noted_by* who put them here. *text* is a commitment.
    *place* is `channel:ts` of the message in Slack, so that one message is one line, or PagerDuty's
    id of a note. A line is retracted, never deleted; *edits* counts how often its message changed.
    """

    id: str
    incident: str
    at_ms: int
    noted_ms: int
    author: str
    noted_by: str
    text: str
    source: Source = "command"
    place: str = ""
    permalink: str = ""
    edits: int = 0
    retracted_by: str = ""
    retracted_ms: int | None = None

    @property
    def stands(self) -> bool:
        """Return whether it was not retracted."""
        return self.retracted_ms is None

    def edited(self, text: str) -> "Note":
        """Return it with the words that its message has now."""
        return replace(self, text=text, edits=self.edits + 1)

    def retracted(self, *, by: str, now_ms: int) -> "Note":
        """Return it retracted; the first retraction stands."""
        return replace(self, retracted_by=by, retracted_ms=now_ms) if self.stands else self

    def again(self, text: str) -> "Note":
        """Return it standing again, in the words that its message has now; whose and when stays."""
        return replace(self, text=text, retracted_by="", retracted_ms=None)


def as_record(note: Note) -> Record:
    """Return the record as it is stored."""
    return {"s": 1, **{one.name: getattr(note, one.name) for one in fields(note)}}


def from_record(record: Record) -> Note:
    """
    Read a stored record; fields of later versions are ignored.

    Raises:
        TypeError: not written by this program.
    """
    known = {one.name for one in fields(Note)}
    return Note(**{name: value for name, value in record.items() if name in known})  # type: ignore[arg-type]  # our own record
