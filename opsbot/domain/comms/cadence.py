"""Promises of the next word to an audience: made, kept, broken, moved, each counted exactly once. Pure."""

from dataclasses import replace
from typing import Final

from opsbot.domain.comms.settings import Beat, CommsSettings
from opsbot.domain.comms.templates import Audience, Stage
from opsbot.domain.comms.told import IncidentComms, Rhythm, Snooze
from opsbot.domain.incident.settings import MINUTE_MS

FINAL: Final[frozenset[Stage]] = frozenset({"resolved"})
"""Stages after which nothing more is promised."""


def settled(rhythm: Rhythm, now_ms: int) -> Rhythm:
    """
    Count a promise whose time has passed as broken, and say since when it is overdue.

    A promise is counted here or by `told`, and never by both: one that is overdue is counted already.
    At the very moment that was promised it can still be kept.
    """
    due = rhythm.due_ms
    if due is None or rhythm.overdue_ms is not None or now_ms <= due:
        return rhythm
    return replace(rhythm, broken=rhythm.broken + 1, overdue_ms=due)


def told(rhythm: Rhythm, message: str, stage: Stage, *, at_ms: int, next_ms: int | None) -> Rhythm:
    """
    Return it after a message was published at *at_ms* that promises the next at *next_ms*.

    A correction moves neither the stage nor a promise, unless it makes one; to say again what is
    promised keeps nothing and breaks nothing.
    """
    first = at_ms if rhythm.first_ms is None else rhythm.first_ms
    same = next_ms is None or (next_ms == rhythm.due_ms and rhythm.overdue_ms is None)
    if stage == "correction" and same:
        return replace(rhythm, newest=message, first_ms=first)
    now = settled(rhythm, at_ms)
    open_ = now.due_ms is not None and now.overdue_ms is None
    return replace(
        now,
        stage=rhythm.stage if stage == "correction" else stage,
        newest=message,
        first_ms=first,
        kept=now.kept + open_,
        due_ms=None if stage in FINAL else next_ms,
        overdue_ms=None,
    )


def begun(rhythm: Rhythm, due_ms: int | None) -> Rhythm:
    """Return it with its next word due, where none is due already."""
    return rhythm if rhythm.due_ms is not None else replace(rhythm, due_ms=due_ms)


def moved(rhythm: Rhythm, due_ms: int | None, now_ms: int) -> Rhythm:
    """
    Return it after the severity changed, where the new one wants a word by *due_ms*.

    What people were promised in writing is never moved later; what nobody was promised yet goes by
    the new severity alone. One that is overdue stays so.
    """
    now = settled(rhythm, now_ms)
    if now.overdue_ms is not None or now.stage in FINAL:
        return now
    if now.first_ms is None or now.due_ms is None:
        return replace(now, due_ms=due_ms)
    return now if due_ms is None else replace(now, due_ms=min(now.due_ms, due_ms))


def snoozed(rhythm: Rhythm, snooze: Snooze) -> Rhythm:
    """Return it with its promise moved; one whose time had passed is broken, and this is a new one."""
    now = settled(rhythm, snooze.at_ms)
    return replace(now, due_ms=snooze.until_ms, overdue_ms=None, snoozes=(*now.snoozes, snooze))


def ended(rhythm: Rhythm, now_ms: int) -> Rhythm:
    """Return it with nothing due: its incident is over. What had not come yet counts for nothing."""
    return replace(settled(rhythm, now_ms), due_ms=None, overdue_ms=None)


def first_due(beat: Beat, declared_ms: int) -> int | None:
    """Return when the first word is due, None where none is."""
    return None if beat.first_ms is None else _whole(declared_ms + beat.first_ms)


def next_due(beat: Beat, declared_ms: int, now_ms: int) -> int | None:
    """Return when the next word is due after one now, None where none is."""
    long = (
        beat.long_after_ms is not None
        and beat.long_ms is not None
        and now_ms - declared_ms >= beat.long_after_ms
    )
    every = beat.long_ms if long else beat.update_ms
    return None if every is None else _whole(now_ms + every)


def due_by(
    rhythm: Rhythm,
    settings: CommsSettings,
    audience: Audience,
    severity: str,
    *,
    at: tuple[int, int],
) -> int | None:
    """Return when a severity wants the next word of an audience; *at* is (declared, now), in milliseconds."""
    declared_ms, now_ms = at
    beat = settings.beat(audience, severity)
    if rhythm.first_ms is None:
        due = first_due(beat, declared_ms)
        return None if due is None else max(due, _whole(now_ms + MINUTE_MS))
    return next_due(beat, declared_ms, now_ms)


def kept_rate(comms: IncidentComms) -> tuple[int, int]:
    """Return how many promises were kept, and how many came due at all."""
    kept = sum(one.kept for one in comms.rhythms.values())
    return kept, kept + sum(one.broken for one in comms.rhythms.values())


def _whole(ms: int) -> int:
    """Return the next whole minute: what is written is what is measured."""
    return -(-ms // MINUTE_MS) * MINUTE_MS
