"""A task that outlives the call that began it, watched: its failure is said, its end is waited for."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

import structlog

CANCEL_AGAIN_S = 0.2

log = structlog.get_logger(__name__)


@asynccontextmanager
async def background(work: Coroutine[object, object, None], *, name: str) -> AsyncIterator[None]:
    """
    Run *work* beside the body and cancel it at the end.

    A task group must not stay open across a `yield` (its end would have to run in the task that
    began it), so the task is kept here; a failure is logged when it happens and raised at the end.
    """
    task = asyncio.get_running_loop().create_task(work, name=name)
    task.add_done_callback(_say)
    try:
        yield
    finally:
        while not task.done():
            # Again, because a client library may take a cancellation for a timeout of its own.
            task.cancel()
            await asyncio.wait([task], timeout=CANCEL_AGAIN_S)
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error


def _say(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("background work failed", work=task.get_name(), error=repr(error))
