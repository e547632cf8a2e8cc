"""One connection to a server that never blocks: bytes out, replies in. Knows no commands."""

import errno
import select
import socket

from opsflags.resp import MORE, Reader, Reply

CHUNK = 65536
MAX_BACKLOG = 4 * 1024 * 1024
WAITING = (0, errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EAGAIN)
SHORT = 5
"""Bytes: one more than a short number's answer has, fewer than any error, record or message has."""

Place = tuple[object, ...] | str
Endpoint = tuple[int, Place]
"""A socket family and what `connect` takes for it."""


class Wire:
    """
    A plain TCP or Unix connection being dialled or in use.

    Call `turn()` whenever poll says something of `fileno()`; it raises `OSError` or
    `ProtocolError` when the connection can't be used any more.
    """

    __slots__ = ("_can_defer", "_dialling", "_least", "_out", "_reader", "_socket")

    def __init__(self, endpoint: Endpoint) -> None:
        family, place = endpoint
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._reader = Reader()
        self._out = bytearray()
        self._dialling = True
        self._can_defer = False
        self._least = 1
        try:
            self._dial(family, place)
        except OSError:
            self._socket.close()
            raise

    def _dial(self, family: int, place: Place) -> None:
        self._socket.setblocking(False)
        if family != socket.AF_UNIX:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._socket.connect(place)
        except BlockingIOError:
            return
        self._dialling = False
        self._connected()

    def fileno(self) -> int:
        """Return the descriptor to poll."""
        return self._socket.fileno()

    def events(self) -> int:
        """Return what to poll for."""
        return select.POLLIN | select.POLLOUT if self._dialling or self._out else select.POLLIN

    def send(self, data: bytes) -> None:
        """
        Send now what fits and keep the rest for later turns.

        Raises:
            OSError: the connection broke, or its other end takes nothing.
        """
        self._out += data
        if len(self._out) > MAX_BACKLOG:
            raise ConnectionError("the server does not read")
        if self._least != 1:
            self._wake_at(1)
        if not self._dialling:
            self._flush()

    def send_aside(self, data: bytes) -> None:
        """
        Send a command whose good answer is a short number that nobody waits for.

        That answer alone makes poll say nothing; it is read with whatever comes next. An error is
        longer and is seen at once, as is the end of the connection. Only where no other short
        answer is awaited; the next `send()` ends it.

        Raises:
            OSError: as `send()`.
        """
        self.send(data)
        if self._can_defer and self._reader.empty:
            self._wake_at(SHORT)

    def _wake_at(self, least: int) -> None:
        """Have poll speak up from *least* unread bytes on, where the system can do that."""
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, least)
        except OSError:
            self._can_defer = False  # then every answer is seen at once, as it was
        else:
            self._least = least

    def turn(self) -> list[Reply]:
        """
        Do what can be done without waiting and return the replies that are whole.

        Raises:
            OSError: the connection broke. ProtocolError: the server does not speak RESP3.
        """
        if self._dialling:
            failed = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if failed:
                raise OSError(failed, "could not connect")
            self._dialling = False
            self._connected()
        self._flush()
        self._receive()
        replies = self._replies()
        if self._least != 1 and not self._reader.empty:
            self._wake_at(1)  # the rest of what came in parts may be short
        return replies

    def _connected(self) -> None:
        """Go on after the connection stands; a secured one, whose records hide sizes, shakes hands."""
        self._can_defer = self._socket.family != socket.AF_UNIX

    def _receive(self) -> None:
        try:
            data = self._socket.recv(CHUNK)
        except BlockingIOError:
            return
        if not data:
            raise ConnectionError("closed by the server")
        self._reader.feed(data)

    def _replies(self) -> list[Reply]:
        replies: list[Reply] = []
        while (reply := self._reader.take()) is not MORE:
            replies.append(reply)
        return replies

    def _flush(self) -> None:
        while self._out:
            try:
                sent = self._socket.send(self._out)
            except BlockingIOError:
                return
            del self._out[:sent]

    def close(self) -> None:
        """Close it; what was not sent is dropped."""
        self._socket.close()

    def abandon(self) -> None:
        """Give up a descriptor inherited over a fork, without a word to the server."""
        self._socket.close()  # close alone sends nothing while the parent holds it open
