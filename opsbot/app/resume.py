"""Take up again what a recovered store has lost: the following, the cards and the reviews of kills, expiries."""

from dataclasses import dataclass

from opsbot.app.environment import Environment
from opsbot.app.ports import Delivery
from opsbot.app.restore_ramp import due
from opsbot.domain.actor import SCHEDULER
from opsbot.domain.change import Change, Effect, Timer
from opsbot.domain.kill import Kill
from opsbot.domain.state import APPROVALS, State

SOON_MS = 60_000
"""A review that fell due while the store was gone is asked after a minute."""


@dataclass(frozen=True, slots=True)
class Resume:
    """The effect handler `recovered`: outbox and timers are not in the journal, so they are made anew."""

    env: Environment

    async def __call__(self, delivery: Delivery) -> None:
        """Commit the work that belongs to the kills that were put back, once."""

        def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
            kills = state.active_kills()
            if not kills and not _expiries(state, now_ms):
                return None, None
            change = Change(
                verb="resume",
                actor=SCHEDULER,
                rule="system",
                facts={"kills": [kill.id for kill in kills]},
                effects=tuple(effect for kill in kills for effect in _effects(kill)),
                timers=(
                    *(_review(kill, now_ms) for kill in kills),
                    *(due(kill, now_ms) for kill in kills if kill.ramp is not None),
                    *_expiries(state, now_ms),
                ),
            )
            return change, None

        await self.env.store.commit(f"resume:{delivery.effect.key}", decide)


def _effects(kill: Kill) -> tuple[Effect, ...]:
    body = {"kill": kill.id}
    key = f"follow:{kill.uid}:{kill.at.epoch}:{kill.at.revision}"
    return Effect("follow", key, body, lane="kill"), Effect("card", f"card:{kill.uid}", body)


def _review(kill: Kill, now_ms: int) -> Timer:
    effect = Effect("review", f"review:{kill.uid}:resumed", {"kill": kill.id, "nth": 1})
    return Timer(f"review:{kill.uid}", max(kill.review_ms - now_ms, SOON_MS), effect)


def _expiries(state: State, now_ms: int) -> tuple[Timer, ...]:
    waiting = (state.approval(name) for name in state.kind(APPROVALS))
    return tuple(
        Timer(
            f"expire:{one.id}",
            max(one.expires_ms - now_ms, 0),
            Effect("expire", f"expire:{one.id}:resumed", {"approval": one.id}),
        )
        for one in waiting
        if one.standing == "pending"
    )
