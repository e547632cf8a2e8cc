"""The `Outbox` port: committed effects are done at least once, and known by their key."""

import asyncio

import pytest

from opsbot.app.ports import Delivery, Outbox
from opsbot.domain.change import Effect, Lane, Timer
from tests.contract.conftest import World
from tests.support.changes import put
from tests.support.wait import eventually

CARD = Effect(kind="card", key="card:K-1", body={"kill": "K-1", "list": [], "none": {}})
PROVE = Effect(kind="prove", key="prove:K-1", lane="kill")


async def take(outbox: Outbox, lane: Lane = "rest", *, timeout_s: float = 2.0) -> Delivery:
    """Return the next delivery."""
    async with asyncio.timeout(timeout_s):
        async for delivery in outbox.deliveries(lane):
            return delivery
    raise AssertionError("the lane ended")


async def nothing_comes(outbox: Outbox, lane: Lane = "rest", *, for_s: float = 0.1) -> bool:
    """Return whether nothing is delivered for a while."""
    try:
        await take(outbox, lane, timeout_s=for_s)
    except TimeoutError:
        return True
    return False


async def test_a_committed_effect_is_delivered(world: World) -> None:
    await world.one.store.commit("r1", put(effects=(CARD,)))

    delivery = await take(world.two.outbox)

    assert delivery.effect == CARD
    assert (delivery.lane, delivery.attempt) == ("rest", 1)
    assert await world.two.outbox.owned(delivery)
    assert not await world.one.outbox.owned(delivery)


async def test_lanes_do_not_wait_for_each_other(world: World) -> None:
    await world.one.store.commit("r1", put(effects=(CARD, CARD, PROVE)))

    assert (await take(world.one.outbox, "kill")).effect == PROVE


async def test_a_repeated_request_adds_no_effect(world: World) -> None:
    for _ in range(2):
        await world.one.store.commit("r1", put(effects=(CARD,)))

    await world.one.outbox.done(await take(world.one.outbox))

    assert await nothing_comes(world.one.outbox)


async def test_what_is_done_does_not_come_back(world: World) -> None:
    await world.one.store.commit("r1", put(effects=(CARD,)))
    delivery = await take(world.one.outbox)

    await world.one.outbox.done(delivery)

    assert not await world.one.outbox.owned(delivery)
    assert await nothing_comes(world.two.outbox, for_s=0.4)


async def test_a_replica_that_went_silent_loses_its_item_to_another(world: World) -> None:
    await world.one.store.commit("r1", put(effects=(CARD,)))
    held = await take(world.one.outbox)

    again = await take(world.two.outbox)

    assert again.effect == CARD
    assert again.attempt == 2
    assert not await world.one.outbox.owned(held)


async def test_a_later_item_comes_back_with_its_attempts(world: World) -> None:
    await world.one.store.commit("r1", put(effects=(CARD,)))
    outbox = world.one.outbox

    await outbox.later(await take(outbox), reason="429", after_s=0)

    assert await nothing_comes(outbox, for_s=0.05)
    assert await outbox.fire_timers() == 1
    again = await take(world.two.outbox)
    assert (again.effect, again.attempt) == (CARD, 2)


async def test_later_waits_for_its_time(world: World) -> None:
    await world.one.store.commit("r1", put(effects=(CARD,)))

    await world.one.outbox.later(await take(world.one.outbox), reason="429", after_s=60)

    assert await world.one.outbox.fire_timers() == 0


async def test_a_dead_letter_is_seen_and_can_be_retried(world: World) -> None:
    outbox = world.one.outbox
    await world.one.store.commit("r1", put(effects=(CARD,)))
    await outbox.dead(await take(outbox), reason="channel_not_found")
    letters = await world.two.outbox.dead_letters()
    assert [(effect, reason) for _, effect, reason in letters] == [(CARD, "channel_not_found")]

    assert await outbox.retry(letters[0][0])

    assert not await outbox.retry(letters[0][0])
    assert await outbox.dead_letters() == []
    assert (await take(outbox)).attempt == 1


async def test_an_item_ends_only_once(world: World) -> None:
    outbox = world.one.outbox
    await world.one.store.commit("r1", put(effects=(CARD,)))
    delivery = await take(outbox)
    await outbox.done(delivery)

    await outbox.dead(delivery, reason="late")
    await outbox.later(delivery, reason="late", after_s=0)

    assert await outbox.dead_letters() == []
    assert await outbox.fire_timers() == 0


async def test_a_timer_fires_once_whoever_asks(world: World) -> None:
    timers = tuple(Timer(f"t{n}", 0, Effect("tick", f"tick:{n}")) for n in range(130))
    await world.one.store.commit("r1", put(timers=timers))

    fired = await asyncio.gather(*(w.outbox.fire_timers() for w in (world.one, world.two) * 2))

    assert sum(fired) == 130
    keys = []
    for _ in range(130):
        delivery = await take(world.one.outbox)
        await world.one.outbox.done(delivery)
        keys.append(delivery.effect.key)
    assert sorted(keys) == sorted(f"tick:{n}" for n in range(130))


async def test_a_timer_is_never_early(world: World) -> None:
    await world.one.store.commit("r1", put(timers=(Timer("t", 60, CARD),)))

    assert await world.one.outbox.fire_timers() == 0
    fired: int = await eventually(world.one.outbox.fire_timers)
    assert fired == 1


async def test_a_timer_set_again_keeps_its_last_time_only(world: World) -> None:
    await world.one.store.commit("r1", put(timers=(Timer("t", 60_000, CARD),)))

    await world.one.store.commit("r2", put(timers=(Timer("t", 0, PROVE),)))

    assert await world.one.outbox.fire_timers() == 1
    assert (await take(world.one.outbox, "kill")).effect == PROVE


async def test_what_an_effect_left_outside_is_remembered(world: World) -> None:
    assert await world.one.outbox.left("card:K-1") is None

    await world.one.outbox.leave("card:K-1", {"channel": "C1", "ts": "1.2", "more": []})

    assert await world.two.outbox.left("card:K-1") == {"channel": "C1", "ts": "1.2", "more": []}


async def test_what_is_left_for_a_time_is_gone_after_it(world: World) -> None:
    await world.one.outbox.leave("answer:a", {"said": "x"}, ttl_s=0.1)
    await world.one.outbox.leave("answer:b", {"said": "y"}, ttl_s=60)
    await world.one.outbox.leave("card:K-1", {"ts": "1.2"})
    at_once = await world.two.outbox.left("answer:a")

    async def gone() -> bool:
        return await world.two.outbox.left("answer:a") is None

    over: bool = await eventually(gone)

    assert over
    assert at_once == {"said": "x"}
    assert await world.two.outbox.left("answer:b") == {"said": "y"}
    assert await world.two.outbox.left("card:K-1") == {"ts": "1.2"}


async def test_what_is_left_again_for_a_time_says_the_newer(world: World) -> None:
    await world.one.outbox.leave("ask:a", {"reason": "x"}, ttl_s=60)

    await world.two.outbox.leave("ask:a", {"reason": ""}, ttl_s=60)

    assert await world.one.outbox.left("ask:a") == {"reason": ""}


async def test_the_depth_of_a_lane_is_what_is_not_done_yet(world: World) -> None:
    empty = await world.one.outbox.depth()
    await world.one.store.commit("r1", put(effects=(CARD, CARD, PROVE)))
    held = await take(world.one.outbox)
    full = await world.two.outbox.depth()

    await world.one.outbox.done(held)

    assert empty == {"kill": 0, "page": 0, "rest": 0}
    assert full == {"kill": 1, "page": 0, "rest": 2}
    assert await world.two.outbox.depth() == {"kill": 1, "page": 0, "rest": 1}


async def test_a_dead_letter_is_in_no_lane(world: World) -> None:
    await world.one.store.commit("r1", put(effects=(CARD,)))

    await world.one.outbox.dead(await take(world.one.outbox), reason="x")

    assert (await world.one.outbox.depth())["rest"] == 0


async def test_a_claim_is_held_by_one_replica_and_runs_out(world: World) -> None:
    assert await world.one.outbox.claim("probe", ttl_s=0.15)
    assert await world.one.outbox.claim("probe", ttl_s=0.15)

    assert not await world.two.outbox.claim("probe", ttl_s=0.15)

    taken: bool = await eventually(lambda: world.two.outbox.claim("probe", ttl_s=5))
    assert taken
    assert not await world.one.outbox.claim("probe", ttl_s=5)


@pytest.mark.parametrize("later", ["one", "two"])
async def test_only_the_first_caller_is_the_first(world: World, later: str) -> None:
    assert await world.one.outbox.once("trigger:1", ttl_s=60)

    bundle = world.one if later == "one" else world.two
    assert not await bundle.outbox.once("trigger:1", ttl_s=60)
    assert await bundle.outbox.once("trigger:2", ttl_s=60)
