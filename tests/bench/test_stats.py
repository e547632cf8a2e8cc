"""Quantiles are measured values; a reader with pauses never sees a moment early."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.bench.stats import quantile, seen_after, summary

SERIES = st.lists(st.floats(0, 1e6), min_size=1, max_size=200)


@given(SERIES, st.floats(0, 1))
def test_a_quantile_is_a_measured_value_that_enough_others_do_not_exceed(
    values: list[float], share: float
) -> None:
    found = quantile(values, share)

    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6


@given(SERIES, st.floats(0, 1))
def test_no_smaller_measured_value_would_do(values: list[float], share: float) -> None:
    found = quantile(values, share)

    below = sum(value < found for value in values)
    assert below < share * len(values) + 1e-6 or found == min(values)


@given(SERIES)
def test_best_p50_and_p99_are_in_order(values: list[float]) -> None:
    told = summary(values)

    assert told.count == len(values)
    assert min(values) == told.best <= told.p50 <= told.p99 <= max(values)


@given(SERIES)
def test_the_order_of_measuring_does_not_matter(values: list[float]) -> None:
    mixed = sorted(values, reverse=True)

    assert summary(mixed) == summary(values)


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_beyond_all_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="not a share"):
        quantile([1.0], share)


def test_nothing_measured_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        summary([])


@given(st.floats(0, 5_000), st.floats(0.1, 50), st.floats(1, 3), st.floats(50, 500))
def test_a_reader_sees_a_moment_late_by_one_pause_at_most(
    moment: float, first: float, growth: float, longest: float
) -> None:
    seen = seen_after(moment, first=first, longest=longest, growth=growth)

    assert moment <= seen <= moment + longest


def test_what_is_true_at_once_is_seen_at_the_first_look() -> None:
    assert seen_after(0, first=4, longest=100, growth=1.5) == 0
    assert seen_after(4.5, first=4, longest=100, growth=1.5) == 10
