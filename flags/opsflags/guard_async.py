"""Wrap an asynchronous stream so that it ends when a kill comes; loaded where asyncio already is."""

from __future__ import annotations

import asyncio
import logging

from opsflags import streams
from opsflags.decision import Decision, WorkflowKilled
from opsflags.switch import Arguments, Switch

CLOSE_S = 0.05
"""How long the end of a cut stream waits for the provider's side to close, in seconds."""


class GuardedAsyncIterator:
    """
    An asynchronous stream that ends when a kill comes.

    A silent provider is interrupted as `asyncio.timeout()` does it: the waiting task is cancelled
    and the cancellation taken back here, so the provider's own clean-up runs, in its own task.
    """

    __slots__ = (
        "_arguments",
        "_handle",
        "_iterator",
        "_over",
        "_raises",
        "_source",
        "_token",
        "_waker",
    )

    def __init__(
        self, handle: Switch, source: object, arguments: Arguments, *, raises: bool
    ) -> None:
        self._handle = handle
        self._source = source
        self._iterator = source.__aiter__()  # type: ignore[attr-defined]  # it has it, as was looked up
        self._arguments = arguments
        self._raises = raises
        self._over = False
        self._token: streams.Stream | None = None
        self._waker: _Waker | None = None

    def __aiter__(self) -> GuardedAsyncIterator:
        return self

    async def __anext__(self) -> object:
        if self._over:
            raise StopAsyncIteration
        token, waker = self._begun()
        if (decision := token.ended()) is not None:
            await self._finish(decision)
        task = asyncio.current_task()
        assert task is not None
        waker.wait(task)
        try:
            item: object = await self._iterator.__anext__()
        except BaseException:
            if waker.over() and token.cut is not None:
                await self._finish(token.cut)
            self._end()
            raise
        waker.over()
        if (decision := token.ended()) is not None:
            await self._finish(decision)
        return item

    def __del__(self) -> None:
        self._end()

    async def aclose(self) -> None:
        """End the stream and close the provider's side. Closing twice is allowed."""
        self._end()
        await _close(self._source)

    def _begun(self) -> tuple[streams.Stream, _Waker]:
        if self._token is None or self._waker is None:
            self._waker = _Waker(asyncio.get_running_loop())
            self._token = streams.open(self._handle, self._arguments, self._waker.cut)
        return self._token, self._waker

    def _end(self) -> None:
        self._over = True
        if self._token is not None:
            self._token.close()

    async def _finish(self, decision: Decision) -> None:
        self._end()
        try:
            async with asyncio.timeout(CLOSE_S):
                await _close(self._source)
        except TimeoutError:
            _log(self._handle.name, f"not within {CLOSE_S} s")
        except Exception as error:  # noqa: BLE001  # the caller is owed the end, not the clean-up's fault
            _log(self._handle.name, type(error).__name__)
        if self._raises:
            raise WorkflowKilled(decision) from None
        raise StopAsyncIteration from None


class _Waker:
    """What interrupts the waiting task; it knows nothing of the wrapper, so that may be collected."""

    __slots__ = ("_before", "_loop", "_task", "_woken")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._task: asyncio.Task[object] | None = None
        self._before = 0
        self._woken = False

    def cut(self, decision: Decision) -> None:
        """Interrupt; called from the client's thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def wait(self, task: asyncio.Task[object]) -> None:
        """Say that *task* waits for the provider from now on."""
        self._task = task
        self._before = task.cancelling()

    def over(self) -> bool:
        """Say that it waits no more; true unless somebody else cancelled it too."""
        task, self._task = self._task, None
        if task is None or not self._woken:
            return task is not None and task.cancelling() <= self._before
        return task.uncancel() <= self._before

    def _wake(self) -> None:
        if self._task is not None and not self._woken:
            self._woken = True
            self._task.cancel()


async def _close(source: object) -> None:
    for name in ("aclose", "close"):
        close = getattr(source, name, None)
        if callable(close):
            closing = close()
            if hasattr(closing, "__await__"):
                await closing
            return


def _log(name: str, why: str) -> None:
    logging.getLogger("opsflags").warning("a cut stream of %s did not close: %s", name, why)
