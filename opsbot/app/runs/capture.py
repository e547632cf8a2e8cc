"""Captures what is so now as pointers: revisions, kills, heads and links; never a prompt and nobody's data."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from opsbot.app import route_state
from opsbot.app.environment import Environment
from opsbot.app.fleet.sight import Sight
from opsbot.app.runs.meant import CaptureArguments
from opsbot.app.runs.outcome import Outcome
from opsbot.app.words import mode_word, named
from opsbot.domain.change import Sealed
from opsbot.domain.errors import UnknownWorkflow
from opsbot.domain.failure_budget import budget_of
from opsbot.domain.fleet import Fleet
from opsbot.domain.state import BUDGETS, ROUTES, State
from opsbot.domain.workflow import Workflow

_LINKS: Final = {"traces": "observability", "cost": "cost", "data": "data_access"}
"""What is kept as a link that the workflow declares under `evidence:`."""

MOST: Final = 20
"""Lines of one kind."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """One line of evidence, and where the thing itself is."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The verb `capture`; done twice it keeps the same twice, so its claim is what makes it one."""

    env: Environment

    async def __call__(self, given: CaptureArguments) -> Outcome:
        """
        Return the pointers, their words sealed.

        Raises:
            UnknownWorkflow: it is declared no more. StoreLost: nothing was kept.
        """
        state = await self.env.store.refresh()
        workflow = state.workflows().get(given.workflow)
        if workflow is None:
            raise UnknownWorkflow(given.workflow)
        fleet = await Sight(self.env.fleets, self.env.clock).fleet()
        kept: list[tuple[str, str]] = []
        sealed: list[Sealed] = []
        for pointer in pointers(state, workflow, fleet, given.what, self.env.clock.now_ms()):
            commitment, text = self.env.sealed(pointer.text)
            kept.append((commitment, pointer.url))
            sealed += text
        detail = f"{len(kept)} pointers kept"
        return Outcome("done", "", detail, kept=tuple(kept), sealed=tuple(sealed))


def pointers(
    state: State, workflow: Workflow, fleet: Fleet | None, what: tuple[str, ...], now_ms: int
) -> tuple[Pointer, ...]:
    """Return the evidence of each kind that is asked for; what nobody knows is said to be so."""
    found: list[Pointer] = []
    for kind in what:
        if kind in _LINKS:
            found.append(_link(workflow, kind))
        elif kind == "fleet":
            found.append(_fleet(workflow, fleet))
        else:
            found += list(_OWN[kind](state, workflow, now_ms))[:MOST]
    return tuple(found)


def _link(workflow: Workflow, kind: str) -> Pointer:
    url = workflow.evidence.get(_LINKS[kind], "")
    if url:
        return Pointer(f"{kind}: where `{workflow.name}` keeps them", url)
    return Pointer(f"{kind}: `{workflow.name}` declares no link under `evidence`")


def _fleet(workflow: Workflow, fleet: Fleet | None) -> Pointer:
    if fleet is None:
        return Pointer("fleet: it could not be read")
    serving = [one for one in fleet.instances if workflow.name in one.workflows]
    alive = fleet.alive_by_workflow().get(workflow.name, 0)
    names = ", ".join(one.id for one in serving[:MOST])
    return Pointer(f"fleet: {alive} of {len(serving)} instances alive ({names or 'none'})")


def _route(state: State, workflow: Workflow, now_ms: int) -> Iterator[Pointer]:
    if workflow.name not in state.kind(ROUTES):
        yield Pointer(f"route: `{workflow.name}` has none")
        return
    routing = state.routing(workflow.name)
    active = state.revision(workflow.name, routing.active)
    models = ", ".join(one.name for one in active.route.targets)
    yield Pointer(f"route: {routing.id} serves ({models}, prompt {active.route.prompt or 'none'})")
    if routing.candidate is not None:
        yield Pointer(f"route: {routing.candidate.id} is on its way")
    yield Pointer(f"route: last good revision r{routing.last_good}, content {active.hash[:16]}")


def _kills(state: State, workflow: Workflow, now_ms: int) -> Iterator[Pointer]:
    kills = route_state.killing(state, workflow)
    if not kills:
        yield Pointer("kills: none holds")
    for kill in kills:
        so = "confirmed" if kill.confirmed_ms is not None else "not confirmed yet"
        yield Pointer(f"kills: {kill.id} {named(kill.scope)}: {mode_word(kill.mode)}, {so}")


def _evals(state: State, workflow: Workflow, now_ms: int) -> Iterator[Pointer]:
    known = sorted(state.measurements(workflow.name), key=lambda one: -one.at_ms)
    if not known:
        yield Pointer("evals: nothing was reported")
    for one in known:
        yield Pointer(
            f"evals: {one.subject} {one.suite} {one.metric} {one.value:g} of {one.n}, commit {one.commit or 'unknown'}"
        )


def _signals(state: State, workflow: Workflow, now_ms: int) -> Iterator[Pointer]:
    budget, kept = budget_of(workflow), state.kind(BUDGETS).get(workflow.name)
    if budget is None or kept is None:
        yield Pointer("signals: no bad outcomes are counted")
        return
    hours = kept.get("hours")
    count = len(hours) if isinstance(hours, Mapping) else 0
    yield Pointer(f"signals: bad outcomes of {count} hours are kept, window {budget.window_h} h")


def _journal(state: State, workflow: Workflow, now_ms: int) -> Iterator[Pointer]:
    at = state.position
    yield Pointer(f"journal: up to entry {at.revision} of epoch {at.epoch}, head {state.head}")


_OWN: Final[Mapping[str, Callable[[State, Workflow, int], Iterator[Pointer]]]] = {
    "route": _route,
    "kills": _kills,
    "evals": _evals,
    "signals": _signals,
    "journal": _journal,
}
