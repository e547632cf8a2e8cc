"""A restore in steps on two replicas, on the memory twin and on a real server: no step lost, none taken twice."""

import asyncio
import json

from opsbot.adapters.bundle import StoreBundle
from opsbot.adapters.clock import SystemClock, SystemEntropy
from opsbot.app.declare import decide as declare
from opsbot.app.environment import Environment
from opsbot.app.follow import Follow
from opsbot.app.kill.verb import KillVerb
from opsbot.app.ports import Delivery, RetryLater
from opsbot.app.requests import ApproveRequest, KillRequest, RestoreRequest
from opsbot.app.restore.ramp_verb import RestoreSteps
from opsbot.app.restore.verb import RestoreVerb
from opsbot.domain import journal
from opsbot.domain.change import Effect, Record
from opsbot.domain.declaration import Catalogue
from opsbot.domain.kill import Kill
from tests.contract.conftest import World
from tests.support.restores import COPILOT, K1, NAME, rules, stepped
from tests.support.world import ALL_MODES, MARA, SAM, Probes

AT_ONCE = {"steps": [5, 25, 50], "watch_s": 0}


def env(bundle: StoreBundle) -> Environment:
    return Environment(
        "prod", bundle.store, bundle.fleets, SystemClock(), SystemEntropy(), answer_within_s=0.01
    )


async def ramping(world: World) -> None:
    """Declare, kill, and begin to restore: asked through one replica, approved through the other."""
    catalogue = Catalogue({NAME: stepped(restore=AT_ONCE)}, rules(), "abc")
    await world.one.store.commit("d", lambda state, now_ms: declare(state, now_ms, catalogue))
    one, two = env(world.one), env(world.two)
    await KillVerb(one)(KillRequest(COPILOT, "stop"), MARA, request_id="k")
    await RestoreVerb(one, one.clock.monotonic())(RestoreRequest(K1), MARA, request_id="r")
    await world.two.store.refresh()
    await RestoreVerb(two, two.clock.monotonic()).approve(
        ApproveRequest("A-1"), SAM, request_id="a"
    )


async def confirmed(world: World) -> Kill:
    """Let one instance acknowledge what the store has, and a replica notice."""
    state = await world.one.store.refresh()
    at = state.position
    said = {"s": 1, "instance": "pod-1", "service": "support-api", "host": "pod", "pid": 1,
            "client": "test", "workflows": {NAME: {"modes": [*ALL_MODES], "probe": None}}}  # fmt: skip
    ack = {"s": 1, "e": at.epoch, "r": at.revision, "x": at.revision, "kills": {}}
    world.checkin("pod-1", json.dumps(said), json.dumps(ack))
    effect = Effect("follow", f"follow:{at.revision}", {"kill": "K-1"}, "kill")
    await Follow(env(world.one), Probes())(Delivery("1-1", "kill", effect, 1))
    return (await world.one.store.refresh()).kill("K-1")


async def looked(bundle: StoreBundle, kill: Kill, *, item: str, attempt: int = 1) -> None:
    """Let a replica take the look of a kill's step, as its timer hands it over."""
    assert kill.ramp is not None
    body: Record = {"kill": kill.id, "uid": kill.ramp.uid, "step": kill.ramp.step, "once": False}
    effect = Effect("restore_ramp", f"look:{kill.ramp.step}", body)
    try:
        await RestoreSteps(env(bundle))(Delivery(item, "rest", effect, attempt))
    except RetryLater:
        return


async def verbs(world: World) -> list[str]:
    return [journal.read_entry(line).verb for line in await world.one.store.journal()]


async def test_two_replicas_that_look_at_once_take_one_step(world: World) -> None:
    await ramping(world)
    kill = await confirmed(world)

    await asyncio.gather(
        *(looked(one, kill, item=f"9-{n}") for n, one in enumerate((world.one, world.two)))
    )

    now = (await world.one.store.refresh()).kill("K-1")
    assert now.ramp is not None
    assert now.ramp.percent == 25
    assert (await verbs(world)).count("ease_step") == 1


async def test_it_goes_up_to_everybody_whichever_replica_looks(world: World) -> None:
    await ramping(world)
    shares = []
    for turn in range(3):
        kill = await confirmed(world)
        shares.append(kill.ramp.percent if kill.ramp else None)
        for again in (1, 2):
            await looked((world.one, world.two)[turn % 2], kill, item=f"{turn}", attempt=again)

    state = await world.two.store.refresh()
    assert shares == [5, 25, 50]
    assert not state.kill("K-1").active
    assert (await verbs(world))[-1] == "restore"
    replayed = journal.verify(await world.one.store.journal())
    assert journal.differences(replayed, state) == ()


async def test_a_look_without_the_fleets_word_takes_no_step(world: World) -> None:
    await ramping(world)
    kill = (await world.one.store.refresh()).kill("K-1")

    await looked(world.two, kill, item="1")

    now = (await world.one.store.refresh()).kill("K-1")
    assert now.ramp is not None
    assert (now.ramp.percent, bool(now.ramp.held)) == (5, True)


async def test_a_kill_and_a_step_at_once_never_leave_more_let_through(world: World) -> None:
    await ramping(world)
    kill = await confirmed(world)
    two = env(world.two)

    await asyncio.gather(
        looked(world.one, kill, item="1"),
        KillVerb(two)(KillRequest(COPILOT, "stop"), SAM, request_id="k2"),
    )
    await looked(world.two, kill, item="2")

    now = (await world.one.store.refresh()).kill("K-1")
    assert (now.active, now.ramp) == (True, None)


async def test_the_timer_of_a_step_is_in_the_store_and_any_replica_hands_it_on(
    world: World,
) -> None:
    await ramping(world)
    await confirmed(world)
    seen = []

    await world.two.outbox.fire_timers()
    async with asyncio.timeout(30):
        async for delivery in world.one.outbox.deliveries("rest"):
            seen.append(delivery.effect)
            await world.one.outbox.done(delivery)
            if delivery.effect.kind == "restore_ramp" and not delivery.effect.body["once"]:
                break

    assert seen[-1].body["kill"] == "K-1"
