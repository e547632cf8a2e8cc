"""Finds the one server that may be written to, whatever the URL says it hides behind."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from redis.asyncio import Redis
from redis.asyncio.connection import SSLConnection, UnixDomainSocketConnection
from redis.crc import key_slot
from redis.exceptions import RedisError
from redis.maint_notifications import MaintNotificationsConfig

from opsbot.adapters.redis.pool import new_client
from opsbot.domain.errors import Misconfigured

Profile = Literal["strict", "managed", "embedded"]
CONNECT_S = 0.5
ANSWER_S = 1.0
SENTINEL_S = 0.3
SENTINEL_PORT = 26379
PORT = 6379
LOST: tuple[type[Exception], ...] = (RedisError, OSError, TimeoutError)
"""What any doubt about the server looks like: drop the connections and look again."""


_NO_ANSWER: tuple[type[Exception], ...] = (*LOST, KeyError, ValueError)


class NoPrimary(RedisError):
    """Nobody could say, or no majority agrees, which server may be written to now."""


@dataclass(frozen=True, slots=True)
class Address:
    """A store's URL, taken apart. *nodes* are host and port; *path* is a Unix socket."""

    scheme: str
    nodes: tuple[tuple[str, int], ...] = ()
    path: str = ""
    master: str = ""
    username: str | None = None
    password: str | None = None
    db: int = 0

    @property
    def shown(self) -> str:
        """Return it without secrets."""
        where = self.path or ",".join(f"{host}:{port}" for host, port in self.nodes)
        return f"{self.scheme}://{where}{'/' + self.master if self.master else ''}"


def read_url(url: str) -> Address:
    """
    Take a store's URL apart.

    Raises:
        Misconfigured: not one of the five kinds, or a part is missing; never quotes a password.
    """
    hint = (
        "redis://host:6379, rediss://…, unix:///path, sentinel://h1,h2,h3/master, cluster://h1,h2"
    )
    scheme, _, rest = url.partition("://")
    if scheme not in ("redis", "rediss", "unix", "sentinel", "cluster") or not rest:
        raise Misconfigured(f"OPSBOT_REDIS_URL: `{scheme}` is no store URL.", hint=hint)
    netloc, path = urlsplit(url).netloc, urlsplit(url).path
    login, _, hosts = netloc.rpartition("@")
    username, _, password = login.partition(":")
    default = SENTINEL_PORT if scheme == "sentinel" else PORT
    try:
        nodes = tuple(_node(host, default) for host in hosts.split(",") if host)
        db = int(path.strip("/") or 0) if scheme in ("redis", "rediss") else 0
    except ValueError as error:
        raise Misconfigured(f"OPSBOT_REDIS_URL: {error}.", hint=hint) from error
    address = Address(
        scheme=scheme,
        nodes=nodes,
        path=unquote(path) if scheme == "unix" else "",
        master=path.strip("/") if scheme == "sentinel" else "",
        username=unquote(username) or None,
        password=unquote(password) or None,
        db=db,
    )
    if not (address.path or nodes) or (scheme == "sentinel" and not address.master):
        raise Misconfigured(f"OPSBOT_REDIS_URL: `{scheme}://` lacks a host or a name.", hint=hint)
    return address


def _node(text: str, default: int) -> tuple[str, int]:
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, int(rest.removeprefix(":") or default)
    host, _, port = text.partition(":")
    return host, int(port or default)


class Link:
    """
    The way to the primary. One `Redis` client (and its pool) until a doubt drops it.

    Clients made here never retry by themselves: a retry without a request id does things twice.
    Every new primary is greeted by *greet*, which says why it is *unfit* for the profile, or "".
    """

    def __init__(self, url: str, *, slot_of: str) -> None:
        """*slot_of* is any key of the environment: in a Cluster its slot's owner is the primary."""
        self.address = read_url(url)
        self._slot = key_slot(slot_of.encode())
        self._client: Redis | None = None
        self._closed = False
        self._finding = asyncio.Lock()
        self.greet: Callable[[Redis], Awaitable[str]] | None = None
        self.unfit = ""

    async def primary(self) -> Redis:
        """
        Return a client of the primary.

        Raises:
            NoPrimary: nobody can say who it is, or this link was closed.
        """
        async with self._finding:
            if self._client is None:
                found = self.client(*await self._find())
                try:
                    self.unfit = await self.greet(found) if self.greet else ""
                    self._refuse_if_closed()
                except BaseException:
                    await _close(found)
                    raise
                self._client = found
            return self._client

    async def drop(self, client: Redis | None = None) -> None:
        """Forget the primary and break its connections; only if it still is *client*, where given."""
        if client is not None and client is not self._client:
            return
        old, self._client = self._client, None
        if old is not None:
            await _close(old)

    async def close(self) -> None:
        """Give everything back; a task that outlives the link finds no primary any more."""
        self._closed = True
        await self.drop()

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise NoPrimary("the link is closed")

    async def _find(self) -> tuple[str, int]:
        if self.address.scheme == "sentinel":
            return await self._ask_sentinels()
        if self.address.scheme == "cluster":
            return await self._ask_cluster()
        return self.address.nodes[0] if self.address.nodes else ("", 0)

    def client(self, host: str, port: int, *, timeout_s: float = ANSWER_S) -> Redis:
        """Return a new client of one server; the caller closes it."""
        common: dict[str, Any] = {
            "username": self.address.username,
            "password": self.address.password,
            "socket_timeout": timeout_s,
            "socket_connect_timeout": CONNECT_S,
            "client_name": "opsbot",
        }
        if self.address.path:
            return new_client(
                connection_class=UnixDomainSocketConnection, path=self.address.path,
                maint_notifications_config=MaintNotificationsConfig(enabled=False), **common,
            )  # fmt: skip
        if self.address.scheme == "rediss":
            common["connection_class"] = SSLConnection
        return new_client(host=host, port=port, db=self.address.db, **common)

    async def _ask_sentinels(self) -> tuple[str, int]:
        answers = await asyncio.gather(*(self._ask_sentinel(*node) for node in self.address.nodes))
        heard = [answer for answer in answers if answer is not None]
        total = len(self.address.nodes)
        if 2 * len(heard) <= total:
            raise NoPrimary(f"{len(heard)} of {total} sentinels answered: no majority")
        # An isolated sentinel still believes in the old primary; the highest epoch was voted last.
        _, host, port = max(heard)
        return host, port

    async def _ask_sentinel(self, host: str, port: int) -> tuple[int, str, int] | None:
        sentinel = new_client(
            host=host, port=port, socket_timeout=SENTINEL_S, socket_connect_timeout=SENTINEL_S
        )
        try:
            async with asyncio.timeout(SENTINEL_S):
                said = await call(sentinel, "SENTINEL", "MASTER", self.address.master)
            fields = (
                said if isinstance(said, dict) else dict(zip(said[::2], said[1::2], strict=True))
            )
            return int(fields["config-epoch"]), str(fields["ip"]), int(fields["port"])
        except _NO_ANSWER:
            return None  # a sentinel that cannot answer is counted as missing by the majority rule
        finally:
            await _close(sentinel)

    async def _ask_cluster(self) -> tuple[str, int]:
        for node in self.address.nodes:
            asked = self.client(*node)
            try:
                ranges = await call(asked, "CLUSTER", "SLOTS")
            except LOST:
                continue
            finally:
                await _close(asked)
            for first, last, owner, *_ in _slot_ranges(ranges):
                if first <= self._slot <= last:
                    return str(owner[0] or node[0]), int(owner[1])
        raise NoPrimary(f"no node of the cluster knows the owner of slot {self._slot}")


def _slot_ranges(ranges: Any) -> list[list[Any]]:
    """Undo what redis-py makes of CLUSTER SLOTS: a dict of (first, last) to its owner."""
    if not isinstance(ranges, dict):
        return list(ranges)
    return [[first, last, found["primary"]] for (first, last), found in ranges.items()]


async def call(client: Redis, *words: str | int) -> Any:
    """Send one command and return its answer; raises what redis-py raises."""
    return await client.execute_command(*words)  # type: ignore[no-untyped-call]  # redis-py's gap


async def _close(client: Redis) -> None:
    with contextlib.suppress(*LOST):
        await client.aclose()


@contextlib.asynccontextmanager
async def open_link(url: str, *, slot_of: str) -> AsyncIterator[Link]:
    """Give a link and close it at the end."""
    link = Link(url, slot_of=slot_of)
    try:
        yield link
    finally:
        await link.close()
