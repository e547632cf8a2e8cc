"""Legal clocks: what is left of each, when it is said, and to whom; a reminder, never advice. Pure."""

from collections.abc import Iterator
from typing import Final

from opsbot.app.comms_rules import settings_of
from opsbot.app.fleet.words import moment
from opsbot.app.incident.promises import DUE
from opsbot.app.incident.words import lasted
from opsbot.domain.actor import SCHEDULER
from opsbot.domain.change import Change, Effect, Record, Timer
from opsbot.domain.comms.settings import LegalClock
from opsbot.domain.comms.told import ClockRun
from opsbot.domain.incident.incident import Incident
from opsbot.domain.incident.settings import HOUR_MS
from opsbot.domain.said import Said, inert
from opsbot.domain.state import State
from opsbot.domain.typed import command

ADVICE: Final = "A reminder, not legal advice: a lawyer decides."
PARTS: Final = (0.5, 0.75, 0.9, 1.0)
"""At which parts of its time a clock is said."""


def ends_ms(clock: LegalClock, run: ClockRun) -> int:
    """Return when the time of a clock is over."""
    return run.from_ms + round(clock.hours * HOUR_MS)


def clock_timers(
    incident: Incident, clock: LegalClock, run: ClockRun, now_ms: int
) -> tuple[Timer, ...]:
    """Return the due times at which a clock is said; those that lie behind are none any more."""
    found = []
    for part in PARTS:
        at_ms = run.from_ms + round(part * clock.hours * HOUR_MS)
        if at_ms <= now_ms:
            continue
        body: Record = {
            "incident": incident.id,
            "audience": "",
            "what": "clock",
            "clock": clock.name,
            "from_ms": run.from_ms,
        }
        key = f"{DUE}:{incident.uid}:clock:{clock.name}:{run.from_ms}:{part}"
        name = timer_name(incident, clock.name, part)
        found.append(Timer(name, at_ms - now_ms, Effect(DUE, key, body)))
    return tuple(found)


def timer_names(incident: Incident, name: str) -> tuple[str, ...]:
    """Return the ids of every due time that a clock can have."""
    return tuple(timer_name(incident, name, part) for part in PARTS)


def timer_name(incident: Incident, name: str, part: float) -> str:
    """Return the id of one due time of a clock."""
    return f"comms-clock:{incident.uid}:{name}:{part}"


def clock_due(state: State, incident: Incident, body: Record) -> Change | None:
    """Return the change that says a clock once; None where it was answered, or began at another time."""
    name = str(body["clock"])
    run = state.comms(incident.id).clocks.get(name)
    if run is None or run.done_ms is not None or run.from_ms != body["from_ms"]:
        return None
    facts: Record = {"incident": incident.id, "clock": name}
    return Change("comms_clock_due", SCHEDULER, rule="system", facts=facts)


def clock_said(state: State, incident: Incident, body: Record, now_ms: int) -> Said:
    """Return what is said of one clock: what is left, of which words, and that it is no advice."""
    name = str(body["clock"])
    run = state.comms(incident.id).clocks[name]
    declared = declared_clock(state, name)
    answered = command(f"comms clock {incident.id} {name} answered")
    if declared is None:
        text = f"{incident.id}: the clock `{name}` runs, and is declared no more"
        return Said("amber", text, (f"If it was answered: {answered}.", ADVICE))
    return Said(
        "amber" if now_ms < ends_ms(declared, run) else "red",
        f"{incident.id}: {left_words(declared, run, now_ms)}",
        (quote(declared), f"If it was answered: {answered}. {ADVICE}"),
    )


def clock_whom(state: State, incident: Incident) -> tuple[str, ...]:
    """Return who is reminded: who leads it, and the lawyers where they are named."""
    approvers = settings_of(state).exposure_approvers
    lawyers = approvers.get("legal") or tuple(one for some in approvers.values() for one in some)
    lead = incident.roles.get("commander") or incident.declared_by
    return (lead, *lawyers)


def clock_lines(state: State, incident: Incident, now_ms: int) -> tuple[str, ...]:
    """Return a line for each clock that runs or was answered, for cards and answers; empty for none."""
    return tuple(_lines(state, incident, now_ms))


def declared_clock(state: State, name: str) -> LegalClock | None:
    """Return a clock that is switched on, None for any other name."""
    return next((one for one in settings_of(state).clocks if one.name == name), None)


def left_words(clock: LegalClock, run: ClockRun, now_ms: int) -> str:
    """Return what is left of a clock."""
    end = ends_ms(clock, run)
    at = moment(end, now_ms)
    title = inert(clock.title, limit=120)
    if run.done_ms is not None:
        late = run.done_ms - end
        when = f" {lasted(late)} late" if late > 0 else ""
        return f"{title}: answered {moment(run.done_ms, now_ms)}{when}"
    if now_ms >= end:
        return f"{title}: its time is over since {at}"
    return f"{title}: {lasted(end - now_ms)} left, until {at}"


def quote(clock: LegalClock) -> str:
    """Return the words that a clock is taken from, with where and when they were read."""
    text, source = inert(clock.quote, limit=280), inert(clock.source, limit=160)
    return f"\u201c{text}\u201d ({source}, read {clock.read})"


def _lines(state: State, incident: Incident, now_ms: int) -> Iterator[str]:
    runs = state.comms(incident.id).clocks
    for name, run in runs.items():
        declared = declared_clock(state, name)
        if declared is not None:
            yield f"{left_words(declared, run, now_ms)}."
    if runs:
        yield ADVICE
