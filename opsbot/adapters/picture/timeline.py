"""An incident's timeline as a PNG: phases as bands, a lane for each kind of act; legible on a phone."""

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Final

from PIL.PngImagePlugin import PngInfo

from opsbot.adapters.picture.pen import (
    BAD,
    DIM,
    EDGE,
    HARD,
    INK,
    LINE,
    OLD,
    PAPER,
    WIDTH,
    Pen,
    as_clock,
)
from opsbot.app.incident.words import lasted
from opsbot.domain.picture.timeline import LANE_WORD, Lane, Mark, Phase, TimelineChart, alt_text

MARGIN: Final = 32
LEFT: Final = 176
"""Right of the lanes' names."""

RIGHT: Final = WIDTH - 48
BAND_TOP, BAND_BOTTOM = 150, 226
LANES_TOP, LANES_BOTTOM = 262, 590
AXIS: Final = 606

_FILL: Final[Mapping[str, str]] = {"hit": "#F6D9C8", "held": "#FBEFC9", "over": "#D9EBDD"}
_EDGE: Final[Mapping[str, str]] = {"hit": BAD, "held": "#8A6A00", "over": "#2E6B3E"}


def drawn_timeline(chart: TimelineChart) -> bytes:
    """Return the PNG of *chart*, 1200 x 675."""
    pen = Pen.new()
    pen.card()
    _heading(pen, chart)
    _phases(pen, chart)
    _axis(pen, chart)
    _lanes(pen, chart)
    out, words = BytesIO(), PngInfo()
    words.add_itxt("Title", chart.title)
    words.add_itxt("Description", alt_text(chart))
    pen.finished().save(out, "PNG", pnginfo=words)
    return out.getvalue()


def _heading(pen: Pen, chart: TimelineChart) -> None:
    room = WIDTH - 2 * MARGIN
    head = pen.fitting(f"{chart.incident} in {chart.env}: {chart.heading}", 34, room, bold=True)
    pen.text((MARGIN, 24), head, 34, weight="bold")
    end = "to" if chart.over else "still open at"
    said = f"{as_clock(chart.begin_ms)} {end} {as_clock(chart.end_ms)}"
    pen.text((MARGIN, 72), pen.fitting(said, 24, room), 24, DIM)


def _phases(pen: Pen, chart: TimelineChart) -> None:
    free = float(MARGIN)
    for one in chart.phases:
        left, right = _x(one.left), max(_x(one.right), _x(one.left) + 3)
        pen.area((left, BAND_TOP, right, BAND_BOTTOM), _FILL[one.tone])
        pen.line((left, BAND_TOP - 8), (left, LANES_BOTTOM), _EDGE[one.tone], 3)
        free = _phase_word(pen, one, left, free)
        took, room = lasted(one.end_ms - one.begin_ms), right - left - 14
        if pen.width(took, 22) <= room:
            pen.text((left + 10, (BAND_TOP + BAND_BOTTOM) / 2), took, 22, anchor="lm")


def _phase_word(pen: Pen, one: Phase, left: float, free: float) -> float:
    """Write a phase's name above its beginning, or further right where the one before needs the room."""
    wide = pen.width(one.word, 22)
    at = min(max(left, free), WIDTH - MARGIN - wide)
    if at < free:
        return free
    pen.text((at, BAND_TOP - 38), one.word, 22, _EDGE[one.tone])
    return at + wide + 16


def _axis(pen: Pen, chart: TimelineChart) -> None:
    pen.line((LEFT, LANES_BOTTOM + 6), (RIGHT, LANES_BOTTOM + 6), OLD, 2)
    free = 0.0
    for tick in chart.ticks:
        x, wide = _x(tick.place), pen.width(tick.word, 22)
        pen.line((x, LANES_BOTTOM), (x, LANES_BOTTOM + 12), OLD, 2)
        if x - wide / 2 > free and x + wide / 2 < WIDTH - 8:
            pen.text((x, AXIS + 6), tick.word, 22, DIM, anchor="mt")
            free = x + wide / 2 + 14
    pen.text((MARGIN, AXIS + 6), "UTC", 22, DIM, anchor="lt")


def _lanes(pen: Pen, chart: TimelineChart) -> None:
    lanes = chart.lanes()
    if not lanes:
        middle = ((LEFT + RIGHT) / 2, (LANES_TOP + LANES_BOTTOM) / 2)
        pen.text(middle, "Nothing was switched, paged or noted.", 26, DIM, anchor="mm")
        return
    high = min((LANES_BOTTOM - LANES_TOP) / len(lanes), 82)
    for index, lane in enumerate(lanes):
        y = LANES_TOP + (index + 0.5) * high
        pen.line((LEFT, y), (RIGHT, y), EDGE, 2)
        pen.text((MARGIN, y), LANE_WORD[lane], 24, anchor="lm")
        marks = [one for one in chart.marks if one.lane == lane]
        ends = [_x(one.place) for one in marks[1:]] + [float(WIDTH)]
        for one, following in zip(marks, ends, strict=True):
            _mark(pen, one, y, following)


def _mark(pen: Pen, one: Mark, y: float, following: float) -> None:
    x = _x(one.place)
    _SHAPES[one.lane](pen, x, y)
    words = one.name if one.count == 1 or one.name else ""
    words = f"{words} x{one.count}".strip() if one.count > 1 else words
    room = min(following - 18, WIDTH - 14.0) - (x + 18)
    if words and pen.width(words, 22) <= room:
        pen.text((x + 18, y - 4), words, 22, anchor="lb", weight="halo")
    elif words and following == WIDTH:
        pen.text((x - 18, y - 4), words, 22, anchor="rb", weight="halo")


def _kill(pen: Pen, x: float, y: float) -> None:
    pen.shape(((x - 11, y - 11), (x + 11, y - 11), (x + 11, y + 11), (x - 11, y + 11)), HARD, PAPER)


def _restore(pen: Pen, x: float, y: float) -> None:
    pen.shape(((x - 12, y + 11), (x + 12, y + 11), (x, y - 12)), "#2E6B3E", PAPER)


def _route(pen: Pen, x: float, y: float) -> None:
    pen.shape(((x, y - 14), (x + 14, y), (x, y + 14), (x - 14, y)), LINE, PAPER)


def _comms(pen: Pen, x: float, y: float) -> None:
    bubble = ((-13, -10), (13, -10), (13, 5), (-1, 5), (-7, 12), (-7, 5), (-13, 5))
    pen.shape(tuple((x + dx, y + dy) for dx, dy in bubble), "#6B3FA0", PAPER)


def _page(pen: Pen, x: float, y: float) -> None:
    pen.disc((x, y), 12, BAD, PAPER)


def _note(pen: Pen, x: float, y: float) -> None:
    pen.disc((x, y), 10, PAPER, INK)


_SHAPES: Final[Mapping[Lane, Callable[[Pen, float, float], None]]] = {
    "kill": _kill,
    "restore": _restore,
    "route": _route,
    "comms": _comms,
    "page": _page,
    "note": _note,
}


def _x(place: float) -> float:
    return LEFT + place * (RIGHT - LEFT)
