"""The concrete model of a route that asks for the cheapest one that passes. Pure."""

from collections.abc import Collection
from dataclasses import replace

from opsbot.app import route_state
from opsbot.app.book import book_of
from opsbot.domain.cheapest import Choice, choose
from opsbot.domain.gates import ask
from opsbot.domain.route import Route, Target
from opsbot.domain.state import State
from opsbot.domain.workflow import Workflow

CHEAPEST = "cheapest_passing_eval"


def chosen(
    state: State,
    workflow: Workflow,
    route: Route,
    now_ms: int,
    *,
    serving: Collection[str] = (),
) -> tuple[Route, Choice | None]:
    """
    Return *route* with the targets that its strategy comes to now, and why; as it is without it.

    What its author declared is kept in `declared` and serves where no model passes. One of *serving*
    stays where another would save too little. Where neither a model that passes nor what was declared
    may serve, it stays as it is, and the choice says why.
    """
    if route.strategy != CHEAPEST:
        return route, None
    declared = route.declared or route.targets
    choice = _choice(state, workflow, now_ms, serving)
    to = replace(route, targets=declared, declared=())
    if choice.model is not None and tuple(one.name for one in declared) != (choice.model,):
        to = replace(route, targets=(_target(choice.model),), declared=declared)
    if why := route_state.may_serve(state, workflow, to):
        return route, replace(choice, why=f"{choice.why}, which may not serve ({why}): it stays")
    return to, choice


def _choice(state: State, workflow: Workflow, now_ms: int, serving: Collection[str]) -> Choice:
    approved, known = _approved(workflow), state.measurements(workflow.name)
    gates = route_state.gates(workflow)
    return choose(
        approved,
        book_of(state),
        {name: ask(gates, name, known, now_ms=now_ms) for name in approved},
        barred=_barred(state, approved),
        serving=serving,
    )


def _barred(state: State, approved: tuple[str, ...]) -> dict[str, str]:
    every = Route(tuple(_target(name) for name in approved))
    stopped = route_state.barred(state, every)
    return {name: f"is under {kill.id} (`{kill.mode}`)" for name, kill in stopped}


def _approved(workflow: Workflow) -> tuple[str, ...]:
    listed = workflow.extra.get("approved", ())
    names = (str(one) for one in listed) if isinstance(listed, (list, tuple)) else ()
    return tuple(name for name in names if "/" in name)


def _target(name: str) -> Target:
    provider, _, model = name.partition("/")
    return Target(provider, model)
