"""How many bad outcomes a workflow may have in a window before changes wait, and how many it had. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from opsbot.domain.change import Json, Record
from opsbot.domain.gates import AHEAD_MS, HOUR_MS, Gate, Measurement
from opsbot.domain.incident.incident import Incident
from opsbot.domain.state import BUDGETS, State
from opsbot.domain.workflow import Workflow

_RATES = ("rate", "share")
COUNTED_MOST = 1000
"""
Cases that one report counts as, at most, in its proportions: n is what its sender says, and a
single word must not wash a day's bad outcomes away.
"""

_EXACT = 6
"""Digits after the point that are kept of a number of cases: a float's noise is no bad case."""


@dataclass(frozen=True, slots=True)
class Budget:
    """*share* of bad outcomes (0 to 1) that *window_h* hours may have."""

    share: float
    window_h: int


@dataclass(frozen=True, slots=True)
class Spent:
    """What a window saw: *bad* outcomes of *cases*."""

    bad: float = 0.0
    cases: float = 0.0

    @property
    def share(self) -> float:
        """Return the share of bad outcomes; none where nothing was seen."""
        return self.bad / self.cases if self.cases else 0.0

    def plus(self, other: "Spent") -> "Spent":
        """Return both together."""
        return Spent(round(self.bad + other.bad, _EXACT), self.cases + other.cases)

    def minus(self, other: "Spent") -> "Spent":
        """Return it without what *other* added."""
        return Spent(round(self.bad - other.bad, _EXACT), self.cases - other.cases)


def budget_of(workflow: Workflow) -> Budget | None:
    """Return the workflow's budget, None where it declares none."""
    declared = workflow.extra.get("failure_budget")
    if not isinstance(declared, Mapping):
        return None
    return Budget(float(str(declared["share"])), int(str(declared.get("window_h", 24))))


def is_rate(metric: str) -> bool:
    """Return whether a metric is a share of cases, 0 to 1, by its name: `pass_rate`, `flag_rate`."""
    return metric.lower().endswith(_RATES)


def bad_cases(gate: Gate, one: Measurement) -> Spent:
    """Return what a measurement says of outcomes: nothing, where its metric is no share of cases."""
    if not is_rate(one.metric) or not 0 <= one.value <= 1:
        return Spent()
    bad = one.value if gate.op.startswith("<") else 1 - one.value
    cases = min(one.n, COUNTED_MOST)
    return Spent(round(cases * bad, _EXACT), cases)


def added(
    state: State,
    workflow: Workflow,
    gates: Iterable[Gate],
    taken: Iterable[Measurement],
    now_ms: int,
) -> Record | None:
    """
    Return the workflow's record of hours with *taken* in this hour; None where nothing is added.

    Only what a gate asks for counts, and of each suite, metric and subject only the worst report
    of an hour: a report that is sent again, or a better one after it, adds nothing. Hours that
    left the window are dropped, so that the record stays as small as the window.
    """
    budget = budget_of(workflow)
    if budget is None:
        return None
    asked: dict[tuple[str, str], Gate] = {}
    for gate in gates:
        asked.setdefault((gate.suite, gate.metric), gate)
    hours, now = _hours(state, workflow.name), now_ms // HOUR_MS
    worst = before = _worst(state, workflow.name, now)
    for one in taken:
        if (found := asked.get((one.suite, one.metric))) is not None:
            worst = _with(worst, one, bad_cases(found, one), budget)
    if worst == before:
        return None
    for name, seen in worst.items():
        hours[now] = hours.get(now, Spent()).plus(seen).minus(before.get(name, Spent()))
    kept: dict[str, Json] = {
        str(hour): [spent.bad, spent.cases]
        for hour, spent in sorted(hours.items())
        if hour >= _first(budget, now_ms)
    }
    newest: Record = {
        "hour": now,
        "worst": {name: [seen.bad, seen.cases] for name, seen in sorted(worst.items())},
    }
    return {"s": 1, "workflow": workflow.name, "hours": kept, "newest": newest}


def _worst(state: State, workflow: str, hour: int) -> dict[str, Spent]:
    """Return what counts in *hour* of each suite, metric and subject; empty in a new hour."""
    newest = state.kind(BUDGETS).get(workflow, {}).get("newest", {})
    if not isinstance(newest, Mapping) or newest.get("hour") != hour:
        return {}
    return _pairs(newest.get("worst", {}))


def _with(
    worst: dict[str, Spent], one: Measurement, seen: Spent, budget: Budget
) -> dict[str, Spent]:
    """Return *worst* with a report, where nothing as bad for the budget is counted of its kind."""
    name = f"{one.suite} {one.metric} {one.subject}"  # none of them holds a blank
    counts = worst.get(name)
    if not seen.cases or (counts is not None and _over(counts, budget) >= _over(seen, budget)):
        return worst
    return {**worst, name: seen}


def _over(seen: Spent, budget: Budget) -> float:
    """Return by how many bad cases a report is beyond the budget: what it costs; less than 0 pays."""
    return round(seen.bad - seen.cases * budget.share, _EXACT)


def spent(state: State, workflow: Workflow, now_ms: int) -> Spent:
    """
    Return what the workflow's window saw; nothing where it declares no budget.

    Hours that lie ahead were counted before the store's clock was set back: of them only what is
    beyond the budget counts, as nobody knows when the good ones were.
    """
    budget = budget_of(workflow)
    total = Spent()
    if budget is None:
        return total
    since, last = _first(budget, now_ms), (now_ms + AHEAD_MS) // HOUR_MS
    for hour, one in _hours(state, workflow.name).items():
        if since <= hour <= last or (hour > last and _over(one, budget) > 0):
            total = total.plus(one)
    return total.plus(_exposed(state, workflow.name, since))


def burned(state: State, workflow: Workflow, now_ms: int) -> str:
    """Return in words that the budget is spent, empty while it is not, or where none is declared."""
    budget = budget_of(workflow)
    if budget is None:
        return ""
    seen = spent(state, workflow, now_ms)
    if seen.share <= budget.share:
        return ""
    return (
        f"the failure budget of {_percent(budget.share)} per {budget.window_h} h is burned: "
        f"{_percent(seen.share)}"
    )


def state_of(state: State, workflow: Workflow, now_ms: int) -> str:
    """Return how much of the budget is spent, empty where none is declared."""
    budget = budget_of(workflow)
    if budget is None:
        return ""
    seen = spent(state, workflow, now_ms)
    of = f"{_percent(seen.share)} of {seen.cases:g} cases" if seen.cases else "no cases seen"
    burns = " \u00b7 burned: changes wait" if seen.share > budget.share else ""
    return f"Failure budget {_percent(budget.share)} per {budget.window_h} h: {of}{burns}"


def _first(budget: Budget, now_ms: int) -> int:
    """Return the oldest hour of the window; it counts whole, so that nothing is forgotten early."""
    return (now_ms - budget.window_h * HOUR_MS) // HOUR_MS


def _hours(state: State, workflow: str) -> dict[int, Spent]:
    hours = _pairs(state.kind(BUDGETS).get(workflow, {}).get("hours", {}))
    return {int(hour): seen for hour, seen in hours.items()}


def _pairs(value: Json) -> dict[str, Spent]:
    if not isinstance(value, Mapping):
        return {}
    return {
        name: Spent(float(str(pair[0])), float(str(pair[1])))
        for name, pair in value.items()
        if isinstance(pair, (list, tuple))
    }


def _exposed(state: State, workflow: str, since: int) -> Spent:
    """Return the bad outcomes that incidents counted, from the hour in which each began."""
    total = Spent()
    for incident in state.incidents():
        if not incident.counts or workflow not in incident.workflows or incident.exposed is None:
            continue
        if _began_ms(incident) // HOUR_MS >= since:
            total = total.plus(Spent(float(incident.exposed), float(incident.exposed)))
    return total


def _began_ms(incident: Incident) -> int:
    times = incident.times
    known = (times.started, times.detected)
    return next((moment for moment in known if moment is not None), times.declared)


def _percent(share: float) -> str:
    return f"{share * 100:.3g} %"
