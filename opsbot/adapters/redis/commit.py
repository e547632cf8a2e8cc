"""Sends one commit until the server answers, and counts on how many nodes the answer stands."""

import asyncio
from collections.abc import Sequence

from redis.asyncio import Redis

from opsbot.adapters.redis.functions import KEEP_REQUEST_MS, Reply, read_reply
from opsbot.adapters.redis.session import Session
from opsbot.domain.change import Position
from opsflags.keys import Keys

Words = Sequence[str | int]
WAIT_MS = 500
LAST_S = 2 * WAIT_MS / 1000
"""With less time left than this, an answer on too few nodes is the answer."""

MARGIN_S = 0.05
STORED = ("ok", "repeated")


class NotEnough(ConnectionError):
    """The write reached fewer nodes than declared: this may be a primary that nobody follows."""


class Committer:
    """
    Sends a write and its `WAIT` in one packet on one connection, again and again on any doubt.

    `WAIT` counts the writes of its own connection only, so the write travels with it each time,
    also when it is a repeated one.
    """

    def __init__(self, session: Session, keys: Keys, *, min_replicas: int) -> None:
        self._session = session
        self._keys = keys
        self._min_replicas = min_replicas

    def durable(self, nodes: int) -> bool:
        """Return whether *nodes* keep the promise of the profile, on a server that is fit for it."""
        return self._enough(nodes) and not self._session.link.unfit

    def _enough(self, nodes: int) -> bool:
        return nodes > self._min_replicas

    async def send(self, words: Words, ends: float) -> tuple[Reply, int]:
        """
        Commit; return the reply and the number of nodes that hold it.

        When the time runs out with the write stored on too few nodes, that is the answer.
        """
        loop = asyncio.get_running_loop()
        best: list[tuple[Reply, int]] = []

        async def attempt(client: Redis) -> tuple[Reply, int]:
            raw, nodes = await self._with_wait(client, words)
            reply = read_reply(raw)
            if reply.what not in STORED or self._enough(nodes):
                return reply, nodes
            best[:] = [(reply, nodes)]
            if loop.time() + LAST_S > ends:
                return best[0]
            raise NotEnough(f"stored on {nodes} of {self._min_replicas + 1} nodes")

        try:
            async with asyncio.timeout_at(ends - MARGIN_S):
                return await self._session.ask(attempt)
        except TimeoutError:
            if best:
                return best[0]
            raise

    async def _with_wait(self, client: Redis, words: Words) -> tuple[list[str], int]:
        pipe = client.pipeline(transaction=False)
        # A server answers those first who came last: with an answer under way to us already, the
        # message of the commit reaches every client before our own answer does.
        pipe.execute_command("PING")
        pipe.execute_command(*words)
        if self._min_replicas:
            pipe.execute_command("WAIT", self._min_replicas, WAIT_MS)
        _, answer, *nodes = await pipe.execute(raise_on_error=True)
        return answer, 1 + (int(nodes[0]) if nodes else 0)

    async def first(self, request_id: str, ends: float) -> tuple[Reply, int] | None:
        """Return the first answer to a request id, written again so that it is held as widely."""
        key = self._keys.request_of(request_id)

        async def read(client: Redis) -> str | None:
            found = await client.get(key)
            return None if found is None else str(found)

        found = await self._session.ask(read)
        if found is None:
            return None
        epoch, revision, at_ms, digest = found.split(" ")
        at = Position(int(epoch), int(revision))
        reply = Reply("repeated", at, int(at_ms), digest, 0, int(at_ms))

        async def again(client: Redis) -> int:
            words = ("SET", key, found, "PX", KEEP_REQUEST_MS)
            _, nodes = await self._with_wait(client, words)
            return nodes

        return reply, await self._session.ask(again)
