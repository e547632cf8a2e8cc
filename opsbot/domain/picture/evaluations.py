"""Evaluation results over revisions as a chart: what is known, in order, and the words for it. Pure."""

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opsbot.domain.gates import Colour, Gate, Result
from opsbot.domain.route import Number
from opsbot.domain.routing import Routing

LAST = 12
"""Revisions that one chart shows."""

MOST = 6
"""Gates that one chart shows; more would be too small to read."""

LONGEST = 1000
"""Characters of the words that stand for a picture: as many as Slack keeps."""

BAD: tuple[Colour, ...] = ("red", "hard_red")
WORDS: Mapping[Colour, str] = {
    "green": "",
    "red": "fails",
    "hard_red": "beyond the hard limit",
    "stale": "too old",
    "too_few": "too few cases",
    "missing": "not reported",
}
_PASSES = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
_EXACT = 17


@dataclass(frozen=True, slots=True)
class Point:
    """
    What is known of one gate for one revision; *value* is None where nobody has reported it.

    *of* is the model that was measured in the revision's place, empty where it was itself.
    """

    revision: Number
    colour: Colour
    value: float | None = None
    n: int = 0
    of: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """One gate over the revisions, oldest first; one point a revision."""

    gate: Gate
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """
    Everything that the picture shows.

    *revisions* are in order, the newest last; *hidden* counts the gates that have no room.
    """

    workflow: str
    env: str
    at_ms: int
    active: Number
    candidate: Number | None
    revisions: tuple[Number, ...]
    series: tuple[Series, ...]
    hidden: int = 0

    @property
    def empty(self) -> bool:
        """Return whether nothing was ever reported of what it would show."""
        return all(point.value is None for one in self.series for point in one.points)

    @property
    def title(self) -> str:
        """Return the heading, with workflow, environment and revisions."""
        return f"Evaluations of {self.workflow} in {self.env}, {self.span}"

    @property
    def span(self) -> str:
        """Return `r1 to r4`."""
        first, last = self.revisions[0], self.revisions[-1]
        return f"r{first}" if first == last else f"r{first} to r{last}"


def chosen(routing: Routing, known: Sequence[Number]) -> tuple[Number, ...]:
    """Return the newest revisions that have room, with all that serve somebody, in order."""
    serving = {routing.active, *([] if routing.candidate is None else [routing.candidate.number])}
    others = sorted((one for one in set(known) if one not in serving), reverse=True)
    return tuple(sorted((*serving, *others[: LAST - len(serving)])))


def charted(
    routing: Routing,
    evidence: Mapping[Number, Sequence[Result]],
    *,
    env: str,
    at_ms: int,
) -> Chart:
    """
    Return the chart of what every gate says of each revision in *evidence*.

    Every revision is asked the same gates in the same order. Where there are too many gates, those
    that are not green for what is tried, or else serves, come first: no bad news is left out for
    room while good news is shown.
    """
    revisions = tuple(sorted(evidence))
    series = tuple(
        Series(results[0].gate, tuple(map(_point, revisions, results)))
        for results in zip(*(evidence[one] for one in revisions), strict=True)
    )
    candidate = None if routing.candidate is None else routing.candidate.number
    if len(series) > MOST:
        asked = routing.active if candidate is None else candidate
        series = tuple(sorted(series, key=lambda one: _colour(one, asked) == "green"))
    shown, hidden = series[:MOST], max(len(series) - MOST, 0)
    return Chart(
        routing.workflow, env, at_ms, routing.active, candidate, revisions, shown, hidden
    )  # fmt: skip


def _colour(series: Series, number: Number) -> Colour | None:
    return next((one.colour for one in series.points if one.revision == number), None)


def _point(number: Number, result: Result) -> Point:
    seen = result.measurement
    if seen is None:
        return Point(number, result.colour)
    of = "" if seen.subject == f"r{number}" else seen.subject
    return Point(number, result.colour, seen.value, seen.n, of)


def figure(gate: Gate, value: float) -> str:
    """
    Return a value short, but never so short that it reads as on the other side of a limit.

    0.91996 under a threshold of 0.92 is not 0.92.
    """
    limits = [gate.threshold, *([] if gate.hard is None else [gate.hard])]
    passes = _PASSES[gate.op]
    whole = len(str(int(abs(value))))
    for digits in range(max(whole, 3), _EXACT):
        said = f"{value:.{digits}g}"
        if all(passes(float(said), one) == passes(value, one) for one in limits):
            return said
    return repr(value)


def alt_text(chart: Chart) -> str:
    """
    Return what the picture says, in words, for whoever does not see it; at most `LONGEST` characters.

    Where not all fits, the newest revisions are told.
    """
    if not chart.series:
        return f"{chart.title}: no gate asks for evaluations of it."
    for told in range(len(chart.revisions), 0, -1):
        words = _words(chart, told)
        if len(words) <= LONGEST:
            return words
    return _words(chart, 1)[: LONGEST - 1] + "\u2026"


def _words(chart: Chart, told: int) -> str:
    tried = "" if chart.candidate is None else f", r{chart.candidate} is on its way"
    parts = [f"{chart.title}. r{chart.active} serves everybody{tried}."]
    parts += [_series_words(one, told) for one in chart.series]
    if chart.hidden:
        parts.append(f"{chart.hidden} more gates are not shown.")
    if told < len(chart.revisions):
        parts.append(f"Told here: the newest {told} of {len(chart.revisions)} revisions.")
    return " ".join(parts)


def _series_words(series: Series, told: int) -> str:
    gate = series.gate
    hard = "" if gate.hard is None else f", hard limit {gate.hard:g}"
    said = ", ".join(_point_words(gate, one) for one in series.points[-told:])
    return f"{gate.name}, {gate.op} {gate.threshold:g} wanted{hard}: {said}."


def _point_words(gate: Gate, point: Point) -> str:
    if point.value is None:
        return f"r{point.revision} {WORDS['missing']}"
    words = [f"r{point.revision} {figure(gate, point.value)}", WORDS[point.colour]]
    if point.colour == "too_few":
        words.append(f"({point.n})")
    if point.of:
        words.append(f"(of {point.of})")
    return " ".join(word for word in words if word)
