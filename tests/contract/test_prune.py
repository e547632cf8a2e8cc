"""Pruning on two replicas, on the memory twin and on a real server: each record goes once, for both."""

import asyncio

from opsbot.adapters.bundle import StoreBundle
from opsbot.adapters.clock import SystemClock, SystemEntropy
from opsbot.app.environment import Environment
from opsbot.app.journal.prune import MOST, Prune
from opsbot.domain.approval import Approval, as_record
from opsbot.domain.journal import differences, replay
from opsbot.domain.state import APPROVALS
from tests.contract.conftest import World
from tests.support.changes import put

COUNT = 2 * MOST + 10


def pruner(bundle: StoreBundle) -> Prune:
    """Return the duty of one replica."""
    clock = SystemClock()
    return Prune(Environment("prod", bundle.store, bundle.fleets, clock, SystemEntropy()))


async def test_two_replicas_at_once_take_each_record_away_once(world: World) -> None:
    old = [
        Approval(f"A-{n}", {"verb": "restore"}, "h", "mara", 1, 2, "expired", settled_ms=3)
        for n in range(1, COUNT + 1)
    ]
    waits = Approval("A-0", {"verb": "restore"}, "h", "mara", 1, 2)
    writes = [(APPROVALS, one.id, as_record(one)) for one in (*old, waits)]
    await world.one.store.commit("approvals", put(*writes))
    await world.two.store.refresh()

    taken = await asyncio.gather(pruner(world.one)(), pruner(world.two)())

    lines = await world.one.store.journal()
    live = await world.two.store.refresh()
    assert sum(taken) == COUNT
    assert set(live.kind(APPROVALS)) == {"A-0"}
    assert differences(replay(lines), live) == ()
    assert max(line.count('["approvals",') for line in lines[1:]) <= MOST
