"""Listens for commits of other replicas; a message is a hint, the journal is the truth."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from opsbot.adapters.redis.link import LOST, Link
from opsbot.adapters.redis.session import stop_if_cancelled
from opsbot.domain.errors import StoreLost
from opsflags.keys import Keys

POLL_S = 0.5
AT_ONCE_S = 0.25
LOOK_S = 1.0
PAUSE_S = 0.1

log = structlog.get_logger(__name__)


_LOST: tuple[type[Exception], ...] = (*LOST, StoreLost)


class Deaf(ConnectionError):
    """The subscription tells nothing of commits that a question finds."""


class DeltaWatch:
    """
    Calls *look* with every message, and with None once a second; it answers whether anything was new.

    redis-py's asyncio subscription can go deaf and spin for ever when its connection dies in
    silence (`get_message` returns None at once, again and again), so a None that came too soon
    breaks the connection; and a subscription that misses what a question finds is replaced.
    """

    def __init__(
        self, link: Link, keys: Keys, look: Callable[[str | None], Awaitable[bool]]
    ) -> None:
        self._link = link
        self._keys = keys
        self._look = look
        self.listening = asyncio.Event()

    async def run(self) -> None:
        """Listen until cancelled; every failure is a new subscription and a look."""
        while True:
            client: Redis | None = None
            try:
                client = await self._link.primary()
                await self._listen(client)
            except _LOST as error:
                log.warning("subscription lost", error=f"{type(error).__name__}: {error}")
                await self._link.drop(client)
            finally:
                self.listening.clear()
            await asyncio.sleep(PAUSE_S * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret

    async def _listen(self, client: Redis) -> None:
        async with client.pubsub() as subscription:
            await subscription.subscribe(self._keys.channel, self._keys.emergency_channel)
            loop = asyncio.get_running_loop()
            looked = loop.time()
            while True:
                heard = await self._next(subscription)
                if heard is not None:
                    await self._look(heard)
                    self.listening.set()
                    looked = loop.time()
                elif loop.time() - looked >= LOOK_S:
                    looked = loop.time()
                    if await self._look(None):
                        await self._hears(subscription)

    async def _next(self, subscription: PubSub) -> str | None:
        """Return what a message says, empty for a new subscription; None where none came."""
        stop_if_cancelled()
        loop = asyncio.get_running_loop()
        began = loop.time()
        message = await subscription.get_message(timeout=POLL_S)
        if message is None and loop.time() - began < AT_ONCE_S:
            raise Deaf("nothing heard, too soon")
        if message is None:
            return None
        return str(message["data"]) if message["type"] == "message" else ""

    async def _hears(self, subscription: PubSub) -> None:
        # What the look found was published before; a subscription that works has it by now.
        if await self._next(subscription) is None:
            raise Deaf("a commit was found that was not heard of")
