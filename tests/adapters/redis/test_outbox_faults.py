"""The outbox under killed workers, lost answers and flushes: none lost, none doubled."""

import asyncio
import os
import signal
import subprocess
import sys
from asyncio.subprocess import Process
from collections import Counter
from pathlib import Path

import pytest

from opsbot.adapters.redis.store import Tuning, open_store
from opsbot.domain.change import Effect, Timer
from tests.contract.test_outbox import take
from tests.support.changes import put
from tests.support.store import CutProxy, Server, Store, own_server, proxy, server, store
from tests.support.wait import eventually

__all__ = ["own_server", "proxy", "server", "store"]
ROOT = Path(__file__).parents[3]
QUICK = Tuning(reclaim_ms=300)

WORKER = """
import asyncio, os, sys
from pathlib import Path
from opsbot.adapters.redis.store import Tuning, open_store

async def main(url, env, outside):
    async with open_store(url, env=env, state_dir=None, tuning=Tuning(reclaim_ms=300)) as bundle:
        outbox = bundle.outbox
        async for delivery in outbox.deliveries("rest"):
            await outbox.fire_timers()
            key = delivery.effect.key
            sent = delivery.attempt > 1 and key in Path(outside).read_text().split()
            if not sent and await outbox.owned(delivery):
                with open(outside, "a") as world:  # one write: it happens whole or not at all
                    world.write(key + "\\n")
            await outbox.leave(key, {"sent": True})
            await outbox.done(delivery)

asyncio.run(main(*sys.argv[1:]))
"""


async def worker(url: str, env: str, outside: Path) -> Process:
    """Start one worker process."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, url, env, str(outside), cwd=ROOT, stderr=subprocess.DEVNULL
    )


def written(outside: Path) -> Counter[str]:
    """Return how often each effect took place."""
    return Counter(outside.read_text().split())


async def more_than(outside: Path, number: int) -> None:
    """Wait for effects."""
    await eventually(lambda: sum(written(outside).values()) > number, timeout_s=10)


@pytest.mark.slow
async def test_killed_workers_lose_no_effect_and_do_none_twice(
    store: Store, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.write_text("")
    count = 1_500
    async with open_store(store.unix_url, env=store.env, state_dir=None, tuning=QUICK) as bundle:
        for part in range(count // 100):
            keys = [f"e{part * 100 + n}" for n in range(100)]
            effects = tuple(Effect("tell", key) for key in keys[:50])
            timers = tuple(Timer(key, 0, Effect("tell", key)) for key in keys[50:])
            await bundle.store.commit(f"r{part}", put(effects=effects, timers=timers))
        workers = [await worker(store.unix_url, store.env, outside) for _ in range(2)]
        try:
            for round_ in range(3):
                await more_than(outside, sum(written(outside).values()) + 50)
                victim = workers[round_ % 2]
                os.kill(victim.pid, signal.SIGKILL)
                await victim.wait()
                workers[round_ % 2] = await worker(store.unix_url, store.env, outside)
            await bundle.outbox.fire_timers()
            await eventually(
                lambda: (
                    store.redis.xlen(store.keys.lane("rest")) == 0
                    and store.redis.zcard(store.keys.due) == 0
                ),
                timeout_s=20,
            )
        finally:
            for running in workers:
                running.kill()
                await running.wait()

    assert written(outside) == Counter(f"e{n}" for n in range(count))
    assert store.redis.hlen(store.keys.effects) == count


@pytest.mark.parametrize("before", [True, False])
async def test_the_first_caller_is_told_so_although_the_answer_was_lost(
    store: Store, proxy: CutProxy, *, before: bool
) -> None:
    async with open_store(proxy.url, env=store.env, state_dir=None) as bundle:
        proxy.cut_after(1, before=before)

        assert await bundle.outbox.once("trigger:1", ttl_s=60)

        assert not await bundle.outbox.once("trigger:1", ttl_s=60)


@pytest.mark.parametrize("commands", [1, 2, 3, 4])
async def test_a_worker_whose_connection_is_cut_goes_on(
    store: Store, proxy: CutProxy, commands: int
) -> None:
    async with open_store(proxy.url, env=store.env, state_dir=None, tuning=QUICK) as bundle:
        await bundle.store.commit("r1", put(effects=(Effect("tell", "k"),)))
        proxy.cut_after(commands)

        delivery = await take(bundle.outbox, timeout_s=5)
        await bundle.outbox.done(delivery)

        assert delivery.effect.key == "k"
        assert store.redis.xlen(store.keys.lane("rest")) == 0


async def test_a_flushed_outbox_works_again(own_server: Server) -> None:
    async with open_store(own_server.unix_url, env="p", state_dir=None, tuning=QUICK) as bundle:
        await bundle.store.commit("r1", put(effects=(Effect("tell", "a"),)))
        await bundle.outbox.done(await take(bundle.outbox))
        with own_server.client() as client:
            client.flushall()

        await bundle.store.commit("r2", put(effects=(Effect("tell", "b"),)))

        assert (await take(bundle.outbox)).effect.key == "b"


async def test_a_timer_without_a_body_is_dropped(store: Store) -> None:
    async with open_store(store.unix_url, env=store.env, state_dir=None) as bundle:
        store.redis.zadd(store.keys.due, {"orphan": 1})

        assert await bundle.outbox.fire_timers() == 0
        assert store.redis.zcard(store.keys.due) == 0
