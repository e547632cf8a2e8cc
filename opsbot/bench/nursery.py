"""A program: imports the client once, forks N of them, and ends with its standard input."""

import os
import signal
import socket
import sys
from pathlib import Path
from select import select

from opsbot.bench.stamps import RAW_AT, RAW_COUNT, SEEN_AT, SEEN_COUNT, Stamps
from opsflags import FlagClient
from opsflags.keys import Keys
from opsflags.resp import pack
from opsflags.switch import InFlight

FLOOR = "floor"
"""The channel of the plain sockets."""

SERVICE = "bench"
"""Under which name the clients acknowledge."""

BOOT_MS = 30_000
CHUNK = 65536
LOOK_S = 0.25


def beside(env: str) -> str:
    """Return the environment whose commits go to the plain sockets, and to no client."""
    return f"{env}-plain"


class Witness(InFlight):
    """Stands among a workflow's streams, which are told right after the new snapshot is in place."""

    __slots__ = ("_client", "_stamps")

    def __init__(self, stamps: Stamps, client: int) -> None:
        self._stamps = stamps
        self._client = client

    def _again(self) -> None:  # type: ignore[explicit-override]  # typing's came with 3.12
        self._stamps.stamp(self._client, SEEN_COUNT, SEEN_AT)


def live(client: int, port: int, env: str, workflow: str, stamps: Stamps) -> None:
    """Be one service process: a client in its thread, and a plain subscriber in this one."""
    with socket.create_connection(("127.0.0.1", port)) as plain:
        flags = FlagClient.connect(
            f"redis://127.0.0.1:{port}", service=SERVICE, env=env, boot_wait_ms=BOOT_MS
        )
        handle = flags.workflow(workflow)
        handle._streams[Witness(stamps, client)] = None  # noqa: SLF001  # the moment after the swap
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.sendall(pack("SUBSCRIBE", FLOOR, Keys(beside(env)).channel))
        told = b""
        while not told.endswith(b":2\r\n"):  # the second subscription stands
            told += plain.recv(CHUNK)
        stamps.ready(client)
        while data := plain.recv(CHUNK):
            stamps.stamp(client, RAW_COUNT, RAW_AT)
            while data and not data.endswith(b"\r\n"):
                data = plain.recv(CHUNK)


def main() -> int:
    """Run as `nursery.py <clients> <port> <env> <workflow> <page>`; 1 where a client ended early."""
    clients, port, env, workflow, page = sys.argv[1:]
    stamps = Stamps(Path(page), int(clients))
    children = []
    for client in range(int(clients)):
        child = os.fork()
        if child == 0:
            try:
                live(client, int(port), env, workflow, stamps)
            except OSError as error:
                sys.stderr.write(f"client {client}: {error}\n")
            os._exit(1)  # the parent ends it: whoever comes here lost the server
        children.append(child)
    return _watch(children)


def _watch(children: list[int]) -> int:
    """Wait for the end of standard input or of a child, and leave none behind."""
    while not select([sys.stdin], [], [], LOOK_S)[0]:
        ended, _ = os.waitpid(-1, os.WNOHANG)
        if ended:
            children.remove(ended)
            _end(children)
            return 1
    _end(children)
    return 0


def _end(children: list[int]) -> None:
    for child in children:
        os.kill(child, signal.SIGKILL)
    for child in children:
        os.waitpid(child, 0)


if __name__ == "__main__":
    sys.exit(main())
