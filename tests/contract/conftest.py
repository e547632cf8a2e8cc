"""Each port twice: on the memory twin and on a real Valkey. Two replicas share one environment."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
import pytest_asyncio

from opsbot.adapters.bundle import StoreBundle
from opsbot.adapters.memory.server import MemoryServer
from opsbot.adapters.memory.store import open_memory
from opsbot.adapters.redis.store import Tuning, open_store
from tests.support.store import Store, server, store

__all__ = ["server", "store", "world"]

RECLAIM_MS = 150
SERVICE = "support-api"


@dataclass
class World:
    """Two replicas of the bot on one store, and what a client or an emergency would do to it."""

    one: StoreBundle
    two: StoreBundle
    checkin: Callable[..., list[int]]
    goodbye: Callable[[str], object]
    emergency: Callable[[str], object]


def _memory() -> World:
    server = MemoryServer()
    return World(
        one=open_memory(server, reclaim_ms=RECLAIM_MS),
        two=open_memory(server, reclaim_ms=RECLAIM_MS),
        checkin=lambda instance, said, ack, service=SERVICE: list(
            server.checkin(instance, said, ack, service)
        ),
        goodbye=lambda instance: server.goodbye(instance, SERVICE),
        emergency=server.emergencies.append,
    )


async def _valkey(mine: Store, stack: AsyncExitStack) -> World:
    tuning = Tuning(reclaim_ms=RECLAIM_MS)
    opened = [
        await stack.enter_async_context(
            open_store(mine.unix_url, env=mine.env, state_dir=None, tuning=tuning)
        )
        for _ in range(2)
    ]
    keys, redis = mine.keys, mine.redis
    fleet = keys.fleet_of(SERVICE).all()

    def checkin(instance: str, said: str, ack: str, service: str = SERVICE) -> list[int]:
        names = (keys.head, *keys.fleet_of(service).all(), keys.emergency, keys.services)
        answer: list[int] = redis.fcall(
            "opsbot_checkin", len(names), *names, instance, said, ack, service
        )
        return answer

    return World(
        one=opened[0],
        two=opened[1],
        checkin=checkin,
        goodbye=lambda instance: redis.fcall("opsbot_goodbye", 3, *fleet, instance),
        emergency=lambda record: redis.rpush(keys.emergency, record),
    )


@pytest_asyncio.fixture(params=["memory", "valkey"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """Give two replicas on one empty environment."""
    if request.param == "memory":
        yield _memory()
        return
    async with AsyncExitStack() as stack:
        yield await _valkey(request.getfixturevalue("store"), stack)
