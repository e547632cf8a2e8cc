"""Streams in flight: decided again on every change, and cut where the model may not be called any more."""

from __future__ import annotations

from collections.abc import Callable

from opsflags.decision import Decision
from opsflags.model import NO_MODEL
from opsflags.switch import Arguments, InFlight, Switch


class Stream(InFlight):
    """
    One model answer in flight.

    *cut* is the decision that ended it, None while it may go on. Ask `ended()` before each piece
    is handed to the caller; call `close()` when the answer is over, however it ended.
    """

    __slots__ = ("_arguments", "_handle", "_on_cut", "cut")

    def __init__(
        self, handle: Switch, arguments: Arguments, on_cut: Callable[[Decision], None]
    ) -> None:
        self._handle = handle
        self._arguments = arguments
        self._on_cut = on_cut
        self.cut: Decision | None = None

    def ended(self) -> Decision | None:
        """
        Return the decision that ended this stream, or None while it may go on.

        Looks at the lease too: a process that was frozen wakes before its thread does.
        """
        if self.cut is None and self._handle._expired():  # noqa: SLF001  # one package, one seam
            self._again()
        return self.cut

    def delivered(self) -> None:
        """Say that a piece reached the caller; counted as let through if the stream was cut by then."""
        if self.cut is not None:
            self._handle._count_let(self.cut)  # noqa: SLF001  # one package, one seam

    def close(self) -> None:
        """Say that the answer is over. Closing twice is allowed."""
        self._handle._streams.pop(self, None)  # noqa: SLF001  # one package, one seam

    def _again(self) -> None:
        """Decide again; tell the owner, once, if the model may not be called any more."""
        decision = self._handle._view_now().decide(*self._arguments)  # noqa: SLF001  # as above
        if decision.mode in NO_MODEL and self._handle._take(self):  # noqa: SLF001  # as above
            self.cut = decision
            self._handle._count_cut(decision)  # noqa: SLF001  # as above
            self._tell(decision)

    def _tell(self, decision: Decision) -> None:
        try:
            self._on_cut(decision)
        except Exception:
            # One owner's fault must neither end the thread that applies kills nor spare the
            # other streams; this stream stays cut, so what it still delivers is counted.
            import logging  # noqa: PLC0415  # 15 ms that a service without such a fault never pays

            logging.getLogger("opsflags").exception(
                "a stream of %s could not be ended", self._handle.name
            )


def open(  # noqa: A001  # read as `streams.open`
    handle: Switch, arguments: Arguments, on_cut: Callable[[Decision], None]
) -> Stream:
    """
    Register a model answer in flight and return its token.

    *arguments* are those of `decide`, in its order. *on_cut* is called at most once, from the
    client's thread (or from `ended()` when a lease ran out), must not block, and may arrive before
    this returns. A stream that may not even begin has `cut` set on return and *on_cut* is not
    called: look at it before the first byte is asked for.
    """
    stream = Stream(handle, arguments, on_cut)
    handle._streams[stream] = None  # noqa: SLF001  # one package, one seam
    # Decided after it is registered: a change in between reaches it one way or the other.
    decision = handle._view_now().decide(*arguments)  # noqa: SLF001  # as above
    if decision.mode in NO_MODEL:
        handle._take(stream)  # noqa: SLF001  # as above
        stream.cut = decision
    return stream
