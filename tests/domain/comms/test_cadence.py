"""Promises of the next word: each is kept or broken or neither, never both, and counted once."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsbot.domain.comms.cadence import (
    begun,
    due_by,
    ended,
    first_due,
    kept_rate,
    moved,
    next_due,
    settled,
    snoozed,
    told,
)
from opsbot.domain.comms.settings import CommsSettings
from opsbot.domain.comms.templates import Stage
from opsbot.domain.comms.told import IncidentComms, Rhythm, Snooze

MIN = 60_000
BEAT = CommsSettings().beat("users", "SEV1")
DUE = Rhythm(due_ms=10 * MIN)


def out(
    rhythm: Rhythm, at_ms: int, stage: Stage = "investigating", after: int = 20 * MIN
) -> Rhythm:
    return told(rhythm, "MSG-1", stage, at_ms=at_ms, next_ms=at_ms + after)


def test_a_word_in_time_keeps_the_promise_and_makes_the_next() -> None:
    after = out(DUE, 10 * MIN)

    assert (after.kept, after.broken, after.due_ms) == (1, 0, 30 * MIN)


def test_a_word_too_late_breaks_it_even_where_nobody_looked_meanwhile() -> None:
    after = out(DUE, 10 * MIN + 1)

    assert (after.kept, after.broken, after.overdue_ms) == (0, 1, None)


def test_what_was_counted_as_overdue_is_not_counted_by_the_word_that_comes() -> None:
    after = out(settled(settled(DUE, 11 * MIN), 12 * MIN), 13 * MIN)

    assert (after.kept, after.broken) == (0, 1)


def test_at_the_very_moment_it_can_still_be_kept() -> None:
    assert settled(DUE, 10 * MIN) == DUE
    assert settled(DUE, 10 * MIN + 1).overdue_ms == 10 * MIN


def test_the_last_word_promises_nothing() -> None:
    assert out(DUE, MIN, "resolved").due_ms is None


def test_a_correction_moves_neither_stage_nor_promise() -> None:
    before = out(DUE, MIN)

    after = told(before, "MSG-2", "correction", at_ms=2 * MIN, next_ms=None)

    assert after == replace(before, newest="MSG-2")


def test_a_correction_that_promises_something_keeps_what_was_promised() -> None:
    after = told(out(DUE, MIN), "MSG-2", "correction", at_ms=2 * MIN, next_ms=9 * MIN)

    assert (after.stage, after.kept, after.due_ms) == ("investigating", 2, 9 * MIN)


def test_what_people_read_is_never_moved_later_by_a_severity() -> None:
    before = out(DUE, MIN)

    assert moved(before, 90 * MIN, 2 * MIN).due_ms == before.due_ms
    assert moved(before, 5 * MIN, 2 * MIN).due_ms == 5 * MIN
    assert moved(before, None, 2 * MIN).due_ms == before.due_ms


def test_a_first_word_that_nobody_was_promised_goes_by_the_new_severity() -> None:
    assert moved(DUE, 30 * MIN, MIN).due_ms == 30 * MIN
    assert moved(DUE, None, MIN).due_ms is None


def test_what_is_overdue_stays_so_whatever_the_severity() -> None:
    after = moved(DUE, 60 * MIN, 11 * MIN)

    assert (after.broken, after.overdue_ms, after.due_ms) == (1, 10 * MIN, 10 * MIN)


def test_a_snooze_before_the_time_breaks_nothing_and_after_it_does() -> None:
    early = snoozed(DUE, Snooze("pia", 9 * MIN, 20 * MIN, "c"))
    late = snoozed(DUE, Snooze("pia", 12 * MIN, 20 * MIN, "c"))

    assert (early.broken, early.due_ms) == (0, 20 * MIN)
    assert (late.broken, late.due_ms, late.overdue_ms) == (1, 20 * MIN, None)
    assert len(early.snoozes) == len(late.snoozes) == 1


def test_an_end_before_the_time_counts_nothing_and_after_it_counts_a_broken_one() -> None:
    assert (ended(DUE, 9 * MIN).broken, ended(DUE, 9 * MIN).due_ms) == (0, None)
    assert (ended(DUE, 11 * MIN).broken, ended(DUE, 11 * MIN).overdue_ms) == (1, None)


def test_what_is_due_already_is_not_begun_again() -> None:
    assert begun(DUE, 5 * MIN) == DUE
    assert begun(Rhythm(), 5 * MIN).due_ms == 5 * MIN


def test_after_two_hours_an_incident_is_long() -> None:
    assert next_due(BEAT, 0, 119 * MIN) == 139 * MIN
    assert next_due(BEAT, 0, 120 * MIN) == 180 * MIN


def test_moments_are_whole_minutes_and_never_earlier_than_the_rule() -> None:
    assert first_due(BEAT, 1) == 6 * MIN
    assert first_due(BEAT, MIN) == 6 * MIN


def test_a_first_word_whose_time_is_over_already_gets_a_minute() -> None:
    due = due_by(Rhythm(), CommsSettings(), "users", "SEV1", at=(0, 30 * MIN))

    assert due == 31 * MIN


@pytest.mark.parametrize(("severity", "audience"), [("SEV4", "users"), ("SEV3", "executives")])
def test_who_is_not_to_hear_of_it_is_promised_nothing(severity: str, audience: str) -> None:
    assert due_by(Rhythm(), CommsSettings(), audience, severity, at=(0, 0)) is None  # type: ignore[arg-type]  # an audience, by name


def test_the_rate_is_of_what_came_due() -> None:
    comms = IncidentComms(
        "INC-1", {"users": Rhythm(kept=3, broken=1), "executives": Rhythm(due_ms=MIN)}
    )

    assert kept_rate(comms) == (3, 4)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["look", "tell", "correct", "resolve", "snooze", "move", "end", "begin"]),
        st.integers(0, 40 * MIN),
        st.integers(MIN, 60 * MIN),
    ),
    max_size=40,
)


@given(STEPS)
@settings(deadline=None)
def test_every_promise_is_counted_once_whatever_comes_in_whatever_order(
    steps: list[tuple[str, int, int]],
) -> None:
    rhythm, now = Rhythm(due_ms=5 * MIN), 0
    made, over = 1, 0
    for act, waits, after in steps:
        now += waits
        before = rhythm
        passed = before.due_ms is not None and now > before.due_ms
        rhythm = _done(rhythm, act, now, after)

        counted = rhythm.kept + rhythm.broken - before.kept - before.broken
        over += counted
        made += rhythm.due_ms is not None and (act == "tell" or rhythm.due_ms != before.due_ms)
        assert counted in (0, 1)
        assert rhythm.kept >= before.kept
        assert rhythm.broken >= before.broken
        assert not (counted and before.overdue_ms is not None), "counted twice"
        if act == "look":
            assert rhythm.kept == before.kept
            assert settled(rhythm, now) == rhythm
        if act in ("tell", "look", "end", "snooze", "move") and passed:
            assert rhythm.broken == before.broken + (before.overdue_ms is None)
        if passed:
            assert rhythm.kept == before.kept, "kept after its time"
    assert over <= made


def _done(rhythm: Rhythm, act: str, now: int, after: int) -> Rhythm:
    later = Snooze("pia", now, max(rhythm.due_ms or 0, now) + after, "c")
    acts: dict[str, Callable[[], Rhythm]] = {
        "tell": lambda: out(rhythm, now, "identified", after),
        "resolve": lambda: out(rhythm, now, "resolved", after),
        "correct": lambda: told(rhythm, "MSG-9", "correction", at_ms=now, next_ms=None),
        "snooze": lambda: rhythm if rhythm.due_ms is None else snoozed(rhythm, later),
        "move": lambda: moved(rhythm, now + after, now),
        "end": lambda: ended(rhythm, now),
        "begin": lambda: begun(rhythm, now + after),
        "look": lambda: settled(rhythm, now),
    }
    return acts[act]()


def test_a_correction_that_says_again_what_is_promised_keeps_and_breaks_nothing() -> None:
    after = told(DUE, "MSG-2", "correction", at_ms=9 * MIN, next_ms=10 * MIN)

    assert after == replace(DUE, newest="MSG-2", first_ms=9 * MIN)


def test_a_correction_after_a_broken_promise_makes_a_new_one() -> None:
    late = settled(DUE, 11 * MIN)

    after = told(late, "MSG-2", "correction", at_ms=12 * MIN, next_ms=30 * MIN)

    assert (after.kept, after.broken, after.due_ms, after.overdue_ms) == (0, 1, 30 * MIN, None)
