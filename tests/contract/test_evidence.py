"""Evidence on two replicas, on the memory twin and on a real server: one commit, read by both."""

import asyncio

import pytest

from opsbot.adapters.bundle import StoreBundle
from opsbot.adapters.clock import SystemClock, SystemEntropy
from opsbot.app.environment import Environment
from opsbot.app.requests import EvalResult
from opsbot.app.routes.record_eval import RecordEval
from opsbot.domain import journal
from opsbot.domain.errors import BadEvidence
from opsbot.domain.failure_budget import burned
from tests.contract.conftest import World
from tests.support.evals import CI, GROUNDED, gated, loose, request, results, seed


def recorder(bundle: StoreBundle) -> RecordEval:
    clock = SystemClock()
    return RecordEval(Environment("prod", bundle.store, bundle.fleets, clock, SystemEntropy()))


async def test_what_one_replica_records_the_other_reads(world: World) -> None:
    await seed(world.one.store, on_its_way=True)
    await world.two.store.refresh()

    said = await recorder(world.one)(request(), CI, request_id="a")
    shown = await recorder(world.two).show("support-copilot", "r2", CI)

    assert loose(said.body["gates"])[0]["colour"] == "green"
    assert loose(shown.body["subjects"])[0]["gates"][0]["value"] == 0.95
    (one,) = world.two.store.state.measurements("support-copilot")
    assert (one.suite, one.n, one.subject) == (GROUNDED, 400, "r2")


async def test_the_same_key_through_both_replicas_is_one_commit(world: World) -> None:
    await seed(world.one.store)
    await world.two.store.refresh()
    before = len(await world.one.store.journal())

    await asyncio.gather(
        *(recorder(one)(request(), CI, request_id="a") for one in (world.one, world.two))
    )

    assert len(await world.one.store.journal()) == before + 1


async def test_batches_at_once_are_taken_one_by_one_and_the_budget_counts_the_worst(
    world: World,
) -> None:
    await seed(world.one.store)
    await world.two.store.refresh()
    values = (0.99, 0.95, 0.9, 0.97, 0.93, 1.0)
    batches = [request(*results(value, 100), subject="r1") for value in values]

    await asyncio.gather(
        *(
            recorder((world.one, world.two)[n % 2])(batch, CI, request_id=f"b{n}")
            for n, batch in enumerate(batches)
        )
    )

    state = await world.two.store.refresh()
    (one,) = state.measurements("support-copilot")
    lines = await world.two.store.journal()
    assert burned(state, gated(), one.at_ms).endswith("is burned: 10 %")
    hours = loose(state.kind("budgets")["support-copilot"]["hours"])
    assert [list(pair) for pair in hours.values()] == [[10, 100]]
    assert sum('"record_eval"' in line for line in lines) == len(batches)


async def test_a_replay_of_the_journal_gives_the_evidence_that_is_live(world: World) -> None:
    await seed(world.one.store)
    await recorder(world.one)(
        request(*results(0.123456789), EvalResult("s", "latency_ms", 812, 9), subject="r1"),
        CI,
        request_id="a",
    )

    replayed = journal.verify(await world.one.store.journal())

    assert journal.differences(replayed, await world.one.store.refresh()) == ()


async def test_a_bad_batch_leaves_nothing_behind(world: World) -> None:
    await seed(world.one.store)
    before = len(await world.one.store.journal())
    bad = EvalResult(GROUNDED, "m", float("nan"), 1)

    with pytest.raises(BadEvidence):
        await recorder(world.one)(request(*results(), bad), CI, request_id="a")

    assert len(await world.one.store.journal()) == before
