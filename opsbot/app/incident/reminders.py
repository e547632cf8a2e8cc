"""
Which reminders an incident has due, found by comparing before and after. Pure.

A reminder is a due time in the store: it is said once, whatever the number of replicas, after any
restart, and looks again whether it is still true before it says anything.
"""

from collections.abc import Iterator
from typing import Final

from opsbot.domain.change import Effect, Timer
from opsbot.domain.hours import parse_hours
from opsbot.domain.incident.incident import Incident
from opsbot.domain.incident.settings import (
    REMINDERS,
    IncidentSettings,
    ReminderName,
)

REMIND: Final = "incident_remind"
AHEAD_MS: Final = 5 * 60_000
"""How long before a promised update its author is reminded; half of a shorter promise."""

STOPPED: Final = "stop:"
"""In `Incident.quiet`: this kind of reminder is stopped for this incident."""


def reminders(
    before: Incident | None, after: Incident, settings: IncidentSettings, now_ms: int
) -> tuple[tuple[Timer, ...], tuple[str, ...]]:
    """Return the timers that a change sets, and the ids of those that it takes away."""
    if not after.open or after.retroactive:
        gone = REMINDERS if before is not None and before.open else ()
        return (), tuple(timer_id(after, name) for name in gone)
    set_, gone_ = [], []
    for name in _moved(before, after):
        wait = _wait_ms(name, after, settings, now_ms)
        if wait is None or not wanted(name, after):
            gone_.append(timer_id(after, name))
        else:
            set_.append(timer(name, after, settings, now_ms + wait, now_ms, nth=1))
    return tuple(set_), tuple(gone_) if before is not None else ()


def timer(
    name: ReminderName,
    incident: Incident,
    settings: IncidentSettings,
    at_ms: int,
    now_ms: int,
    *,
    nth: int,
) -> Timer:
    """Return the timer of one reminder; what falls into quiet hours waits for their end."""
    due_ms = _awake_ms(incident, settings, at_ms)
    key = f"{REMIND}:{incident.uid}:{name}:{due_ms}"
    effect = Effect(REMIND, key, {"incident": incident.id, "what": name, "nth": nth})
    return Timer(timer_id(incident, name), max(due_ms - now_ms, 0), effect)


def timer_id(incident: Incident, name: str) -> str:
    """Return the id of the one timer that a kind of reminder has in an incident."""
    return f"remind:{incident.uid}:{name}"


def wanted(name: ReminderName, incident: Incident) -> bool:
    """Return whether a reminder has anything to say, as far as the incident itself tells."""
    if not incident.open or f"{STOPPED}{name}" in incident.quiet:
        return False
    if name == "no_commander":
        return "commander" not in incident.roles
    if name == "kill_on":
        return bool(incident.kills)
    return name != "update_due" or incident.update_due_ms is not None


def first_update_ms(incident: Incident, settings: IncidentSettings, now_ms: int) -> int | None:
    """Return when the next update is due by the settings, None where none is for its severity."""
    after = settings.reminders["update_due"].after_ms.get(incident.severity)
    return None if after is None or incident.drill else now_ms + after


def _moved(before: Incident | None, after: Incident) -> Iterator[ReminderName]:
    """Yield the kinds whose time a change moves."""
    if before is None or not before.open:
        yield from ("no_commander", "update_due", "kill_on", "stale")
        return
    by_hand = _by_hand(before, after)
    if by_hand:
        yield "stale"
    if before.roles.get("commander") != after.roles.get("commander"):
        yield "no_commander"
    if before.update_due_ms != after.update_due_ms:
        yield "update_due"
    if before.kills != after.kills:
        yield "kill_on"
    if before.severity != after.severity:
        yield from ("no_commander", "kill_on")
    if before.quiet != after.quiet:
        yield from (name for name in REMINDERS if _hushed(before, name) != _hushed(after, name))


def _hushed(incident: Incident, name: str) -> bool:
    return f"{STOPPED}{name}" in incident.quiet


def _by_hand(before: Incident, after: Incident) -> bool:
    """Return whether somebody worked on it: not the progress of our own steps outside."""
    ours = ("steps", "pager", "room", "at", "quiet")
    return any(
        getattr(before, name) != getattr(after, name)
        for name in Incident.__dataclass_fields__
        if name not in ours
    )


def _wait_ms(
    name: ReminderName, incident: Incident, settings: IncidentSettings, now_ms: int
) -> int | None:
    after = settings.reminders[name].after_ms.get(incident.severity)
    if name == "approval_expiring":
        return None  # each approval sets its own
    if name != "update_due":
        return after
    if incident.update_due_ms is None:
        return None
    left = max(incident.update_due_ms - now_ms, 0)
    return max(left - min(AHEAD_MS, left // 2), 0)


def _awake_ms(incident: Incident, settings: IncidentSettings, at_ms: int) -> int:
    quiet = settings.quiet
    if not quiet.awake or incident.severity not in quiet.severities:
        return at_ms
    return parse_hours(quiet.awake).opening_ms(at_ms)
