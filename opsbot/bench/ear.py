"""Hears every commit as clients do, and says when a kill was stored and when it was confirmed."""

import json
import socket
from time import monotonic, monotonic_ns
from types import TracebackType
from typing import Self

from opsbot.bench.server import CHUNK, HOST, Connection
from opsbot.domain import journal
from opsflags.keys import Keys
from opsflags.resp import MORE, Reader, pack

HEAR_S = 15.0
STEPS = ("kill", "confirmed")


class Unconfirmed(TimeoutError):
    """A kill was not confirmed within 15 s, or the journal says something else."""


class Ear:
    """
    A subscription to the deltas of *env*; every message is stamped when it arrives.

    A delta leaves the server after its commit was synced to disk, so what is heard is stored.
    """

    def __init__(self, port: int, env: str) -> None:
        self._keys = Keys(env)
        self._port = port
        self._reader = Reader()
        self._heard: list[tuple[int, int, list[str]]] = []
        self.socket = socket.create_connection((HOST, port), timeout=HEAR_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(pack("SUBSCRIBE", self._keys.channel))
        self.hear()

    def hear(self) -> None:
        """Take in what has arrived; waits where nothing has."""
        data = self.socket.recv(CHUNK)
        now = monotonic_ns()
        if not data:
            raise ConnectionError("closed by the server")
        self._reader.feed(data)
        while (said := self._reader.take()) is not MORE:
            if isinstance(said, list) and said[0] == b"message":
                delta = json.loads(said[2])
                self._heard.append((now, int(delta["r"]), list(delta.get("kills", ()))))

    def moments(self, kill: str) -> tuple[int, int]:
        """
        Wait until *kill* was confirmed; return when it was stored and when it was confirmed (ns).

        What was heard before is forgotten then.

        Raises:
            Unconfirmed: it was not, or the journal has other entries at these places.
        """
        ends = monotonic() + HEAR_S
        while len(found := self._of(kill)) < len(STEPS):
            if monotonic() > ends:
                raise Unconfirmed(f"{kill} was not confirmed within {HEAR_S:.0f} s")
            try:
                self.hear()
            except TimeoutError as error:
                raise Unconfirmed(f"{kill} was not confirmed within {HEAR_S:.0f} s") from error
        self._heard.clear()
        (stored, first), (confirmed, second) = found[: len(STEPS)]
        verbs = self._verbs(first, second)
        if verbs != STEPS:
            raise Unconfirmed(f"the journal says {' and '.join(verbs)} of {kill}")
        return stored, confirmed

    def _of(self, kill: str) -> list[tuple[int, int]]:
        return [(at, revision) for at, revision, kills in self._heard if kill in kills]

    def _verbs(self, *revisions: int) -> tuple[str, ...]:
        """Return what the journal calls the entries at *revisions*."""
        with Connection(self._port) as connection:
            lines = [connection.ask("LINDEX", self._keys.journal, at - 1) for at in revisions]
        return tuple(
            journal.read_entry(line.decode()).verb for line in lines if isinstance(line, bytes)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.socket.close()
