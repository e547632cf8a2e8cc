"""The routes on the switchboard: what serves each workflow, and how far a change of it is. Pure."""

from opsbot.app import route_state
from opsbot.app.routes.lines import kill_lines
from opsbot.app.routes.rollback_words import rollback_buttons
from opsbot.app.routes.shares import progress, share_of
from opsbot.domain.routing import Routing
from opsbot.domain.said import Button, Said
from opsbot.domain.state import ROUTES, State
from opsbot.domain.workflow import Workflow


def route_parts(state: State, env: str, now_ms: int) -> tuple[Said, ...]:
    """Return a head and one part a workflow; nothing where no workflow has a route yet."""
    routed = [one for name, one in state.workflows().items() if name in state.kind(ROUTES)]
    parts = [_part(state, one, now_ms) for one in routed]
    return (Said("plain", f"Routes in {env}"), *parts) if parts else ()


def _part(state: State, workflow: Workflow, now_ms: int) -> Said:
    routing = state.routing(workflow.name)
    show = Button("route_show", "Show", workflow.name)
    return Said(
        "plain",
        f"Route of `{workflow.name}`: {routing.id} serves",
        (*kill_lines(route_state.killing(state, workflow)), *_lines(routing, workflow)),
        (show, *rollback_buttons(state, workflow, routing, now_ms)),
    )


def _lines(routing: Routing, workflow: Workflow) -> list[str]:
    tried, steps = routing.candidate, route_state.ramp(workflow, routing)
    if tried is None:
        watched = f"{routing.id} is watched; r{routing.last_good} is the last good one."
        return [watched] if routing.watch_ms is not None else []
    at = min(tried.step, len(steps) - 1)
    lines = [f"{tried.id} serves {share_of(steps[at])}: {progress(steps, at)}"]
    return [*lines, f"Held: {tried.held}"] if tried.held else lines
