"""What may not move a ramp, and what outlives one: edits, watches, a way back that is closed."""

import pytest

from opsbot.app.routes.ramp_decision import UNPROVED
from opsbot.domain.errors import RouteRefused
from opsbot.domain.typed import spelled, terminal
from tests.support.ramps import (
    COPILOT,
    GATE,
    HOUR,
    STEPS,
    begun,
    climbed,
    later,
    measure,
    over_a_watch,
    percent,
    pod,
    set_mini,
    stage,
    world,
)
from tests.support.world import HandMoved, World, workflow

__all__ = ["pod", "world"]


async def test_an_edit_of_the_stages_moves_no_ramp_that_runs(world: World, pod: HandMoved) -> None:
    await begun(world, pod)
    shorter = [{"percent": 100, "soak_s": HOUR}]

    await world.declare(workflow(COPILOT, extra={"gates": [GATE], "stages": shorter}))
    stays = percent(world)
    await later(world, pod)

    assert stays == STEPS[0]
    assert percent(world) == STEPS[1]


async def test_a_watch_goes_on_after_a_ramp_over_it_was_given_up(
    world: World, pod: HandMoved
) -> None:
    await over_a_watch(world, pod)
    pod.follow()
    await stage(world, "cancel")
    await measure(world, "r2", 0.95)

    good = await later(world, pod, 24.1)

    assert (good.last_good, good.watch_ms) == (2, None)


async def test_a_hard_red_of_what_serves_is_seen_while_another_is_tried(
    world: World, pod: HandMoved
) -> None:
    await over_a_watch(world, pod)
    await measure(world, "r2", 0.5)

    routing = await later(world, pod)

    assert routing.candidate is None
    assert world.store.state.revision(COPILOT, routing.active).back_to == 1


async def test_a_way_back_that_may_not_serve_is_said_and_not_taken(
    world: World, pod: HandMoved
) -> None:
    await climbed(world, pod)
    await world.declare(
        workflow(COPILOT, extra={"gates": [GATE], "approved": ["openai/gpt-5-mini"]})
    )
    await measure(world, "r2", 0.5)

    routing = await later(world, pod, 24.1)
    lines = len(world.server.lines)
    await later(world, pod)
    await world.work("tell")

    assert (routing.id, routing.candidate) == ("r2", None)
    assert "r1 may not serve: not approved: openai/gpt-5.2" in routing.stuck
    assert len(world.server.lines) == lines
    assert world.slack.told


async def test_what_holds_is_written_once_however_long_it_holds(
    world: World, pod: HandMoved
) -> None:
    await begun(world, pod)
    await measure(world, "r2", 0.85)
    await later(world, pod)
    lines = len(world.server.lines)

    for _ in range(5):
        await later(world, pod, 0.1)

    assert len(world.server.lines) == lines


async def test_an_instance_that_cannot_read_the_route_does_not_confirm_it(
    world: World, pod: HandMoved
) -> None:
    await begun(world, pod)
    pod.rejected = [COPILOT]
    await later(world, pod)
    pod.follow()
    await world.work("route_follow")

    assert world.store.state.routing(COPILOT).confirmed_ms is None


async def test_a_fleet_that_confirms_a_route_days_later_lets_its_ramp_go_on(
    world: World, pod: HandMoved
) -> None:
    await begun(world, pod)
    pod.rejected = [COPILOT]
    await later(world, pod)
    for _ in range(2):
        await later(world, pod, 25)
    held = percent(world)

    pod.rejected = []
    await later(world, pod)

    assert held == STEPS[0]
    assert percent(world) == STEPS[1]


async def test_a_ramp_of_one_step_asks_for_everything_first(world: World, pod: HandMoved) -> None:
    stages = [{"percent": 100, "soak_s": HOUR}]
    await world.declare(workflow(COPILOT, extra={"gates": [GATE], "stages": stages}))
    await set_mini(world)
    await measure(world, "r2", 0.95)

    with pytest.raises(RouteRefused) as refusal:
        await stage(world)

    assert UNPROVED in refusal.value.message
    assert "(a drill counts)" in refusal.value.message


@pytest.mark.parametrize(
    ("value", "n", "hint"),
    [
        (
            0.85,
            200,
            "A corrected revision begins with `opsbot route support-copilot set from:r2 …`.",
        ),
        (
            0.95,
            3,
            (
                "Run its evaluation and send it in:"
                " `opsbot eval record --workflow support-copilot --revision r2 --file …`."
            ),
        ),
    ],
)
async def test_what_may_not_begin_says_whether_to_mend_it_or_to_measure_it(
    world: World, pod: HandMoved, value: float, n: int, hint: str
) -> None:
    await set_mini(world)
    await measure(world, "r2", value, n=n)

    with pytest.raises(RouteRefused) as refusal:
        await stage(world)

    assert spelled(refusal.value.hint, terminal) == hint
    assert refusal.value.message.endswith("Nothing was changed.")


async def test_a_workflow_that_comes_back_takes_its_ramp_up(world: World, pod: HandMoved) -> None:
    await begun(world, pod)
    del world.declared[COPILOT]
    await world.declare()
    world.clock.later(2 * HOUR)
    await world.outbox.fire_timers()
    await world.work("ramp")

    await world.declare(workflow(COPILOT, extra={"gates": [GATE]}))
    await measure(world, "r2", 0.95)
    await later(world, pod, 0.1)

    assert percent(world) == STEPS[1]


@pytest.fixture(name="stuck")
async def _stuck(world: World, pod: HandMoved) -> World:
    """The fix r3 is tried on some while r2, watched, is red beyond its limit and r1 may not serve."""
    await over_a_watch(world, pod)
    approved = ["openai/gpt-5-mini", "anthropic/claude-sonnet-5"]
    await world.declare(workflow(COPILOT, extra={"gates": [GATE], "approved": approved}))
    await measure(world, "r2", 0.5)
    return world


async def test_a_ramp_over_a_watch_that_can_only_stay_is_taken_back_when_it_goes_red(
    stuck: World, pod: HandMoved
) -> None:
    await later(stuck, pod)
    await measure(stuck, "r3", 0.1)

    routing = await later(stuck, pod, 0.1)
    await later(stuck, pod, 0.1)

    assert (routing.id, routing.candidate, percent(stuck)) == ("r2", None, 100)
    assert "r1 may not serve" in stuck.store.state.routing(COPILOT).stuck


async def test_both_gone_red_at_once_the_ramp_is_taken_back_and_the_watch_says_that_it_stays(
    stuck: World, pod: HandMoved
) -> None:
    await measure(stuck, "r3", 0.1)

    await later(stuck, pod)
    routing = await later(stuck, pod, 0.1)

    assert (routing.id, routing.candidate) == ("r2", None)
    assert "r1 may not serve" in routing.stuck


async def test_a_green_ramp_over_a_watch_that_can_only_stay_is_the_way_out(
    stuck: World, pod: HandMoved
) -> None:
    routing = stuck.store.state.routing(COPILOT)
    for _ in range(3 * len(STEPS)):
        routing = await later(stuck, pod, 0.5)

    assert (routing.id, routing.candidate, routing.stuck) == ("r3", None, "")
    assert sum("stuck_route" in str(one) for one in stuck.server.lines) == 1


async def test_a_watch_below_a_ramp_goes_back_as_soon_as_it_can(
    stuck: World, pod: HandMoved
) -> None:
    await later(stuck, pod)
    await stage(stuck, "hold")
    await stuck.declare(workflow(COPILOT, extra={"gates": [GATE]}))

    routing = await later(stuck, pod, 0.1)

    assert routing.candidate is None
    assert stuck.store.state.revision(COPILOT, routing.active).back_to == 1
