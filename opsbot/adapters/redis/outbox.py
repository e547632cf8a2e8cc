"""Effects on streams: one consumer group a lane, reclaimed from dead replicas, late ones as timers."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from opsbot.adapters.redis.functions import canonical_text, effect_json, timer_body
from opsbot.adapters.redis.link import LOST, call
from opsbot.adapters.redis.session import Session, stop_if_cancelled
from opsbot.app.deliver import taken_over_ms
from opsbot.app.ports import Delivery
from opsbot.domain.change import LANES, Effect, Lane, Record
from opsflags.keys import Keys

R = TypeVar("R")
GROUP = "opsbot"
BLOCK_MS = 300
RECLAIM_MS = 30_000
"""
An item held for longer is taken over; larger than any handler's time between two `owned`.

Of the lane `kill` much sooner: see `app/deliver.py`.
"""

FIRE_LIMIT = 100
PAUSE_S = 0.1


class RedisOutbox:
    """The `Outbox` port on a `Session`; *replica* is this process's consumer name."""

    def __init__(
        self, session: Session, keys: Keys, replica: str, *, reclaim_ms: int = RECLAIM_MS
    ) -> None:
        self._session = session
        self._keys = keys
        self._replica = replica
        self._reclaim_ms = reclaim_ms
        self._lanes = [keys.lane(lane) for lane in LANES]

    async def deliveries(self, lane: Lane) -> AsyncIterator[Delivery]:
        """Yield effects for this replica, one at a time; waits out a store that is gone."""
        loop = asyncio.get_running_loop()
        reclaim_at, every_s = loop.time(), taken_over_ms(lane, self._reclaim_ms) / 5_000
        while True:
            stop_if_cancelled()
            found: Delivery | None = None
            client: Redis | None = None
            try:
                client = await self._session.link.primary()
                if loop.time() >= reclaim_at:
                    found = await self._reclaim(client, lane)
                    if found is None:
                        reclaim_at = loop.time() + every_s
                found = found or await self._read(client, lane)
            except LOST as error:
                await self._again(client, lane, error)
            if found is not None:
                yield found

    async def _again(self, client: Redis | None, lane: Lane, error: Exception) -> None:
        if client is not None and isinstance(error, ResponseError) and "NOGROUP" in str(error):
            try:
                await call(
                    client, "XGROUP", "CREATE", self._keys.lane(lane), GROUP, "0", "MKSTREAM"
                )
            except ResponseError as race:
                if "BUSYGROUP" not in str(race):
                    await asyncio.sleep(PAUSE_S)
            except LOST:
                await self._session.link.drop(client)
            return
        await self._session.link.drop(client)
        await asyncio.sleep(PAUSE_S)

    async def _read(self, client: Redis, lane: Lane) -> Delivery | None:
        stream = self._keys.lane(lane)
        words = ("XREADGROUP", "GROUP", GROUP, self._replica, "COUNT", 1, "BLOCK", BLOCK_MS)
        found = await call(client, *words, "STREAMS", stream, ">")
        if not found:
            return None
        entries = found[stream] if isinstance(found, dict) else found[0][1]
        return await self._delivery(client, lane, entries)

    async def _reclaim(self, client: Redis, lane: Lane) -> Delivery | None:
        stream = self._keys.lane(lane)
        idle_ms = taken_over_ms(lane, self._reclaim_ms)
        words = ("XAUTOCLAIM", stream, GROUP, self._replica, idle_ms, "0-0", "COUNT", 1)
        found = await call(client, *words)
        return await self._delivery(client, lane, found[1])

    async def _delivery(self, client: Redis, lane: Lane, entries: Any) -> Delivery | None:
        entry = _first_entry(entries)
        if entry is None:
            return None
        item, fields = entry
        pending = await client.xpending_range(self._keys.lane(lane), GROUP, item, item, 1)
        times = int(cast("Any", pending)[0]["times_delivered"]) if pending else 1
        return Delivery(item, lane, read_effect(fields["effect"]), int(fields["before"]) + times)

    async def done(self, delivery: Delivery) -> None:
        """Take the item off; see the port."""
        await self._call("done", [self._keys.lane(delivery.lane)], GROUP, delivery.item)

    async def later(self, delivery: Delivery, *, reason: str, after_s: float) -> None:
        """Put the item back as a timer; its attempts go on counting."""
        stream = self._keys.lane(delivery.lane)
        timer = f"retry:{delivery.lane}:{delivery.item}"
        body = timer_body(delivery.effect, before=delivery.attempt)
        named = [stream, self._keys.due, self._keys.timers]
        await self._call("later", named, GROUP, delivery.item, int(after_s * 1000), timer, body)

    async def dead(self, delivery: Delivery, *, reason: str) -> None:
        """Move the item to the dead letters; see the port."""
        named = [self._keys.lane(delivery.lane), self._keys.outbox_dead]
        effect = effect_json(delivery.effect)
        await self._call("dead", named, GROUP, delivery.item, delivery.lane, effect, reason)

    async def owned(self, delivery: Delivery) -> bool:
        """Return whether this replica still holds the item, and hold it for another while."""
        stream = [self._keys.lane(delivery.lane)]
        return bool(await self._call("own", stream, GROUP, delivery.item, self._replica))

    async def dead_letters(self) -> Sequence[tuple[str, Effect, str]]:
        """Return id, effect and reason of each dead letter."""

        async def read(client: Redis) -> list[tuple[str, dict[str, str]]]:
            found: Any = await client.xrange(self._keys.outbox_dead)
            return list(found)

        letters = await self._ask(read)
        return [(item, read_effect(f["effect"]), f["reason"]) for item, f in letters]

    async def retry(self, item: str) -> bool:
        """Put one dead letter back into its lane."""
        named = [self._keys.outbox_dead, *self._lanes]
        return bool(await self._call("revive", named, item, *LANES))

    async def left(self, key: str) -> Record | None:
        """Return what the effect of that key left outside."""

        async def read(client: Redis) -> str | None:
            found = await client.hget(self._keys.effects, key)
            if found is None:
                found = await client.get(self._keys.left_of(key))
            return None if found is None else str(found)

        found = await self._ask(read)
        return None if found is None else cast("Record", json.loads(found))

    async def leave(self, key: str, record: Record, *, ttl_s: float | None = None) -> None:
        """Remember what the effect of that key left outside, or something for *ttl_s* seconds."""
        text = canonical_text(record)

        async def write(client: Redis) -> None:
            if ttl_s is None:
                await client.hset(self._keys.effects, key, text)
            else:
                await client.set(self._keys.left_of(key), text, px=_ms(ttl_s))

        await self._ask(write)

    async def depth(self) -> Mapping[Lane, int]:
        """Return how many effects are not done yet in each lane."""

        async def read(client: Redis) -> dict[Lane, int]:
            return {lane: int(await client.xlen(self._keys.lane(lane))) for lane in LANES}

        return await self._ask(read)

    async def claim(self, what: str, *, ttl_s: float) -> bool:
        """Take or renew this replica's claim on *what*."""
        return await self._take(what, self._replica, ttl_s)

    async def once(self, what: str, *, ttl_s: float) -> bool:
        """
        Return true to the first caller only.

        Each call is a claimant of its own, so that asking again after a lost answer is no second.
        """
        return await self._take(f"once:{what}", secrets.token_hex(8), ttl_s)

    async def _take(self, what: str, owner: str, ttl_s: float) -> bool:
        named = [self._keys.claim_of(what)]
        return bool(await self._call("claim", named, owner, _ms(ttl_s)))

    async def fire_timers(self) -> int:
        """Move every due timer into the outbox, a hundred in one atomic step."""
        named = [self._keys.due, self._keys.timers, *self._lanes]
        total = 0
        while True:
            fired = int(cast("int", await self._call("fire", named, FIRE_LIMIT, *LANES)))
            total += fired
            if fired < FIRE_LIMIT:
                return total

    async def _call(self, name: str, named: Sequence[str], *args: str | int) -> object:
        async def send(client: Redis) -> object:
            return await call(client, "FCALL", f"opsbot_{name}", len(named), *named, *args)

        return await self._ask(send)

    async def _ask(self, question: Callable[[Redis], Awaitable[R]]) -> R:
        async with self._session.deadline("working on the outbox"):
            return await self._session.ask(question)


def read_effect(raw: str) -> Effect:
    """Return an effect as it was committed."""
    fields = json.loads(raw)
    return Effect(kind=fields["kind"], key=fields["key"], body=fields["body"], lane=fields["lane"])


def _ms(ttl_s: float) -> int:
    return max(1, int(ttl_s * 1000))


def _first_entry(entries: Any) -> tuple[str, dict[str, str]] | None:
    """Return the first entry of what redis-py makes of a stream: nested, or not, by protocol."""
    for entry in entries or ():
        if isinstance(entry, list) and entry and isinstance(entry[0], (list, tuple)):
            return _first_entry(entry)
        if entry and entry[1] is not None:
            fields = entry[1]
            found = (
                fields
                if isinstance(fields, dict)
                else dict(zip(fields[::2], fields[1::2], strict=True))
            )
            return str(entry[0]), found
    return None
