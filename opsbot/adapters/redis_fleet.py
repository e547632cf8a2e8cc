"""Who is running, read from what the instances write about themselves."""

from collections.abc import Mapping, Sequence
from typing import Any

from redis.asyncio import Redis

from opsbot.adapters.fleet_records import instances as read_instances
from opsbot.adapters.redis_link import call
from opsbot.adapters.redis_session import Session
from opsbot.domain.fleet import LOW_HOURS, Fleet, hour_of, low_water
from opsflags.keys import Keys


class RedisFleets:
    """The `Fleets` port on a `Session`."""

    def __init__(self, session: Session, keys: Keys) -> None:
        self._session = session
        self._keys = keys

    async def look(self) -> Fleet:
        """Return the fleet as of now, on the server's clock; see the port."""

        async def read(client: Redis) -> list[Any]:
            pipe: Any = client.pipeline(transaction=True)
            pipe.time()
            pipe.hgetall(self._keys.instances)
            pipe.zrange(self._keys.seen, 0, -1, withscores=True)
            pipe.hgetall(self._keys.acks)
            pipe.llen(self._keys.emergency)
            answers: list[Any] = await pipe.execute()
            return answers

        async with self._session.deadline("looking at the fleet"):
            (seconds, micros), registered, seen, acks, emergencies = await self._session.ask(read)
        return Fleet(
            now_ms=int(seconds) * 1000 + int(micros) // 1000,
            instances=read_instances(registered, ((name, score) for name, score in seen), acks),
            emergencies=int(emergencies),
        )

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

    async def sample(self, alive: Mapping[str, int], *, now_ms: int) -> None:
        """Keep the fewest of this hour, whatever the number of replicas; see the port."""
        hour = hour_of(now_ms)

        async def write(client: Redis) -> None:
            kept: Any = await client.zrange(self._keys.low, 0, -1)
            old = [m for m in map(str, kept) if int(m.partition(":")[0]) < hour - LOW_HOURS]
            pipe: Any = client.pipeline(transaction=True)
            if old:
                pipe.zrem(self._keys.low, *old)
            if alive:
                now = {f"{hour}:{name}": count for name, count in alive.items()}
                pipe.zadd(self._keys.low, now, lt=True)
            await pipe.execute()

        async with self._session.deadline("noting how large the fleet is"):
            await self._session.ask(write)

    async def forget(self, instances: Sequence[str]) -> None:
        """Take instances off the list; one that still lives registers again by itself."""

        async def remove(client: Redis) -> None:
            kept = (self._keys.instances, self._keys.seen, self._keys.acks)
            for instance in instances:
                await call(client, "FCALL", "opsbot_goodbye", 3, *kept, instance)

        async with self._session.deadline("forgetting instances"):
            await self._session.ask(remove)
