"""What a person's word on a ramp comes to: begun, held, gone on with or given up. Pure."""

from dataclasses import replace

from opsbot.app import route_state
from opsbot.app.approvals import (
    asking,
    closing,
    hash_of,
    must_wait,
    pending_for,
    timers_for,
    timers_of,
    waiting_for,
    warning_ms,
)
from opsbot.app.environment import policy_of
from opsbot.app.numbers import next_number, numbered
from opsbot.app.requests import StageRequest
from opsbot.app.restore.waits import reminder
from opsbot.app.routed import (
    Outcome,
    Routed,
    Words,
    asked,
    card,
    due,
    follow,
    move_of,
    must_allow,
    must_not_refuse,
    timer_of,
    workflow_named,
)
from opsbot.app.routes.ramp_decision import (
    entry,
    holding,
    not_green,
    obstacles_of,
    start,
    watch_again,
)
from opsbot.app.routes.set_decision import must_be_sound
from opsbot.domain.approval import Approval
from opsbot.domain.approval import as_record as approval_record
from opsbot.domain.change import Change, Effect, Record, Timer, Write
from opsbot.domain.errors import RouteRefused, StaleButton
from opsbot.domain.gates import Result
from opsbot.domain.kill_ramp import HUMAN
from opsbot.domain.policy.rules import identity_of, shown
from opsbot.domain.ramp import as_records
from opsbot.domain.route import Number
from opsbot.domain.routing import Routing, confirmed, dropped, held
from opsbot.domain.state import APPROVALS, State
from opsbot.domain.typed import command
from opsbot.domain.workflow import Workflow

_SAID: dict[str, Outcome] = {"cancel": "dropped", "hold": "held", "go_on": "goes_on"}


def decide_stage(
    state: State, now_ms: int, request: StageRequest, words: Words
) -> tuple[Change | None, Routed]:
    """
    Begin a ramp, or hold, go on with or give up the one that runs.

    Raises:
        RouteRefused: it may not begin, or no ramp runs.
        StaleButton: another ramp runs than the one that was seen.
        NotAllowed, UnknownWorkflow, UnknownRevision: nothing was changed.
    """
    workflow = workflow_named(state, request.workflow)
    if request.act == "begin":
        return _begin(state, now_ms, request, words, workflow)
    verdict = asked(state, workflow, words.actor, "route")
    must_not_refuse(verdict)
    routing = state.routing(workflow.name)
    _must_be_the_same(routing, request)
    if routing.candidate is None:
        raise RouteRefused(
            f"No ramp runs for `{workflow.name}`; nothing was changed.",
            hint=_begins(workflow.name, routing),
        )
    revision = state.revision(workflow.name, routing.candidate.number)
    before = state.revision(workflow.name, routing.active)
    routed = Routed(_SAID[request.act], routing, revision, before, verdict)
    after = _after(state, now_ms, request, words, routing)
    still = holding(state, now_ms, routing) if request.act == "go_on" else ""
    if routing.candidate.held and still:
        routed = replace(routed, outcome="still_held", routing=held(after, still))
    if after == routing:
        return None, routed if routed.outcome == "still_held" else replace(
            routed, outcome="already"
        )
    change = Change(
        verb=f"{request.act}_ramp",
        actor=words.actor,
        writes=route_state.writes(state, after),
        rule=verdict.rule,
        facts={"workflow": workflow.name, "revision": revision.id, "reason": words.note},
        sealed=words.sealed,
        effects=_effects(request, after, revision.number),
        timers=_timers(state, now_ms, request, routing, after),
        cancels=() if request.act == "hold" else (timer_of(workflow.name),),
    )
    return change, routed if routed.outcome == "still_held" else replace(routed, routing=after)


def _timers(
    state: State, now_ms: int, request: StageRequest, routing: Routing, after: Routing
) -> tuple[Timer, ...]:
    """Return what is looked at from now on; a ramp that a person holds is not looked at any more."""
    if request.act == "go_on":
        return (due(after, 0),)
    if request.act == "cancel":
        return watch_again(after, now_ms)
    assert after.candidate is not None
    steps = route_state.ramp(state.workflows()[after.workflow], after)
    was = routing.candidate.held if routing.candidate is not None else ""
    return reminder(after, entry(steps, after.candidate.step), was=was)


def _must_be_the_same(routing: Routing, request: StageRequest) -> None:
    """Refuse a word on a ramp that is over, from a button or a script that saw it."""
    running = routing.candidate
    if request.number is None or (running is not None and running.number == request.number):
        return
    now = f"{running.id} is on its way by now" if running is not None else "No ramp runs any more"
    raise StaleButton(
        f"{now} for `{routing.workflow}`, not r{request.number}; nothing was changed.",
        hint=f"Look first: {command(f'route {routing.workflow}')}.",
    )


def _after(
    state: State, now_ms: int, request: StageRequest, words: Words, routing: Routing
) -> Routing:
    move = move_of(state, now_ms, words.actor)
    if request.act == "cancel":
        return dropped(routing, move)
    by_person = routing.candidate is not None and routing.candidate.held.startswith(HUMAN)
    if request.act == "go_on":
        free = by_person or not holding(state, now_ms, routing)
        return held(routing, "") if free else routing
    # Held already it stays as it is: the doubt is the first person's, and so is their note.
    if by_person:
        return routing
    return held(routing, f"{HUMAN}{shown(policy_of(state), move.by)}", words.note)


def _effects(request: StageRequest, after: Routing, number: Number) -> tuple[Effect, ...]:
    shown_anew = card(after, number)
    return (follow(after), shown_anew) if request.act == "cancel" else (shown_anew,)


def _begin(
    state: State, now_ms: int, request: StageRequest, words: Words, workflow: Workflow
) -> tuple[Change | None, Routed]:
    routing = state.routing(workflow.name)
    number = routing.newest if request.number is None else request.number
    revision = state.revision(workflow.name, number)
    before = state.revision(workflow.name, routing.active)
    verdict = asked(state, workflow, words.actor, "route")
    routed = Routed("begun", routing, revision, before, verdict)
    pending = pending_for(state, _action(state, routed), now_ms)
    me = identity_of(policy_of(state), words.actor)
    if pending is not None and me != pending.requester and not verdict.allowed:
        return decide_stage_approval(state, now_ms, pending, words, grant=True)
    must_not_refuse(verdict)
    if routing.candidate is not None and routing.candidate.number == revision.number:
        return None, replace(routed, outcome="already")
    routed = replace(routed, evidence=_must_begin(state, now_ms, workflow, routed))
    if verdict.outcome != "second_person":
        return _started(state, now_ms, words, routed)
    ahead = obstacles_of(state, now_ms, workflow, confirmed(routing, 0))
    routed = replace(routed, ahead=ahead)
    if pending is None:
        return _ask(state, now_ms, words, routed)
    return None, replace(routed, outcome="still_pending", approval=pending)


def decide_stage_approval(
    state: State, now_ms: int, approval: Approval, words: Words, *, grant: bool
) -> tuple[Change | None, Routed]:
    """
    Decide a press of [Approve] or [Refuse] on a ramp that waits; bound to exactly what was asked.

    Raises:
        StaleButton: settled, expired, or the route moved on. NotAllowed: not this person.
        RouteRefused: its evidence went bad meanwhile.
    """
    must_wait(state, approval, now_ms)
    workflow = workflow_named(state, str(approval.action["workflow"]))
    routing = state.routing(workflow.name)
    number = Number(int(str(approval.action["revision"]).removeprefix("r")))
    revision = state.revision(workflow.name, number)
    before = state.revision(workflow.name, routing.active)
    verdict = asked(state, workflow, words.actor, "approve", approval=approval, now_ms=now_ms)
    routed = Routed("begun", routing, revision, before, verdict, approval=approval)
    own = identity_of(policy_of(state), words.actor) == approval.requester
    if grant or not own:
        must_allow(verdict)
    if not grant:
        return _refused(state, now_ms, words, routed, withdrawn=own)
    if hash_of(_action(state, routed)) != approval.action_hash:
        raise StaleButton(
            f"The route of `{workflow.name}` was changed since {approval.id} was asked for;"
            " nothing was changed.",
            hint="Ask again for the route as it is now.",
        )
    routed = replace(routed, evidence=_must_begin(state, now_ms, workflow, routed))
    return _started(state, now_ms, words, routed)


def _action(state: State, routed: Routed) -> Record:
    """Return exactly what is asked for: this content, over that one, by these steps."""
    running, workflow = routed.routing.candidate, state.workflows()[routed.routing.workflow]
    return {
        "verb": "stage",
        "workflow": routed.routing.workflow,
        "revision": routed.revision.id,
        "hash": routed.revision.hash,
        "over": routed.before.id,
        "running": "" if running is None else running.uid,
        "steps": as_records(route_state.steps(workflow)),
    }


def _begins(name: str, routing: Routing) -> str:
    """Return how the next ramp begins; what serves everybody already has none."""
    if routing.newest == routing.active:
        anew = command(f"route {name} set …")
        return f"{anew} stores a new revision, for a ramp to begin with."
    return f"{command(f'route {name} stage r{routing.newest}')} begins one."


def _must_begin(
    state: State, now_ms: int, workflow: Workflow, routed: Routed
) -> tuple[Result, ...]:
    routing, revision = routed.routing, routed.revision
    if revision.number == routing.active:
        raise RouteRefused(f"{revision.id} serves everybody already; nothing was changed.")
    if routing.candidate is not None:
        raise RouteRefused(
            f"{routing.candidate.id} is on its way for `{workflow.name}`; nothing was changed.",
            hint=f"End it first: {command(f'route {workflow.name} stage cancel')}.",
        )
    must_be_sound(state, workflow, revision.route)
    if stopping := route_state.stopping(state, workflow):
        kill = stopping[0]
        raise RouteRefused(
            f"{kill.id} (`{kill.mode}`) restricts every call of `{workflow.name}`, so {revision.id}"
            " could show nothing; nothing was changed.",
            hint=f"Restore it first: {command(f'restore {kill.id}')}, then begin the ramp.",
        )
    results = route_state.evidence(state, workflow, revision.id, now_ms)
    first = entry(route_state.steps(workflow), 0)
    if closed := not_green(results, first):
        bad = closed[0].colour in ("red", "hard_red")
        anew = command(f"route {workflow.name} set from:{revision.id} …")
        record = f"eval record --workflow {workflow.name} --revision {revision.id} --file …"
        raise RouteRefused(
            f"{revision.id} may not serve users yet: {closed[0].words}. Nothing was changed.",
            hint=f"A corrected revision begins with {anew}."
            if bad
            else f"Run its evaluation and send it in: {command(record)}.",
        )
    waits = obstacles_of(state, now_ms, workflow, confirmed(routing, 0)) if first.whole else ()
    if waits:
        raise RouteRefused(
            f"{revision.id} would serve everybody at once, and {waits[0]}; nothing was changed.",
            hint=f"See {command(f'route {workflow.name}')}, or declare `stages` that begin with a share.",
        )
    return results


def _started(state: State, now_ms: int, words: Words, routed: Routed) -> tuple[Change, Routed]:
    move = move_of(state, now_ms, words.actor)
    settled: tuple[Write, ...] = ()
    approval = routed.approval
    if approval is not None:
        approval = approval.settle("approved", by=move.by, at_ms=now_ms)
        settled = (Write(APPROVALS, approval.id, approval_record(approval)),)
    begins = "" if approval is None else approval.id
    change, after = start(state, routed.revision, words, move, approval=begins)
    change = replace(
        change,
        writes=(*change.writes, *settled),
        rule=routed.verdict.rule,
        facts={**change.facts, "reason": words.note,
               "approval": None if approval is None else approval.id,
               "evidence": [one.as_json() for one in routed.evidence]},
        cancels=(*change.cancels, *(() if approval is None else timers_of(approval))),
        effects=(*change.effects, *(() if approval is None else (closing(approval),))),
    )  # fmt: skip
    return change, replace(routed, outcome="begun", routing=after, approval=approval)


def _ask(state: State, now_ms: int, words: Words, routed: Routed) -> tuple[Change, Routed]:
    policy, number = policy_of(state), next_number(state, "approval")
    action, me = _action(state, routed), identity_of(policy_of(state), words.actor)
    approval = waiting_for(policy, action, words.note, number=number, by=me, now_ms=now_ms)
    change = Change(
        verb="ask_ramp",
        actor=words.actor,
        writes=(
            Write(APPROVALS, approval.id, approval_record(approval)),
            numbered(state, "approval"),
        ),
        rule=routed.verdict.rule,
        facts={"action": action, "approvers": list(routed.verdict.approvers)},
        sealed=words.sealed,
        effects=(asking(approval), card(routed.routing, routed.revision.number)),
        timers=timers_for(policy, approval, now_ms, warn_ms=warning_ms(state)),
    )
    return change, replace(routed, outcome="pending", approval=approval)


def _refused(
    state: State, now_ms: int, words: Words, routed: Routed, *, withdrawn: bool
) -> tuple[Change, Routed]:
    approval = routed.approval
    assert approval is not None
    me = identity_of(policy_of(state), words.actor)
    settled = approval.settle("refused", by=me, at_ms=now_ms)
    change = Change(
        verb="approval_refused",
        actor=words.actor,
        writes=(Write(APPROVALS, approval.id, approval_record(settled)),),
        rule="withdrawn" if withdrawn else "approver",
        facts={"reason": words.note},
        sealed=words.sealed,
        effects=(closing(approval), card(routed.routing, routed.revision.number)),
        cancels=timers_of(approval),
    )
    return change, replace(routed, outcome="refused", approval=settled)
