"""One deadline over every doubt: drop the connection, look for the primary again, ask again."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, NoPermissionError, ResponseError

from opsbot.adapters.redis.functions import ensure_functions
from opsbot.adapters.redis.link import LOST, Link
from opsbot.domain.errors import StoreLost
from opsbot.domain.typed import command

R = TypeVar("R")
DEADLINE_S = 10.0
PAUSE_S = (0.02, 0.25)
HINT = (
    f"Look at {command('status')} before you repeat it, or at {command('route WORKFLOW')} or"
    f" {command('comms list')} if it was about these; with the store gone for longer, use the kill file or"
    " the workflow's last resort."
)


def stop_if_cancelled() -> None:
    """
    End here if this task was told to: redis-py loses a cancellation that comes while it connects.

    Raises:
        CancelledError: the task was cancelled, by its owner or by a deadline around it.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class ServerClock:
    """The server's time, estimated between answers from this process's monotonic clock."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._offset_ms = 0

    def set(self, server_ms: int) -> None:
        """Learn the server's time from an answer that just came."""
        self._offset_ms = server_ms - int(self._monotonic() * 1000)

    def now_ms(self) -> int:
        """Return the server's milliseconds."""
        return self._offset_ms + int(self._monotonic() * 1000)


class Session:
    """A link with the rule for doubt: ask again until the deadline of the whole, then say so."""

    def __init__(self, link: Link, *, deadline_s: float = DEADLINE_S) -> None:
        self.link = link
        self.deadline_s = deadline_s
        self._last = ""

    @asynccontextmanager
    async def deadline(self, doing: str) -> AsyncIterator[float]:
        """
        Bound everything inside; gives the loop's time at which it ends.

        Raises:
            StoreLost: it took longer.
        """
        ends = asyncio.get_running_loop().time() + self.deadline_s
        try:
            async with asyncio.timeout_at(ends):
                yield ends
        except TimeoutError as error:
            raise self._lost(doing) from error

    def _lost(self, doing: str) -> StoreLost:
        last = f" (last: {self._last})" if self._last else ""
        return StoreLost(
            f"The store did not answer within {self.deadline_s:g} s while {doing}{last}; "
            "whether anything was stored is not known.",
            hint=HINT,
        )

    async def ask(self, question: Callable[[Redis], Awaitable[R]]) -> R:
        """
        Ask the primary until it answers; bounded by the `deadline` around it.

        Raises:
            StoreLost: the server refuses this user.
        """
        pause = PAUSE_S[0]
        while True:
            client: Redis | None = None
            try:
                client = await self.link.primary()
                return await question(client)
            except (NoPermissionError, AuthenticationError) as error:
                await self.link.drop(client)
                raise StoreLost(f"The store refuses this user: {error}.", hint=HINT) from error
            except LOST as error:
                self._last = f"{type(error).__name__}: {error}"
                await self._doubt(client, error)
            stop_if_cancelled()
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
            pause = min(2 * pause, PAUSE_S[1])

    async def _doubt(self, client: Redis | None, error: Exception) -> None:
        if (
            client is not None
            and isinstance(error, ResponseError)
            and "Function not found" in str(error)
        ):
            try:
                await ensure_functions(client)
            except LOST:
                await self.link.drop(client)
        else:
            await self.link.drop(client)
