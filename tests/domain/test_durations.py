"""Durations as runbooks write them."""

import pytest

from opsbot.domain.durations import duration_s


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
