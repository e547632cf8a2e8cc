"""The history of served calls on Redis or Valkey: one function adds a sample, whole or not at all."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, TypeVar

from redis.asyncio import Redis

from opsbot.adapters.redis.link import call
from opsbot.adapters.redis.session import Session
from opsbot.adapters.served_texts import hour_of_texts, known_of, sample_texts
from opsbot.app.exposure_port import Keep
from opsbot.domain.errors import Misconfigured
from opsbot.domain.served.served import HOUR_MS, SAMPLES, Basis, Head, Hour, Sample
from opsflags.keys import Keys

R = TypeVar("R")


class RedisServed:
    """The `ServedHistory` port on a `Session`."""

    def __init__(self, session: Session, keys: Keys) -> None:
        self._session = session
        self._keys = keys

    async def head(self) -> Head:
        """Return where the history stands; see the port."""

        async def read(client: Redis) -> Head:
            pipe: Any = client.pipeline(transaction=False)
            pipe.time()
            pipe.hmget(self._keys.served, "number", "at")
            (seconds, micros), (number, at_ms) = await pipe.execute()
            now_ms = int(seconds) * 1000 + int(micros) // 1000
            return Head(int(number or 0), None if at_ms is None else int(at_ms), now_ms)

        return await self._ask(read)

    async def basis(self) -> Basis:
        """Return what the next sample is counted from, all of one moment; see the port."""

        async def read(client: Redis) -> Basis:
            pipe: Any = client.pipeline(transaction=True)
            pipe.hmget(self._keys.served, "number", "at")
            pipe.hgetall(self._keys.served_base)
            (number, at_ms), known = await pipe.execute()
            return Basis(int(number or 0), None if at_ms is None else int(at_ms), known_of(known))

        return await self._ask(read)

    async def add(self, sample: Sample, keep: Keep) -> bool:
        """Add a sample in one step; see the port."""
        keys, hour = self._keys, sample.at_ms // HOUR_MS
        named = [keys.served, keys.served_base, keys.served_minutes(hour)]
        if sample.over is not None:
            named += [keys.served_minutes(sample.over), keys.served_hour(sample.over)]
        learned, spans, summary = sample_texts(sample, hour)
        words: list[str | int] = [
            *(sample.number, sample.at_ms, keep.keep_ms, keep.minutes_ms),
            len(sample.dropped),
            *sample.dropped,
            *_counted(learned),
            *_counted(spans),
            *_counted(summary),
        ]

        async def send(client: Redis) -> int:
            return int(await call(client, "FCALL", "opsbot_served", len(named), *named, *words))

        answer = await self._ask(send)
        if answer < 0:
            raise Misconfigured(
                "The store's access list does not let the bot keep what is served: nothing is counted.",
                hint="Bring the bot's line up to date; it may let `…:served:*` expire.",
            )
        return answer > 0

    async def hours(
        self, first: int, last: int, names: Collection[str] | None = None
    ) -> Mapping[int, Hour]:
        """Return what is kept of some hours; see the port."""
        asked = range(first, last + 1)
        fields = None if names is None else [SAMPLES, *names]

        async def read(client: Redis) -> list[Mapping[str, str]]:
            pipe: Any = client.pipeline(transaction=False)
            for hour in asked:
                for key in (self._keys.served_minutes(hour), self._keys.served_hour(hour)):
                    _ = pipe.hgetall(key) if fields is None else pipe.hmget(key, fields)
            return [_texts(one, fields) for one in await pipe.execute()]

        texts = await self._ask(read)
        found = {
            hour: hour_of_texts(texts[2 * nth], texts[2 * nth + 1], hour)
            for nth, hour in enumerate(asked)
        }
        return {hour: one for hour, one in found.items() if one is not None}

    async def _ask(self, question: Callable[[Redis], Awaitable[R]]) -> R:
        async with self._session.deadline("counting what was served"):
            return await self._session.ask(question)


def _counted(texts: Mapping[str, str]) -> list[str | int]:
    return [len(texts), *(word for pair in texts.items() for word in pair)]


def _texts(answer: Any, fields: list[str] | None) -> Mapping[str, str]:
    if fields is None:
        return {str(name): str(text) for name, text in answer.items()}
    pairs = zip(fields, answer, strict=True)
    return {name: str(text) for name, text in pairs if text is not None}
