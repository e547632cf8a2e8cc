"""Do blocking work in a thread that can be left: a caller waits for its result or for a cut."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class Left:
    """The caller was released before the work ended."""


LEFT = Left()


class Outcome(Generic[T]):
    """What became of the work: *value*, or the *error* it raised."""

    __slots__ = ("error", "value")

    def __init__(self, value: T | None = None, error: BaseException | None = None) -> None:
        self.value = value
        self.error = error


class Aside(Generic[T]):
    """
    One piece of blocking work in a daemon thread.

    *dispose* gets the result of work whose caller has left (None where it raised): whoever holds
    the result last closes it, exactly once.
    """

    __slots__ = ("_answers", "_dispose", "_left", "_lock", "_work")

    def __init__(self, work: Callable[[], T], dispose: Callable[[T | None], None]) -> None:
        self._work = work
        self._dispose = dispose
        self._answers: SimpleQueue[Outcome[T] | Left] = SimpleQueue()
        self._lock = Lock()
        self._left = False

    def release(self) -> None:
        """Let the caller go; from any thread, also before it waits."""
        self._answers.put(LEFT)

    def wait(self) -> T | Left:
        """
        Do the work and return its result, or `LEFT` after `release()`.

        Raises whatever the work raised.
        """
        context = copy_context()
        Thread(target=context.run, args=(self._run,), name="opsflags-httpx", daemon=True).start()
        try:
            answer = self._answers.get()
        except BaseException:  # the caller is interrupted: Ctrl-C, a worker's time limit
            self._leave()
            raise
        if isinstance(answer, Left):
            self._leave()
            return LEFT
        if answer.error is not None:
            raise answer.error
        return answer.value  # type: ignore[return-value]  # T itself may be optional

    def _run(self) -> None:
        try:
            outcome = Outcome(self._work())
        except BaseException as error:  # noqa: BLE001  # raised again where the caller waits
            outcome = Outcome[T](error=error)
        with self._lock:
            if not self._left:
                self._answers.put(outcome)
                return
        self._dispose(outcome.value)

    def _leave(self) -> None:
        with self._lock:
            self._left = True
        while not self._answers.empty():
            late = self._answers.get()
            if isinstance(late, Outcome):
                self._dispose(late.value)
