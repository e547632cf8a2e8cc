"""No connection stays open behind a client that was dropped or a task that was cancelled."""

import asyncio
import contextlib
import gc
import random
import warnings
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from opsbot.adapters.redis.link import Link, NoPrimary, call
from opsbot.adapters.redis.pool import new_client
from opsbot.adapters.redis.store import Tuning, open_store
from opsbot.domain.errors import StoreLost
from tests.support.changes import add_one
from tests.support.store import CutProxy, Server, Store, proxy, server, store

__all__ = ["proxy", "server", "store"]
TURNS = 40
"""More turns of the loop than connecting, greeting and asking take on loopback."""


@contextlib.contextmanager
def nothing_left_open() -> Iterator[None]:
    """Check that what the body let go of was closed before."""
    gc.collect()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", ResourceWarning)
        yield
        gc.collect()
    assert [str(warning.message) for warning in said] == []


async def turns(count: int) -> None:
    """Let the loop turn *count* times."""
    loop = asyncio.get_running_loop()
    for _ in range(count):
        turn = loop.create_future()
        loop.call_soon(turn.set_result, None)
        await turn


def client_of(server: Server) -> Redis:
    """Return a client that nobody else uses."""
    return new_client(host="127.0.0.1", port=urlsplit(server.url).port)


async def ask(client: Redis) -> object:
    """Ask one question; the answer, or the error."""
    try:
        return await call(client, "CLIENT", "ID")
    except RedisError as error:
        return error


async def test_what_was_connecting_while_its_client_was_dropped_is_closed(server: Server) -> None:
    with nothing_left_open():
        for count in range(TURNS):
            client = client_of(server)
            asking = asyncio.ensure_future(ask(client))
            await turns(count)
            await client.aclose()
            assert isinstance(await asking, (int, RedisError))
            del client, asking


async def test_a_close_that_is_cancelled_closes_nevertheless(server: Server) -> None:
    with nothing_left_open():
        for count in range(1, 6):
            client = client_of(server)
            await asyncio.gather(ask(client), ask(client))
            closing = asyncio.ensure_future(client.aclose())
            await turns(count)
            closing.cancel()
            await asyncio.wait([closing])
            del client, closing


async def test_a_dropped_client_answers_no_question(server: Server) -> None:
    client = client_of(server)
    assert isinstance(await ask(client), int)

    await client.aclose()

    assert isinstance(await ask(client), RedisError)


@pytest.mark.parametrize("count", [0, 2, 5, 10])
async def test_a_link_that_was_closed_makes_no_client(store: Store, count: int) -> None:
    link = Link(store.url, slot_of=store.keys.head)
    with nothing_left_open():
        late = asyncio.ensure_future(link.primary())
        await turns(count)
        await link.close()
        await asyncio.wait([late])

        with pytest.raises(NoPrimary, match="closed"):
            await link.primary()
        del late


async def use(url: str, env: str, deadline_s: float) -> None:
    """Open a store and keep it busy until cancelled, or until it is lost."""
    tuning = Tuning(deadline_s=deadline_s, reclaim_ms=100)
    async with open_store(url, env=env, state_dir=None, tuning=tuning) as bundle:

        async def deliver() -> None:
            async for delivery in bundle.outbox.deliveries("kill"):
                await bundle.outbox.done(delivery)

        async def commit() -> None:
            for number in range(20):
                await bundle.store.commit(f"r{number}", add_one)

        async with asyncio.TaskGroup() as group:
            group.create_task(deliver())
            group.create_task(commit())


def disturb(chance: random.Random, proxy: CutProxy) -> None:
    """Let something happen to the connections."""
    kind = chance.randrange(4)
    if kind == 0:
        proxy.cut()
    elif kind == 1:
        proxy.cut(refuse=True)
    elif kind == 2:
        proxy.cut_after(chance.randrange(1, 6))
    else:
        proxy.heal()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
async def test_a_store_left_at_any_moment_leaves_nothing_open(
    store: Store, proxy: CutProxy, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test's own dice
    with nothing_left_open():
        for _ in range(5):
            using = asyncio.ensure_future(use(proxy.url, store.env, chance.choice([0.05, 0.3])))
            for _ in range(chance.randrange(100)):
                await turns(chance.randrange(8))
                if chance.random() < 0.1:
                    disturb(chance, proxy)
            while not using.done():
                using.cancel()
                await asyncio.wait([using], timeout=chance.choice([0.0, 0.01, 0.2]))
            if not using.cancelled():
                assert lost(using.exception()), using.exception()
            del using
            proxy.heal()


def lost(error: BaseException | None) -> bool:
    """Return whether *error* says no more than that the store is lost."""
    if isinstance(error, BaseExceptionGroup):
        return all(lost(inner) for inner in error.exceptions)
    return error is None or isinstance(error, StoreLost)


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_block_that_is_cancelled_as_it_is_left_leaves_nothing_open(
    server: Server, times: int
) -> None:
    leaving = asyncio.Event()

    async def block() -> None:
        async with client_of(server) as client:
            await ask(client)
            leaving.set()

    with nothing_left_open():
        task = asyncio.create_task(block())
        await leaving.wait()
        for _ in range(times):
            task.cancel()
            await turns(1)
        with contextlib.suppress(asyncio.CancelledError):
            await task
        del task
