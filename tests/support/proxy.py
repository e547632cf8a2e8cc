"""A TCP proxy in threads that cuts, black-holes, delays, or cuts after the n-th command."""

import contextlib
import select
import socket
import threading
import time
from typing import Literal, Self

Way = Literal["there", "back"]
"""Which bytes: the client's on their way to the server, or the server's on their way back."""

TURN_S = 0.002
CHUNK = 65536


class _Pair:
    """One accepted connection and its twin to the target."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.near = near
        self.far = far
        self.commands = _CommandCount()
        self.queue: list[tuple[float, socket.socket, bytes]] = []

    def close(self) -> None:
        for end in (self.near, self.far):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class _CommandCount:
    """Counts whole RESP commands (arrays of bulk strings) in a stream that arrives in pieces."""

    def __init__(self) -> None:
        self._rest = b""
        self._lengths_left = 0
        self._skip = 0
        self.total = 0

    def take(self, data: bytes) -> list[int]:
        """Return the offsets in *data* at which a command ended."""
        before = len(self._rest)
        self._rest += data
        ends: list[int] = []
        position = 0
        while (after := self._step(position)) is not None:
            position, finished = after
            if finished:
                self.total += 1
                ends.append(position - before)
        self._rest = self._rest[position:]
        return ends

    def _step(self, position: int) -> tuple[int, bool] | None:
        if self._skip:
            if len(self._rest) < position + self._skip:
                return None
            position += self._skip
            self._skip = 0
            self._lengths_left -= 1
            return position, self._lengths_left == 0
        line = self._rest.find(b"\r\n", position)
        if line < 0:
            return None
        word = self._rest[position:line]
        if word[:1] == b"*":
            self._lengths_left = int(word[1:])
        else:
            self._skip = int(word[1:]) + 2
        return line + 2, False


class CutProxy:
    """
    Stand between a client and a server, on loopback, and misbehave on demand.

    `port` is where clients connect. All faults act on present and future connections until
    `heal()`. Usable from threads and from a loop alike: nothing here blocks for longer than an
    instant. Use it as a context manager.
    """

    def __init__(self, target: int | str) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._pairs: list[_Pair] = []
        self._refuse = False
        self._holed: frozenset[Way] = frozenset()
        self._delay_s = 0.0
        self._cut_at: int | None = None
        self._cut_before = False
        self._dropping = b""
        self.accepted = 0
        self.dropped = 0
        self.commands = 0
        self._closing = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"cut-proxy-{self.port}", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where to connect, as a Redis URL."""
        return f"redis://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def cut(self, *, refuse: bool = False) -> None:
        """Break every connection; with *refuse*, break new ones too, until `heal()`."""
        with self._lock:
            self._refuse = refuse
            self._break_all()

    def black_hole(self, *ways: Way) -> None:
        """Keep connections open and accept new ones, but pass no byte these ways (both, if none)."""
        self._holed = frozenset(ways or ("there", "back"))

    def delay(self, seconds: float) -> None:
        """Deliver every byte, both ways, *seconds* later than it came."""
        self._delay_s = seconds

    def cut_after(self, commands: int, *, before: bool = False) -> None:
        """
        Break the connection at the *commands*-th command counted from now, once.

        The command reaches the server and its answer is lost; with *before* the command is lost.
        """
        with self._lock:
            self._cut_at = self.commands + commands
            self._cut_before = before

    def drop_messages(self, containing: bytes) -> None:
        """Swallow each chunk from the server that holds *containing* (a lost push), until `heal()`."""
        self._dropping = containing

    def heal(self) -> None:
        """End every fault; what a black hole had swallowed arrives late, as in a real network."""
        with self._lock:
            self._refuse = False
            self._holed = frozenset()
            self._delay_s = 0.0
            self._cut_at = None
            self._dropping = b""

    def close(self) -> None:
        """Break everything and stop listening."""
        self._closing.set()
        self._thread.join(2)
        with self._lock:
            self._break_all()
        self._listener.close()

    def _break_all(self) -> None:
        for pair in self._pairs:
            pair.close()
        self._pairs.clear()

    def _run(self) -> None:
        while not self._closing.is_set():
            with self._lock:
                pairs = list(self._pairs)
            ends = [end for pair in pairs for end in self._heard(pair)]
            try:
                ready, _, _ = select.select([self._listener, *ends], [], [], self._wait_s(pairs))
            except (OSError, ValueError):
                continue  # a pair was cut between the list and the select
            if self._listener in ready:
                self._accept()
            for pair in pairs:
                self._turn(pair, ready)

    def _heard(self, pair: _Pair) -> list[socket.socket]:
        """Return the ends whose bytes are taken: what a black hole swallows waits where it is."""
        ends: tuple[tuple[Way, socket.socket], ...] = (("there", pair.near), ("back", pair.far))
        return [end for way, end in ends if way not in self._holed]

    def _wait_s(self, pairs: list[_Pair]) -> float:
        return TURN_S if self._delay_s or self._holed or any(p.queue for p in pairs) else 0.02

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        self.accepted += 1
        if self._refuse:
            near.close()
            return
        try:
            far = self._dial()
        except OSError:
            near.close()
            return
        near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._pairs.append(_Pair(near, far))

    def _dial(self) -> socket.socket:
        if isinstance(self._target, str):
            far = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            far.connect(self._target)
            return far
        far = socket.create_connection(("127.0.0.1", self._target), timeout=2)
        far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        far.settimeout(None)
        return far

    def _turn(self, pair: _Pair, ready: list[socket.socket]) -> None:
        try:
            for source, sink in ((pair.near, pair.far), (pair.far, pair.near)):
                if source in ready:
                    self._move(pair, source, sink)
            self._deliver(pair)
        except (OSError, ValueError):
            self._drop(pair)

    def _move(self, pair: _Pair, source: socket.socket, sink: socket.socket) -> None:
        data = source.recv(CHUNK)
        if not data:
            raise OSError("closed by its end")
        if source is pair.near and self._counts_to_the_cut(pair, data):
            return
        if source is pair.far and self._dropping and self._dropping in data:
            self.dropped += 1
            return
        pair.queue.append((time.monotonic() + self._delay_s, sink, data))

    def _counts_to_the_cut(self, pair: _Pair, data: bytes) -> bool:
        with self._lock:
            for end in pair.commands.take(data):
                self.commands += 1
                if self._cut_at is not None and self.commands >= self._cut_at:
                    self._cut_at = None
                    if not self._cut_before:
                        pair.far.sendall(data[:end])
                        self._await_the_answer(pair)
                    raise OSError("cut at the command that was asked for")
        return False

    @staticmethod
    def _await_the_answer(pair: _Pair) -> None:
        """Let the server run the command before its connection breaks."""
        pair.far.settimeout(2)
        pair.far.recv(1)

    def _deliver(self, pair: _Pair) -> None:
        now = time.monotonic()
        open_ = [
            sink
            for source in self._heard(pair)
            for sink in (pair.near, pair.far)
            if sink is not source
        ]
        ready = [late for late in pair.queue if late[0] <= now and late[1] in open_]
        for late in ready:
            pair.queue.remove(late)
            late[1].sendall(late[2])

    def _drop(self, pair: _Pair) -> None:
        pair.close()
        with self._lock:
            if pair in self._pairs:
                self._pairs.remove(pair)
