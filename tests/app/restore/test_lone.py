"""As far as one person may: five percent after a quarter of an hour, and the rest waits."""

from dataclasses import replace

import pytest

from opsbot.app.ports import Delivery
from opsbot.app.requests import (
    ApproveRequest,
    KillRequest,
    RestoreRequest,
    Target,
)
from opsbot.domain.errors import NotAllowed, StaleButton
from opsbot.domain.policy.rules import Power
from tests.support.restores import (
    COPILOT,
    K1,
    NAME,
    again,
    ask,
    killed,
    later,
    percent,
    pod,
    ramp_of,
    ramping,
    report,
    rules,
    seen,
    stepped,
    world,
)
from tests.support.world import (
    MARA,
    NOOR,
    SAM,
    HandMoved,
    World,
    policy,
    workflow,
)

__all__ = ["pod", "ramping", "world"]


MINUTE = 60.0
QUARTER = 15 * MINUTE


async def waiting(world: World, pod: HandMoved, seconds: float) -> None:
    """Kill, ask for the restore, and wait."""
    await killed(world, pod)
    await world.bot.restore(request(), MARA, request_id="ask")
    world.clock.later(seconds)
    pod.check_in()


async def test_before_a_quarter_of_an_hour_it_is_still_pending_and_says_from_when(
    world: World, pod: HandMoved
) -> None:
    await waiting(world, pod, 14 * MINUTE)

    said = await again(world)

    assert percent(world) == 0
    assert "Already asked: A-1" in said.as_text()
    assert "If nobody has by 03:29:0" in said.as_text()
    assert "Mara may let 5 % of sticky keys through alone" in said.as_text()


async def test_after_it_who_asked_lets_five_percent_through_and_the_rest_waits(
    world: World, pod: HandMoved
) -> None:
    await waiting(world, pod, QUARTER)

    said = await again(world)
    await seen(world, pod)
    for _ in range(3):
        await later(world, pod, 250)
    stayed = percent(world)

    assert said.title.startswith("Restored a little: 5 % of sticky keys, read-only tools")
    assert "restore-lone-5-percent" in said.as_text()
    assert "no more without a second person" in said.as_text()
    assert "A-1 waits for the rest" in said.as_text()
    assert (said.body["pending"], said.body["approval"]) == (True, "A-1")
    assert stayed == 5
    assert world.store.state.approval("A-1").standing == "pending"


async def test_another_person_without_the_power_to_approve_does_not_count(
    world: World, pod: HandMoved
) -> None:
    changed = policy()
    powers = {**changed.powers, "approve": Power(dict.fromkeys((1, 2, 3), frozenset({"approver"})))}
    await world.declare(stepped(), with_policy=replace(changed, powers=powers))
    await waiting(world, pod, QUARTER)

    with pytest.raises(NotAllowed):
        await world.bot.restore(request(), NOOR, request_id="noor")

    assert percent(world) == 0


async def test_the_approval_lifts_the_rest_in_steps_for_the_same_keys(
    world: World, pod: HandMoved
) -> None:
    await waiting(world, pod, QUARTER)
    await again(world)
    await seen(world, pod)
    lone = ramp_of(world)
    world.clock.later(400)
    pod.check_in()

    await world.bot.approve(ApproveRequest("A-1"), SAM, request_id="yes")
    joined = ramp_of(world)
    await later(world, pod, 210)

    assert (joined.percent, joined.lone, joined.uid) == (5, False, lone.uid)
    assert joined.since_ms == lone.since_ms
    assert percent(world) == 25
    assert world.store.state.approval("A-1").standing == "approved"


async def test_without_steps_the_approval_lifts_all_of_the_rest(
    world: World, pod: HandMoved
) -> None:
    await world.declare(workflow(NAME, tier=1))
    await waiting(world, pod, QUARTER)
    await again(world)
    few = percent(world)

    await world.bot.approve(ApproveRequest("A-1"), SAM, request_id="yes")

    assert (few, percent(world)) == (5, 100)
    assert not [name for name in world.server.timers if name.startswith("restore-ramp:")]


async def test_asking_a_third_time_lets_no_more_through(world: World, pod: HandMoved) -> None:
    await waiting(world, pod, QUARTER)
    await again(world)
    world.clock.later(60)
    before = world.store.state.position

    said = await again(world)

    assert world.store.state.position == before
    assert "Nothing was changed: it is on its way." in said.as_text()
    assert percent(world) == 5


async def test_a_red_watch_takes_back_what_one_person_did_and_voids_the_approval(
    world: World, pod: HandMoved
) -> None:
    await waiting(world, pod, QUARTER)
    await again(world)
    await report(world, 0.4)

    await world.work("restore_ramp")

    assert percent(world) == 0
    assert world.store.state.approval("A-1").standing == "void"


async def test_when_the_approval_expires_what_was_let_through_ends(
    world: World, pod: HandMoved
) -> None:
    await waiting(world, pod, QUARTER)
    await again(world)
    await seen(world, pod)
    world.clock.later(QUARTER + 1)
    pod.check_in()
    await world.outbox.fire_timers()
    await world.work("expire", "restore_ramp")
    kill = world.store.state.kill("K-1")
    await seen(world, pod)
    await world.work("card")

    said = await again(world)

    assert (kill.active, kill.ramp, kill.taken_back) == (True, None, "A-1 expired")
    assert kill.confirmed_ms is None
    assert world.store.state.kill("K-1").confirmed_ms is not None
    assert "A restore of K-1 was taken back: A-1 expired" in world.slack.updated[-1]
    assert said.body["approval"] == "A-2"
    assert world.store.state.approval("A-2").standing == "pending"


async def test_a_refusal_ends_what_was_let_through_and_says_so(
    world: World, pod: HandMoved
) -> None:
    await waiting(world, pod, QUARTER)
    await again(world)
    await seen(world, pod)
    no = ApproveRequest("A-1", grant=False)

    said = await world.bot.approve(no, SAM, request_id="no")
    kill = world.store.state.kill("K-1")
    repeated = await world.bot.approve(no, SAM, request_id="no")
    await seen(world, pod)
    await world.work("card")
    await later(world, pod, 3600)

    assert (percent(world), kill.taken_back) == (0, "A-1 refused by Sam")
    assert said.title == "Not restored in prod: A-1 refused by Sam; what was let through ends"
    assert "K-1 is to hold for everybody again: `support-copilot`" in said.as_text()
    assert said.body["taken_back"] == ["K-1"]
    assert repeated.title == said.title
    assert "A restore of K-1 was taken back: A-1 refused by Sam" in world.slack.updated[-1]
    assert not [name for name in world.server.timers if name.startswith("restore-ramp:")]


async def test_a_refusal_of_what_let_nothing_through_says_that_nothing_was_restored(
    world: World, pod: HandMoved
) -> None:
    await waiting(world, pod, 60)

    said = await world.bot.approve(ApproveRequest("A-1", grant=False), SAM, request_id="no")

    assert said.title == "Nothing was restored in prod: A-1 refused by Sam"


async def test_asked_anew_after_its_time_before_the_timer_ends_what_was_let_through(
    world: World, pod: HandMoved
) -> None:
    await waiting(world, pod, QUARTER)
    await again(world)
    await seen(world, pod)
    world.clock.later(QUARTER + 1)
    pod.check_in()

    said = await again(world)
    await world.bot.approve(ApproveRequest("A-2"), SAM, request_id="yes")

    assert said.body["approval"] == "A-2"
    assert world.store.state.approval("A-1").standing == "expired"
    assert (ramp_of(world).lone, ramp_of(world).approval) == (False, "A-2")


async def test_a_void_approval_ends_what_it_let_through_of_another_kill(
    world: World, pod: HandMoved
) -> None:
    await killed(world, pod)
    await world.bot.kill(KillRequest(COPILOT, "stop", tenant="acme"), MARA, request_id="acme")
    await again(world, COPILOT)
    world.clock.later(QUARTER)
    pod.check_in()
    await again(world, COPILOT)
    few = (percent(world), percent(world, "K-2"))

    await world.bot.kill(KillRequest(COPILOT, "stop", tenant="acme"), SAM, request_id="more")
    await world.work("expire")

    assert few == (5, 5)
    assert (percent(world), percent(world, "K-2")) == (0, 0)
    assert world.store.state.kill("K-1").taken_back == "A-1 void"


async def test_a_queue_that_closes_ends_what_one_person_let_through(
    world: World, pod: HandMoved
) -> None:
    world.clock.later(2.5 * 86_400)
    await killed(world, pod, "human")
    await ask(world)
    world.clock.later(QUARTER)
    await again(world)
    few = percent(world)
    (timer,) = [one for name, one in world.server.timers.items() if name.startswith("queue:")]

    await world.bot.handlers()["queue_closed"](Delivery("q", "rest", timer.effect, 1))

    kill = world.store.state.kill("K-1")
    assert (few, kill.mode, kill.ramp, kill.taken_back) == (5, "canned", None, "A-1 void")


async def test_a_lone_restore_of_everything_lets_five_percent_of_it_through(
    world: World, pod: HandMoved
) -> None:
    await world.bot.kill(KillRequest(Target("all"), "stop", confirmed=True), MARA, request_id="all")
    everything = Target("all")
    await again(world, everything)
    world.clock.later(QUARTER)

    await again(world, everything)

    assert percent(world) == 5
    assert ramp_of(world).lone


async def test_killing_the_same_beside_it_in_another_way_ends_it_too(
    world: World, pod: HandMoved
) -> None:
    await killed(world, pod, "drafts_only")
    await ask(world)
    world.clock.later(QUARTER)
    await again(world)
    few = percent(world)

    await world.bot.kill(KillRequest(COPILOT, "no_tools"), SAM, request_id="beside")

    assert (few, percent(world), percent(world, "K-2")) == (5, 0, 0)
    assert world.store.state.approval("A-1").standing == "void"
    assert not [name for name in world.server.timers if name.startswith("restore-ramp:")]


async def test_a_lone_restore_has_no_step_to_hold(world: World, pod: HandMoved) -> None:
    await waiting(world, pod, QUARTER)
    await again(world)

    with pytest.raises(StaleButton, match="Mara let 5 % of K-1 through alone") as no:
        await world.bot.hold_restore("K-1", MARA, hold=True, request_id="hold")

    assert no.value.hint == "To end it refuse A-1, or kill again."


async def test_the_same_lone_request_again_does_nothing_twice(world: World, pod: HandMoved) -> None:
    await waiting(world, pod, QUARTER)
    first = await world.bot.restore(request(), MARA, request_id="lone")
    before = world.store.state.position

    second = await world.bot.restore(request(), MARA, request_id="lone")

    assert world.store.state.position == before
    assert second.title == first.title
    assert "nothing was done twice" in second.as_text()


def request(target: Target = K1) -> RestoreRequest:
    return RestoreRequest(target)


async def test_what_somebody_let_through_who_left_the_policy_ends_and_may_be_asked_for_anew(
    world: World, pod: HandMoved
) -> None:
    await waiting(world, pod, QUARTER)
    await again(world)
    alone = percent(world)
    people = {name: one for name, one in rules().people.items() if name != "mara"}

    await world.declare(stepped(), with_policy=replace(rules(), people=people))
    await world.work("expire")
    anew = await world.bot.restore(RestoreRequest(K1), SAM, request_id="anew")

    assert (alone, percent(world)) == (5, 0)
    assert world.store.state.approval("A-1").standing == "void"
    assert anew.body["approval"] == "A-2"
