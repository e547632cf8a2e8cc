"""Runbooks on the Home tab: how long each takes, in words that mean something to somebody who never saw it."""

import pytest

from opsbot.domain.change import Record
from opsbot.domain.prose import Paragraph, plain
from opsbot.domain.said import Item, Said
from opsbot.slack.runbook.home import SHOWN, _long, shelf
from tests.support.runs import book, shelved, walked_company
from tests.support.world import MARA

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


async def home(own: int, foreign: int) -> Said:
    """Return the section of a shelf with so many runbooks, and pages of other houses."""
    world = await walked_company()
    pages = [book(name=f"imported/p-{n}", imported=True) for n in range(foreign)]
    shelved(world, *(book(name=f"b-{n}") for n in range(own)), *pages)
    (said,) = await shelf(world.bot.runs, MARA)
    return said


@pytest.mark.parametrize(
    ("own", "foreign", "left"),
    [
        (SHOWN, 1, "1 imported page more: "),
        (SHOWN + 1, 0, "1 runbook more: "),
        (SHOWN + 2, 2, "2 runbooks and 2 imported pages more: "),
    ],
)
async def test_what_is_not_listed_is_counted_below_the_list(
    own: int, foreign: int, left: str
) -> None:
    said = await home(own, foreign)

    *listed, last = said.parts
    assert all(isinstance(one, Item) for one in listed)
    assert len(listed) == SHOWN
    assert isinstance(last, Paragraph)
    assert plain(last.prose) == f"{left}/ai-runbook catalogue"
    assert said.lines == ()


async def test_a_shelf_that_is_listed_whole_counts_nothing() -> None:
    said = await home(SHOWN, 0)

    assert len(said.parts) == SHOWN
