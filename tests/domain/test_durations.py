"""Durations as runbooks write them."""

import pytest

from opsbot.domain.durations import duration_s, elapsed


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("10 min", 600),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("2d", 172_800),
        ("", None),
        ("0m", None),
        ("10", None),
        ("soon", None),
        ("-5m", None),
        ("1.5h", None),
        ("٣m", None),
    ],
)
def test_a_duration_is_units_in_order_and_nothing_else_is_one(
    text: str, seconds: int | None
) -> None:
    assert duration_s(text) == seconds


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (0, "0 ms"),
        (41.4, "41 ms"),
        (999.4, "999 ms"),
        (999.6, "1.0 s"),
        (1_640, "1.6 s"),
        (9_960, "10 s"),
        (31_956, "32 s"),
        (125_000, "2 min 5 s"),
        (3_780_000, "1 h 3 min"),
    ],
)
def test_how_long_something_took_is_said_in_the_unit_that_matters(ms: float, words: str) -> None:
    assert elapsed(ms) == words
