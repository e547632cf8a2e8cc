"""What lifts kills in one commit: at once, in steps, made milder, or as far as one person may. Pure."""

from dataclasses import dataclass, replace
from typing import Literal

from opsbot.app.approvals import action_of, closing, hash_of, overtaken, timers_of
from opsbot.app.environment import policy_of
from opsbot.app.human_queue import mode_now, queue_timer
from opsbot.app.incident.effects import of_kills
from opsbot.app.ramp.steps import (
    UNDO_RULE,
    Attempt,
    alone,
    begun,
    due,
    ended,
    lone_steps,
    steps_for,
    stored,
    timers_of_kill,
)
from opsbot.app.requests import Target
from opsbot.app.user_texts import freed
from opsbot.domain.actor import Actor
from opsbot.domain.approval import Approval
from opsbot.domain.approval import as_record as approval_record
from opsbot.domain.change import Change, Effect, Position, Sealed, Timer, Write
from opsbot.domain.kill import Kill, remode
from opsbot.domain.policy.rules import Verdict, identity_of
from opsbot.domain.same_keys import dealing
from opsbot.domain.state import APPROVALS, State

Outcome = Literal[
    "lifted",
    "softened",
    "eased",
    "eased_alone",
    "easing",
    "pending",
    "still_pending",
    "refused",
    "void",
]
"""
*eased*: the restore goes in steps and has begun; *eased_alone*: as far as one person may.
*easing*: that is so already, and nothing was changed.
"""


@dataclass(frozen=True, slots=True)
class Lift:
    """
    One request to lift kills, or to make one milder (*to* is then its mode).

    *uid* names the attempt where it goes in steps.
    """

    target: Target
    actor: Actor
    to: str = "live"
    reason: str = ""
    sealed: tuple[Sealed, ...] = ()
    uid: str = ""


@dataclass(frozen=True, slots=True)
class Lifted:
    """What the decision left: the kills as they now stand, and the approval where one waits."""

    outcome: Outcome
    kills: tuple[Kill, ...]
    verdict: Verdict
    approval: Approval | None = None


def lifted_now(
    state: State,
    now_ms: int,
    lift: Lift,
    kills: tuple[Kill, ...],
    verdict: Verdict,
    approval: Approval | None,
) -> tuple[Change, Lifted]:
    """Return the change that ends kills, makes them milder, or begins to lift them in steps."""
    at = Position(state.position.epoch, state.position.revision + 1)
    me = identity_of(policy_of(state), lift.actor)
    if approval is not None:
        approval = approval.settle("approved", by=me, at_ms=now_ms)
    deals = dealing(kills[0].uid, lift.uid)
    attempt = Attempt(lift.uid, me, approval.id if approval else "", at, now_ms, deals)
    plan = _Plan(state, lift.to, verdict.rule, attempt)
    after: list[Kill] = []
    queues: list[Timer] = []
    for kill in kills:
        one, queue = plan.after(kill)
        after.append(one)
        queues += queue
    late = overtaken(
        state, now_ms, {k.id for k in kills}, by=me, but=approval.id if approval else ""
    )
    eased = tuple(one for one in after if one.active and one.ramp is not None)
    outcome: Outcome = "softened" if lift.to != "live" else "eased" if eased else "lifted"
    over = tuple(one for one in after if not one.active)
    change = Change(
        verb=_VERBS[outcome],
        actor=lift.actor,
        writes=(
            *(write for one in after for write in stored(one)),
            *late.writes,
            *([Write(APPROVALS, approval.id, approval_record(approval))] if approval else []),
        ),
        rule=verdict.rule,
        facts={"reason": lift.reason, "approval": approval.id if approval else None, "by": me},
        sealed=lift.sealed,
        effects=(
            *follows(after, at),
            *freed(state, over),
            *cards(state, kills),
            *late.effects,
            *([closing(approval)] if approval is not None else []),
        ),
        timers=(*queues, *(due(one, now_ms) for one in eased)),
        cancels=(
            *(name for one in over for name in timers_of_kill(one)),
            *(timers_of(approval) if approval is not None else ()),
            *late.timers,
        ),
    )
    return change, Lifted(outcome, tuple(after), verdict, approval)


_VERBS = {"lifted": "restore", "softened": "soften", "eased": "ease"}


@dataclass(frozen=True, slots=True)
class _Plan:
    """What becomes of each kill in one commit."""

    state: State
    to: str
    rule: str
    attempt: Attempt

    def after(self, kill: Kill) -> tuple[Kill, tuple[Timer, ...]]:
        """Return the kill made milder, at the first step of its restore, or ended."""
        at, now_ms = self.attempt.at, self.attempt.now_ms
        if self.to != "live":
            return _softened(self.state, kill, self.to, at, now_ms)
        steps = None if self.rule == UNDO_RULE else steps_for(self.state, kill)
        if steps is not None:
            return begun(kill, steps, self.attempt), ()
        return ended(kill, by=self.attempt.by, at=at, now_ms=now_ms), ()


def lifted_alone(
    state: State,
    now_ms: int,
    lift: Lift,
    kills: tuple[Kill, ...],
    verdict: Verdict,
    pending: Approval,
) -> tuple[Change | None, Lifted]:
    """Let a few through on the word of who asked; what waits for a second person goes on waiting."""
    at = Position(state.position.epoch, state.position.revision + 1)
    deals = dealing(kills[0].uid, lift.uid)
    attempt = Attempt(lift.uid, pending.requester, pending.id, at, now_ms, deals)
    steps = {kill.id: lone_steps(state, kill) for kill in kills}
    after = tuple(
        kill if (few := steps[kill.id]) is None else alone(begun(kill, few, attempt))
        for kill in kills
    )
    changed = tuple(one for one in after if steps[one.id] is not None)
    if not changed:
        outcome: Outcome = "easing" if any(kill.ramp for kill in kills) else "still_pending"
        return None, Lifted(outcome, kills, verdict, pending)
    action = action_of(after, lift.to)
    waits = replace(pending, action={**pending.action, **action}, action_hash=hash_of(action))
    late = overtaken(state, now_ms, {k.id for k in changed}, by=pending.requester, but=pending.id)
    change = Change(
        verb="ease_alone",
        actor=lift.actor,
        writes=(
            *(write for one in changed for write in stored(one)),
            *late.writes,
            Write(APPROVALS, waits.id, approval_record(waits)),
        ),
        rule=verdict.rule,
        facts={"reason": lift.reason, "approval": waits.id, "by": pending.requester},
        sealed=lift.sealed,
        effects=(*follows(list(changed), at), *cards(state, changed), *late.effects),
        timers=tuple(due(one, now_ms) for one in changed),
        cancels=late.timers,
    )
    return change, Lifted("eased_alone", after, verdict, waits)


def _softened(
    state: State, kill: Kill, to: str, at: Position, now_ms: int
) -> tuple[Kill, tuple[Timer, ...]]:
    """Return the kill in its milder mode; `human` only while its queue is open, and until it closes."""
    named = state.workflows().get(kill.scope.workflow or "")
    mode, closes = mode_now(to, None if named is None else (named,), now_ms)
    softer = remode(kill, mode=mode, at=at, now_ms=now_ms)
    return softer, queue_timer(softer, now_ms, closes)


def follows(kills: list[Kill], at: Position) -> tuple[Effect, ...]:
    """Return the effects that watch the fleet for kills as they stand from *at* on."""
    return tuple(
        Effect("follow", f"follow:{kill.uid}:{at.epoch}:{at.revision}", {"kill": kill.id}, "kill")
        for kill in kills
    )


def cards(state: State, kills: tuple[Kill, ...]) -> tuple[Effect, ...]:
    """Return the effects that bring the cards of kills up to date, and those of their incidents."""
    ids = {kill.id for kill in kills}  # what came with one of them is on its card
    shown_alone = (kill for kill in kills if kill.under not in ids)
    own = (Effect("card", f"card:{kill.uid}", {"kill": kill.id}) for kill in shown_alone)
    return *own, *of_kills(state, ids)
