"""Wait by a clock that tests may move, and keep hold of work that goes on behind a call."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from opsbot.workbench.slack.workspace import Clock

LOOK_S = 0.02
TURNS = 50
T = TypeVar("T")


async def done_within(now: Clock, seconds: float, work: asyncio.Future[Any]) -> bool:
    """Whether *work* ended before *seconds* had passed on the clock *now*."""
    deadline = now() + seconds
    while not work.done():
        left = deadline - now()
        if left <= 0:
            return False
        await asyncio.wait({work}, timeout=min(LOOK_S, left))
    return True


async def pause(now: Clock, seconds: float) -> None:
    """Wait until *seconds* have passed on the clock *now*."""
    deadline = now() + seconds
    while (left := deadline - now()) > 0:  # noqa: ASYNC110 - a test's clock tells nobody that it moved
        await asyncio.sleep(min(LOOK_S, left))


async def in_turn() -> None:
    """
    Let what arrived before this be dealt with first.

    An acknowledgement comes on a connection of its own and passes through more hands than a call:
    what was sent behind it would be done before it.
    """
    for _ in range(TURNS):
        await asyncio.sleep(0)


class Background:
    """Own the tasks that outlive the call that started them; `close` ends them all."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self.failures: list[BaseException] = []

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start *work*; its failure is kept in *failures*."""
        task = asyncio.create_task(work)  # noqa: TID251 - held, observed and ended by this class
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    @property
    def running(self) -> int:
        """How many tasks have not ended."""
        return len(self._tasks)

    async def close(self) -> None:
        """Cancel what still runs and wait for its end."""
        running = list(self._tasks)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()):
            self.failures.append(failure)
