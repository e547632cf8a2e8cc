"""Runbooks on the Home tab: how long each takes, in words that mean something to somebody who never saw it."""

import pytest

from opsbot.domain.change import Record
from opsbot.slack.runbook.home import _long

HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("book", "said"),
    [
        (
            {"steps": 28, "soon": 24, "soon_ms": 17 * HOUR_MS},
            "24 steps in about 17 h, 4 more over days",
        ),
        ({"steps": 9, "soon": 9, "soon_ms": 90 * 60_000}, "9 steps in about 1 h 30 min"),
        ({"steps": 1, "soon": 1, "soon_ms": 0}, "1 step"),
        ({"steps": 2, "soon": 0, "soon_ms": 0}, "2 steps"),
        ({"steps": 0}, ""),
    ],
)
def test_a_runbook_says_how_long_its_work_takes(book: Record, said: str) -> None:
    assert _long(book) == said
