"""The outbox worker: hand each committed effect to its handler, at least once, and say what failed."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol

from opsbot.app.ports import Delivery, GiveUp, Handler, Outbox, RetryLater
from opsbot.domain.change import Lane
from opsbot.domain.errors import StoreLost

GIVE_UP_AFTER = 8
"""Attempts before an effect becomes a dead letter."""

UNEXPECTED = "something went wrong inside opsbot, its log says what"
UNKNOWN_KIND = "this version of opsbot does not know how"
"""What people read of a failure; the exception's own name is for the log."""

AT_ONCE = 16
"""Effects of one lane in flight in one replica."""

OURS: Final[Lane] = "kill"
"""The lane whose work is commits alone: two replicas that do it at once do it once."""

SOON_MS: Final = 3_000
"""After how long work of that lane goes to another replica, where nobody says that it is in hand."""

BEAT_S: Final = 0.5
IN_HAND_S: Final = 30.0
"""How often a replica says so, and for how long: work that hangs goes to another all the same."""

_BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)


def taken_over_ms(lane: Lane, usual_ms: int) -> int:
    """
    Return after how long an item of a lane, of which nothing was heard, goes to another replica.

    What goes outside waits longer than any handler may take: a replica that lost the store may still be
    at work on it.
    """
    return min(usual_ms, SOON_MS) if lane == OURS else usual_ms


class Reports(Protocol):
    """Where the worker says what went wrong."""

    def failed(self, delivery: Delivery, reason: str, *, unexpected: bool) -> None:
        """Record one failed attempt; *unexpected* ones with their traceback."""
        ...


@dataclass(frozen=True, slots=True)
class Deliver:
    """Runs one lane until cancelled."""

    outbox: Outbox
    handlers: Mapping[str, Handler]
    reports: Reports
    lane: Lane
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _in_hand: dict[str, tuple[Delivery, float]] = field(default_factory=dict)

    async def run(self) -> None:
        """Take deliveries and work on several at a time; a lost store is waited out by the port."""
        async with asyncio.TaskGroup() as group:
            if self.lane == OURS:
                group.create_task(self._beat())
            async for delivery in self.outbox.deliveries(self.lane):
                await self._room.acquire()
                group.create_task(self._guarded(delivery))

    async def _beat(self) -> None:
        """Say again and again that what is in hand is, so that nobody takes it over."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(BEAT_S)
            for delivery, since_s in tuple(self._in_hand.values()):
                if loop.time() - since_s < IN_HAND_S:
                    with suppress(StoreLost):  # then it may go to another: done twice is done once
                        await self.outbox.owned(delivery)

    async def _guarded(self, delivery: Delivery) -> None:
        self._in_hand[delivery.item] = (delivery, asyncio.get_running_loop().time())
        try:
            await self.once(delivery)
        except StoreLost as lost:
            # Neither done nor put back: it stays claimed here until another look reclaims it.
            self.reports.failed(delivery, lost.message, unexpected=False)
        finally:
            self._in_hand.pop(delivery.item, None)
            self._room.release()

    async def once(self, delivery: Delivery) -> None:
        """
        Work on one delivery and settle it.

        Raises:
            StoreLost: it could not be settled; it will be delivered again.
        """
        handler = self.handlers.get(delivery.effect.kind)
        if handler is None:
            await self.outbox.dead(delivery, reason=UNKNOWN_KIND)
            return
        try:
            await handler(delivery)
        except GiveUp as no:
            self.reports.failed(delivery, str(no), unexpected=False)
            await self.outbox.dead(delivery, reason=str(no))
        except RetryLater as later:
            await self._again(delivery, str(later), after_s=later.after_s)
        except StoreLost:
            raise
        except Exception as error:  # noqa: BLE001  # a supervised loop: reported, retried, then a dead letter
            self.reports.failed(delivery, repr(error), unexpected=True)
            await self._again(delivery, UNEXPECTED, after_s=None)
        else:
            await self.outbox.done(delivery)

    async def _again(self, delivery: Delivery, reason: str, *, after_s: float | None) -> None:
        if after_s is None and delivery.attempt >= GIVE_UP_AFTER:
            self.reports.failed(delivery, reason, unexpected=False)
            await self.outbox.dead(delivery, reason=reason)
            return
        usual = _BACKOFF_S[min(delivery.attempt, len(_BACKOFF_S)) - 1]
        await self.outbox.later(delivery, reason=reason, after_s=after_s or usual)
