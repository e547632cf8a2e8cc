"""Who is running, read from what the instances write about themselves."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from redis.asyncio import Redis

from opsbot.adapters.fleet_records import Reading, Written, services
from opsbot.adapters.redis.link import call
from opsbot.adapters.redis.session import Session
from opsbot.domain.change import Position
from opsbot.domain.fleet import (
    LOW_HOURS,
    MOST_MODELS,
    SEEN_MS,
    Fleet,
    Instance,
    hour_of,
    low_water,
)
from opsflags.keys import Keys


class RedisFleets:
    """The `Fleets` port on a `Session`."""

    def __init__(self, session: Session, keys: Keys) -> None:
        self._session = session
        self._keys = keys
        self._services: tuple[str, ...] = ()
        self._reading = Reading()

    async def look(self) -> Fleet:
        """
        Return the fleet as of now, on the server's clock; see the port.

        One transaction, so that head and acknowledgements are of one moment; a second one only
        where a service is listed that was not known here.
        """
        async with self._session.deadline("looking at the fleet"):
            return await self._session.ask(self._read)

    async def _read(self, client: Redis) -> Fleet:
        while True:
            asked = self._services
            (seconds, micros), head, emergencies, listed, *written = await self._ask(client, asked)
            self._services, unread = services([str(name) for name in listed])
            if set(self._services) <= set(asked):
                break
        return Fleet(
            now_ms=int(seconds) * 1000 + int(micros) // 1000,
            instances=self._reading.instances(_by_service(asked, written)),
            head=Position(*(int(number or 0) for number in head)),
            emergencies=int(emergencies),
            unread=unread,
        )

    async def _ask(self, client: Redis, asked: Sequence[str]) -> list[Any]:
        pipe: Any = client.pipeline(transaction=True)
        pipe.time()
        pipe.hmget(self._keys.head, "epoch", "revision")
        pipe.llen(self._keys.emergency)
        pipe.smembers(self._keys.services)
        for service in asked:
            keys = self._keys.fleet_of(service)
            pipe.hgetall(keys.instances)
            pipe.zrange(keys.seen, 0, -1, withscores=True)
            pipe.hgetall(keys.acks)
        answers: list[Any] = await pipe.execute()
        return answers

    async def emergencies(self, start: int) -> Sequence[str]:
        """Return the raw emergency records from the zero-based *start* on."""

        async def read(client: Redis) -> list[str]:
            return [str(raw) for raw in await client.lrange(self._keys.emergency, start, -1)]

        async with self._session.deadline("reading the emergency list"):
            return await self._session.ask(read)

    async def low(self, *, now_ms: int) -> Mapping[str, int]:
        """Return the low-water mark of each workflow; see the port."""

        async def read(client: Redis) -> list[tuple[str, float]]:
            found: Any = await client.zrange(self._keys.low, 0, -1, withscores=True)
            return [(str(member), float(score)) for member, score in found]

        async with self._session.deadline("reading how large the fleet used to be"):
            kept = await self._session.ask(read)
        samples = (
            (int(hour), name, int(count))
            for member, count in kept
            for hour, _, name in (member.partition(":"),)
        )
        return low_water(samples, now_ms=now_ms)

    async def sample(
        self, alive: Mapping[str, int], *, now_ms: int, models: Collection[str] = ()
    ) -> None:
        """Keep the fewest of this hour, whatever the number of replicas; see the port."""
        hour = hour_of(now_ms)

        async def write(client: Redis) -> None:
            kept: Any = await client.zrange(self._keys.low, 0, -1)
            old = [m for m in map(str, kept) if int(m.partition(":")[0]) < hour - LOW_HOURS]
            gone: Any = await client.zrangebyscore(self._keys.models, 0, now_ms - SEEN_MS)
            pipe: Any = client.pipeline(transaction=True)
            if old:
                pipe.zrem(self._keys.low, *old)
            if alive:
                now = {f"{hour}:{name}": count for name, count in alive.items()}
                pipe.zadd(self._keys.low, now, lt=True)
            if gone:
                pipe.zrem(self._keys.models, *gone)
            if models:
                named = dict.fromkeys(sorted(models)[:MOST_MODELS], now_ms)
                pipe.zadd(self._keys.models, named, gt=True)
            await pipe.execute()

        async with self._session.deadline("noting how large the fleet is"):
            await self._session.ask(write)

    async def models(self, *, now_ms: int) -> frozenset[str]:
        """Return the names that were noted lately; see the port."""

        async def read(client: Redis) -> frozenset[str]:
            found: Any = await client.zrangebyscore(self._keys.models, now_ms - SEEN_MS + 1, "+inf")
            return frozenset(str(name) for name in found)

        async with self._session.deadline("reading which models were asked for"):
            return await self._session.ask(read)

    async def forget(self, instances: Sequence[Instance]) -> None:
        """Take instances off the list; one that still lives registers again by itself."""

        async def remove(client: Redis) -> None:
            for one in instances:
                kept = (*self._keys.fleet_of(one.service).all(), self._keys.services)
                await call(client, "FCALL", "opsbot_goodbye", 4, *kept, one.id, one.service)

        async with self._session.deadline("forgetting instances"):
            await self._session.ask(remove)


def _by_service(asked: Sequence[str], written: Sequence[Any]) -> Iterator[Written]:
    for nth, service in enumerate(asked):
        registered, seen, acks = written[3 * nth : 3 * nth + 3]
        yield Written(service, registered, ((name, score) for name, score in seen), acks)
