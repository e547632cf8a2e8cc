"""A restore in steps: a few first, watched, on when all is well, held, and taken back when it goes red."""

from dataclasses import replace

import pytest

from opsbot.app.ramp.steps import UNCONFIRMED
from opsbot.app.requests import (
    KillRequest,
    RestoreRequest,
    Target,
)
from opsbot.domain.errors import NotAllowed
from opsbot.domain.state import State
from opsflags import keys
from opsflags.evaluate import View, compile_view
from opsflags.records import kill_from_json, workflow_from_json
from opsflags.shares import ramp_from_json
from tests.support.restores import (
    COPILOT,
    K1,
    NAME,
    again,
    approved,
    killed,
    later,
    measured,
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
    ALL_MODES,
    INES,
    MARA,
    NOOR,
    SAM,
    HandMoved,
    World,
    workflow,
)

__all__ = ["pod", "ramping", "world"]


async def test_an_approved_restore_lets_a_few_through_and_says_until_when(
    world: World, pod: HandMoved
) -> None:
    await killed(world, pod)

    said = await approved(world)

    assert percent(world) == 5
    assert said.tone == "amber"
    assert said.title.startswith(
        "Restoring in steps: 5 % of sticky keys, read-only tools of `support-copilot` in prod"
    )
    assert "watched until 03:24:0" in said.as_text()
    assert "then 25 %." in said.as_text()
    assert said.body["restored"] is False
    assert [button.act for button in said.buttons] == ["stop_completely", "restore_hold"]


async def test_it_climbs_step_by_step_and_the_last_step_lifts_it(
    ramping: World, pod: HandMoved
) -> None:
    climbed = [percent(ramping)]
    for _ in range(3):
        await later(ramping, pod)
        climbed.append(percent(ramping))
    kill = ramping.store.state.kill("K-1")

    assert climbed == [5, 25, 50, 100]
    assert (kill.ended_by, kill.ramp) == ("sam", None)
    assert not {name for name in ramping.server.timers if name.endswith(kill.uid)}


async def test_clients_read_percent_and_salt_and_the_salt_stays(
    ramping: World, pod: HandMoved
) -> None:
    record = ramping.store.state.kind(keys.KILLS)["K-1"]["ramp"]
    first = ramp_from_json(record)
    await later(ramping, pod)
    second = ramp_from_json(ramping.store.state.kind(keys.KILLS)["K-1"]["ramp"])

    assert first is not None
    assert second is not None
    assert (first.percent, second.percent) == (5, 25)
    assert first.salt == second.salt != ""


async def test_who_is_let_through_reads_and_never_writes_and_a_probe_sees_the_kill(
    ramping: World, pod: HandMoved
) -> None:
    seen_by = view(ramping.store.state)
    said = [seen_by.decide(None, None, None, None, f"user-{n}") for n in range(2000)]
    let = [one for one in said if one.allowed]

    assert 60 <= len(let) <= 140
    assert {one.mode for one in let} == {"read_only"}
    assert all("issue_refund" not in one.tools for one in let)
    assert seen_by.decide(None, None, None, None, None).mode == "stop"


async def test_it_is_watched_before_it_goes_on(ramping: World, pod: HandMoved) -> None:
    await later(ramping, pod, 590)

    assert percent(ramping) == 5


async def test_a_step_that_is_not_confirmed_holds_and_then_is_watched_from_there(
    world: World, pod: HandMoved
) -> None:
    await killed(world, pod)
    await approved(world)
    world.clock.later(601)
    pod.check_in()
    await world.outbox.fire_timers()
    await world.work("restore_ramp")
    held = ramp_of(world).held

    await seen(world, pod)
    await later(world, pod, 300)
    early = percent(world)
    await later(world, pod, 310)

    assert held == UNCONFIRMED
    assert (early, percent(world)) == (5, 25)


async def test_a_red_gate_takes_it_back_at_once_and_tells(ramping: World, pod: HandMoved) -> None:
    await later(ramping, pod)
    await report(ramping, 0.85)
    await ramping.work("restore_ramp")
    await seen(ramping, pod)
    await ramping.work("tell", "card")
    kill = ramping.store.state.kill("K-1")

    assert (percent(ramping), kill.active, kill.mode) == (0, True, "stop")
    assert "ground pass_rate: 0.85 of 200 cases" in kill.taken_back
    told = [(who, text) for who, text in ramping.slack.told if text.startswith("Taken back")]
    assert {who for who, _ in told} == {"U0SUPPORT", "U0ADMIN"}
    assert "The watch went red at 25 % of sticky keys" in told[0][1]
    assert "A restore of K-1 was taken back: ground pass_rate" in ramping.slack.updated[-1]


async def test_after_it_was_taken_back_nothing_goes_on_without_a_new_approval(
    ramping: World, pod: HandMoved
) -> None:
    await report(ramping, 0.5)
    await ramping.work("restore_ramp")
    for _ in range(4):
        await later(ramping, pod)
    stayed = percent(ramping)

    said = await again(ramping)

    assert stayed == 0
    assert said.body["pending"] is True
    assert said.body["approval"] == "A-2"


async def test_bad_news_from_before_the_restore_does_not_count(
    world: World, pod: HandMoved
) -> None:
    await killed(world, pod)
    await measured(world, 0.3)
    world.clock.later(1)
    await approved(world)
    await seen(world, pod)

    await later(world, pod)

    assert percent(world) == 25


async def test_bad_news_takes_it_back_though_the_clock_was_set_back_since_it_began(
    ramping: World, pod: HandMoved
) -> None:
    ramping.clock.later(-7_200)

    await report(ramping, 0.5)
    await ramping.work("restore_ramp")

    assert percent(ramping) == 0


async def test_red_of_too_few_cases_only_holds(ramping: World, pod: HandMoved) -> None:
    await measured(ramping, 0.5, n=3)

    await later(ramping, pod)

    assert percent(ramping) == 5
    assert "too few cases" in ramp_of(ramping).held


async def test_what_another_revision_measured_says_nothing_of_this_one(
    ramping: World, pod: HandMoved
) -> None:
    await measured(ramping, 0.1, subject="r9")

    await later(ramping, pod)

    assert percent(ramping) == 25


async def test_a_new_kill_beside_it_holds_until_it_is_lifted(
    ramping: World, pod: HandMoved
) -> None:
    await ramping.bot.kill(
        KillRequest(Target("all"), "read_only", confirmed=True), MARA, request_id="all"
    )
    await seen(ramping, pod)
    await later(ramping, pod)
    held = ramp_of(ramping).held
    await ramping.bot.restore(request(Target("all")), MARA, request_id="up")

    await later(ramping, pod, 31)

    assert held == "K-2 (`read_only`) restricts it since"
    assert percent(ramping) == 25


async def test_an_older_kill_beside_it_does_not_hold(world: World, pod: HandMoved) -> None:
    await killed(world, pod)
    await world.bot.kill(KillRequest(COPILOT, "stop", tenant="acme"), MARA, request_id="acme")
    await seen(world, pod)
    await approved(world)
    await seen(world, pod)

    await later(world, pod)

    assert (percent(world), percent(world, "K-2")) == (25, 0)


@pytest.mark.parametrize("mode", ["stop", "canned", None])
async def test_killing_it_again_holds_it_for_everybody_and_never_widens(
    ramping: World, pod: HandMoved, mode: str | None
) -> None:
    said = await ramping.bot.kill(KillRequest(COPILOT, mode), INES, request_id="again")
    kill = ramping.store.state.kill("K-1")
    for _ in range(4):
        await later(ramping, pod)

    assert (percent(ramping), kill.mode, kill.taken_back) == (0, "stop", "killed again by Ines")
    assert said.body["kill"] == "K-1"
    assert not [name for name in ramping.server.timers if name.startswith("restore-ramp:")]


async def test_stop_completely_ends_it_in_a_stricter_mode(world: World, pod: HandMoved) -> None:
    await killed(world, pod, "canned")
    await approved(world)

    await world.bot.stop_completely("K-1", MARA, request_id="stop")

    kill = world.store.state.kill("K-1")
    assert (kill.mode, kill.ramp, kill.confirmed_ms) == ("stop", None, None)


async def test_restoring_again_says_how_far_it_is_and_changes_nothing(
    ramping: World, pod: HandMoved
) -> None:
    before = ramping.store.state.position

    said = await again(ramping, COPILOT)

    assert ramping.store.state.position == before
    assert "Nothing was changed: it is on its way." in said.as_text()
    assert "To hold it: `opsbot restore K-1 hold`." in said.as_text()
    assert "5 % of sticky keys, read-only tools, watched until 03:24:0" in said.as_text()
    with pytest.raises(NotAllowed):
        await ramping.bot.restore(request(), NOOR, request_id="noor")


@pytest.mark.parametrize("mode", ["read_only", "fallback", "no_tools"])
async def test_a_mild_mode_is_lifted_at_once(world: World, pod: HandMoved, mode: str) -> None:
    await killed(world, pod, mode)

    said = await again(world)

    assert said.body["restored"] is True
    assert percent(world) == 100


async def test_a_kill_of_a_tool_is_lifted_at_once(world: World, pod: HandMoved) -> None:
    await world.bot.kill(KillRequest(COPILOT, tool="issue_refund"), MARA, request_id="tool")
    await approved(world)

    assert percent(world) == 100


async def test_ones_own_fresh_kill_is_undone_at_once_but_not_after_it_was_taken_back(
    world: World, pod: HandMoved
) -> None:
    await world.declare(replace(stepped(), tier=2), with_policy=rules())
    await killed(world, pod)
    undone = await again(world)
    await world.bot.kill(KillRequest(COPILOT, "stop"), MARA, request_id="two")
    await world.bot.kill(KillRequest(COPILOT, "stop"), SAM, request_id="joins")
    await approved(world, Target("kill", "K-2"))
    await report(world, 0.2)
    await world.work("restore_ramp")

    said = await again(world, Target("kill", "K-2"))

    assert undone.body["restored"] is True
    assert percent(world, "K-2") == 0
    assert said.body["pending"] is True


async def test_without_declared_steps_a_restore_lifts_at_once(world: World, pod: HandMoved) -> None:
    await world.declare(workflow(NAME, tier=1))
    await killed(world, pod)

    said = await approved(world)

    assert said.body["restored"] is True


async def test_steps_that_change_in_the_file_do_not_change_one_that_runs(
    ramping: World, pod: HandMoved
) -> None:
    await ramping.declare(stepped(restore={"steps": [50], "watch_s": 1}))
    await later(ramping, pod, 2)
    early = percent(ramping)
    await later(ramping, pod)

    assert (early, percent(ramping)) == (5, 25)


def request(target: Target = K1) -> RestoreRequest:
    return RestoreRequest(target)


def view(state: State) -> View:
    """Return what a client knows that can do everything."""
    return compile_view(
        NAME,
        workflow_from_json(NAME, dict(state.kind(keys.WORKFLOWS)[NAME])),
        [kill_from_json(dict(one)) for one in state.kind(keys.KILLS).values()],
        modes=ALL_MODES,
        knowledge="live",
    )
