"""Work that a dead replica had in hand: what is commits alone goes on at once, what goes outside waits; the living keep theirs."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from opsbot.adapters.bundle import StoreBundle
from opsbot.adapters.redis.store import Tuning, open_store
from opsbot.app.comms.requests import HoldUsers
from opsbot.app.deliver import Deliver
from opsbot.app.ports import Delivery
from opsbot.domain.change import Effect
from tests.contract.conftest import World
from tests.contract.test_comms import HERE, Quiet, at_work, bots, stopped
from tests.contract.test_outbox import take
from tests.support.changes import put
from tests.support.store import Store, server, store
from tests.support.wait import eventually
from tests.support.world import MARA

__all__ = ["server", "store"]
PATIENCE_S = 20.0
"""Seconds in which a dead replica's commits go on; what goes outside waits for half a minute."""

Open = Callable[..., Awaitable[StoreBundle]]


@dataclass
class Busy:
    """A handler that is at work until the test says that it is done."""

    over: asyncio.Event = field(default_factory=asyncio.Event)
    began: list[str] = field(default_factory=list)

    async def __call__(self, delivery: Delivery) -> None:
        """Work."""
        self.began.append(delivery.effect.key)
        await self.over.wait()


def held_by(store: Store, lane: str) -> dict[str, int]:
    """Return who holds the items of a lane, and how many."""
    pending = store.redis.xpending(store.keys.lane(lane), "opsbot")
    return {one["name"]: one["pending"] for one in pending["consumers"]}


async def test_a_dead_replicas_kill_is_followed_by_another_while_what_goes_outside_waits(
    store: Store,
) -> None:
    async with (
        open_store(store.unix_url, env=store.env, state_dir=None) as one,
        open_store(store.unix_url, env=store.env, state_dir=None) as two,
    ):
        effects = (Effect("follow", "k", lane="kill"), Effect("tell", "t"))
        await one.store.commit("r1", put(effects=effects))
        await take(one.outbox, "kill")
        await take(one.outbox, "rest")

        again = await take(two.outbox, "kill", timeout_s=PATIENCE_S)

        assert (again.effect.key, again.attempt) == ("k", 2)
        assert held_by(store, "rest") == {one.replica: 1}


async def test_what_a_living_replica_has_in_hand_is_taken_by_nobody(store: Store) -> None:
    eager = Tuning(reclaim_ms=1_000)
    async with (
        open_store(store.unix_url, env=store.env, state_dir=None) as one,
        open_store(store.unix_url, env=store.env, state_dir=None, tuning=eager) as two,
    ):
        await one.store.commit("r1", put(effects=(Effect("other", "lost", lane="kill"),)))
        await take(two.outbox, "kill")
        busy = Busy()
        worker = Deliver(one.outbox, {"follow": busy}, Quiet(), "kill")
        working = asyncio.create_task(worker.run())
        await one.store.commit("r2", put(effects=(Effect("follow", "long", lane="kill"),)))
        await eventually(lambda: busy.began == ["long"])

        # What is not in hand any more comes every second, and all else that is not with it.
        again = [await take(two.outbox, "kill", timeout_s=PATIENCE_S) for _ in range(3)]

        assert [each.effect.key for each in again] == ["lost", "lost", "lost"]
        assert held_by(store, "kill") == {one.replica: 1, two.replica: 1}
        busy.over.set()
        await eventually(lambda: held_by(store, "kill") == {two.replica: 1})
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


@pytest.mark.slow
async def test_clients_read_the_first_word_soon_after_the_bot_died_that_published_it(
    store: Store,
) -> None:
    async with (
        open_store(store.unix_url, env=store.env, state_dir=None) as one,
        open_store(store.unix_url, env=store.env, state_dir=None) as two,
    ):
        world = World(one, two, list, str, str)
        first, second, places = await bots(world)
        await first.comms.hold(HoldUsers(HERE), MARA, request_id="hold")
        left = await take(one.outbox, "kill")
        assert left.effect.body["target"] == "in-app"

        tasks = await at_work(second)

        await eventually(lambda: places["in-app"].said == ["MSG-1"], timeout_s=PATIENCE_S)
        await stopped(tasks)
