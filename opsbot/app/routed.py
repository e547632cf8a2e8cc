"""What every decision about a route needs and leaves: who asks, what policy says, what follows. Pure."""

from dataclasses import dataclass
from typing import Literal

from opsbot.app.environment import policy_of
from opsbot.app.target import nearest
from opsbot.domain.actor import Actor
from opsbot.domain.approval import Approval
from opsbot.domain.change import Effect, Position, Record, Sealed, Timer
from opsbot.domain.errors import NotAllowed, UnknownWorkflow
from opsbot.domain.gates import Result
from opsbot.domain.policy.rules import Request, Verdict, identity_of, judge
from opsbot.domain.ramp import Step
from opsbot.domain.route import Number, Revision
from opsbot.domain.routing import Move, Routing
from opsbot.domain.state import State
from opsbot.domain.workflow import Workflow

Outcome = Literal[
    "set",
    "same",
    "begun",
    "pending",
    "still_pending",
    "refused",
    "held",
    "goes_on",
    "still_held",
    "advanced",
    "promoted",
    "good",
    "dropped",
    "rolled_back",
    "already",
]


@dataclass(frozen=True, slots=True)
class Words:
    """Who asks, with everything chosen by chance or read beforehand, so that deciding is pure."""

    actor: Actor
    uid: str
    note: str = ""
    sealed: tuple[Sealed, ...] = ()


@dataclass(frozen=True, slots=True)
class Routed:
    """
    What the decision left.

    *revision* is the one it is about and *before* the one that served everybody until then;
    *evidence* is what the gates say of *revision*. *approval* is set where it waits for a second
    person, or was settled. *broke*: it serves without passing evidence, on somebody's word.
    *cancelled* is the revision whose ramp a rollback ended, empty where none ran, and
    *cancelled_at* the step that it was at. *ahead* is what will hold at its first step what waits
    for a second person.
    """

    outcome: Outcome
    routing: Routing
    revision: Revision
    before: Revision
    verdict: Verdict
    evidence: tuple[Result, ...] = ()
    approval: Approval | None = None
    broke: bool = False
    cancelled: str = ""
    cancelled_at: Step | None = None
    ahead: tuple[str, ...] = ()


def workflow_named(state: State, name: str) -> Workflow:
    """
    Return a declared workflow.

    Raises:
        UnknownWorkflow: with the nearest names.
    """
    declared = state.workflows()
    if name not in declared:
        raise UnknownWorkflow(name, nearest=nearest(name, declared))
    return declared[name]


def asked(
    state: State,
    workflow: Workflow,
    actor: Actor,
    verb: str,
    *,
    approval: Approval | None = None,
    now_ms: int = 0,
) -> Verdict:
    """Return what policy says of *verb* on the workflow."""
    return judge(
        policy_of(state),
        Request(
            verb=verb,
            actor=actor,
            workflows=(workflow,),
            now_ms=now_ms,
            waiting_ms=0 if approval is None else now_ms - approval.requested_ms,
            requester="" if approval is None else approval.requester,
        ),
    )


def must_allow(verdict: Verdict) -> None:
    """
    Go on only where policy lets this person act alone.

    Raises:
        NotAllowed: with the rule and who can help.
    """
    if not verdict.allowed:
        raise NotAllowed(verdict.message, rule=verdict.rule, hint=verdict.hint)


def must_not_refuse(verdict: Verdict) -> None:
    """
    Go on where policy lets this person act, be it with a second one later.

    Raises:
        NotAllowed: with the rule and who can help.
    """
    if verdict.outcome == "refused":
        raise NotAllowed(verdict.message, rule=verdict.rule, hint=verdict.hint)


def move_of(state: State, now_ms: int, actor: Actor) -> Move:
    """Return the step as the pointers remember it."""
    at = Position(state.position.epoch, state.position.revision + 1)
    return Move(at, now_ms, identity_of(policy_of(state), actor))


def card(routing: Routing, number: Number) -> Effect:
    """Return the effect that brings the card of one revision's way up to date."""
    return route_card(routing.workflow, number)


def route_card(workflow: str, number: Number) -> Effect:
    """Return the same for a workflow by its name."""
    body: Record = {"workflow": workflow, "number": number}
    return Effect("route_card", f"route:{workflow}:r{number}", body)


def picture(routing: Routing, number: Number) -> Effect:
    """Return the effect that shows evaluations in the thread of that card, once for what serves now."""
    body: Record = {"workflow": routing.workflow, "number": number, "while": ""}
    return Effect("route_picture", f"route-picture:{routing.workflow}:{mark_of(routing)}", body)


EVIDENCE_SETTLES_MS = 60_000
"""Suites of one run arrive one after the other; one picture shows them all."""


def picture_of_evidence(routing: Routing, number: Number) -> Timer:
    """Return the timer that shows new evidence, once a step and not when the step is over."""
    effect = picture(routing, number)
    body: Record = {**effect.body, "while": mark_of(routing)}
    late = Effect(effect.kind, f"{effect.key}:evidence", body)
    return Timer(f"route-picture:{routing.workflow}", EVIDENCE_SETTLES_MS, late)


def follow(routing: Routing) -> Effect:
    """Return the effect that waits for the fleet to serve the route as it now is."""
    key = f"route-follow:{routing.workflow}:{routing.at.epoch}:{routing.at.revision}"
    return Effect("route_follow", key, {"workflow": routing.workflow}, lane="kill")


def look(routing: Routing) -> Effect:
    """Return the effect that looks at a ramp, or at the watch of a new default, once and now."""
    key = f"ramp:{routing.workflow}:{mark_of(routing)}"
    body: Record = {"workflow": routing.workflow, "uid": uid_of(routing), "mark": mark_of(routing)}
    return Effect("ramp", key, {**body, "once": True})


def due(routing: Routing, in_ms: int) -> Timer:
    """
    Return the timer that looks when the soak is over, and goes on looking while something holds.

    It is bound to what serves now: after the next step it finds nothing to do, and that step has
    a timer of its own.
    """
    effect = look(routing)
    body: Record = {**effect.body, "once": False}
    return Timer(timer_of(routing.workflow), in_ms, Effect("ramp", f"{effect.key}:due", body))


def mark_of(routing: Routing) -> str:
    """Return what tells one step of a ramp from the next: the commit that made it serve."""
    return f"{routing.at.epoch}:{routing.at.revision}"


def timer_of(workflow: str) -> str:
    """Return the id of the one timer that a workflow's ramp or watch has."""
    return f"ramp:{workflow}"


def uid_of(routing: Routing) -> str:
    """Return what names the ramp or the watch that runs, empty where none does."""
    return routing.candidate.uid if routing.candidate is not None else routing.watch
