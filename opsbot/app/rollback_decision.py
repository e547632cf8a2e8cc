"""What a rollback comes to on one state: a new revision that brings old content back, at once. Pure."""

from dataclasses import replace

from opsbot.app import route_state
from opsbot.app.requests import RollbackRequest
from opsbot.app.routed import (
    Routed,
    Words,
    asked,
    card,
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
        NotAllowed, UnknownWorkflow, UnknownRevision: nothing was changed.
    """
    workflow = workflow_named(state, request.workflow)
    verdict = asked(state, workflow, words.actor, "rollback")
    must_allow(verdict)
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
    change, after, made = roll_back(state, routing, target.number, move, note=words.note)
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
    cancelled = "" if routing.candidate is None else routing.candidate.id
    return change, replace(routed, routing=after, revision=made, broke=broke, cancelled=cancelled)


def roll_back(
    state: State, routing: Routing, number: Number, move: Move, *, note: str = ""
) -> tuple[Change, Routing, Revision]:
    """Return the change that serves everybody with revision *number*'s content as a new revision."""
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
    after = rolled_back(routing, made.number, move, good=good)
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
        cancels=(timer_of(name),),
    )
    return change, after, made


def _must_still_serve(routing: Routing, request: RollbackRequest) -> None:
    if request.leaving is not None and request.leaving != routing.active:
        raise StaleButton(
            f"{routing.id} serves `{routing.workflow}` by now, not r{request.leaving};"
            " nothing was changed.",
            hint=f"Look first: `/ai-route {routing.workflow}`.",
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
            hint=f"`/ai-route {workflow.name} history` lists the others.",
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
