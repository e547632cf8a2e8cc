"""The `Fleets` port: how large the fleet used to be, the same on the memory twin and a real server."""

from tests.contract.conftest import World

HOUR_MS = 3_600_000
NOON_MS = 500_000 * HOUR_MS


async def test_of_each_hour_the_fewest_are_kept(world: World) -> None:
    fleets = world.one.fleets
    for count in (5, 3, 4):
        await fleets.sample({"support-copilot": count, "search:x": 0}, now_ms=NOON_MS)

    running = await fleets.low(now_ms=NOON_MS)
    later = await fleets.low(now_ms=NOON_MS + HOUR_MS)

    assert running == {}
    assert later == {"support-copilot": 3, "search:x": 0}


async def test_a_day_later_it_is_forgotten(world: World) -> None:
    fleets = world.one.fleets
    await fleets.sample({"support-copilot": 3}, now_ms=NOON_MS)
    await fleets.sample({"support-copilot": 9}, now_ms=NOON_MS + 26 * HOUR_MS)
    await fleets.sample({}, now_ms=NOON_MS + 26 * HOUR_MS)

    assert await fleets.low(now_ms=NOON_MS + HOUR_MS) == {}
    assert await fleets.low(now_ms=NOON_MS + 27 * HOUR_MS) == {"support-copilot": 9}
