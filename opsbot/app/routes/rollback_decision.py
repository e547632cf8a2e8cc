"""What a rollback comes to on one state: a new revision that brings old content back, at once. Pure."""

from dataclasses import dataclass, replace

from opsbot.app import route_state
from opsbot.app.evidence_hold import must_hold_evidence
from opsbot.app.requests import RollbackRequest
from opsbot.app.restore.waits import overtaken_ramps, with_overtaken
from opsbot.app.routed import (
    Routed,
    Words,
    asked,
    card,
    due,
    follow,
    move_of,
    must_allow,
    picture,
    timer_of,
    workflow_named,
)
from opsbot.domain.actor import RAMP
from opsbot.domain.change import Change, Effect, Record
from opsbot.domain.errors import NeedsBreakGlass, RouteRefused, StaleButton
from opsbot.domain.gates import passing
from opsbot.domain.route import Number, Revision
from opsbot.domain.routing import Move, Routing, rolled_back
from opsbot.domain.state import State
from opsbot.domain.typed import command
from opsbot.domain.workflow import Workflow


def decide_rollback(
    state: State, now_ms: int, request: RollbackRequest, words: Words
) -> tuple[Change | None, Routed]:
    """
    Serve everybody with an older revision's content, at once.

    The last good revision needs no evidence of today: it earned its name by serving everybody
    under green gates, and at 3 am there must be one way back that asks nothing.

    Raises:
        NeedsBreakGlass: another revision whose gates are not all green, without `break-glass`.
        RouteRefused: every model of it is under a kill, or is not approved any more.
        StaleButton: another revision serves by now than the one that was seen.
        IllegalMove: data was exposed, and its evidence is not held yet.
        NotAllowed, UnknownWorkflow, UnknownRevision: nothing was changed.
    """
    workflow = workflow_named(state, request.workflow)
    verdict = asked(state, workflow, words.actor, "rollback")
    must_allow(verdict)
    must_hold_evidence(state, words.actor, workflows=(workflow.name,))
    routing = state.routing(workflow.name)
    before = state.revision(workflow.name, routing.active)
    _must_still_serve(routing, request)
    target = state.revision(workflow.name, routing.last_good if request.to is None else request.to)
    results = route_state.evidence(state, workflow, target.id, now_ms)
    routed = Routed("rolled_back", routing, target, before, verdict, results)
    if target.route == before.route and routing.candidate is None:
        return None, replace(routed, outcome="already")
    broke = _must_serve(state, workflow, routed, request)
    move = move_of(state, now_ms, words.actor)
    soak_ms = route_state.steps(workflow)[-1].soak_s * 1000
    watch = Watch(words.uid, soak_ms)
    change, after, made = roll_back(
        state, routing, target.number, move, note=words.note, watch=watch
    )
    effects = change.effects
    if broke:
        body: Record = {
            "what": "unproved_route",
            "workflow": workflow.name,
            "revision": target.id,
            "by": move.by,
        }
        key = f"unproved:{workflow.name}:{after.at.epoch}:{after.at.revision}"
        effects = (*effects, Effect("tell", key, body))
    change = replace(
        change,
        actor=words.actor,
        rule="break-glass-evidence" if broke else verdict.rule,
        facts={
            **change.facts,
            "reason": words.note,
            "evidence": [one.as_json() for one in results],
            "break_glass": broke,
        },
        sealed=words.sealed,
        effects=effects,
    )
    routed = replace(routed, routing=after, revision=made, broke=broke)
    tried = routing.candidate
    if tried is None:
        return change, routed
    steps = route_state.ramp(workflow, routing)
    at = steps[min(tried.step, len(steps) - 1)]
    return change, replace(routed, cancelled=tried.id, cancelled_at=at)


@dataclass(frozen=True, slots=True)
class Watch:
    """How long content that is not the last good one is watched after it was brought back."""

    uid: str = ""
    soak_ms: int = 0


def served_before(state: State, routing: Routing, target: Revision) -> bool:
    """Return whether the content of *target* served everybody once: a way back, not a way around."""
    known = (state.revision(routing.workflow, number) for number in routing.served)
    return any(one.route == target.route for one in known)


def roll_back(  # what a revision and its watch are made of, by keyword
    state: State,
    routing: Routing,
    number: Number,
    move: Move,
    *,
    note: str = "",
    watch: Watch | None = None,
) -> tuple[Change, Routing, Revision]:
    """Return the change that serves everybody with revision *number*'s content as a new revision."""
    watch = watch or Watch()
    name = routing.workflow
    target = state.revision(name, number)
    made = Revision(
        name,
        routing.next_number,
        target.route,
        move.by,
        move.now_ms,
        note,
        back_to=number,
        evidence=target.evidence,
    )
    good = target.route == state.revision(name, routing.last_good).route
    running = () if routing.candidate is None else (routing.candidate.number,)
    touched = (made.number, routing.active, *running)
    after = rolled_back(
        routing, made.number, move, good=good, soak_ms=watch.soak_ms, watch=watch.uid
    )
    change = Change(
        verb="rollback",
        actor=RAMP,
        writes=route_state.writes(state, after, made),
        facts={
            "workflow": name,
            "revision": made.id,
            "back_to": target.id,
            "from": f"r{routing.active}",
            "hash": made.hash,
            "cancelled": None if routing.candidate is None else routing.candidate.id,
        },
        effects=(
            follow(after),
            *(card(after, number) for number in touched),
            picture(after, made.number),
        ),
        timers=(due(after, watch.soak_ms),) if after.watch_ms is not None else (),
        cancels=(timer_of(name),),
    )
    late = overtaken_ramps(state, move.now_ms, name, by=move.by)
    return with_overtaken(change, late), after, made


def _must_still_serve(routing: Routing, request: RollbackRequest) -> None:
    """Refuse a press on what is over: something else serves, or the last good revision is another."""
    if request.leaving is not None and request.leaving != routing.active:
        raise StaleButton(
            f"{routing.id} serves `{routing.workflow}` by now, not r{request.leaving};"
            " nothing was changed.",
            hint=f"Look first: {command(f'route {routing.workflow}')}.",
        )
    if request.good is not None and request.good != routing.last_good:
        raise StaleButton(
            f"r{routing.last_good} is the last good revision of `{routing.workflow}` by now,"
            f" not r{request.good}; nothing was changed.",
            hint=f"Back to r{request.good}: {command(f'rollback {routing.workflow} to r{request.good}')}.",
        )


def _must_serve(
    state: State,
    workflow: Workflow,
    routed: Routed,
    request: RollbackRequest,
) -> bool:
    """Return whether the glass is broken for it: it serves on somebody's word, not on evidence."""
    target = routed.revision
    if stray := route_state.unapproved(workflow, target.route):
        raise RouteRefused(
            f"{target.id} serves with {', '.join(stray)}, which is not approved any more;"
            " nothing was changed.",
            hint=f"{command(f'route {workflow.name} history')} lists the others.",
        )
    if not served_before(state, routed.routing, target):
        raise RouteRefused(
            f"{target.id} has never served everybody, so there is no way back to it;"
            " nothing was changed.",
            hint=f"It goes up by its ramp: {command(f'route {workflow.name} stage {target.id}')}.",
        )
    barred = route_state.barred(state, target.route)
    if len(barred) == len(target.route.targets):
        name, kill = barred[0]
        raise RouteRefused(
            f"{target.id} serves with `{name}`, which is under {kill.id} (`{kill.mode}`);"
            " nothing was changed.",
            hint=f"Choose another revision, or restore {kill.id} first.",
        )
    good = state.revision(workflow.name, routed.routing.last_good)
    if target.route == good.route or passing(routed.evidence):
        return False
    if not request.break_glass:
        closed = next(one.words for one in routed.evidence if not one.green)
        raise NeedsBreakGlass(
            f"{target.id} has no passing evidence ({closed}); nothing was changed.",
            hint=f"Without `to` it goes to {good.id}, the last good one. To serve {target.id} on"
            " your word, add `break-glass`: the DRI is told.",
            leaving=routed.routing.active,
            to=target.number,
        )
    return True
