"""What a workflow's route rests on in one state: its ramp, its gates, and what stands in the way. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from opsbot.app.environment import policy_of
from opsbot.app.target import hits
from opsbot.app.user_texts import for_client
from opsbot.domain.change import Record, Write
from opsbot.domain.gates import Gate, Measurement, Result, ask, gates_of, hard_red
from opsbot.domain.kill import Kill
from opsbot.domain.policy.rules import shown
from opsbot.domain.ramp import Step, steps_of
from opsbot.domain.route import Number, Revision, Route, as_record, from_record, revision_key
from opsbot.domain.routing import Routing, served
from opsbot.domain.routing import as_record as routing_record
from opsbot.domain.state import REVISIONS, ROUTES, State
from opsbot.domain.workflow import Workflow
from opsbot.domain.workflow import as_record as workflow_record
from opsflags import keys
from opsflags.model import Scope

PROVED_WITHIN_MS = 90 * 24 * 3_600_000
"""A kill of the workflow must have been confirmed this recently before more users get a change."""

_SEVERE = frozenset({"SEV1", "SEV2"})


def steps(workflow: Workflow) -> tuple[Step, ...]:
    """Return the workflow's ramp."""
    return steps_of(workflow.extra.get("stages"))


def ramp(workflow: Workflow, routing: Routing) -> tuple[Step, ...]:
    """Return the ramp that runs, as it was declared when it began; else the workflow's."""
    running = routing.candidate.steps if routing.candidate is not None else ()
    return running or steps(workflow)


def gates(workflow: Workflow) -> tuple[Gate, ...]:
    """Return the workflow's gates."""
    return gates_of(workflow.extra.get("gates"))


def evidence(state: State, workflow: Workflow, subject: str, now_ms: int) -> tuple[Result, ...]:
    """
    Return what the workflow's gates say of a revision (`r4`) or a model.

    What was measured of a revision speaks for every other with the same content: a rollback brings
    its evidence back with it. Where the strategy chose a revision's model and nothing else was changed, what was measured of
    that model in this workflow speaks for the revision until it is measured itself.
    """
    known, asked = _spoken_for(state, workflow.name, subject), gates(workflow)
    results = ask(asked, subject, known, now_ms=now_ms)
    model = _chosen_model(state, workflow.name, subject)
    if model is None:
        return results
    instead = ask(asked, model, known, now_ms=now_ms)
    pairs = zip(results, instead, strict=True)
    return tuple(own if own.colour != "missing" else other for own, other in pairs)


def _spoken_for(state: State, name: str, subject: str) -> tuple[Measurement, ...]:
    """Return the measurements of a workflow, those of equal content as if of *subject*."""
    known, stored = state.measurements(name), state.kind(REVISIONS)
    own = stored.get(f"{name}:{subject}")
    if own is None:
        return known
    same = {
        f"r{one['number']}"
        for one in stored.values()
        if one["workflow"] == name and one["hash"] == own["hash"]
    }
    return tuple(replace(one, subject=subject) if one.subject in same else one for one in known)


def _chosen_model(state: State, name: str, subject: str) -> str | None:
    """Return the one model of a revision that differs from what serves by its strategy's choice alone."""
    stored = state.kind(REVISIONS).get(f"{name}:{subject}")
    if stored is None or name not in state.kind(ROUTES):
        return None
    revision, routing = from_record(stored), state.routing(name)
    route = revision.route
    if route.strategy != "cheapest_passing_eval" or len(route.targets) != 1:
        return None
    number = routing.active if routing.active != revision.number else routing.last_good
    before = state.revision(name, number).route
    changed = replace(before, targets=route.targets, declared=route.declared)
    return route.targets[0].name if changed == route else None


def writes(
    state: State, routing: Routing, *made: Revision, workflow: Workflow | None = None
) -> tuple[Write, ...]:
    """Return everything to write when pointers move: new revisions, pointers, what clients read."""
    name = routing.workflow
    declared = workflow or state.workflows()[name]
    known = {one.number: one for one in made}
    active = known.get(routing.active) or state.revision(name, routing.active)
    tried = None
    if routing.candidate is not None:
        number = routing.candidate.number
        tried = known.get(number) or state.revision(name, number)
    record = {
        **_stored(state, name, workflow),
        "route": served(routing, active, tried, steps(declared)),
    }
    return (
        *(Write(REVISIONS, revision_key(name, one.number), as_record(one)) for one in made),
        Write(ROUTES, name, routing_record(routing)),
        Write(keys.WORKFLOWS, name, record),
    )


def _stored(state: State, name: str, workflow: Workflow | None) -> Record:
    if workflow is None:
        return state.kind(keys.WORKFLOWS)[name]
    return for_client(state, name, workflow_record(workflow))


def barred(state: State, route: Route) -> tuple[tuple[str, Kill], ...]:
    """Return the targets of *route* that an active kill on a provider or a model stops, with the kill."""
    found = []
    for target in route.targets:
        for kill in state.active_kills():
            scope = kill.scope
            if scope.workflow is not None or scope.tenant is not None or scope.tool is not None:
                continue
            if _names(scope, target.provider, target.model):
                found.append((target.name, kill))
                break
    return tuple(found)


def _names(scope: Scope, provider: str, model: str) -> bool:
    if scope.provider is None and scope.model is None:
        return False
    if scope.provider not in (None, provider):
        return False
    return scope.model in (None, model, f"{provider}/{model}")


def unapproved(workflow: Workflow, route: Route) -> tuple[str, ...]:
    """Return the models of *route* that the workflow's declaration does not approve."""
    listed = workflow.extra.get("approved", ())
    approved = {str(one) for one in listed} if isinstance(listed, (list, tuple)) else set()
    return tuple(name for name in route.models if name not in approved)


def may_serve(state: State, workflow: Workflow, route: Route) -> str:
    """
    Return why *route* may serve nobody of the workflow: empty where it may.

    Every model that it can serve with is approved, fallbacks included, and one of its targets at
    least is under no kill. What its author declared and the strategy replaced serves nobody.
    """
    if names := unapproved(workflow, replace(route, declared=())):
        return "not approved: " + ", ".join(names)
    stopped = barred(state, route)
    if route.targets and len(stopped) == len(route.targets):
        return ", ".join(f"`{name}` is under {kill.id}" for name, kill in stopped)
    return ""


def killing(state: State, workflow: Workflow) -> tuple[Kill, ...]:
    """Return the active kills that can touch a call of the workflow."""
    return tuple(kill for kill in state.active_kills() if hits(kill.scope, workflow))


def stopping(state: State, workflow: Workflow) -> tuple[Kill, ...]:
    """Return the active kills that hit every call of the workflow, whoever makes it with whatever."""
    parts = ("tenant", "tool", "provider", "model")
    every = killing(state, workflow)
    return tuple(kill for kill in every if all(getattr(kill.scope, one) is None for one in parts))


def switch_proved(state: State, workflow: str, now_ms: int) -> bool:
    """Return whether the fleet confirmed a kill of exactly this workflow recently, drills included."""
    records = (*state.kind(keys.KILLS).values(), *state.kind(keys.ENDED).values())
    for record in records:
        scope, took, since = record.get("scope"), record.get("confirmed_ms"), record.get("since_ms")
        named = isinstance(scope, Mapping) and scope.get("workflow") == workflow
        if (
            named
            and took is not None
            and isinstance(since, int)
            and now_ms - since < PROVED_WITHIN_MS
        ):
            return True
    return False


def settled(state: State, workflow: str, number: Number, now_ms: int) -> str:
    """
    Return how what was wrong with revision *number* is over, in words; empty while it is not known to be.

    Known is only what every instance has confirmed. It is over where its content serves nobody, and
    what serves everybody is the last good revision or what a person made since; and where it became
    the last good one itself after all. A kill is no end: restored, it would serve again.
    """
    routing, bad = state.routing(workflow), state.revision(workflow, number).route
    tried, serving = routing.candidate, state.revision(workflow, routing.active)
    if routing.confirmed_ms is None or routing.stuck:
        return ""
    if tried is not None and state.revision(workflow, tried.number).route == bad:
        return ""
    good = routing.watch_ms is None and routing.last_good == routing.active
    since = serving.number > number and serving.author in policy_of(state).people
    if serving.route == bad:
        results = evidence(state, state.workflows()[workflow], routing.id, now_ms)
        good, since = good and not hard_red(results), False
    how = "the last good revision" if good else f"made by {shown(policy_of(state), serving.author)}"
    serves = f"{routing.id} serves everybody{' else' if tried else ''}, confirmed by every instance"
    return f"{serves}: {how}" if good or since else ""


HIDDEN: Final = "an incident that is not shown here"


def severe_incidents(state: State, workflow: str) -> tuple[str, ...]:
    """
    Return what the open SEV1 and SEV2 incidents of the workflow are called, drills aside.

    A private one holds as the others do, and is not named: cards and messages of routes are read by
    people who may not know of it.
    """
    return tuple(
        sorted(
            {
                HIDDEN if one.private else one.id
                for one in state.open_incidents()
                if not one.drill and one.severity in _SEVERE and workflow in one.workflows
            }
        )
    )
