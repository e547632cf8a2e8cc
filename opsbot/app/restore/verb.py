"""Restore: lift kills as policy says, at once or when a second person approves."""

from dataclasses import dataclass

from opsbot.app.approvals import over_words
from opsbot.app.approver_words import asks_of, may_approve
from opsbot.app.environment import Environment, policy_of, who
from opsbot.app.fleet.sight import Sight, watched_end, watched_kill
from opsbot.app.ports import Decide
from opsbot.app.ramp.steps import lone_steps
from opsbot.app.requests import ApproveRequest, RestoreRequest, Target
from opsbot.app.restore.before import lifted_before
from opsbot.app.restore.decision import Lift, Lifted, decide_approval, decide_restore
from opsbot.app.restore.ramp_answers import eased_said
from opsbot.app.restore.words import (
    RestoreView,
    asked_before_said,
    pending_said,
    restored_said,
    settled_said,
)
from opsbot.app.target import held_with
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Committed
from opsbot.domain.containment import Containment
from opsbot.domain.errors import Refused, StaleButton
from opsbot.domain.kill import Kill
from opsbot.domain.policy.rules import shown
from opsbot.domain.said import Said
from opsbot.domain.state import State
from opsbot.domain.typed import command


@dataclass(frozen=True, slots=True)
class RestoreVerb:
    """
    The use case of restoring, softening, approving and refusing.

    *began_s* (seconds, monotonic) is from when on an answer's time counts; see `Environment.began`.
    """

    env: Environment
    began_s: float

    async def __call__(self, request: RestoreRequest, actor: Actor, *, request_id: str) -> Said:
        """
        Lift what the request names, or leave an approval waiting.

        Raises:
            Refused: nothing was changed. StoreLost: whether it is stored is not known.
        """
        return await self._restore(
            self._lift(request.target, actor, request.reason), request_id=request_id
        )

    async def soften(
        self, kill: Kill, mode: str, actor: Actor, *, request_id: str, reason: str = ""
    ) -> Said:
        """Make one kill milder under the policy for restoring. Raises as `__call__`."""
        lift = self._lift(Target("kill", kill.id), actor, reason, to=mode)
        return await self._restore(lift, request_id=request_id)

    async def approve(self, request: ApproveRequest, actor: Actor, *, request_id: str) -> Said:
        """Approve or refuse what waits. Raises as `__call__`."""
        lift = self._lift(Target("kill", request.approval), actor, request.reason)

        def decide(state: State, now_ms: int) -> tuple[Change | None, Lifted]:
            return decide_approval(
                state, now_ms, request.approval.upper(), lift, grant=request.grant
            )

        return await self._done(decide, lift, request_id)

    def _lift(self, target: Target, actor: Actor, reason: str, *, to: str = "live") -> Lift:
        commitment, sealed = self.env.sealed(reason)
        return Lift(target, actor, to, commitment, sealed, self.env.entropy.token())

    async def _restore(self, lift: Lift, *, request_id: str) -> Said:
        return await self._done(
            lambda state, now: decide_restore(state, now, lift), lift, request_id
        )

    async def _done(self, decide: Decide[Lifted], lift: Lift, request_id: str) -> Said:
        """Commit and answer; a request that was done before hears what it did then."""
        try:
            committed, lifted = await self.env.store.commit(request_id, decide)
        except Refused:
            before = await lifted_before(self.env, request_id)
            if before is None:
                raise
            return await self._shown(before[1], before[0], lift, again=True)
        return await self._answer(lifted, committed, lift)

    async def _answer(self, lifted: Lifted, committed: Committed | None, lift: Lift) -> Said:
        env = self.env
        same = lifted.outcome in ("still_pending", "easing")
        if committed is not None and committed.repeated and not same:
            # Decided on what is so now, this would be a change, and it was not made.
            raise StaleButton(
                "This request was done before, and things have changed since."
                f" Nothing was done again in {env.name}.",
                hint=f"Look first: {command('status')}.",
            )
        return await self._shown(lifted, committed, lift)

    async def _shown(
        self, lifted: Lifted, committed: Committed | None, lift: Lift, *, again: bool = False
    ) -> Said:
        env, state = self.env, self.env.store.state
        policy = policy_of(state)
        view = RestoreView(
            lifted=lifted,
            env=env.name,
            by=who(state, lift.actor),
            requester=shown(policy, lifted.approval.requester) if lifted.approval else "",
            approvers=tuple(shown(policy, name) for name in lifted.verdict.approvers),
            committed=committed,
            promise=env.promise,
            held=_held(state, lifted),
            again=again or (committed is not None and committed.repeated),
            lone_ms=_lone_ms(state, lifted),
            may=may_approve(
                policy, lifted.approval, lifted.verdict.approvers, asks_of(state, lifted.approval)
            )
            if lifted.approval
            else "",
        )
        if again and lifted.outcome == "pending":
            assert lifted.approval is not None
            now = state.approval(lifted.approval.id)
            return asked_before_said(view, now, over=over_words(policy, now, env.clock.now_ms()))
        if lifted.outcome in ("pending", "still_pending"):
            return pending_said(view)
        if lifted.outcome in ("refused", "void"):
            return settled_said(view)
        seen = await self._seen(lifted, state)
        if any(kill.ramp is not None for kill in lifted.kills):
            return eased_said(view, seen)
        return restored_said(view, seen)

    async def _seen(self, lifted: Lifted, state: State) -> Containment | None:
        last = max(lifted.kills, key=lambda kill: kill.ended or kill.at)
        watched = watched_kill(last) if last.active else watched_end(last)
        env, ends_s = self.env, self.began_s + self.env.answer_within_s
        return await Sight(env.fleets, env.clock).until_complete(
            watched, state.workflows(), timeout_s=ends_s - env.clock.monotonic()
        )


def _lone_ms(state: State, lifted: Lifted) -> int:
    """Return how long a restore must wait before one person may let a few through; 0 for never."""
    possible = lifted.approval is not None and lifted.approval.action.get("to") == "live"
    few = any(lone_steps(state, kill) is not None for kill in lifted.kills)
    return policy_of(state).times.lone_restore_ms if possible and few else 0


def _held(state: State, lifted: Lifted) -> tuple[Kill, ...]:
    own = {kill.id for kill in lifted.kills}
    found = {k.id: k for kill in lifted.kills for k in held_with(state, kill) if k.id not in own}
    return tuple(found.values())
