"""
When each audience of an incident hears of it next: what a change does to promises, and their due times. Pure.

A promise is a record and two due times in the store: one before it, one at it. Whichever replica takes
a due time looks at the record first, so it is counted once whatever their number, after any restart.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from opsbot.app.comms_rules import settings_of
from opsbot.domain.change import Effect, Record, Timer, Write
from opsbot.domain.comms.cadence import begun, due_by, ended, moved
from opsbot.domain.comms.settings import CommsSettings
from opsbot.domain.comms.templates import AUDIENCES, Audience
from opsbot.domain.comms.told import IncidentComms, Rhythm, as_record
from opsbot.domain.incident.incident import Incident
from opsbot.domain.incident.settings import MINUTE_MS
from opsbot.domain.state import COMMS, State

DUE: Final = "comms_due"
"""The kind of effect; its handler looks whether the promise is still the one that it was set for."""

AHEAD_MS: Final = 5 * MINUTE_MS
"""How long before a promise whoever writes is reminded; half of a shorter one."""

LEAST_AHEAD_MS: Final = MINUTE_MS
"""A promise that is nearer than twice this is not reminded of: it was made a moment ago."""


@dataclass(frozen=True, slots=True)
class Promised:
    """What a change does to the words around an incident: its record, where it changed, and due times."""

    comms: IncidentComms
    writes: tuple[Write, ...] = ()
    timers: tuple[Timer, ...] = ()
    cancels: tuple[str, ...] = ()


def of_change(state: State, before: Incident | None, after: Incident, now_ms: int) -> Promised:
    """Return what opening, a change of severity, a reopening or an end do to what was promised."""
    was = state.comms(after.id)
    if not _touches(before, after):
        return Promised(was)
    return written(was, _after(was, before, after, settings_of(state), now_ms), after, now_ms)


def written(was: IncidentComms, now: IncidentComms, incident: Incident, now_ms: int) -> Promised:
    """Return a change of the words around an incident with the due times that it sets and takes away."""
    timers, cancels = due_times(was, now, incident, now_ms)
    writes = () if was == now else (Write(COMMS, incident.id, as_record(now)),)
    return Promised(now, writes, timers, cancels)


def due_times(
    was: IncidentComms, now: IncidentComms, incident: Incident, now_ms: int
) -> tuple[tuple[Timer, ...], tuple[str, ...]]:
    """Return the due times that are set and those that are taken away between two records."""
    set_: list[Timer] = []
    gone: list[str] = []
    for audience in AUDIENCES:
        old, new = was.rhythm(audience).due_ms, now.rhythm(audience).due_ms
        if old == new:
            continue
        fresh = [] if new is None else list(_timers(incident, audience, new, now_ms))
        names = {one.id for one in fresh}
        set_ += fresh
        both = (timer_id(incident, audience, what) for what in ("ahead", "due"))
        gone += (name for name in both if old is not None and name not in names)
    return tuple(set_), tuple(gone)


def timer(  # noqa: PLR0913  what one due time is made of
    incident: Incident,
    audience: str,
    what: str,
    *,
    due_ms: int,
    at_ms: int,
    now_ms: int,
    nth: int = 1,
) -> Timer:
    """Return one due time of a promise for *due_ms*, at *at_ms*."""
    body: Record = {
        "incident": incident.id,
        "audience": audience,
        "what": what,
        "due_ms": due_ms,
        "nth": nth,
    }
    key = f"{DUE}:{incident.uid}:{audience}:{what}:{due_ms}:{nth}"
    name = timer_id(incident, audience, what)
    return Timer(name, max(at_ms - now_ms, 0), Effect(DUE, key, body))


def timer_id(incident: Incident, audience: str, what: str) -> str:
    """Return the id of the one due time of a kind that an audience of an incident has."""
    return f"comms:{incident.uid}:{audience}:{what}"


def rhythmic(incident: Incident) -> bool:
    """Return whether anything is promised in an incident: not in drills, nor while nobody accepted it."""
    return (
        incident.open
        and not incident.drill
        and not incident.retroactive
        and incident.status != "triage"
    )


def _timers(incident: Incident, audience: Audience, due_ms: int, now_ms: int) -> Iterator[Timer]:
    left = max(due_ms - now_ms, 0)
    if left >= 2 * LEAST_AHEAD_MS:
        at_ms = due_ms - min(AHEAD_MS, left // 2)
        yield timer(incident, audience, "ahead", due_ms=due_ms, at_ms=at_ms, now_ms=now_ms)
    # One millisecond later: at the very moment that was promised it can still be kept.
    yield timer(incident, audience, "due", due_ms=due_ms, at_ms=due_ms + 1, now_ms=now_ms)


def _touches(before: Incident | None, after: Incident) -> bool:
    if before is None:
        return rhythmic(after)
    return rhythmic(before) != rhythmic(after) or (
        rhythmic(after) and (before.severity != after.severity or before.private != after.private)
    )


def _after(
    was: IncidentComms,
    before: Incident | None,
    after: Incident,
    settings: CommsSettings,
    now_ms: int,
) -> IncidentComms:
    if not rhythmic(after):
        return with_rhythms(was, {name: ended(one, now_ms) for name, one in was.rhythms.items()})
    begins = before is None or not rhythmic(before)
    at = (after.times.declared, now_ms)
    now: dict[Audience, Rhythm] = {}
    for audience in AUDIENCES:
        rhythm = was.rhythm(audience)
        due = due_by(rhythm, settings, audience, after.severity, at=at)
        if rhythm.first_ms is None and audience in _quiet(after):
            due = None
        if begins and rhythm.stage == "resolved":
            due = None  # it was told to be over; whoever says otherwise promises the next word
        now[audience] = begun(rhythm, due) if begins else moved(rhythm, due, now_ms)
    return with_rhythms(was, now)


def _quiet(incident: Incident) -> frozenset[Audience]:
    """Return who is not waited for to be told first: of a private one nobody outside knows yet."""
    return frozenset({"users", "support"}) if incident.private else frozenset()


def with_rhythms(comms: IncidentComms, rhythms: Mapping[Audience, Rhythm]) -> IncidentComms:
    """Return it with these rhythms; those in which nothing ever was are left out."""
    merged = {**comms.rhythms, **rhythms}
    return replace(comms, rhythms={name: one for name, one in merged.items() if one != Rhythm()})
