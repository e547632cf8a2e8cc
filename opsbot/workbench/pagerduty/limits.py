"""Rate limits: so many calls in each minute of a key. Pure."""

import math
from dataclasses import dataclass, field

from opsbot.workbench.pagerduty.clock import Clock

WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class Room:
    """What is left in the present window; *reset_s* whole seconds until the next."""

    limit: int
    remaining: int
    reset_s: int
    passed: bool

    @property
    def headers(self) -> dict[str, str]:
        """The three headers that REST answers carry."""
        return {
            "ratelimit-limit": str(self.limit),
            "ratelimit-remaining": str(self.remaining),
            "ratelimit-reset": str(self.reset_s),
        }


@dataclass(slots=True)
class Limit:
    """At most *per_minute* calls of one key; `enforced = False` lifts it."""

    clock: Clock
    per_minute: int
    enforced: bool = True
    windows: dict[str, tuple[float, int]] = field(default_factory=dict)

    def take(self, key: str) -> Room:
        """Count one call."""
        now = self.clock()
        start, used = self.windows.get(key, (now, 0))
        if now - start >= WINDOW_S:
            start, used = now, 0
        passed = used < self.per_minute or not self.enforced
        used = min(used + 1, self.per_minute) if passed else used
        self.windows[key] = (start, used)
        reset_s = max(1, math.ceil(start + WINDOW_S - now))
        return Room(self.per_minute, self.per_minute - used, reset_s, passed)
