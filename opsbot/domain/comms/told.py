"""What was told of one incident to each audience, what was promised, and what is known for sure. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Final, Literal

from opsbot.domain.change import Json, Record
from opsbot.domain.comms.templates import Audience, Stage
from opsbot.domain.records import listed, mapped, plain

Surety = Literal["confirmed", "believed", "unknown"]
"""What a fact is worth. Only what is confirmed reaches people outside."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A fact that a person put on the sheet: *text* is a commitment, *by* who said it, at *at_ms*."""

    text: str
    surety: Surety
    by: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Snooze:
    """Somebody moved a promise to *until_ms*; *why* is a commitment to their reason."""

    by: str
    at_ms: int
    until_ms: int
    why: str


@dataclass(frozen=True, slots=True)
class Rhythm:
    """
    One audience of one incident.

    *stage* and *newest* are of the last message published to it; *first_ms* when the first was.
    *due_ms* is when the next is due, None where nothing is. *kept* and *broken* count promises whose
    time came. *overdue_ms* is since when one is overdue.
    """

    stage: Stage | None = None
    newest: str = ""
    first_ms: int | None = None
    due_ms: int | None = None
    kept: int = 0
    broken: int = 0
    overdue_ms: int | None = None
    snoozes: tuple[Snooze, ...] = ()


@dataclass(frozen=True, slots=True)
class ClockRun:
    """A legal clock that somebody started by its name, from *from_ms*; *done_ms* is when it was answered."""

    from_ms: int
    by: str
    done_ms: int | None = None


@dataclass(frozen=True, slots=True)
class IncidentComms:
    """
    The words around one incident; its record has the incident's id.

    *places* is what each target calls this incident, so that every later message goes on there.
    *hold* is the evidence that was put aside before anything was changed back (a commitment to where it
    is), empty where there is none. *eased* are the people who made it lighter than what takes two for words
    to users: they let none go alone.
    """

    incident: str
    rhythms: Mapping[Audience, Rhythm] = field(default_factory=dict)
    facts: Mapping[str, Stated] = field(default_factory=dict)
    places: Mapping[str, Record] = field(default_factory=dict)
    clocks: Mapping[str, ClockRun] = field(default_factory=dict)
    hold: str = ""
    hold_by: str = ""
    hold_ms: int | None = None
    eased: tuple[str, ...] = ()

    def rhythm(self, audience: Audience) -> Rhythm:
        """Return one audience's, empty where it was never told anything."""
        return self.rhythms.get(audience, Rhythm())


def as_record(comms: IncidentComms) -> Record:
    """Return the record as it is stored."""
    return {
        "s": 1,
        **{one.name: plain(getattr(comms, one.name)) for one in fields(IncidentComms)},
    }


def from_record(record: Record) -> IncidentComms:
    """
    Read a stored record; fields of later versions are ignored.

    Raises:
        KeyError, TypeError, ValueError: not written by this program.
    """
    known = {name: record[name] for name in _FIELDS if name in record}
    return IncidentComms(
        **{  # type: ignore[arg-type]  # our own record, checked by the journal's hash
            **known,
            "rhythms": {name: _rhythm(one) for name, one in mapped(known.get("rhythms")).items()},
            "facts": {
                name: Stated(**mapped(one))  # type: ignore[arg-type]  # our own record
                for name, one in mapped(known.get("facts")).items()
            },
            "clocks": {
                name: ClockRun(**mapped(one))  # type: ignore[arg-type]  # our own record
                for name, one in mapped(known.get("clocks")).items()
            },
            "places": dict(mapped(known.get("places"))),
            "eased": tuple(str(one) for one in listed(known.get("eased"))),
        }
    )


_FIELDS: Final = tuple(one.name for one in fields(IncidentComms))


def _rhythm(value: Json) -> Rhythm:
    given = dict(mapped(value))
    snoozes = listed(given.pop("snoozes", []))
    return Rhythm(**given, snoozes=tuple(Snooze(**mapped(one)) for one in snoozes))  # type: ignore[arg-type]  # our own record
