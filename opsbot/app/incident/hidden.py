"""What somebody must not read because it is about a private incident that they do not see. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from opsbot.app.incident.sight import sees
from opsbot.domain.actor import Actor
from opsbot.domain.change import Effect, Json, Record
from opsbot.domain.incident.incident import Incident
from opsbot.domain.journal import Entry, canonical
from opsbot.domain.state import COMMS, INCIDENTS, MESSAGES, NOTES, RUNS, SETTINGS, TEXTS, State

WITHHELD: Final = "private"
"""Why a record is not shown, in the machine's form."""

_ASIDE: Final = frozenset({COMMS, INCIDENTS, MESSAGES, NOTES, RUNS, SETTINGS, TEXTS})
"""Kinds that say nothing of their own beside a record that is withheld."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """Everything by which incidents that somebody does not see could be told: None for nothing."""

    marks: re.Pattern[str] | None = None

    @classmethod
    def of(cls, state: State, actor: Actor) -> "Hidden":
        """Return what is hidden from somebody now."""
        unseen = (one for one in state.incidents() if not sees(state, one, actor))
        gone = {one.id: one for one in unseen}
        runs = (one for one in state.runs() if one.incident in gone)
        marks = sorted({mark for one in gone.values() for mark in _marks(one)})
        marks += sorted(mark for one in runs for mark in (one.id, one.uid))
        said = (one for one in state.messages() if one.incident in gone)
        marks += sorted(mark for one in said for mark in (one.id, one.uid))
        messages = (one for one in state.messages() if one.incident in gone)
        marks += sorted(mark for one in messages for mark in (one.id, one.uid))
        if not marks:
            return cls()
        words = "|".join(re.escape(mark) for mark in marks)
        return cls(re.compile(rf"(?<![a-z0-9])(?:{words})(?![a-z0-9])", re.IGNORECASE))

    def named(self, text: str) -> bool:
        """Return whether a text names one of them."""
        return self.marks is not None and self.marks.search(text) is not None

    def holds(self, value: Json) -> bool:
        """Return whether one of them is named anywhere in a value."""
        return self.marks is not None and self.named(canonical(value).decode())

    def of_effect(self, effect: Effect) -> bool:
        """Return whether a piece of work is about one of them."""
        return self.named(effect.key) or self.holds(dict(effect.body))


def shown_body(entry: Entry, hidden: Hidden) -> Record:
    """
    Return an entry as somebody may read it.

    Its hash, place, verb and time are always there. What names a hidden incident is not; where
    nothing else was written, who did it is not there either. What is public of it (a kill) stays.
    """
    if not hidden.holds(dict(entry.body)):
        return entry.body
    told = {name: entry.body[name] for name in ("v", "seq", "epoch", "prev", "at_ms", "verb")}
    told |= {"hash": entry.hash, "withheld": WITHHELD}
    writes: list[Json] = [
        [kind, id_, record]
        for kind, id_, record in entry.writes
        if not hidden.holds([kind, id_, record])
    ]
    if all(kind in _ASIDE for kind, _, _ in entry.writes) or not writes:
        return {**told, "writes": [], "facts": {}}
    around = {
        name: entry.body[name]
        for name in ("request", "actor", "rule", "facts")
        if not hidden.holds(entry.body[name])
    }
    return {**told, "facts": {}, **around, "writes": writes}


def withheld(body: Record) -> bool:
    """Return whether something of an entry was left out."""
    return "withheld" in body


def _marks(incident: Incident) -> Iterator[str]:
    """Yield what stands for an incident alone; a channel that it shares with others does not."""
    yield from (incident.id, incident.uid)
    room, pager = incident.room, incident.pager
    if room.own:
        yield from (one for one in (room.channel, room.name) if one)
    if pager is not None:
        yield from (one for one in (pager.key, pager.id) if one)
