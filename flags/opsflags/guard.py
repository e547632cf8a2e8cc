"""Wrap a provider's stream so that it ends when a kill comes, also while the provider is silent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import Context, copy_context
from queue import SimpleQueue
from threading import Thread
from typing import Self

from opsflags import streams
from opsflags.decision import Decision, WorkflowKilled
from opsflags.switch import Arguments, Switch

_ITEM, _END, _RAISED, _CUT = range(4)
_Answer = tuple[int, object]


def guard_stream(
    handle: Switch, stream: object, arguments: Arguments, *, on_kill: str
) -> Iterator[object] | AsyncIterator[object]:
    """
    Wrap *stream*, a call of these *arguments*; `Workflow.guard` says how.

    Raises:
        TypeError: *stream* is no iterator of either kind.
        ValueError: *on_kill* is neither `end` nor `raise`.
    """
    if on_kill not in ("end", "raise"):
        raise ValueError(f"on_kill is 'end' or 'raise', not {on_kill!r}")
    raises = on_kill == "raise"
    if hasattr(stream, "__aiter__"):
        # Brings asyncio, which a service without a loop should not have to load.
        from opsflags.guard_async import GuardedAsyncIterator  # noqa: PLC0415  # said above

        return GuardedAsyncIterator(handle, stream, arguments, raises=raises)
    if hasattr(stream, "__iter__"):
        return GuardedIterator(handle, stream, arguments, raises=raises)
    raise TypeError(f"guard() takes a stream to iterate over, not {type(stream).__name__}")


class GuardedIterator:
    """
    A synchronous stream that ends when a kill comes.

    Python cannot interrupt a blocked `next()`, so a thread per stream asks the provider, one piece
    ahead of nothing: it asks when the caller asks. A cut releases the caller at once; that thread
    and its connection stay until the provider speaks again or hangs up.
    """

    __slots__ = ("_arguments", "_handle", "_over", "_pump", "_raises", "_source", "_token")

    def __init__(
        self, handle: Switch, source: object, arguments: Arguments, *, raises: bool
    ) -> None:
        self._handle = handle
        self._source = source
        self._arguments = arguments
        self._raises = raises
        self._over = False
        self._pump: _Pump | None = None
        self._token: streams.Stream | None = None

    def __iter__(self) -> GuardedIterator:
        return self

    def __next__(self) -> object:
        if self._over:
            raise StopIteration
        token, pump = self._begun()
        if (decision := token.ended()) is not None:
            self._finish(decision)
        pump.asked.put(True)
        kind, value = pump.answers.get()
        if (decision := token.ended()) is not None:
            self._finish(decision)
        if kind == _ITEM:
            return value
        self.close()
        if kind == _RAISED:
            assert isinstance(value, BaseException)
            raise value
        raise StopIteration

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """End the stream and let its thread close the provider's side. Closing twice is allowed."""
        self._over = True
        if self._token is not None:
            self._token.close()
        if self._pump is not None:
            self._pump.asked.put(False)
            self._pump = None

    def _begun(self) -> tuple[streams.Stream, _Pump]:
        if self._token is None or self._pump is None:
            pump = _Pump(self._source, copy_context())
            self._pump = pump
            self._token = streams.open(self._handle, self._arguments, pump.cut)
        return self._token, self._pump

    def _finish(self, decision: Decision) -> None:
        self.close()
        if self._raises:
            raise WorkflowKilled(decision)
        raise StopIteration


class _Pump:
    """
    The thread that asks the provider.

    It knows nothing of the wrapper, so that a wrapper which is dropped in mid-stream is collected
    and ends it.
    """

    __slots__ = ("answers", "asked")

    def __init__(self, source: object, context: Context) -> None:
        self.asked: SimpleQueue[bool] = SimpleQueue()
        self.answers: SimpleQueue[_Answer] = SimpleQueue()
        Thread(
            target=context.run,
            args=(_pump, source, self.asked.get, self.answers.put),
            name="opsflags-stream",
            daemon=True,
        ).start()

    def cut(self, decision: Decision) -> None:
        """Release the caller; called from the client's thread."""
        self.answers.put((_CUT, None))


def _pump(source: object, asked: Callable[[], bool], answer: Callable[[_Answer], None]) -> None:
    try:
        iterator = iter(source)  # type: ignore[call-overload]  # it has __iter__, as was looked up
        while asked():
            answer((_ITEM, next(iterator)))
    except StopIteration:
        answer((_END, None))
    except BaseException as error:  # noqa: BLE001  # raised again where the caller waits
        answer((_RAISED, error))
    finally:
        close = getattr(source, "close", None)
        if callable(close):
            close()
