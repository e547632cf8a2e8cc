"""What a restore or an approval comes to on one state: select, ask policy, wait or lift. Pure."""

from dataclasses import replace
from typing import Literal

from opsbot.app.approvals import (
    action_of,
    asking,
    closing,
    hash_of,
    must_wait,
    overtaken,
    pending_for,
    timers_for,
    timers_of,
    waiting_for,
    warning_ms,
)
from opsbot.app.approver_words import asks_of, may_approve
from opsbot.app.environment import policy_of
from opsbot.app.evidence_hold import must_hold_evidence
from opsbot.app.incident.links import tied
from opsbot.app.kill.names import with_led
from opsbot.app.numbers import next_number, numbered
from opsbot.app.ramp.steps import approved_ramp, stored, timer_of
from opsbot.app.requests import Target
from opsbot.app.restore.lift import (
    Lift,
    Lifted,
    Outcome,
    cards,
    follows,
    lifted_alone,
    lifted_now,
)
from opsbot.app.restore.lone import held_anew, lone_over
from opsbot.app.target import hits, nearest, touched
from opsbot.domain.approval import Approval
from opsbot.domain.approval import as_record as approval_record
from opsbot.domain.change import Change, Position, Write
from opsbot.domain.errors import NotAllowed, NothingToRestore, UnknownWorkflow
from opsbot.domain.kill import Kill
from opsbot.domain.policy.rules import Request, Verdict, identity_of, judge, shown
from opsbot.domain.said import inert
from opsbot.domain.state import APPROVALS, State

__all__ = ["Lift", "Lifted", "Outcome", "decide_approval", "decide_restore", "select", "touched"]


def decide_restore(state: State, now_ms: int, lift: Lift) -> tuple[Change | None, Lifted]:
    """
    Decide a restore; a second person's same request counts as their approval.

    Raises:
        NothingToRestore, UnknownKill, UnknownWorkflow: nothing matches.
        NotAllowed: with the rule and who can help. IllegalMove: evidence comes first.
    """
    _must_allow(judge(policy_of(state), Request(verb="show", actor=lift.actor)))
    kills = select(state, lift.target)
    if not (left := tuple(kill for kill in kills if lift.to != "live" or not approved_ramp(kill))):
        return None, _easing(state, now_ms, lift, kills)
    _must_hold_evidence(state, lift, left)
    return _restore(state, now_ms, lift, left)


def _restore(
    state: State, now_ms: int, lift: Lift, kills: tuple[Kill, ...]
) -> tuple[Change | None, Lifted]:
    action = action_of(kills, lift.to)
    pending = pending_for(state, action, now_ms)
    verdict = _judge(state, now_ms, lift, kills, verb="restore", approval=pending)
    if verdict.allowed:
        return lifted_now(state, now_ms, lift, kills, verdict, None)
    if verdict.outcome == "alone_5_percent":
        assert pending is not None
        return lifted_alone(state, now_ms, lift, kills, verdict, pending)
    if pending is not None and identity_of(policy_of(state), lift.actor) != pending.requester:
        approving = _judge(state, now_ms, lift, kills, verb="approve", approval=pending)
        if not approving.allowed and verdict.outcome == "second_person":
            raise _waits_already(state, pending, verdict)
        _must_allow(approving)
        return lifted_now(state, now_ms, lift, kills, approving, pending)
    if verdict.outcome == "second_person":
        if pending is not None:
            return None, Lifted("still_pending", kills, verdict, pending)
        return _ask(state, now_ms, lift, kills, verdict)
    _must_allow(verdict)
    raise AssertionError(verdict.outcome)


def _easing(state: State, now_ms: int, lift: Lift, kills: tuple[Kill, ...]) -> Lifted:
    """Return how far it is, to somebody who may restore it."""
    verdict = _judge(state, now_ms, lift, kills, verb="restore")
    if verdict.outcome == "refused":
        raise NotAllowed(verdict.message, rule=verdict.rule, hint=verdict.hint)
    return Lifted("easing", kills, verdict)


def _waits_already(state: State, pending: Approval, verdict: Verdict) -> NotAllowed:
    """Return the answer to somebody who may ask but not approve, when another has asked before."""
    policy = policy_of(state)
    return NotAllowed(
        f"{pending.id} waits for this already, asked by {shown(policy, pending.requester)}.",
        rule=verdict.rule,
        hint=may_approve(policy, pending, verdict.approvers, asks_of(state, pending)),
    )


def decide_approval(
    state: State, now_ms: int, approval_id: str, lift: Lift, *, grant: bool
) -> tuple[Change | None, Lifted]:
    """
    Decide a press of [Approve] or [Refuse]; bound to exactly what was asked.

    Raises:
        UnknownApproval: no such id. StaleButton: it is settled or over.
        NotAllowed: the requester, or somebody who may not approve this.
        IllegalMove: evidence comes first.
    """
    approval = state.approval(approval_id)
    must_wait(state, approval, now_ms)
    kills, to = _kills_of(state, approval)
    if kills is None:
        return _settle(state, now_ms, lift, approval, "void")
    lift = replace(lift, to=to)
    own = identity_of(policy_of(state), lift.actor) == approval.requester
    if not grant and own:
        return _settle(state, now_ms, lift, approval, "refused")
    verdict = _judge(state, now_ms, lift, kills, verb="approve", approval=approval)
    _must_allow(verdict)
    if not grant:
        return _settle(state, now_ms, lift, approval, "refused")
    _must_hold_evidence(state, lift, kills)
    return lifted_now(state, now_ms, lift, kills, verdict, approval)


def _must_hold_evidence(state: State, lift: Lift, kills: tuple[Kill, ...]) -> None:
    workflows = tuple(one.name for one in touched(state, kills))
    must_hold_evidence(state, lift.actor, workflows=workflows, kills=tuple(one.id for one in kills))


def select(state: State, target: Target) -> tuple[Kill, ...]:
    """
    Return the active kills that a restore names: those of one workflow never include `all`'s.

    Raises:
        UnknownKill, NothingToRestore, UnknownWorkflow: there is nothing of that name to restore.
    """
    active = state.active_kills()
    if target.kind == "kill":
        kill = state.kill(target.name.upper())
        if not kill.active:
            raise NothingToRestore(f"{kill.id} was restored already; nothing was changed.")
        return with_led(state, _without_followers((kill,), active))
    if target.kind == "workflow":
        found = tuple(k for k in active if k.scope.workflow == target.name)
    elif target.kind == "all":
        found = tuple(k for k in active if not k.scope.as_json())
    else:
        found = tuple(k for k in active if getattr(k.scope, target.kind) == target.name)
    if not found:
        raise _nothing(state, target, active)
    return with_led(state, _without_followers(found, active))


def _without_followers(found: tuple[Kill, ...], active: tuple[Kill, ...]) -> tuple[Kill, ...]:
    """
    Leave out kills that hold another name of a model for a kill which is not lifted here.

    Lifted alone, they would open that name while their lead goes on saying that it holds it.

    Raises:
        NothingToRestore: nothing else is named; which kill to restore instead.
    """
    leads = {kill.id for kill in active} - {kill.id for kill in found}
    free = tuple(kill for kill in found if kill.under not in leads)
    if not free:
        held = found[0]
        raise NothingToRestore(
            f"{held.id} holds another name of the model that {held.under} stops; nothing was changed.",
            hint=f"Restore {held.under}: it lifts every name with it.",
        )
    return free


def _nothing(state: State, target: Target, active: tuple[Kill, ...]) -> Exception:
    declared = state.workflows()
    if target.kind == "workflow" and target.name not in declared:
        return UnknownWorkflow(target.name, nearest=nearest(target.name, declared))
    named = declared.get(target.name) if target.kind == "workflow" else None
    wide = [
        kill.id
        for kill in active
        if kill.scope.workflow is None and (named is None or hits(kill.scope, named))
    ]
    hint = f"Active all the same: {', '.join(wide)}; restore such a kill by its id." if wide else ""
    what = f"`{inert(target.name, limit=80)}`" if target.name else "all workflows"
    return NothingToRestore(f"No active kill names {what}; nothing was changed.", hint=hint)


def _judge(
    state: State,
    now_ms: int,
    lift: Lift,
    kills: tuple[Kill, ...],
    *,
    verb: str,
    approval: Approval | None = None,
) -> Verdict:
    policy = policy_of(state)
    me = identity_of(policy, lift.actor)
    own = all(kill.actor == me for kill in kills)
    return judge(
        policy,
        Request(
            verb=verb,
            actor=lift.actor,
            workflows=touched(state, kills),
            wide=any(kill.scope.workflow is None for kill in kills),
            before=tuple(kill.mode for kill in kills),
            after=lift.to,
            own_kill_age_ms=max(now_ms - kill.since_ms for kill in kills) if own else None,
            joined=any(kill.joined for kill in kills),
            incident=any(tied(state, kill.id) for kill in kills),
            now_ms=now_ms,
            waiting_ms=0 if approval is None else now_ms - approval.requested_ms,
            requester="" if approval is None else approval.requester,
        ),
    )


def _must_allow(verdict: Verdict) -> None:
    if not verdict.allowed:
        raise NotAllowed(verdict.message, rule=verdict.rule, hint=verdict.hint)


def _kills_of(state: State, approval: Approval) -> tuple[tuple[Kill, ...] | None, str]:
    """Return the kills exactly as they were when it was asked; None where one moved on since."""
    kills = _named_kills(state, approval)
    to = str(approval.action.get("to", "live"))
    same = (
        all(kill.active for kill in kills) and hash_of(action_of(kills, to)) == approval.action_hash
    )
    return (kills if same else None), to


def _ask(
    state: State, now_ms: int, lift: Lift, kills: tuple[Kill, ...], verdict: Verdict
) -> tuple[Change, Lifted]:
    policy = policy_of(state)
    before, kills = kills, tuple(held_anew(state, now_ms, kill) for kill in kills)
    held = [new for old, new in zip(before, kills, strict=True) if new != old]
    action, number = action_of(kills, lift.to), next_number(state, "approval")
    me = identity_of(policy, lift.actor)
    approval = waiting_for(policy, action, lift.reason, number=number, by=me, now_ms=now_ms)
    names = {kill.id for kill in kills}
    late = overtaken(state, now_ms, names, by=approval.requester)
    change = Change(
        verb="ask_restore",
        actor=lift.actor,
        writes=(
            *late.writes,
            *(write for kill in held for write in stored(kill)),
            Write(APPROVALS, approval.id, approval_record(approval)),
            numbered(state, "approval"),
        ),
        rule=verdict.rule,
        facts={"action": action, "approvers": list(verdict.approvers)},
        sealed=lift.sealed,
        effects=(
            *follows(held, Position(state.position.epoch, state.position.revision + 1)),
            asking(approval),
            *cards(state, kills),
            *late.effects,
        ),
        timers=timers_for(policy, approval, now_ms, warn_ms=warning_ms(state)),
        cancels=(*late.timers, *(timer_of(kill) for kill in held)),
    )
    return change, Lifted("pending", kills, verdict, approval)


def _settle(
    state: State,
    now_ms: int,
    lift: Lift,
    approval: Approval,
    standing: Literal["refused", "void"],
) -> tuple[Change, Lifted]:
    me = identity_of(policy_of(state), lift.actor)
    settled = approval.settle(standing, by=me, at_ms=now_ms)
    over = lone_over(state, now_ms, settled)
    change = Change(
        verb=f"approval_{standing}",
        actor=lift.actor,
        writes=(Write(APPROVALS, approval.id, approval_record(settled)), *over.writes),
        rule="withdrawn" if me == approval.requester else "approver",
        facts={"reason": lift.reason},
        sealed=lift.sealed,
        effects=(*over.effects, *cards(state, _named_kills(state, approval)), closing(approval)),
        cancels=(*timers_of(approval), *over.cancels),
    )
    return change, Lifted(standing, over.kills, Verdict("alone", "approver", ""), settled)


def _named_kills(state: State, approval: Approval) -> tuple[Kill, ...]:
    return tuple(state.kill(name) for name in approval.kills)
