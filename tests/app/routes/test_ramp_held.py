"""A ramp that is held for long tells its author once, by a timer in the store; what is over is not told."""

from opsbot.app.ports import Delivery
from opsbot.app.requests import StageRequest
from tests.support.ramps import (
    COPILOT,
    GATE,
    HOUR,
    begun,
    climbed,
    later,
    measure,
    pod,
    set_mini,
    stage,
    tried,
    world,
)
from tests.support.world import INES, SAM, HandMoved, World, workflow

__all__ = ["pod", "world"]


def told(world: World) -> list[tuple[str, str]]:
    """Return what people were told of ramps that are held."""
    return [one for one in world.slack.told if one[1].startswith(("Held for", "Watched for"))]


async def hours(world: World, pod: HandMoved, count: int) -> None:
    """Let hours pass, quarter by quarter, and everything due be done."""
    for _ in range(4 * count):
        await later(world, pod, 0.25)
        await world.work("tell")


async def test_a_ramp_that_a_red_gate_holds_for_long_tells_its_author_once(
    world: World, pod: HandMoved
) -> None:
    await begun(world, pod)
    await measure(world, "r2", 0.85)
    await hours(world, pod, 2)
    early = told(world)

    await measure(world, "r2", 0.84)
    await hours(world, pod, 6)

    assert not early[1:]
    ((author, text),) = told(world)
    assert author == "U0LEAD"
    assert text.startswith("Held for long: r2 of `support-copilot` in prod")
    assert "Waits: ground pass_rate is red: 0.8" in text
    assert "It goes on by itself" in text


async def test_what_a_person_holds_for_long_is_told_too(world: World, pod: HandMoved) -> None:
    await begun(world, pod)
    await world.bot.stage(StageRequest(COPILOT, "hold"), SAM, request_id="hold")

    await hours(world, pod, 3)

    ((author, text),) = told(world)
    assert author == "U0LEAD"
    assert "Only a person lets it go on" in text


async def test_a_ramp_that_went_on_meanwhile_tells_nobody(world: World, pod: HandMoved) -> None:
    await begun(world, pod)
    await measure(world, "r2", 0.85)
    await later(world, pod)
    held = tried(world).held

    await measure(world, "r2", 0.95)
    await hours(world, pod, 3)

    assert held
    assert not told(world)


async def test_a_ramp_that_was_given_up_meanwhile_tells_nobody(
    world: World, pod: HandMoved
) -> None:
    await begun(world, pod)
    await world.bot.stage(StageRequest(COPILOT, "hold"), SAM, request_id="hold")
    await stage(world, "cancel")

    await hours(world, pod, 3)

    assert not told(world)


async def test_a_step_that_soaks_for_longer_is_held_for_longer_before_anybody_is_told(
    world: World, pod: HandMoved
) -> None:
    stages = [{"percent": 5, "soak_s": 4 * HOUR}, {"percent": 100, "soak_s": HOUR}]
    await world.declare(workflow(COPILOT, extra={"gates": [GATE], "stages": stages}))
    await begun(world, pod)
    await world.bot.stage(StageRequest(COPILOT, "hold"), INES, request_id="hold")

    await hours(world, pod, 3)
    early = told(world)
    await hours(world, pod, 2)

    assert (len(early), len(told(world))) == (0, 1)


async def test_what_was_let_go_on_a_moment_ago_is_not_told(world: World, pod: HandMoved) -> None:
    await begun(world, pod)
    await world.bot.stage(StageRequest(COPILOT, "hold"), SAM, request_id="hold")
    world.clock.later(HOUR + 1)
    await stage(world, "go_on")

    await world.outbox.fire_timers()
    done = await world.work("tell")

    assert done == ["tell"]
    assert not told(world)


async def test_word_of_an_earlier_ramp_that_comes_late_is_not_told(
    world: World, pod: HandMoved
) -> None:
    await begun(world, pod)
    await world.bot.stage(StageRequest(COPILOT, "hold"), SAM, request_id="hold")
    late = world.server.timers[f"ramp-held:{COPILOT}"].effect
    await stage(world, "cancel")
    await stage(world)
    await world.bot.stage(StageRequest(COPILOT, "hold"), SAM, request_id="hold-2")

    await world.bot.handlers()["tell"](Delivery("1-0", "rest", late, 1))

    assert tried(world).held == "held by Sam"
    assert not told(world)


async def test_a_watch_that_does_not_end_for_want_of_evidence_is_told(
    world: World, pod: HandMoved
) -> None:
    await world.declare(workflow(COPILOT, extra={"gates": [{**GATE, "max_age_h": 24}]}))
    await climbed(world, pod)
    await later(world, pod, 47)
    await world.work("tell")
    early = told(world)

    await later(world, pod, 2)
    await world.work("tell")

    assert not early
    ((author, text),) = told(world)
    assert author == "U0LEAD"
    assert text.startswith("Watched for long: r2 of `support-copilot` in prod is not the last good")
    assert "Waits: ground pass_rate is stale" in text
    assert "goes to r1" in text


async def test_a_watch_that_ended_well_is_not_told(world: World, pod: HandMoved) -> None:
    await climbed(world, pod)
    await measure(world, "r2", 0.95)
    await later(world, pod, 25)

    await later(world, pod, 25)
    await world.work("tell")

    assert world.store.state.routing(COPILOT).last_good == 2
    assert not told(world)


async def test_a_watch_that_another_ramp_ran_over_is_told_all_the_same(
    world: World, pod: HandMoved
) -> None:
    await climbed(world, pod)
    await set_mini(world, prompt="p@7")
    await measure(world, "r3", 0.95)
    await stage(world)
    await stage(world, "cancel")
    await measure(world, "r2", 0.85)

    await later(world, pod, 25)
    await later(world, pod, 25)
    await world.work("tell")

    ((_, text),) = told(world)
    assert text.startswith("Watched for long: r2")
    assert "Waits: ground pass_rate is red" in text
