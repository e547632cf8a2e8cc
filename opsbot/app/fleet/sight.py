"""Watch the fleet until a change is confirmed, and never claim more than it says."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from opsbot.app.ports import Clock, Fleets
from opsbot.domain.containment import Containment, Watched, contain
from opsbot.domain.errors import StoreLost
from opsbot.domain.fleet import Fleet
from opsbot.domain.kill import Kill
from opsbot.domain.workflow import Workflow

FIRST_PAUSE_S = 0.001
LONGEST_PAUSE_S = 0.1


def watched_kill(kill: Kill, led: tuple[Kill, ...] = ()) -> Watched:
    """Return what to look for in acknowledgements of *kill*, and of what came with it."""
    return Watched(
        kill.scope,
        max(one.at for one in (kill, *led)),
        kill.mode,
        uid=kill.uid,
        rejects=kill.id,
        also=tuple((one.id, one.uid) for one in led),
        since_ms=kill.committed_ms,
        eases=kill.ramp is not None,
    )


def watched_end(kill: Kill) -> Watched:
    """Return what to look for after *kill* was restored."""
    at = kill.ended or kill.at
    return Watched(kill.scope, at, "live", rejects=kill.id, since_ms=kill.ended_ms)


@dataclass(frozen=True, slots=True)
class Sight:
    """Looks at the fleet on behalf of use cases."""

    fleets: Fleets
    clock: Clock

    async def fleet(self) -> Fleet | None:
        """Return the fleet as of now, and how large it used to be; None where it cannot be read."""
        seen = await self._look()
        return None if seen is None else replace(seen, low=await self._low(seen.now_ms))

    async def _look(self) -> Fleet | None:
        try:
            return await self.fleets.look()
        except StoreLost:
            return None

    async def _low(self, now_ms: int) -> Mapping[str, int]:
        """Return the learned sizes; none where they cannot be read: a warning less, never a lie."""
        try:
            return await self.fleets.low(now_ms=now_ms)
        except StoreLost:
            return {}

    async def models(self, fleet: Fleet) -> tuple[str, ...]:
        """Return the model names that were asked for in the last 24 hours; as far as can be read."""
        try:
            kept = await self.fleets.models(now_ms=fleet.now_ms)
        except StoreLost:
            kept = frozenset()
        return tuple(sorted(kept | fleet.models()))

    async def now(self, watched: Watched, workflows: Mapping[str, Workflow]) -> Containment | None:
        """Return the containment as of now; None where the fleet cannot be read."""
        seen = await self.fleet()
        return None if seen is None else contain(watched, seen, workflows)

    async def until_complete(
        self, watched: Watched, workflows: Mapping[str, Workflow], *, timeout_s: float
    ) -> Containment | None:
        """Return at the earlier of every acknowledgement and *timeout_s* (seconds), with the truth."""
        deadline = self.clock.monotonic() + timeout_s
        pause = FIRST_PAUSE_S
        low: Mapping[str, int] | None = None
        while True:
            looked_s = self.clock.monotonic()
            seen, fleet = None, await self._look()
            if fleet is not None:
                low = await self._low(fleet.now_ms) if low is None else low
                seen = contain(watched, replace(fleet, low=low), workflows)
            now_s = self.clock.monotonic()
            left = deadline - now_s
            if left <= 0 or (seen is not None and seen.complete):
                return seen
            # Who is slow to answer is busy, and is not asked again at once.
            await self.clock.sleep(min(max(pause, now_s - looked_s), left, LONGEST_PAUSE_S))
            pause = min(pause * 1.5, LONGEST_PAUSE_S)
