"""The outbox worker: hand each committed effect to its handler, at least once, and say what failed."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

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

_BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)


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

    async def run(self) -> None:
        """Take deliveries and work on several at a time; a lost store is waited out by the port."""
        async with asyncio.TaskGroup() as group:
            async for delivery in self.outbox.deliveries(self.lane):
                await self._room.acquire()
                group.create_task(self._guarded(delivery))

    async def _guarded(self, delivery: Delivery) -> None:
        try:
            await self.once(delivery)
        except StoreLost as lost:
            # Neither done nor put back: it stays claimed here until another look reclaims it.
            self.reports.failed(delivery, lost.message, unexpected=False)
        finally:
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
