"""An incident's timeline as SVG that takes on the colours of the page it stands in; no script, no link. Pure."""

from collections.abc import Iterator
from html import escape
from typing import Final

from opsbot.app.incident.words import lasted
from opsbot.domain.picture.timeline import LANE_WORD, Lane, Mark, TimelineChart, alt_text
from opsbot.domain.said import visible

WIDTH: Final = 960
LEFT, RIGHT = 92, 930
BAND: Final = (34, 66)
LANE_HIGH: Final = 40
LETTER: Final = 7.6
"""How wide a letter is at most, on average: nothing here can measure a font."""

_STYLE: Final = (
    "text{font:13px system-ui,sans-serif;fill:currentColor}.dim{opacity:.75}"
    ".hit{fill:#c8541a;fill-opacity:.22}.held{fill:#b48a00;fill-opacity:.22}"
    ".over{fill:#2e7d46;fill-opacity:.22}.edge{stroke:currentColor;stroke-opacity:.55}"
    ".lane{stroke:currentColor;stroke-opacity:.18}.kill{fill:#b3282d}.restore{fill:#2e7d46}"
    ".route{fill:#0072b2}.comms{fill:#6b3fa0}.page{fill:#b84a00}"
    ".note{fill:none;stroke:currentColor;stroke-width:2}"
)


def as_svg(chart: TimelineChart) -> str:
    """Return the picture; it is as wide as it gets room."""
    lanes = chart.lanes()
    bottom = BAND[1] + 22 + max(len(lanes), 1) * LANE_HIGH
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 40}"',
            f' width="{WIDTH}" role="img" aria-label="{_safe(alt_text(chart))}">',
            f"<title>{_safe(chart.title)}</title><style>{_STYLE}</style>",
            *_phases(chart, bottom),
            *_axis(chart, bottom),
            *(piece for index, lane in enumerate(lanes) for piece in _lane(chart, lane, index)),
            ""
            if lanes
            else _text(LEFT, bottom - 16, "Nothing was switched, paged or noted.", "dim"),
            "</svg>",
        )
    )


def _phases(chart: TimelineChart, bottom: float) -> Iterator[str]:
    top, low = BAND
    free = 0.0
    for one in chart.phases:
        left, right = _x(one.left), max(_x(one.right), _x(one.left) + 2)
        yield (
            f'<rect class="{one.tone}" x="{left:.1f}" y="{top}" width="{right - left:.1f}"'
            f' height="{low - top}"/>'
        )
        yield f'<path class="edge" d="M{left:.1f} {top - 4}V{bottom}"/>'
        wide = len(one.word) * LETTER
        at = min(max(left, free), WIDTH - wide - 4)
        if at >= free:
            yield _text(at, top - 10, one.word)
            free = at + wide + 10
        took = lasted(one.end_ms - one.begin_ms)
        if len(took) * LETTER + 12 <= right - left:
            yield _text(left + 8, low - 11, took)


def _axis(chart: TimelineChart, bottom: float) -> Iterator[str]:
    yield f'<path class="edge" d="M{LEFT} {bottom}H{RIGHT}"/>'
    yield _text(8, bottom + 22, "UTC", "dim")
    free = 0.0
    for tick in chart.ticks:
        x, wide = _x(tick.place), len(tick.word) * LETTER
        yield f'<path class="edge" d="M{x:.1f} {bottom}v6"/>'
        if x - wide / 2 > free and x + wide / 2 < WIDTH:
            yield _text(x, bottom + 22, tick.word, "dim", anchor="middle")
            free = x + wide / 2 + 8


def _lane(chart: TimelineChart, lane: Lane, index: int) -> Iterator[str]:
    y = BAND[1] + 16 + (index + 0.5) * LANE_HIGH
    yield f'<path class="lane" d="M{LEFT} {y}H{RIGHT}"/>'
    yield _text(8, y + 4, LANE_WORD[lane])
    marks = [one for one in chart.marks if one.lane == lane]
    ends = [_x(one.place) for one in marks[1:]] + [float(WIDTH + 40)]
    for one, following in zip(marks, ends, strict=True):
        yield _shape(lane, _x(one.place), y)
        words = _words(one)
        wide = len(words) * LETTER
        if words and _x(one.place) + 12 + wide <= min(following - 10, WIDTH):
            yield _text(_x(one.place) + 12, y - 5, words)
        elif words and following > WIDTH:
            yield _text(_x(one.place) - 12, y - 5, words, anchor="end")


def _words(one: Mark) -> str:
    return f"{one.name} \u00d7{one.count}".strip() if one.count > 1 else one.name


def _shape(lane: Lane, x: float, y: float) -> str:
    path = {
        "kill": f"M{x - 7:.1f} {y - 7}h14v14h-14z",
        "restore": f"M{x - 8:.1f} {y + 7}h16l-8 -15z",
        "route": f"M{x:.1f} {y - 9}l9 9l-9 9l-9 -9z",
        "comms": f"M{x - 9:.1f} {y - 7}h18v11h-10l-4 5v-5h-4z",
    }
    if lane in path:
        return f'<path class="{lane}" d="{path[lane]}"/>'
    return f'<circle class="{lane}" cx="{x:.1f}" cy="{y}" r="{7 if lane == "page" else 6}"/>'


def _text(x: float, y: float, words: str, style: str = "", *, anchor: str = "start") -> str:
    kind = f' class="{style}"' if style else ""
    place = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y}"{kind}{place}>{_safe(words)}</text>'


def _safe(words: str) -> str:
    return escape(visible(words, limit=1_200))


def _x(place: float) -> float:
    return LEFT + place * (RIGHT - LEFT)
