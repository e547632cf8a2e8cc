"""How long ago the store last answered; says once that it is lost, and once that it is back."""

from collections.abc import Awaitable, Callable

import structlog

from opsbot.app.ports import Clock, Store
from opsbot.domain.errors import StoreLost

BEAT_S = 1.0
_log = structlog.get_logger(__name__)


class Pulse:
    """Fed by a beat a second; read by decisions, readiness and metrics."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._last = clock.monotonic()
        self._lost = False

    async def beat(self) -> None:
        """Ask the store for a sign of life."""
        began = (
            self._clock.monotonic()
        )  # as of the question: the answer may be late, the store was there then
        if await self._did(self._store.ready):
            if self._lost:
                _log.warning("store_back")
            self._lost = False
            self._last = began

    def age_s(self) -> float:
        """Return the seconds since the store last answered a beat."""
        return self._clock.monotonic() - self._last

    async def quietly(self, work: Callable[[], Awaitable[object]]) -> None:
        """
        Do a duty; a lost store is said once, not at every tick.

        That it is back only a beat says: a duty that asked nothing of the store ends well without it.
        """
        await self._did(work)

    async def _did(self, work: Callable[[], Awaitable[object]]) -> bool:
        try:
            await work()
        except StoreLost as lost:
            if not self._lost:
                _log.error("store_lost", why=lost.message)
            self._lost = True
            return False
        return True
