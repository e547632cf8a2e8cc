"""The effect handler of a restore in steps, what people are told of one, and [Hold] and [Go on]."""

from dataclasses import dataclass

from opsbot.app.climb import take
from opsbot.app.environment import Environment, policy_of, who
from opsbot.app.ports import Delivery
from opsbot.app.reach import dris, slack_ids
from opsbot.app.restore.ramp_answers import held_said, taken_back_said
from opsbot.app.restore.ramp_decision import TAKEN_BACK, Hold, decide_hold, decide_look
from opsbot.domain.actor import Actor
from opsbot.domain.change import Record
from opsbot.domain.errors import StaleButton
from opsbot.domain.kill import Kill
from opsbot.domain.policy.rules import shown
from opsbot.domain.said import Said
from opsbot.domain.state import State

__all__ = ["TAKEN_BACK", "RestoreSteps", "taken_back"]


@dataclass(frozen=True, slots=True)
class RestoreSteps:
    """The effect handler `restore_ramp`, and the use case of holding a restore in steps."""

    env: Environment

    async def __call__(self, delivery: Delivery) -> None:
        """
        Look at a restore in steps, and take the one step that is due.

        Raises:
            RetryLater: it is watched, or something holds it; when to look again.
        """
        body = delivery.effect.body
        kill, uid, step = str(body["kill"]), str(body["uid"]), int(str(body["step"]))
        mark = None if body["once"] else int(str(body.get("mark", 0)))
        await take(
            self.env,
            delivery,
            lambda state, now_ms: decide_look(state, now_ms, kill, uid=uid, step=step, mark=mark),
        )

    async def hold(
        self, kill_id: str, actor: Actor, *, hold: bool, request_id: str, reason: str = ""
    ) -> Said:
        """
        Hold a restore in steps where it is, or let it go on.

        Raises:
            Refused: nothing was changed. StoreLost: whether it is stored is not known.
        """

        commitment, sealed = self.env.sealed(reason)
        asked = Hold(kill_id, actor, hold, commitment, sealed)
        committed, looked = await self.env.store.commit(
            request_id, lambda state, now_ms: decide_hold(state, now_ms, asked)
        )
        kill = looked.now
        if committed is not None and committed.repeated:
            kill = self.env.store.state.kill(kill_id)
        if kill.ramp is None:
            raise StaleButton(f"{kill.id} is not being restored in steps any more.")
        by = who(self.env.store.state, actor)
        (note,) = await self.env.unsealed(kill.ramp.note)
        due = looked.what == "goes_on" and looked.again_ms == 0
        return held_said(kill, looked.what, env=self.env.name, by=by, note=note, now=due)


def taken_back(
    env: Environment, state: State, kill: Kill, body: Record
) -> tuple[Said, tuple[str, ...]]:
    """Return what is told of a restore that was taken back, and to whom."""
    policy, by = policy_of(state), str(body["by"])
    said = taken_back_said(
        kill,
        env=env.name,
        by=shown(policy, by),
        percent=int(str(body["percent"])),
    )
    named = (*([by] if by in policy.people else []), *policy.secondary)
    return said, tuple(dict.fromkeys((*dris(kill, state), *slack_ids(policy, named))))
