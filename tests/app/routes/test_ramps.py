"""A ramp: it goes on when everything is green, waits and says why, and takes back what is bad."""

import pytest

from opsbot.app.requests import KillRequest, RollbackRequest, StageRequest, Target
from opsbot.app.routes.ramp_decision import UNPROVED
from opsbot.domain.actor import SCHEDULER
from opsbot.domain.change import Change, Write
from opsbot.domain.errors import NotAllowed, RouteRefused
from opsbot.domain.route import Number
from opsbot.domain.state import State
from opsflags import keys
from tests.support.ramps import (
    COPILOT,
    GATE,
    HOUR,
    STEPS,
    begun,
    climbed,
    later,
    measure,
    percent,
    pod,
    proved_switch,
    served,
    set_mini,
    stage,
    tried,
    world,
)
from tests.support.world import INES, MARA, SAM, HandMoved, World, workflow

__all__ = ["pod", "world"]


async def test_a_green_ramp_climbs_step_by_step_to_everybody(world: World, pod: HandMoved) -> None:
    await begun(world, pod)
    seen = [percent(world)]
    for _ in STEPS[1:]:
        await later(world, pod)
        seen.append(percent(world))
    routing = world.store.state.routing(COPILOT)

    watched = (routing.id, routing.last_good, routing.watch_ms is not None)
    await measure(world, "r2", 0.95)
    good = await later(world, pod, 24.1)

    assert seen == STEPS
    assert watched == ("r2", 1, True)
    assert (good.last_good, good.watch_ms) == (2, None)


async def test_it_soaks_before_it_goes_on(world: World, pod: HandMoved) -> None:
    await begun(world, pod)

    await later(world, pod, 0.9)

    assert percent(world) == STEPS[0]


async def test_declared_tenants_are_served_first_and_stay(world: World, pod: HandMoved) -> None:
    stages = [
        {"stage": "internal", "tenants": ["acme-internal"], "soak_s": HOUR},
        {"stage": "opt-in", "tenants": ["beta-bank"], "soak_s": HOUR},
        {"percent": 25, "soak_s": HOUR},
        {"percent": 100, "soak_s": HOUR},
    ]
    await world.declare(workflow(COPILOT, extra={"gates": [GATE], "stages": stages}))
    await begun(world, pod)
    seen = []
    for _ in range(3):
        tried = served(world)["candidate"]
        assert isinstance(tried, dict)
        seen.append((tried["percent"], tried["tenants"]))
        await later(world, pod)

    assert seen == [
        (0, ["acme-internal"]),
        (0, ["acme-internal", "beta-bank"]),
        (25, ["acme-internal", "beta-bank"]),
    ]
    assert world.store.state.routing(COPILOT).id == "r2"


async def test_a_red_gate_holds_and_says_why_until_it_is_green(
    world: World, pod: HandMoved
) -> None:
    await begun(world, pod)
    await measure(world, "r2", 0.85)

    held = await later(world, pod)
    stayed = percent(world)
    await measure(world, "r2", 0.95)
    await later(world, pod, 0.1)

    assert held.candidate is not None
    assert held.candidate.held.startswith("ground pass_rate is red: 0.85 reported")
    assert stayed == STEPS[0]
    assert percent(world) == STEPS[1]


async def test_evidence_that_goes_stale_holds(world: World, pod: HandMoved) -> None:
    await begun(world, pod)

    held = await later(world, pod, 73)

    assert held.candidate is not None
    assert held.candidate.held.startswith("ground pass_rate is stale: 0.95 reported")


async def test_a_hard_red_takes_it_back_by_itself_and_tells(world: World, pod: HandMoved) -> None:
    await begun(world, pod)
    await measure(world, "r2", 0.7)

    routing = await later(world, pod)
    await world.work("tell")

    assert routing.candidate is None
    assert served(world)["revision"] == "r1"
    assert any("Taken back: r2" in text for _, text in world.slack.told)


async def test_a_hard_red_of_few_cases_only_holds(world: World, pod: HandMoved) -> None:
    await begun(world, pod)
    await measure(world, "r2", 0.0, n=3)

    routing = await later(world, pod)

    assert routing.candidate is not None
    assert routing.candidate.held


async def test_a_hard_red_in_the_watch_rolls_back_to_the_last_good(
    world: World, pod: HandMoved
) -> None:
    await climbed(world, pod)
    await measure(world, "r2", 0.5)

    routing = await later(world, pod, 24.1)

    assert (routing.id, routing.last_good) == ("r3", 3)
    assert world.store.state.revision(COPILOT, Number(3)).back_to == 1


async def test_a_kill_of_it_holds_its_ramp(world: World, pod: HandMoved) -> None:
    await begun(world, pod)
    await world.bot.kill(
        KillRequest(Target("workflow", COPILOT), "read_only"), MARA, request_id="k2"
    )

    held = await later(world, pod)

    assert held.candidate is not None
    assert held.candidate.held == "K-2 (`read_only`) restricts it"


async def test_a_switch_that_was_not_proved_lately_holds(world: World, pod: HandMoved) -> None:
    await set_mini(world)
    await measure(world, "r2", 0.95)
    await stage(world)

    held = await later(world, pod)

    assert held.candidate is not None
    assert held.candidate.held == UNPROVED


async def test_what_holds_it_from_the_start_is_said_no_longer_than_it_does(
    world: World, pod: HandMoved
) -> None:
    await set_mini(world)
    await measure(world, "r2", 0.95)
    await stage(world)
    await later(world, pod, 1 / HOUR)
    held = tried(world).held
    await proved_switch(world, pod)

    await later(world, pod, 31 / HOUR)

    assert held == UNPROVED
    assert tried(world).held == ""
    assert percent(world) == STEPS[0]


async def test_an_instance_that_has_not_confirmed_holds(world: World, pod: HandMoved) -> None:
    await begun(world, pod)
    world.clock.later(1.01 * HOUR)
    pod.check_in()
    await world.outbox.fire_timers()
    await world.work("ramp")

    held = world.store.state.routing(COPILOT).candidate

    assert held is not None
    assert held.held == "not every instance serves the present step yet"


async def test_what_a_person_holds_only_a_person_lets_go_on(world: World, pod: HandMoved) -> None:
    await begun(world, pod)
    await world.bot.stage(StageRequest(COPILOT, "hold"), SAM, request_id="h")

    await later(world, pod, 5)
    held = percent(world)
    await stage(world, "go_on")
    await later(world, pod, 0.01)

    assert held == STEPS[0]
    assert percent(world) == STEPS[1]


async def test_a_ramp_that_is_given_up_serves_nobody_more(world: World, pod: HandMoved) -> None:
    await begun(world, pod)

    said = await stage(world, "cancel")
    await later(world, pod, 5)

    assert said.title.startswith("Given up: r1 serves everybody of `support-copilot` in prod again")
    assert "model: openai/gpt-5-mini \u2192 openai/gpt-5.2" in said.lines
    assert not any("Price" in line for line in said.lines)
    assert "candidate" not in served(world)
    with pytest.raises(RouteRefused):
        await stage(world, "hold")


async def test_who_may_not_change_routes_may_not_hold_one(world: World, pod: HandMoved) -> None:
    await begun(world, pod)

    with pytest.raises(NotAllowed):
        await world.bot.stage(StageRequest(COPILOT, "hold"), MARA, request_id="h")


async def test_only_one_ramp_runs_at_a_time(world: World, pod: HandMoved) -> None:
    await begun(world, pod)
    await set_mini(world, prompt="p@7")
    await measure(world, "r3", 0.95)

    with pytest.raises(RouteRefused) as refusal:
        await stage(world, "begin", 3)

    assert "r2 is on its way" in refusal.value.message


async def test_a_look_that_is_delivered_twice_takes_one_step(world: World, pod: HandMoved) -> None:
    await begun(world, pod)
    world.clock.later(1.01 * HOUR)
    pod.follow()
    await world.outbox.fire_timers()
    await world.work("route_follow")
    (item,) = [
        one
        for one in world.server.items.values()
        if one.effect.kind == "ramp" and not one.effect.body["once"]
    ]
    ramp = world.bot.handlers()["ramp"]
    twice = [world.delivery(name) for name, one in world.server.items.items() if one is item] * 2

    for delivery in twice:
        await ramp(delivery)

    assert percent(world) == STEPS[1]


async def test_a_timer_of_an_earlier_ramp_finds_nothing_to_do(world: World, pod: HandMoved) -> None:
    await begun(world, pod)
    world.clock.later(1.01 * HOUR)
    await world.outbox.fire_timers()
    await world.bot.rollback(RollbackRequest(COPILOT), MARA, request_id="r")
    before = world.store.state.routing(COPILOT)

    await later(world, pod)

    assert world.store.state.routing(COPILOT).active == before.active
    assert "candidate" not in served(world)


async def test_a_workflow_that_is_declared_no_more_ends_its_ramp(
    world: World, pod: HandMoved
) -> None:
    await begun(world, pod)

    def gone(state: State, now_ms: int) -> tuple[Change, None]:
        return Change("declare", SCHEDULER, (Write(keys.WORKFLOWS, COPILOT, None),)), None

    await world.store.commit("gone", gone)
    world.clock.later(2 * HOUR)
    await world.outbox.fire_timers()

    assert "ramp" in await world.work("ramp")


async def test_the_card_shows_how_far_it_is_and_is_one_message(
    world: World, pod: HandMoved
) -> None:
    await begun(world, pod)
    await world.work("route_card")
    await later(world, pod)
    await world.work("route_card")

    posted = [text for _, text in world.slack.posted if "serves" in text]

    assert len(posted) == 1
    assert posted[0].startswith(
        "r2 serves 1 % of `support-copilot` in prod\n\u25a0\u25a1\u25a1\u25a1\u25a1 1 %, step 1 of 5"
    )
    assert any(text.startswith("r2 serves 5 % of") for text in world.slack.updated)


async def test_the_card_of_what_served_before_no_longer_says_so(
    world: World, pod: HandMoved
) -> None:
    await climbed(world, pod)
    await world.work("route_card")
    posted = [text.splitlines()[0] for _, text in world.slack.posted]

    await world.bot.rollback(RollbackRequest(COPILOT), MARA, request_id="r")
    await world.work("route_card")

    assert not any(title.startswith("r1 ") for title in posted)
    assert any(text.startswith("r2 serves nobody of") for text in world.slack.updated)


async def test_to_go_on_says_what_still_holds_it_and_leaves_that_noted(
    world: World, pod: HandMoved
) -> None:
    await begun(world, pod)
    await world.bot.stage(StageRequest(COPILOT, "hold"), SAM, request_id="h")
    await world.bot.kill(KillRequest(Target("workflow", COPILOT), "stop"), MARA, request_id="k2")
    pod.follow()
    await world.work("follow", "route_follow")

    first = await stage(world, "go_on")
    await later(world, pod, 0.1)
    lines = len(world.server.lines)
    second = await stage(world, "go_on")

    assert first.title == "Still held: r2 stays at 1 % of `support-copilot` in prod"
    assert "It goes on when this is over: K-2 (`stop`) restricts it." in first.lines
    assert second.title == first.title
    assert len(world.server.lines) == lines
    assert tried(world).held == "K-2 (`stop`) restricts it"


async def test_to_let_go_on_what_nobody_holds_writes_nothing(world: World, pod: HandMoved) -> None:
    await begun(world, pod)
    lines = len(world.server.lines)

    said = await stage(world, "go_on")

    assert said.title.startswith("Already so: r2 is on its way, at 1 % of")
    assert len(world.server.lines) == lines


async def test_a_second_hold_leaves_the_first_persons_and_their_note(
    world: World, pod: HandMoved
) -> None:
    await begun(world, pod)
    await world.bot.stage(StageRequest(COPILOT, "hold", None, "hmm"), SAM, request_id="h")
    lines = len(world.server.lines)

    said = await world.bot.stage(
        StageRequest(COPILOT, "hold", None, "me too"), INES, request_id="h2"
    )

    assert said.body["outcome"] == "already"
    assert "Already held by Sam: hmm." in said.lines
    assert "me too" not in said.as_text()
    assert len(world.server.lines) == lines
    assert tried(world).held == "held by Sam"
