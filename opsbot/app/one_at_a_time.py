"""Work outside that two deliveries of one effect must not do at once, in this replica or in two."""

import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from opsbot.app.ports import Outbox, RetryLater
from opsbot.domain.errors import StoreLost

HELD_S: Final = 20.0
"""For how long one replica may work on it; it gives it back as soon as it is done."""

GIVEN_BACK_S: Final = 0.001
WAIT_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class OneAtATime:
    """
    Lets one delivery at a time work on what a key names.

    A claim is a replica's, and a replica may be handed its own slow effect again: so it also
    remembers what it is at work on.
    """

    outbox: Outbox
    _working: set[str] = field(default_factory=set)

    @asynccontextmanager
    async def on(self, key: str, *, again_s: float = WAIT_S) -> AsyncGenerator[None]:
        """
        Hold *key* for the length of the block; another comes again after *again_s* seconds.

        Raises:
            RetryLater: somebody else is at work on it. StoreLost: it is delivered again.
        """
        if key in self._working:
            raise RetryLater("it is being done", after_s=again_s)
        # Before the store is asked: it gives one replica the same claim twice.
        self._working.add(key)
        try:
            if not await self.outbox.claim(key, ttl_s=HELD_S):
                raise RetryLater("it is being done", after_s=again_s)
            try:
                yield
            finally:
                with contextlib.suppress(StoreLost):  # then it ends by itself
                    await self.outbox.claim(key, ttl_s=GIVEN_BACK_S)
        finally:
            self._working.discard(key)
