"""HTTP connections that are kept and do nothing but send and wait, one request each or many at once."""

import json
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from select import select
from time import monotonic, monotonic_ns
from types import TracebackType
from typing import Self

ANSWER_S = 15.0
CHUNK = 65536


class NoAnswer(ConnectionError):
    """The other side closed, or did not answer within 15 s."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; *began_ns* is just before the request was sent, *ended_ns* when all of it was here."""

    status: int
    body: bytes
    began_ns: int
    ended_ns: int

    @property
    def took_ms(self) -> float:
        """Return milliseconds from before the request to the end of its answer."""
        return (self.ended_ns - self.began_ns) / 1e6

    def json(self) -> dict[str, object]:
        """Return the body as an object; empty where it is none."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


def request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """Return one HTTP/1.1 request, ready to be sent."""
    said = {"host": "127.0.0.1", **headers, "content-length": str(len(body))}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items())]
    return "\r\n".join((*lines, "", "")).encode() + body


@dataclass(slots=True)
class Line:
    """One connection to *port*, opened before anything is measured."""

    port: int
    _socket: socket.socket = field(init=False)
    _got: bytes = b""
    _began: int = 0

    def __post_init__(self) -> None:
        self._open()

    def _open(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=ANSWER_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def keep(self) -> None:
        """Open it anew where the other side closed it for being idle; nothing is measured yet."""
        if select([self._socket], [], [], 0)[0]:
            self._socket.close()
            self._open()

    def fileno(self) -> int:
        """Return what `select` waits for."""
        return self._socket.fileno()

    def send(self, data: bytes) -> None:
        """Send a request; its time begins here."""
        self._got, self._began = b"", monotonic_ns()
        self._socket.sendall(data)

    def take(self) -> Answer | None:
        """
        Take what has arrived; return the answer once it is whole.

        Raises:
            NoAnswer: the other side closed.
        """
        try:
            data = self._socket.recv(CHUNK)
        except ConnectionError as error:
            raise NoAnswer("the bot closed the connection") from error
        now = monotonic_ns()
        if not data:
            raise NoAnswer("the bot closed the connection")
        self._got += data
        head, found, body = self._got.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return None
        return Answer(int(head.split(b" ", 2)[1]), body, self._began, now)

    def ask(self, data: bytes) -> Answer:
        """
        Send one request and return its answer.

        Raises:
            NoAnswer: none.
        """
        return at_once((self,), (data,))[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._socket.close()


def at_once(lines: Sequence[Line], requests: Sequence[bytes]) -> list[Answer]:
    """
    Send a request on every line, one right after the other, and return the answers in that order.

    Raises:
        NoAnswer: one was not answered within 15 s.
    """
    return watched(lines, requests, lambda: None, ())


def watched(
    lines: Sequence[Line],
    requests: Sequence[bytes],
    look: Callable[[], object],
    beside: Sequence[socket.socket],
) -> list[Answer]:
    """Do as `at_once`; *look* is called whenever something arrives on a socket *beside* them."""
    for line in lines:
        line.keep()
    for line, data in zip(lines, requests, strict=True):
        line.send(data)
    answers: dict[int, Answer] = {}
    waiting, ends = {line.fileno(): line for line in lines}, monotonic() + ANSWER_S
    others = {one.fileno() for one in beside}
    while waiting:
        ready = select([*waiting, *others], [], [], max(ends - monotonic(), 0))[0]
        if not ready:
            raise NoAnswer(f"{len(waiting)} of {len(lines)} requests were not answered")
        for number in ready:
            if number in others:
                look()
            elif (answer := waiting[number].take()) is not None:
                answers[number] = answer
                del waiting[number]
    return [answers[line.fileno()] for line in lines]


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0
