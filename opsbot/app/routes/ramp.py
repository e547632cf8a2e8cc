"""The effect handlers of a ramp: take its next step, and follow what serves until the fleet says so."""

from dataclasses import dataclass
from typing import Final

from opsbot.app.climb import take
from opsbot.app.environment import Environment
from opsbot.app.fleet.sight import Sight
from opsbot.app.follow import AGAIN_S, CALM_AGAIN_S, CALM_MS, PATIENCE_MS, WATCH_S
from opsbot.app.ports import Delivery, RetryLater
from opsbot.app.routed import card, look, uid_of
from opsbot.app.routes.ramp_decision import decide_ramp
from opsbot.app.routes.route import watched_route
from opsbot.domain.actor import FLEET_WATCH
from opsbot.domain.change import Change, Record, Write
from opsbot.domain.containment import Containment
from opsbot.domain.routing import Routing, as_record, confirmed
from opsbot.domain.state import ROUTES, State

LATE_AGAIN_S: Final = 600.0
"""How often a fleet is looked at that has not confirmed a route for a day, in seconds."""


@dataclass(frozen=True, slots=True)
class Ramp:
    """The effect handlers `ramp` and `route_follow`."""

    env: Environment

    async def step(self, delivery: Delivery) -> None:
        """
        Look at a ramp or a watch, and take the one step that is due.

        Raises:
            RetryLater: it soaks, or something holds it; when to look again.
        """
        body = delivery.effect.body
        workflow, uid, mark = str(body["workflow"]), str(body["uid"]), str(body["mark"])
        await take(
            self.env,
            delivery,
            lambda state, now_ms: decide_ramp(state, now_ms, workflow, uid=uid, mark=mark),
        )

    async def follow(self, delivery: Delivery) -> None:
        """
        Watch until every instance serves the route as it was committed; commit that once.

        Raises:
            RetryLater: not every instance has acknowledged yet.
        """
        state = await self.env.store.refresh()
        name = str(delivery.effect.body["workflow"])
        if name not in state.workflows() or name not in state.kind(ROUTES):
            return
        routing = state.routing(name)
        if routing.confirmed_ms is not None:
            return
        calm = self.env.clock.now_ms() - routing.committed_ms > CALM_MS
        seen = await Sight(self.env.fleets, self.env.clock).until_complete(
            watched_route(routing), state.workflows(), timeout_s=0 if calm else WATCH_S
        )
        if seen is None or not seen.complete:
            # It is never given up: what is not confirmed holds a ramp, and keeps a page open.
            late = seen is not None and seen.now_ms - routing.committed_ms >= PATIENCE_MS
            after = LATE_AGAIN_S if late else CALM_AGAIN_S if calm else AGAIN_S
            raise RetryLater("not every instance has confirmed", after_s=after)
        await self._confirm(routing, seen)

    async def _confirm(self, watched: Routing, seen: Containment) -> None:
        def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
            now = state.routing(watched.workflow)
            if now.at != watched.at or now.confirmed_ms is not None:
                return None, None
            done = confirmed(now, max(seen.now_ms - now.committed_ms, 0))
            return _noted(done, seen.as_json()), None

        at = f"{watched.at.epoch}:{watched.at.revision}"
        await self.env.store.commit(f"route-confirmed:{watched.workflow}:{at}", decide)


def _noted(done: Routing, seen: Record) -> Change:
    number = done.candidate.number if done.candidate is not None else done.active
    moves = (look(done),) if uid_of(done) else ()
    return Change(
        verb="route_confirmed",
        actor=FLEET_WATCH,
        writes=(Write(ROUTES, done.workflow, as_record(done)),),
        rule="system",
        facts={"workflow": done.workflow, "seen": seen},
        effects=(card(done, number), *moves),
    )
