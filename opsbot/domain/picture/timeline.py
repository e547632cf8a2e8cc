"""An incident's timeline as a chart: its phases, what was done in them, and the words that say the same. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from opsbot.domain.incident.times import Moment, Times
from opsbot.domain.timeline import Kind, Line

Lane = Literal["kill", "restore", "route", "comms", "page", "note"]
LANES: Final[tuple[Lane, ...]] = ("kill", "restore", "route", "comms", "page", "note")
LANE_WORD: Final[dict[Lane, str]] = {
    "kill": "Kills",
    "restore": "Restores",
    "route": "Routes",
    "comms": "Messages",
    "page": "Pages",
    "note": "Notes",
}
Tone = Literal["hit", "held", "over"]

NEAR: Final = 0.022
"""Marks that are closer than this part of the width stand as one, with their number."""

LONGEST: Final = 1000
"""Characters of the words that stand for a picture: as many as Slack keeps."""

_PHASE: Final[dict[Moment, str]] = {
    "started": "users hit",
    "detected": "noticed",
    "declared": "declared",
    "contained": "contained",
    "resolved": "resolved",
}
_STEPS_S: Final = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200),
    *(86_400, 172_800, 432_000, 864_000, 2_592_000, 8_640_000, 31_536_000),
)
TICKS: Final = 7
LEAST_MS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Phase:
    """
    From one moment to the next. *left* and *right* are parts of the width.

    *tone*: users are *hit* until it is contained, then it is *held*.
    """

    word: str
    begin_ms: int
    end_ms: int
    tone: Tone
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Mark:
    """Things of one lane that happened at about one moment; *place* is a part of the width."""

    lane: Lane
    place: float
    count: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """A moment that is named below."""

    place: float
    word: str


@dataclass(frozen=True, slots=True)
class TimelineChart:
    """
    Everything that the picture shows.

    *over* says that it ends with the incident; else it goes on to *end_ms*, when it was drawn.
    """

    incident: str
    heading: str
    env: str
    begin_ms: int
    end_ms: int
    over: bool
    phases: tuple[Phase, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]

    @property
    def title(self) -> str:
        """Return the heading, with the environment."""
        return f"Timeline of {self.incident} in {self.env}"

    def lanes(self) -> tuple[Lane, ...]:
        """Return the lanes in which something happened."""
        used = {one.lane for one in self.marks}
        return tuple(one for one in LANES if one in used)


def charted(  # noqa: PLR0913  the parts of one picture
    incident: str,
    heading: str,
    env: str,
    times: Times,
    lines: Sequence[Line],
    *,
    now_ms: int,
    over: bool,
) -> TimelineChart:
    """
    Return the chart of an incident from its first moment to its end, or to *now_ms*.

    What happened after its end (a restore, an action) is drawn too: the picture ends with it.
    """
    moments = _moments(times)
    shown = [one for one in lines if not one.retracted and _lane(one.kind) is not None]
    known = [at_ms for _, at_ms in moments] + [one.at_ms for one in shown]
    begin_ms, last_ms = min(known), max(known)
    end_ms = max(last_ms if over else max(now_ms, last_ms), begin_ms + LEAST_MS)
    width = end_ms - begin_ms

    def place(at_ms: int) -> float:
        return min(max((at_ms - begin_ms) / width, 0.0), 1.0)

    return TimelineChart(
        incident=incident,
        heading=heading,
        env=env,
        begin_ms=begin_ms,
        end_ms=end_ms,
        over=over,
        phases=tuple(_phases(moments, end_ms, over=over, begin_ms=begin_ms)),
        marks=tuple(_marks(shown, begin_ms, width)),
        ticks=tuple(Tick(place(at), word) for at, word in _ticks(begin_ms, end_ms)),
    )


def alt_text(chart: TimelineChart) -> str:
    """Return what the picture says, in words, for whoever does not see it; at most `LONGEST` characters."""
    phases = [f"{one.word} {_clock(one.begin_ms)}" for one in chart.phases]
    end = f"ends {_clock(chart.end_ms)}" if chart.over else f"goes on at {_clock(chart.end_ms)}"
    counts = [
        _counted(sum(one.count for one in chart.marks if one.lane == lane), lane)
        for lane in chart.lanes()
    ]
    days = datetime.fromtimestamp(chart.begin_ms / 1000, UTC).strftime("%Y-%m-%d")
    words = (
        f"{chart.title}: {chart.heading}. {days}, UTC: {', '.join([*phases, end])}."
        f" {', '.join(counts) or 'nothing was done'}."
    )
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}\u2026"


def _counted(count: int, lane: Lane) -> str:
    word = LANE_WORD[lane].lower()
    return f"{count} {word if count != 1 else word.removesuffix('s')}"


def _moments(times: Times) -> list[tuple[Moment, int]]:
    found = [(one, times.of(one)) for one in _PHASE]
    known = [(one, at_ms) for one, at_ms in found if at_ms is not None]
    order = list(_PHASE)
    return sorted(known, key=lambda one: (one[1], order.index(one[0])))


def _phases(
    moments: Sequence[tuple[Moment, int]], end_ms: int, *, over: bool, begin_ms: int
) -> Iterable[Phase]:
    tone: Tone = "hit"
    ends = [at_ms for _, at_ms in moments[1:]] + [end_ms]
    width = end_ms - begin_ms
    for (moment, at_ms), until_ms in zip(moments, ends, strict=True):
        if moment in ("contained", "resolved"):
            tone = "held" if moment == "contained" else "over"
        left, right = ((ms - begin_ms) / width for ms in (at_ms, until_ms))
        yield Phase(_PHASE[moment], at_ms, until_ms, tone, left, right)


def _marks(lines: Sequence[Line], begin_ms: int, width: int) -> Iterable[Mark]:
    ordered = sorted(lines, key=lambda line: line.at_ms)
    for lane in LANES:
        near: list[tuple[float, str]] = []
        for line in ordered:
            if _lane(line.kind) != lane:
                continue
            at = (line.at_ms - begin_ms) / width
            if near and at - near[0][0] > NEAR:
                yield _mark(lane, near)
                near = []
            near.append((at, line.name))
        if near:
            yield _mark(lane, near)


def _mark(lane: Lane, near: Sequence[tuple[float, str]]) -> Mark:
    names = list(dict.fromkeys(name for _, name in near if name))
    middle = (near[0][0] + near[-1][0]) / 2
    return Mark(lane, middle, len(near), names[0] if len(names) == 1 else "")


def _lane(kind: Kind) -> Lane | None:
    return next((one for one in LANES if one == kind), None)


def _ticks(begin_ms: int, end_ms: int) -> Iterable[tuple[int, str]]:
    """Return round moments, as many as have room; days are named where more than one is shown."""
    width_s = (end_ms - begin_ms) / 1000
    step = next((one for one in _STEPS_S if width_s / one <= TICKS), _STEPS_S[-1])
    first = -(-begin_ms // (step * 1000)) * step * 1000
    form = "%H:%M:%S" if step < 60 else "%H:%M" if width_s <= 86_400 else "%d %b %H:%M"  # noqa: PLR2004  a minute, a day
    if step >= 86_400:  # noqa: PLR2004  a day
        form = "%d %b"
    for at_ms in range(first, end_ms + 1, step * 1000):
        yield at_ms, datetime.fromtimestamp(at_ms / 1000, UTC).strftime(form)


def _clock(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%H:%M:%S")
