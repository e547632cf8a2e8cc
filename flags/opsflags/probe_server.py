"""Answers `GET /probe` from the client's one thread by asking the enforcement point itself."""

import json
import select
import socket
from collections.abc import Callable
from time import monotonic

from opsflags import log

MAX_REQUEST = 8192
PATIENCE_S = 1.0
MAX_OPEN = 16
REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 500: "Internal Server Error"}


class ProbeRequest:
    """One probe: the workflow asked for, its nonce, and the query and headers it came with."""

    __slots__ = ("headers", "nonce", "query", "workflow")

    def __init__(self, query: dict[str, str], headers: dict[str, str]) -> None:
        self.query = query
        self.headers = headers
        self.workflow = query.get("workflow", "")
        self.nonce = headers.get("x-opsbot-probe") or query.get("nonce")


Answer = tuple[int, dict[str, object]]
Point = Callable[[ProbeRequest], Answer]


class Points(dict[str, Point]):
    """Enforcement points by workflow; a new one makes the instance register again."""

    __slots__ = ("_changed",)

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__()
        self._changed = changed

    def __setitem__(self, workflow: str, point: Point) -> None:
        super().__setitem__(workflow, point)
        self._changed()


class ProbeServer:
    """
    Listen on *bind* (`host:port`, port 0 for any) and answer probes in turns of a poll loop.

    Requests are small, answers leave at once, connections are closed after one answer. Every
    answer names the *instance* that this process is: an address alone may have become another's.
    """

    __slots__ = (
        "_advertised",
        "_instance",
        "_listener",
        "_open",
        "_points",
        "bind",
        "host",
        "port",
    )

    def __init__(self, bind: str, points: Points, instance: Callable[[], str]) -> None:
        self.bind = bind
        self._points = points
        self._instance = instance
        self.host, _, port = bind.rpartition(":")
        self._open: dict[int, _Visit] = {}
        self._listener: socket.socket | None = socket.create_server((self.host, int(port)))
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._advertised = socket.gethostname() if self.host in ("", "0.0.0.0") else self.host  # noqa: S104  compared

    def urls(self) -> dict[str, str]:
        """Return the probe URL of every workflow that has an enforcement point here."""
        return dict.fromkeys(list(self._points), f"http://{self._advertised}:{self.port}/probe")

    def register(self, poll: "select.poll") -> None:
        """Add what must be watched."""
        if self._listener is not None:
            poll.register(self._listener, select.POLLIN)
        for handle in self._open:
            poll.register(handle, select.POLLIN)

    def turn(self, ready: set[int]) -> None:
        """Accept, read and answer what can be without waiting; drop visitors that are slow."""
        if self._listener is not None and self._listener.fileno() in ready:
            self._accept(self._listener)
        for handle, visit in list(self._open.items()):
            if (handle in ready and self._read(visit)) or monotonic() > visit.deadline:
                visit.socket.close()
                del self._open[handle]

    def close(self) -> None:
        """Stop listening."""
        for visit in self._open.values():
            visit.socket.close()
        self._open.clear()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _accept(self, listener: socket.socket) -> None:
        try:
            near, _ = listener.accept()
        except OSError:
            return  # it left before we came
        near.setblocking(False)
        if len(self._open) >= MAX_OPEN:
            near.close()
            return
        self._open[near.fileno()] = _Visit(near)

    def _read(self, visit: "_Visit") -> bool:
        """Take what came; return whether the visit is over."""
        try:
            data = visit.socket.recv(MAX_REQUEST)
            visit.data += data
            if b"\r\n\r\n" not in visit.data:
                return not data or len(visit.data) > MAX_REQUEST
            visit.socket.send(self._answer(bytes(visit.data)))
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def _answer(self, data: bytes) -> bytes:
        request = _parse(data)
        if request is None:
            return _http(400, {"error": "not a probe"})
        point = self._points.get(request.workflow)
        if point is None:
            return _http(404, {"error": "no enforcement point of this workflow here"})
        try:
            status, said = point(request)
            return _http(status, {**said, "instance": self._instance()})
        except Exception:  # noqa: BLE001  the boundary to a service's guard
            # A guard's fault must not end the thread that applies kills; the probe fails.
            log.exception("the probe of %s failed", request.workflow)
            return _http(500, {"error": "the enforcement point failed"})


class _Visit:
    """One open connection."""

    __slots__ = ("data", "deadline", "socket")

    def __init__(self, near: socket.socket) -> None:
        self.socket = near
        self.data = bytearray()
        self.deadline = monotonic() + PATIENCE_S


def _parse(data: bytes) -> ProbeRequest | None:
    from urllib.parse import parse_qsl  # noqa: PLC0415  only instances that are probed pay for it

    head, *lines = data.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    words = head.split(" ")
    if len(words) != 3 or words[0] != "GET":  # noqa: PLR2004  method, target, version
        return None
    path, _, query = words[1].partition("?")
    if path != "/probe":
        return None
    headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    return ProbeRequest(dict(parse_qsl(query)), headers)


def _http(status: int, body: dict[str, object]) -> bytes:
    data = json.dumps(body).encode()
    head = (
        f"HTTP/1.1 {status} {REASONS.get(status, 'Answer')}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(data)}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + data
