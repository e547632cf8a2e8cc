"""One look at the fleet for all who ask at the same moment, on whatever holds the fleet's records."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from opsbot.app.ports import Fleets
from opsbot.domain.errors import StoreLost
from opsbot.domain.fleet import Fleet, Instance, hour_of

R = TypeVar("R")

LOW_KEPT_MS = 10_000
"""How long the learned sizes are kept: they are of hours that are over, and hardly change."""


@dataclass(frozen=True, slots=True)
class _Answer(Generic[R]):
    value: R


class Joined(Generic[R]):
    """
    A question that is asked once for everybody who has it while it is under way.

    Whoever comes first asks, in a task of its own caller: nothing runs unobserved. If that caller
    is cancelled, the next of those who wait asks in its place; if one who waits is cancelled, that
    is nobody else's business.
    """

    def __init__(self, question: Callable[[], Awaitable[R]]) -> None:
        self._question = question
        self._under_way: asyncio.Future[_Answer[R] | StoreLost | None] | None = None

    async def __call__(self) -> R:
        """
        Return the answer to the question that is under way, or to a new one.

        Raises:
            StoreLost: it got no answer; so heard everybody who waited.
        """
        while self._under_way is not None:
            # A future is cancelled with whoever awaits it, and this one is everybody's.
            heard = await asyncio.shield(self._under_way)
            if isinstance(heard, StoreLost):
                raise StoreLost(heard.message, hint=heard.hint) from heard
            if heard is not None:
                return heard.value
        return await self._ask()

    async def _ask(self) -> R:
        under_way = self._under_way = asyncio.get_running_loop().create_future()
        heard: _Answer[R] | StoreLost | None = None
        try:
            heard = _Answer(await self._question())
        except StoreLost as lost:
            heard = lost
            raise
        finally:
            self._under_way = None
            under_way.set_result(heard)
        return heard.value


class SharedFleets:
    """
    The `Fleets` port on another one, for a process in which many wait for the fleet at once.

    Fifty commands watch the same instances. A look that is under way may be joined, though it may
    have been taken before the one who joins asked: an older look can only say less than a newer
    one, because an acknowledgement of a change is never older than the change.
    """

    def __init__(self, fleets: Fleets) -> None:
        self._fleets = fleets
        self._look = Joined(fleets.look)
        self._low: Mapping[str, int] = {}
        self._low_ms: int | None = None

    async def look(self) -> Fleet:
        """Return the fleet as of now, or as the look that is under way says; see the port."""
        return await self._look()

    async def low(self, *, now_ms: int) -> Mapping[str, int]:
        """Return the low-water marks of the hours that are over, as of a few seconds ago."""
        kept = self._low_ms
        if kept is None or hour_of(kept) != hour_of(now_ms) or abs(now_ms - kept) > LOW_KEPT_MS:
            self._low = await self._fleets.low(now_ms=now_ms)
            self._low_ms = now_ms
        return self._low

    async def sample(
        self, alive: Mapping[str, int], *, now_ms: int, models: Collection[str] = ()
    ) -> None:
        """Note how many are alive; see the port."""
        self._low_ms = None
        await self._fleets.sample(alive, now_ms=now_ms, models=models)

    async def models(self, *, now_ms: int) -> frozenset[str]:
        """Return the names that were noted lately; see the port."""
        return await self._fleets.models(now_ms=now_ms)

    async def emergencies(self, start: int) -> Sequence[str]:
        """Return the raw emergency records from *start* on; see the port."""
        return await self._fleets.emergencies(start)

    async def forget(self, instances: Sequence[Instance]) -> None:
        """Take instances off the list; see the port."""
        await self._fleets.forget(instances)
