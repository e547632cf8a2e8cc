"""Watch the fleet until a change is confirmed, and never claim more than it says."""

from collections.abc import Mapping
from dataclasses import dataclass

from opsbot.app.ports import Clock, Fleets
from opsbot.domain.containment import Containment, Watched, contain
from opsbot.domain.errors import StoreLost
from opsbot.domain.fleet import Fleet
from opsbot.domain.kill import Kill
from opsbot.domain.workflow import Workflow

FIRST_PAUSE_S = 0.004
LONGEST_PAUSE_S = 0.1


def watched_kill(kill: Kill) -> Watched:
    """Return what to look for in acknowledgements of *kill*."""
    return Watched(kill.scope, kill.at, kill.mode, uid=kill.uid, rejects=kill.id)


def watched_end(kill: Kill) -> Watched:
    """Return what to look for after *kill* was restored."""
    return Watched(kill.scope, kill.ended or kill.at, "live", rejects=kill.id)


@dataclass(frozen=True, slots=True)
class Sight:
    """Looks at the fleet on behalf of use cases."""

    fleets: Fleets
    clock: Clock

    async def fleet(self) -> Fleet | None:
        """Return the fleet as of now; None where it cannot be read."""
        try:
            return await self.fleets.look()
        except StoreLost:
            return None

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
        while True:
            seen = await self.now(watched, workflows)
            left = deadline - self.clock.monotonic()
            if left <= 0 or (seen is not None and seen.complete):
                return seen
            await self.clock.sleep(min(pause, left))
            pause = min(pause * 1.5, LONGEST_PAUSE_S)
