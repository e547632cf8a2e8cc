"""Counting a window from samples: what is in it, what may be, and what nobody knows."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.served.count import SLACK_MS, count
from opsbot.domain.served.served import HOUR_MS, SAMPLES, Hour, Span
from opsbot.domain.served.text import summary

COPILOT = "support-copilot"
NOON = 500_000 * HOUR_MS
MINUTE = 60_000


def at(minute: float) -> int:
    """Return a moment so many minutes after noon."""
    return NOON + int(minute * MINUTE)


def hour(*marks: float, asked: int = 10, refused: int = 1, heard: int = 2) -> Hour:
    """Return samples from mark to mark, in minutes after noon, with as many calls in each."""
    pairs = list(pairwise(at(one) for one in marks))
    return {
        SAMPLES: tuple(Span(a, b, 1) for a, b in pairs),
        COPILOT: tuple(Span(a, b, heard, asked, refused) for a, b in pairs),
    }


def test_a_window_between_two_samples_is_counted_exactly() -> None:
    slack = SLACK_MS / MINUTE
    found = count(COPILOT, (hour(0, 1, 2, 3, 4),), (at(1 - slack), at(3)))

    assert (found.served, found.asked, found.refused, found.edge) == (27, 30, 3, 9)
    whole = count(COPILOT, (hour(1, 2, 3),), (at(1 - slack), at(3)))
    assert (whole.served, whole.edge) == (18, 0)
    assert (whole.from_ms, whole.to_ms) == (at(1), at(3))
    assert whole.instances == (2, 2)


def test_samples_that_reach_over_an_end_are_counted_and_said() -> None:
    found = count(COPILOT, (hour(0, 1, 2, 3, 4),), (at(1.5), at(2.5)))

    assert (found.from_ms, found.to_ms) == (at(1), at(3))
    assert (found.served, found.edge) == (18, 18)
    assert found.missing == ()


def test_after_an_end_only_whole_samples_count() -> None:
    hours = (hour(0, 1, 2, 3, 4),)

    found = count(COPILOT, hours, (at(2), at(3.5)), whole_end=True)

    assert (found.from_ms, found.to_ms, found.served) == (at(2), at(3), 9)
    assert found.missing == ((at(3), at(3.5)),)


def test_what_was_not_sampled_is_missing_and_never_nothing() -> None:
    found = count(COPILOT, (hour(2, 3), hour(5, 6)), (at(0), at(7)))

    assert found.served == 18
    assert found.missing == ((at(0), at(2)), (at(3), at(5)), (at(6), at(7)))
    nothing = count(COPILOT, (hour(2, 3),), (at(4), at(5)))
    assert not nothing.known
    assert (nothing.from_ms, nothing.missing) == (None, ((at(4), at(5)),))


def test_a_sample_for_many_minutes_is_a_gap() -> None:
    found = count(COPILOT, (hour(0, 1, 9, 10),), (at(0), at(10)))

    assert found.gaps == ((at(1), at(9)),)
    assert found.served == 27


def test_nobody_heard_is_not_nothing_served() -> None:
    bare = count(COPILOT, ({SAMPLES: hour(0, 1, 2)[SAMPLES]},), (at(0), at(2)))
    partly = count(COPILOT, ({**hour(0, 1, 2), COPILOT: hour(0, 1)[COPILOT]},), (at(0), at(2)))

    assert not bare.known
    assert partly.known
    assert partly.instances == (2, 0)


def test_what_came_late_is_placed_where_it_fits_and_told_apart_where_not() -> None:
    seen = hour(0, 1, 2, 3)
    inside, across = Span(at(0.5), at(2), asked=5), Span(at(-9), at(3), asked=7)
    late = {**seen, COPILOT: (*seen[COPILOT], inside, across)}

    found = count(COPILOT, (late,), (at(0), at(3)))
    before = count(COPILOT, (late,), (at(2.1), at(2.9)))

    assert (found.served, found.unplaced) == (27 + 5, 7)
    assert (before.served, before.unplaced) == (9, 7)


def test_what_is_added_and_what_is_the_most() -> None:
    seen = hour(0, 1, 2)
    first, second = seen[COPILOT]
    told = (
        replace(first, heard=3, silent=1, ended=1, cut=2, eased=3, fresh=4),
        replace(second, heard=5, silent=2, ended=1, cut=1, eased=1, fresh=1),
    )

    found = count(COPILOT, ({**seen, COPILOT: told},), (at(0), at(2)))

    assert (found.instances, found.silent, found.ended) == ((5, 3), 2, 2)
    assert (found.cut, found.eased, found.fresh) == (3, 4, 5)


def test_an_hours_sum_says_that_it_is_one() -> None:
    minutes = hour(*range(61))
    kept = summary(minutes)

    found = count(COPILOT, (kept, hour(60, 61)), (at(20), at(30)))

    assert (found.from_ms, found.to_ms) == (at(0), at(60))
    assert (found.served, found.edge, found.gaps) == (540, 540, ())
    whole = count(COPILOT, (kept,), (at(-1), at(60)))
    assert (whole.served, whole.edge) == (540, 0)


@pytest.mark.parametrize("window", [(at(3), at(3)), (at(2.5), at(2.5))])
def test_a_moment_is_within_a_sample(window: tuple[int, int]) -> None:
    found = count(COPILOT, (hour(2, 3, 4),), window)

    assert found.missing == ()
    assert found.served in (0, 9)


@given(
    st.lists(st.floats(0, 59), min_size=2, max_size=12, unique=True).map(sorted),
    st.floats(0, 59),
    st.floats(0, 59),
    st.floats(0, 59),
)
def test_windows_side_by_side_count_every_call_and_minutes_agree_with_their_sum(
    marks: list[float], one: float, two: float, three: float
) -> None:
    hours = (hour(*marks),)
    start, middle, end = sorted((one, two, three))

    whole = count(COPILOT, hours, (at(start), at(end)))
    left = count(COPILOT, hours, (at(start), at(middle)))
    right = count(COPILOT, hours, (at(middle), at(end)))
    coarse = count(COPILOT, (summary(hours[0]),), (at(start), at(end)))

    assert left.served + right.served >= whole.served >= max(left.served, right.served)
    assert whole.served - whole.edge <= left.served + right.served
    if whole.from_ms is not None:
        assert coarse.served >= whole.served
        assert coarse.served - coarse.edge <= whole.served
