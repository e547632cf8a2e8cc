"""Pages through real bots, the real client and a PagerDuty that misbehaves: once each, and true in the end."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncGenerator, Coroutine, Sequence
from functools import partial

import pytest
import pytest_asyncio

from opsbot.workbench.pagerduty.faults import Kind
from tests.support.paged_house import COPILOT, House, paged_house
from tests.support.pagerduty import INES, MARA, OLA
from tests.support.store import Server, Store
from tests.support.wait import eventually

in_module_loop = pytest.mark.asyncio(loop_scope="module")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), in_module_loop]
SEED = 20_261_121
CHAOS: dict[Kind, float] = {"503": 0.12, "429": 0.08, "timeout_after_commit": 0.10, "cut": 0.07}
INCIDENTS = 4
HUNG_S = 5.0
"""How long the client waits for an answer of PagerDuty."""


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="house")
async def _house(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[House]:
    store = Store(server)
    try:
        async with paged_house(store, tmp_path_factory.mktemp("paging")) as house:
            yield house
    finally:
        store.close()


@pytest_asyncio.fixture(autouse=True, loop_scope="module", name="healed")
async def _healed(house: House) -> AsyncGenerator[None]:
    """Leave PagerDuty well for whoever comes next."""
    yield
    house.pager.faults.clear()


async def follows(house: House, incident: str) -> None:
    """Wait until the bot knows of a page what PagerDuty does."""
    await eventually(
        lambda: (house.mirrored(incident), house.truth(incident)),
        timeout_s=8,
        until=lambda both: both[0] == both[1],
    )


async def test_webhooks_in_whatever_way_they_come_leave_the_truth(house: House) -> None:
    faults, pager = house.pager.faults, house.pager
    faults.webhook_first = True
    incident = await house.open("before the answer")
    await eventually(lambda: len(house.pages(incident)) == 1, timeout_s=8)
    await follows(house, incident)
    page = house.page(incident).id

    for nth, (order, times, who) in enumerate(
        (("kept", 3, INES), ("reversed", 1, OLA), ("shuffled", 2, MARA)), start=1
    ):
        faults.order, faults.duplicates = order, times  # type: ignore[assignment]  # one of three
        for button in ("resolve", "reopen", "acknowledge", "take"):
            pager.press(INES if button == "reopen" else who, page, button)
            pager.clock.push(0.002)  # PagerDuty tells times in milliseconds
        pager.press(INES, page, "note", f"seen while {order}")
        await eventually(partial(house.lines_of, incident), timeout_s=8, until=nth.__eq__)
        await follows(house, incident)

    faults.clear()
    assert house.lines_of(incident) == 3


async def test_every_kill_is_told_as_a_change_once(house: House) -> None:
    for nth in range(2):
        words = {"workflow": "contract-summariser", "tenant": f"t{nth}", "mode": "stop"}
        await house.ask("POST", "/v1/kills", of=nth % 2, **words)

    def told() -> list[str]:
        said = [str(one.payload["summary"]) for one in house.pager.account.changes]
        return [one.partition(" (stop")[0] for one in said if "contract-summariser" in one]

    await eventually(lambda: len(told()) >= 2, timeout_s=8)

    # Two replicas tell them, in no order.
    assert sorted(told()) == [f"Ines killed contract-summariser, tenant t{nth}" for nth in range(2)]


async def test_a_subscription_that_fell_asleep_is_woken_and_what_it_lost_is_read(
    house: House,
) -> None:
    incident = await house.open("webhooks are lost")
    await eventually(lambda: len(house.pages(incident)) == 1, timeout_s=8)
    await follows(house, incident)
    (one,) = house.pager.subscriptions.rows.values()
    for _ in range(3):
        house.pager.subscriptions.drop(one)  # three refusals put it to sleep
    house.pager.press(OLA, house.page(incident).id, "acknowledge")
    house.pager.press(MARA, house.page(incident).id, "resolve")
    assert house.mirrored(incident)[0] == "triggered"

    house.look_now()
    await eventually(house.looked, timeout_s=8)
    await follows(house, incident)

    assert house.mirrored(incident)[0] == "resolved"
    assert house.record(incident)["status"] == "active"
    assert not house.pager.subscriptions.disabled(one)


async def test_an_outage_is_shouted_alarmed_the_other_way_and_ends_in_one_incident(
    house: House,
) -> None:
    await eventually(
        lambda: house.store.redis.hexists(house.store.keys.effects, "oncall:roster"), timeout_s=8
    )
    for route in ("GET /incidents", "POST /incidents"):
        house.pager.faults.fail(route, "cut", times=1000)
    incident = await house.open("paging is down")
    long_ago = round(time.time() * 1000) - 120_000
    await house.ask("POST", f"/v1/incidents/{incident}/edit", times={"declared": long_ago})

    def detail() -> str:
        return str(house.record(incident)["steps"]["page"]["detail"])

    said = await eventually(
        detail, timeout_s=10, until=lambda now: now.startswith("not reached for 2 min")
    )
    await eventually(lambda: len(house.pages(incident)) == 1, timeout_s=10)

    assert "Call Mara +12025550101, then Ola +12025550104 (level 2)" in said
    assert house.page(incident).key is None
    house.pager.faults.clear()
    await eventually(
        lambda: house.record(incident)["steps"]["page"]["state"], timeout_s=30, until="done".__eq__
    )
    assert len(house.pages(incident)) == 1
    assert "adopted" in detail()
    await house.move(incident, "resolved")
    await eventually(lambda: house.page(incident).status, timeout_s=8, until="resolved".__eq__)


async def die_while(
    house: House, victim: int, work: Sequence[Coroutine[None, None, None]], chance: random.Random
) -> None:
    """Have *work* done by one replica and kill the other meanwhile; what it held is taken over now."""
    moment = asyncio.Event()
    asyncio.get_running_loop().call_later(chance.uniform(0.05, 0.6), moment.set)
    async with asyncio.TaskGroup() as group:
        for one in work:
            group.create_task(one)
        await moment.wait()
        await asyncio.to_thread(house.pair[victim].kill_nine)
    house.store.age()
    await asyncio.to_thread(house.pair[victim].start)


async def test_chaos_and_killed_bots_open_note_and_resolve_everything_once(house: House) -> None:
    chance = random.Random(SEED)  # noqa: S311  a seed, so that a failure can be had again
    house.pager.faults.chaos(CHAOS, SEED)
    opened = [await house.open(f"chaos {nth}", of=nth % 2) for nth in range(INCIDENTS)]

    await die_while(house, 0, [house.move(one, "monitoring", of=1) for one in opened], chance)
    await eventually(lambda: all(house.pages(one) for one in opened), timeout_s=30)
    await die_while(house, 1, [house.move(one, "resolved", of=0) for one in opened], chance)

    await eventually(
        lambda: [one.status for name in opened for one in house.pages(name)],
        timeout_s=40,
        until=lambda seen: seen == ["resolved"] * INCIDENTS,
    )
    await eventually(house.unsettled, timeout_s=40, until=lambda left: left == 0)
    house.pager.faults.clear()
    for incident in opened:
        page = house.page(incident)
        notes = Counter(note.content.partition("]")[0] for note in page.notes)
        assert set(notes.values()) == {1}
        lost = f"{incident}: {notes}, {house.given_up()} given up, {house.told(incident)}"
        assert len(notes) == 3, lost  # two of ours, and the resolution
        await follows(house, incident)
    assert house.given_up() == 0


async def test_a_kill_does_not_wait_for_a_pagerduty_that_hangs(house: House) -> None:
    faults, pager = house.pager.faults, house.pager
    faults.fail("*", "timeout", times=1000)
    hung = len(pager.calls)
    await house.open("everything hangs", of=0)
    await house.open("everything hangs still", of=0)
    await eventually(lambda: len(pager.calls) > hung, timeout_s=8)

    for nth in range(2):
        began = time.monotonic()
        words = {"workflow": COPILOT, "tenant": f"t{nth}", "mode": "stop"}
        said = await house.ask("POST", "/v1/kills", of=nth % 2, **words)
        assert said["stored"]
        assert time.monotonic() - began < HUNG_S

    assert not any(call.status for call in pager.calls[hung:])
