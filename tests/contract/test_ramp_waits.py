"""A ramp that waits for a second person, on two replicas: paged from the store, void as soon as another runs."""

import asyncio
from dataclasses import replace

import pytest

from opsbot.adapters.bundle import StoreBundle
from opsbot.adapters.clock import SystemClock, SystemEntropy
from opsbot.app.declare import decide as declare
from opsbot.app.environment import Environment
from opsbot.app.requests import ApproveRequest, RouteEdit, StageRequest
from opsbot.app.routes.route import RouteVerb
from opsbot.domain import journal
from opsbot.domain.change import Effect
from opsbot.domain.declaration import Catalogue
from opsbot.domain.errors import StaleButton
from opsbot.domain.route import Number
from tests.contract.conftest import World
from tests.support.ramps import COPILOT, MINI
from tests.support.world import INES, SAM, policy, workflow


def verb(bundle: StoreBundle) -> RouteVerb:
    """Return the use cases about routes on one replica."""
    clock, ids = SystemClock(), SystemEntropy()
    env = Environment("prod", bundle.store, bundle.fleets, clock, ids, answer_within_s=0.01)
    return RouteVerb(env)


async def asked(world: World) -> None:
    """Declare, store r2 and r3, and ask for the ramps of both; the secondary is asked at once."""
    rules = replace(policy(), times=replace(policy().times, page_secondary_ms=0))
    catalogue = Catalogue({COPILOT: workflow(COPILOT, tier=1)}, rules, "abc")
    await world.one.store.commit("d", lambda state, now_ms: declare(state, now_ms, catalogue))
    one = verb(world.one)
    for number, prompt in ((2, "p@2"), (3, "p@3")):
        edit = RouteEdit(COPILOT, targets=MINI, prompt=prompt)
        await one.set(edit, INES, request_id=f"set-{number}")
        request = StageRequest(COPILOT, "begin", Number(number))
        await one.stage(request, INES, request_id=f"ask-{number}")
    await world.two.store.refresh()


async def test_the_secondary_is_asked_by_whichever_replica_fires_the_timer(world: World) -> None:
    await asked(world)
    found: list[Effect] = []

    await world.two.outbox.fire_timers()
    async with asyncio.timeout(30):
        async for delivery in world.one.outbox.deliveries("rest"):
            found.append(delivery.effect)
            await world.one.outbox.done(delivery)
            if sum(one.body.get("what") == "secondary" for one in found) == 2:
                break

    asks = [one.body["approval"] for one in found if one.body.get("what") == "secondary"]
    assert sorted(map(str, asks)) == ["A-1", "A-2"]


async def test_an_approval_is_void_for_every_replica_as_soon_as_another_ramp_begins(
    world: World,
) -> None:
    await asked(world)

    await verb(world.two).approve(ApproveRequest("A-2"), SAM, request_id="yes")
    await verb(world.two).stage(StageRequest(COPILOT, "cancel"), INES, request_id="cancel")

    state = await world.one.store.refresh()
    assert [state.approval(one).standing for one in ("A-1", "A-2")] == ["void", "approved"]
    with pytest.raises(StaleButton):
        await verb(world.one).approve(ApproveRequest("A-1"), SAM, request_id="late")
    replayed = journal.verify(await world.one.store.journal())
    assert journal.differences(replayed, state) == ()


async def test_two_approvals_at_once_begin_one_ramp(world: World) -> None:
    await asked(world)

    done = await asyncio.gather(
        verb(world.one).approve(ApproveRequest("A-1"), SAM, request_id="one"),
        verb(world.two).approve(ApproveRequest("A-2"), SAM, request_id="two"),
        return_exceptions=True,
    )

    state = await world.one.store.refresh()
    standing = sorted(state.approval(one).standing for one in ("A-1", "A-2"))
    assert standing == ["approved", "void"]
    assert [isinstance(one, StaleButton) for one in done].count(True) == 1
