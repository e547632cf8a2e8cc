"""The marks of a picture, one shape for each thing that a gate can say, and the legend of those in use."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from opsbot.adapters.picture.pen import BAD, DIM, HARD, INK, LINE, OLD, PAPER, WIDTH, Pen
from opsbot.domain.gates import Colour
from opsbot.domain.picture.evaluations import WORDS, Chart, Point

SIZE = 20
ROW = 32
GAP = 26


def mark(pen: Pen, point: Point, x: float, y: float) -> None:
    """Draw what a gate says of one revision."""
    _MARKS[point.colour](pen, x, y)


def _passes(pen: Pen, x: float, y: float) -> None:
    pen.disc((x, y), 8, LINE, LINE)


def _fails(pen: Pen, x: float, y: float) -> None:
    for width, colour in ((9.0, PAPER), (5.0, BAD)):
        pen.line((x - 8, y - 8), (x + 8, y + 8), colour, width)
        pen.line((x - 8, y + 8), (x + 8, y - 8), colour, width)


def _beyond(pen: Pen, x: float, y: float) -> None:
    pen.shape(((x - 10, y - 10), (x + 10, y - 10), (x + 10, y + 10), (x - 10, y + 10)), HARD, HARD)
    pen.line((x - 5, y - 5), (x + 5, y + 5), PAPER, 3)
    pen.line((x - 5, y + 5), (x + 5, y - 5), PAPER, 3)


def _stale(pen: Pen, x: float, y: float) -> None:
    pen.disc((x, y), 8, PAPER, OLD)


def _too_few(pen: Pen, x: float, y: float) -> None:
    pen.shape(((x, y - 11), (x + 11, y), (x, y + 11), (x - 11, y)), PAPER, OLD)


def _missing(pen: Pen, x: float, y: float) -> None:
    pen.text((x, y), "?", 24, DIM, anchor="mm", weight="halo")


_MARKS: Final[Mapping[Colour, Callable[[Pen, float, float], None]]] = {
    "green": _passes,
    "red": _fails,
    "hard_red": _beyond,
    "stale": _stale,
    "too_few": _too_few,
    "missing": _missing,
}
_SAID: Final[Mapping[Colour, str]] = {**WORDS, "green": "passes"}


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of the legend: how wide its sign is, how it is drawn, and its words."""

    room: float
    draw: Callable[[Pen, float, float], None]
    words: str


def legend(pen: Pen, chart: Chart, left: float, top: float) -> None:
    """Say what the marks and lines in use mean, on as few lines as it takes."""
    x, y = left, top + ROW / 2
    for one in _entries(pen, chart):
        wide = one.room + 8 + pen.width(one.words, SIZE)
        if x > left and x + wide > WIDTH - left:
            x, y = left, y + ROW
        one.draw(pen, x + one.room / 2, y)
        pen.text((x + one.room + 8, y), one.words, SIZE, anchor="lm")
        x += wide + GAP


def _entries(pen: Pen, chart: Chart) -> Iterator[_Entry]:
    used = {point.colour for one in chart.series for point in one.points}
    for colour, draw in _MARKS.items():
        if colour in used:
            yield _Entry(22, draw, _SAID[colour])
    if chart.series:
        yield _Entry(44, _dashes(INK, (14, 8)), "wanted")
    if any(one.gate.hard is not None for one in chart.series):
        yield _Entry(44, _dashes(HARD, (4, 6)), "hard limit")
    if any(point.of for one in chart.series for point in one.points):
        yield _Entry(14, _star, "measured of its model")
    yield _pilled(pen, f"r{chart.active}", "serves everybody", full=True)
    if chart.candidate is not None:
        yield _pilled(pen, f"r{chart.candidate}", "is on its way", full=False)


def _dashes(colour: str, dashes: tuple[float, float]) -> Callable[[Pen, float, float], None]:
    return lambda pen, x, y: pen.dashed((x - 22, y), (x + 22, y), colour, dashes)


def _star(pen: Pen, x: float, y: float) -> None:
    pen.text((x, y), "*", SIZE, anchor="mm")


def _pilled(pen: Pen, name: str, words: str, *, full: bool) -> _Entry:
    fill, colour = (INK, PAPER) if full else (PAPER, INK)
    room = pen.width(name, SIZE) + 18
    return _Entry(
        room, lambda to, x, y: to.pill((x, y), name, SIZE, fill=fill, colour=colour), words
    )
