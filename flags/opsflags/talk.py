"""Questions and answers over one connection, in turns of a poll loop that never stops duties."""

import os
import select
from collections import deque
from collections.abc import Callable
from time import monotonic

from opsflags.locate import Locator
from opsflags.probe_server import ProbeServer
from opsflags.resp import Push, Reply, ReplyError
from opsflags.wire import Wire

ANSWER_S = 0.9
IDLE_S = 0.25

Taker = Callable[[Reply], None]


class Lost(OSError):
    """The connection is of no use any more; `code` is a machine word."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Moved(Exception):
    """A Cluster's server named another one for our keys."""


class Talk:
    """
    What the thread of a client does to be heard.

    `_takers` wait for the answers under way, in order; pushes that come in between are kept in
    `_pushed`. While an answer is awaited, `_duties()` go on.
    """

    def __init__(self, locator: Locator, probe: ProbeServer | None) -> None:
        self.probe = probe
        self._locator = locator
        self._wire: Wire | None = None
        self._takers: deque[Taker] = deque()
        self._pushed: deque[Push] = deque()
        self._released = False
        self._poll = select.poll()
        self._polled: tuple[int, int] | None = None
        self._wake_out, self._wake_in = os.pipe()
        os.set_blocking(self._wake_out, False)
        os.set_blocking(self._wake_in, False)

    def _duties(self) -> None:
        """Do what is due without the store; called in every turn."""
        raise NotImplementedError

    def wake(self) -> None:
        """Make the thread look around now."""
        if self._released:
            return
        try:
            os.write(self._wake_in, b".")
        except BlockingIOError:
            return  # it is about to wake anyway

    def _ask(self, *commands: bytes, first: bytes = b"", within_s: float = ANSWER_S) -> list[Reply]:
        """
        Send commands and wait for their answers; pushes that come meanwhile are kept.

        *first* goes before them and is answered by pushes only.

        Raises:
            Lost: no answer in time, or an error among the answers. Moved: we are at the wrong
            server of a Cluster.
        """
        replies: list[Reply] = []
        self._takers.extend([replies.append] * len(commands))
        assert self._wire is not None
        self._wire.send(first + b"".join(commands))
        deadline = monotonic() + within_s
        while len(replies) < len(commands):
            left = deadline - monotonic()
            if left <= 0:
                raise Lost("silent")
            self._turn(left)
        for reply in replies:
            self._raise_for(reply)
        return replies

    def _ask_elsewhere(self, wire: Wire, commands: list[bytes], within_s: float) -> list[Reply]:
        """Ask a Sentinel over a connection of its own."""
        self._wire = wire
        try:
            return self._ask(*commands, within_s=within_s)
        finally:
            self._wire = None
            self._takers.clear()

    def _raise_for(self, reply: Reply) -> None:
        if not isinstance(reply, ReplyError):
            return
        if reply.code == "MOVED":
            host, _, port = reply.text.rpartition(" ")[2].rpartition(":")
            if port.isdigit() and self._locator.moved(host, int(port)):
                raise Moved
        raise Lost(reply.code)

    def _turn(self, most_s: float) -> None:
        """Wait for at most *most_s*, move bytes, and do the duties that need no store."""
        self._wait(most_s)
        self._duties()

    def _wait(self, most_s: float) -> None:
        """Wait for at most *most_s* and move bytes."""
        wire = self._wire
        handle = -1 if wire is None else wire.fileno()
        poll = self._watched(handle, 0 if wire is None else wire.events())
        ready = dict(poll.poll(max(0.0, min(most_s, IDLE_S)) * 1000))
        if wire is not None and handle in ready:
            self._take_bytes(wire)
        if self._wake_out in ready:
            _drain(self._wake_out)
        if self.probe is not None:
            self.probe.turn(set(ready))

    def _watched(self, handle: int, events: int) -> "select.poll":
        """Return what to wait with; made anew only where something else is to be watched."""
        if self._polled == (handle, events):
            return self._poll
        poll = select.poll()
        poll.register(self._wake_out, select.POLLIN)
        if handle >= 0:
            poll.register(handle, events)
        self._poll, self._polled = poll, (handle, events)
        if self.probe is not None:
            self.probe.register(poll)
            self._polled = None  # its visitors come and go
        return poll

    def _take_bytes(self, wire: Wire) -> None:
        for reply in wire.turn():
            if isinstance(reply, Push):
                self._pushed.append(reply)
            elif self._takers:
                self._takers.popleft()(reply)
            else:
                raise Lost("unasked")


def _drain(handle: int) -> None:
    try:
        os.read(handle, 4096)
    except BlockingIOError:
        return  # somebody else's wake-up was drained already
