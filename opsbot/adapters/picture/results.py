"""The Pictures port on Pillow: evaluation results over revisions, one panel a gate, with its own font."""

import asyncio
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from opsbot.adapters.picture.marks import legend, mark
from opsbot.adapters.picture.pen import (
    BAD_SIDE,
    DIM,
    EDGE,
    HARD,
    HEIGHT,
    INK,
    LINE,
    PAPER,
    WIDTH,
    Pen,
    as_clock,
    spread,
)
from opsbot.adapters.picture.timeline import drawn_timeline
from opsbot.domain.picture.evaluations import Chart, Point, Series, alt_text, figure
from opsbot.domain.picture.timeline import TimelineChart
from opsbot.domain.route import Number

MARGIN = 32
TOP, BOTTOM = 112, 586
GUTTER, SMALL_GUTTER = 128, 104
"""Right of a panel, for the values of its lines."""

ONE_COLUMN = 3
"""So many gates stand below each other; more stand in two columns."""


class Pictures:
    """Implements `ports.Pictures`; drawing takes a tenth of a second and happens beside the loop."""

    async def evaluations(self, chart: Chart) -> bytes:
        """Return the PNG of *chart*."""
        return await asyncio.to_thread(drawn, chart)

    async def timeline(self, chart: TimelineChart) -> bytes:
        """Return the PNG of an incident's timeline."""
        return await asyncio.to_thread(drawn_timeline, chart)


def drawn(chart: Chart) -> bytes:
    """Return the PNG of *chart*, 1200 x 675."""
    pen = Pen.new()
    pen.card()
    _heading(pen, chart)
    if not chart.series:
        middle = (WIDTH / 2, HEIGHT / 2)
        pen.text(middle, "No gate asks for evaluations of it.", 28, DIM, anchor="mm")
    for index, one in enumerate(chart.series):
        panel = _panel(index, len(chart.series))
        _Drawing(pen, chart, one, panel).draw()
    legend(pen, chart, MARGIN, BOTTOM + 18)
    return _png(pen.finished(), chart)


def _png(image: Image.Image, chart: Chart) -> bytes:
    """Return the file; its words go with it wherever it is copied to."""
    out, words = BytesIO(), PngInfo()
    words.add_itxt("Title", chart.title)
    words.add_itxt("Description", alt_text(chart))
    image.save(out, "PNG", pnginfo=words)
    return out.getvalue()


def _heading(pen: Pen, chart: Chart) -> None:
    room = WIDTH - 2 * MARGIN
    head = f"{chart.workflow} in {chart.env}"
    pen.text((MARGIN, 24), pen.fitting(head, 38, room, bold=True), 38, weight="bold")
    said = f"Evaluations of {chart.span}, as of {as_clock(chart.at_ms)}"
    if chart.hidden:
        said += f"; {chart.hidden} more gates have no room here"
    pen.text((MARGIN, 72), pen.fitting(said, 24, room), 24, DIM)


@dataclass(frozen=True, slots=True)
class Panel:
    """Where one gate is drawn; *lowest* ones carry the revisions' names."""

    left: float
    top: float
    right: float
    bottom: float
    lowest: bool
    small: bool


def _panel(index: int, count: int) -> Panel:
    columns = 1 if count <= ONE_COLUMN else 2
    rows = -(-count // columns)
    column, row = divmod(index, rows)
    wide = (WIDTH - 2 * MARGIN - (columns - 1) * 24) / columns
    names = 34
    high = (BOTTOM - TOP - names) / rows
    left, top = MARGIN + column * (wide + 24), TOP + row * high
    lowest = row == rows - 1 or index == count - 1
    return Panel(left, top, left + wide, top + high, lowest, columns > 1)


@dataclass(frozen=True, slots=True)
class _Drawing:
    """One gate in its panel."""

    pen: Pen
    chart: Chart
    series: Series
    panel: Panel

    def draw(self) -> None:
        self._header()
        self._ground()
        self._limits()
        self._line()
        for one in self.series.points:
            mark(self.pen, one, self._x(one.revision), self._y(one))
        self._values()
        if self.panel.lowest:
            self._names()

    @property
    def _box(self) -> tuple[float, float, float, float]:
        one = self.panel
        return one.left, one.top + 36, one.right - self._gutter, one.bottom - 10

    @property
    def _gutter(self) -> float:
        return SMALL_GUTTER if self.panel.small else GUTTER

    def _header(self) -> None:
        gate, panel = self.series.gate, self.panel
        size = 21 if panel.small else 24
        name = self.pen.fitting(gate.name, size, panel.right - panel.left, bold=True)
        self.pen.text((panel.left, panel.top + 2), name, size, weight="bold")

    def _ground(self) -> None:
        left, top, right, bottom = self._box
        self.pen.area((left, top, right, bottom), "#FFFFFF")
        wanted = self._height(self.series.gate.threshold)
        above = self.series.gate.op.startswith(">")
        side = (left, wanted, right, bottom) if above else (left, top, right, wanted)
        self.pen.area(side, BAD_SIDE)
        for number in self.chart.revisions:
            self.pen.line((self._x(number), top), (self._x(number), bottom), EDGE, 1)
        self.pen.frame((left, top, right, bottom), EDGE)

    def _limits(self) -> None:
        left, _, right, _ = self._box
        gate = self.series.gate
        lines = [(gate.threshold, f"{gate.op} {gate.threshold:g}", INK, (14.0, 8.0))]
        if gate.hard is not None:
            lines.append((gate.hard, f"hard {gate.hard:g}", HARD, (4.0, 6.0)))
        at = spread([self._height(value) for value, *_ in lines], 22)
        for (value, words, colour, dashes), label in zip(lines, at, strict=True):
            height = self._height(value)
            self.pen.dashed((left, height), (right, height), colour, dashes)
            shown = self.pen.fitting(words, 20, self._gutter - 10)
            self.pen.text((right + 10, label), shown, 20, colour, anchor="lm")

    def _line(self) -> None:
        for one, following in pairwise(self.series.points):
            if one.value is not None and following.value is not None:
                start = (self._x(one.revision), self._y(one))
                end = (self._x(following.revision), self._y(following))
                self.pen.line(start, end, LINE, 3)

    def _values(self) -> None:
        left, top, right, _ = self._box
        slot = (right - left) / len(self.chart.revisions)
        serving = {self.chart.active, self.chart.candidate, self.chart.revisions[-1]}
        for one in self.series.points:
            if one.value is None:
                continue
            words = figure(self.series.gate, one.value) + ("*" if one.of else "")
            roomy = self.pen.width(words, 19) + 8 < slot
            if roomy or (one.revision in serving and not self._crowded(one.revision, serving)):
                x, y = self._x(one.revision), self._y(one)
                x = min(x, right - self.pen.width(words, 19) / 2 - 3)
                above = y - 32 > top
                place = (x, y - 12) if above else (x, y + 12)
                self.pen.text(place, words, 19, anchor="mb" if above else "mt", weight="halo")

    def _crowded(self, number: Number, serving: set[Number | None]) -> bool:
        """Return whether the next revision's value is shown in the place that this one needs."""
        following = self.chart.revisions.index(number) + 1
        return following < len(self.chart.revisions) and self.chart.revisions[following] in serving

    def _names(self) -> None:
        left, _, right, bottom = self._box
        known, serving = self.chart.revisions, (self.chart.active, self.chart.candidate)
        size = 16 if self.panel.small else 20
        tight = self.pen.width(f"r{known[-1]}", size) + 10 > (right - left) / len(known)
        for index, number in enumerate(known):
            place, name = (self._x(number), bottom + 20), f"r{number}"
            if number in serving:
                full = number == self.chart.active
                fill, colour = (INK, PAPER) if full else (PAPER, INK)
                self.pen.pill(place, name, size, fill=fill, colour=colour)
            elif not (tight and self._elbowed(index, serving)):
                self.pen.text(place, name, size, DIM, anchor="mm")

    def _elbowed(self, index: int, serving: tuple[Number | None, ...]) -> bool:
        """Return whether a name has no room: every second one, and those beside what serves."""
        known = self.chart.revisions
        beside = (*known[max(index - 1, 0) : index], *known[index + 1 : index + 2])
        return (len(known) - 1 - index) % 2 == 1 or any(one in serving for one in beside)

    def _x(self, number: Number) -> float:
        left, _, right, _ = self._box
        slot = (right - left) / len(self.chart.revisions)
        return left + (self.chart.revisions.index(number) + 0.5) * slot

    def _y(self, point: Point) -> float:
        _, _, _, bottom = self._box
        return bottom - 16 if point.value is None else self._height(point.value)

    def _height(self, value: float) -> float:
        _, top, _, bottom = self._box
        low, high = self._range()
        return bottom - 18 - (value - low) / (high - low) * (bottom - top - 36)

    def _range(self) -> tuple[float, float]:
        gate = self.series.gate
        values = [one.value for one in self.series.points if one.value is not None]
        values += [gate.threshold, *([] if gate.hard is None else [gate.hard])]
        low, high = min(values), max(values)
        if low == high:
            return low - max(abs(low), 1) * 0.1, high + max(abs(high), 1) * 0.1
        return low, high
