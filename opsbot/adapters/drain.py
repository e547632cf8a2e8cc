"""Lets effects in hand finish at the end of a replica, and puts the long ones back for another."""

import asyncio
from collections.abc import Mapping

from opsbot.app.ports import Delivery, Handler, RetryLater

HANDOVER_S = 0.2
"""Due time of an effect that is put back: at once, by whichever replica lives."""


class Drain:
    """
    Wraps handlers so that a replica can leave without leaving work claimed.

    An effect that is cancelled in mid-work would stay claimed until others may reclaim it; one that
    is put back is done at once. Every handler may be cancelled: effects are idempotent by key.
    """

    def __init__(self) -> None:
        self._closing = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._at_work = 0

    def guard(self, handlers: Mapping[str, Handler]) -> dict[str, Handler]:
        """Return *handlers* as the worker should call them."""
        return {kind: self._guarded(handler) for kind, handler in handlers.items()}

    def _guarded(self, handler: Handler) -> Handler:
        async def work(delivery: Delivery) -> None:
            if self._closing.is_set():
                raise RetryLater("this replica is leaving", after_s=HANDOVER_S)
            self._at_work += 1
            self._idle.clear()
            try:
                await self._until_closing(handler, delivery)
            finally:
                self._at_work -= 1
                if not self._at_work:
                    self._idle.set()

        return work

    async def _until_closing(self, handler: Handler, delivery: Delivery) -> None:
        done = asyncio.ensure_future(handler(delivery))
        closing = asyncio.ensure_future(self._closing.wait())
        try:
            await asyncio.wait({done, closing}, return_when=asyncio.FIRST_COMPLETED)
            if not done.done():
                await asyncio.wait({done}, timeout=HANDOVER_S)
            if not done.done():
                raise RetryLater("this replica is leaving", after_s=HANDOVER_S)
            done.result()
        finally:
            closing.cancel()
            done.cancel()

    async def close(self, *, within_s: float) -> bool:
        """Take nothing new; return whether everything in hand ended *within_s* (seconds)."""
        self._closing.set()
        try:
            async with asyncio.timeout(within_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True
