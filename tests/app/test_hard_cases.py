"""Hard cases of killing and restoring: broken glass twice, modes that differ, wide scopes, hostile records."""

import json

import pytest

from opsbot.app.requests import ApproveRequest, KillRequest, RestoreRequest, Target
from opsbot.domain.errors import NotAllowed, StaleButton
from opsbot.domain.workflow import Workflow
from tests.support.world import INES, MARA, NOOR, SAM, World, slack, workflow

COPILOT = Target("workflow", "support-copilot")
CONTRACTS = Target("workflow", "contract-summariser")
EVERYTHING = Target("all")
PIA = slack("U0PIA")


async def test_saying_a_break_glass_kill_again_is_no_second_use(world: World) -> None:
    mild = KillRequest(COPILOT, mode="read_only", break_glass=True)
    await world.bot.kill(mild, NOOR, request_id="1")

    again = await world.bot.kill(mild, NOOR, request_id="2")
    stricter = await world.bot.kill(
        KillRequest(COPILOT, mode="stop", break_glass=True), NOOR, request_id="3"
    )

    assert "Already so: K-1" in again.as_text()
    assert stricter.body["mode"] == "stop"
    with pytest.raises(NotAllowed, match="again in 60 min"):
        await world.bot.kill(KillRequest(CONTRACTS, break_glass=True), NOOR, request_id="4")


async def test_breaking_the_glass_on_somebody_elses_kill_counts_and_is_told(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT, mode="read_only"), MARA, request_id="1")

    await world.bot.kill(KillRequest(COPILOT, mode="stop", break_glass=True), NOOR, request_id="2")
    await world.work("tell")

    assert world.store.state.kill("K-1").break_glass
    assert {person for person, _ in world.slack.told} == {"U0SUPPORT", "U0ADMIN"}
    assert "By someone outside the policy (U0NEW)" in world.slack.told[0][1]
    with pytest.raises(NotAllowed, match="again in"):
        await world.bot.kill(KillRequest(CONTRACTS, break_glass=True), NOOR, request_id="3")


async def test_a_second_person_outside_the_role_does_not_adopt_by_joining(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT, break_glass=True), NOOR, request_id="1")
    await world.bot.kill(KillRequest(COPILOT, break_glass=True), PIA, request_id="2")
    world.clock.later(15 * 60 + 1)
    await world.outbox.fire_timers()
    await world.work("tell")

    assert any("Nobody has adopted" in text for _, text in world.slack.told)


async def test_a_responder_who_kills_the_same_stands_by_the_broken_glass(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT, break_glass=True), NOOR, request_id="1")

    said = await world.bot.kill(KillRequest(COPILOT), MARA, request_id="2")

    assert world.store.state.kill("K-1").taken == "mara"
    assert "Adopt" not in [button.label for button in said.buttons]
    assert not [name for name in world.server.timers if name.startswith("adopt:")]


async def test_a_kill_that_broke_no_glass_needs_no_adoption(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")

    with pytest.raises(StaleButton, match="broke no glass"):
        await world.bot.adopt("K-1", SAM, question=False, request_id="2")


async def test_killing_everything_after_something_milder_is_not_already_so(world: World) -> None:
    mild = KillRequest(EVERYTHING, mode="read_only", confirmed=True)
    await world.bot.kill(mild, MARA, request_id="1")

    said = await world.bot.kill(KillRequest(EVERYTHING, confirmed=True), MARA, request_id="2")

    assert (said.body["kill"], said.body["mode"]) == ("K-1", "safe_state")


async def test_modes_that_restrict_different_things_stand_side_by_side(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT, mode="fallback"), MARA, request_id="1")
    await world.bot.kill(KillRequest(COPILOT, mode="no_tools"), MARA, request_id="2")

    kills = world.store.state.active_kills()

    assert [(kill.id, kill.mode) for kill in kills] == [("K-1", "fallback"), ("K-2", "no_tools")]


async def test_a_kill_made_stricter_counts_its_time_from_then(world: World) -> None:
    pod = world.instance("pod-1")
    await world.bot.kill(KillRequest(COPILOT, mode="read_only"), MARA, request_id="1")
    world.clock.later(3600)
    await world.bot.kill(KillRequest(COPILOT, mode="stop"), MARA, request_id="2")
    pod.follow()
    await world.work("follow")

    took = world.store.state.kill("K-1").confirmed_ms

    assert took is not None
    assert took < 2_000


async def test_for_2h_on_a_kill_that_stands_moves_its_review(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")

    said = await world.bot.kill(KillRequest(COPILOT, review_in_s=7200), MARA, request_id="2")
    world.clock.later(7201)
    await world.outbox.fire_timers()
    await world.work("review")

    assert "only its review was moved" in said.as_text()
    assert "opsbot asks at 05:14:" in said.as_text()
    assert "Should K-1 stay?" in world.slack.told[0][1]


async def test_a_button_on_a_restored_kill_kills_nothing_anew(world: World) -> None:
    await world.bot.kill(KillRequest(CONTRACTS, mode="read_only"), MARA, request_id="1")
    await world.bot.restore(RestoreRequest(CONTRACTS), MARA, request_id="2")

    with pytest.raises(StaleButton):
        await world.bot.stop_completely("K-1", MARA, request_id="3")

    assert world.store.state.active_kills() == ()


async def test_stopping_completely_needs_the_power_to_kill(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT, mode="read_only"), MARA, request_id="1")

    with pytest.raises(NotAllowed):
        await world.bot.stop_completely("K-1", NOOR, request_id="2")
    with pytest.raises(NotAllowed):
        await world.bot.give_reason("K-1", "mine", NOOR, request_id="3")


async def test_a_request_replayed_after_everything_changed_claims_nothing(world: World) -> None:
    await world.bot.kill(KillRequest(CONTRACTS), MARA, request_id="1")
    await world.bot.restore(RestoreRequest(CONTRACTS), MARA, request_id="2")

    with pytest.raises(StaleButton, match="done before"):
        await world.bot.kill(KillRequest(CONTRACTS), MARA, request_id="1")

    assert world.store.state.active_kills() == ()


async def test_the_answer_names_who_killed_not_who_joined(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")

    said = await world.bot.kill(KillRequest(COPILOT), SAM, request_id="2")

    assert "by Mara via slack" in said.as_text()


async def test_who_kills_while_a_restore_waits_sees_it_and_may_refuse(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")
    await world.bot.restore(RestoreRequest(COPILOT), MARA, request_id="2")

    said = await world.bot.kill(KillRequest(COPILOT), SAM, request_id="3")

    assert "Restore asked for (A-1)" in said.as_text()
    assert "Refuse" in [button.label for button in said.buttons]


async def test_one_restore_overtakes_another_that_names_the_same_kill(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")
    await world.bot.kill(KillRequest(COPILOT, tenant="acme"), MARA, request_id="2")
    await world.bot.restore(RestoreRequest(COPILOT), MARA, request_id="3")

    await world.bot.restore(RestoreRequest(Target("kill", "K-2")), MARA, request_id="4")
    await world.bot.approve(ApproveRequest("A-2"), INES, request_id="5")

    state = world.store.state
    assert [state.approval(name).standing for name in ("A-1", "A-2")] == ["void", "approved"]
    assert [kill.id for kill in state.active_kills()] == ["K-1"]


async def test_an_approval_may_lift_several_kills_at_once(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")
    await world.bot.kill(KillRequest(COPILOT, tenant="acme"), MARA, request_id="2")
    await world.bot.restore(RestoreRequest(COPILOT), MARA, request_id="3")

    said = await world.bot.approve(ApproveRequest("A-1"), SAM, request_id="4")

    assert said.body["kills"] == ["K-1", "K-2"]
    assert world.store.state.active_kills() == ()


async def test_softened_to_human_it_ends_with_the_queue(world: World) -> None:
    world.clock.ms = 1_795_464_000_000 - 600_000
    await world.bot.kill(KillRequest(CONTRACTS, mode="stop"), MARA, request_id="1")
    await world.bot.kill(KillRequest(CONTRACTS, mode="human"), MARA, request_id="2")
    softened = world.store.state.kill("K-1").mode
    world.clock.later(601)
    await world.outbox.fire_timers()

    await world.work("queue_closed")

    assert (softened, world.store.state.kill("K-1").mode) == ("human", "canned")


async def test_a_provider_kill_concerns_only_who_uses_the_provider(world: World) -> None:
    await world.declare(elsewhere("search"))
    kill = KillRequest(Target("provider", "openai"), confirmed=True)
    await world.bot.kill(kill, MARA, request_id="1")

    status = await world.bot.status("search", MARA)

    assert "live" in status.title
    assert not any("K-1" in line for line in status.lines)


def elsewhere(name: str) -> Workflow:
    """Return a workflow that never calls openai."""
    target = {"provider": "mistral", "model": "large", "weight": 100}
    return workflow(name, route={"revision": "r1", "targets": [target], "fallbacks": []})


async def test_with_another_kill_in_force_a_restore_does_not_say_live(world: World) -> None:
    await world.bot.kill(KillRequest(CONTRACTS), MARA, request_id="1")
    await world.bot.kill(KillRequest(EVERYTHING, confirmed=True), MARA, request_id="2")

    said = await world.bot.restore(RestoreRequest(CONTRACTS), MARA, request_id="3")

    assert said.title.startswith("K-1 ended, but other kills still hold:")
    assert said.tone == "amber"
    assert said.body["still_held_by"] == ["K-2"]


@pytest.mark.parametrize(
    "raw",
    [
        "[" * 100_000,
        json.dumps({"s": 1, "scope": {"workflow": "\ud800"}, "mode": "stop", "uid": "x"}),
        json.dumps({"s": 1, "scope": {"tenant": "t" * 9_999}, "mode": "stop", "uid": "x"}),
        json.dumps({"s": 1, "scope": {}, "mode": "live", "uid": "x"}),
    ],
    ids=["deep", "surrogate", "long", "live"],
)
async def test_a_hostile_emergency_record_stops_no_other(world: World, raw: str) -> None:
    good = {"s": 1, "scope": {"workflow": "support-copilot"}, "mode": "a_new_mode", "uid": "ab"}
    world.server.emergencies += [raw, json.dumps({**good, "claimed": "\ud800 mara"})]

    await world.bot.tick()
    said = await world.bot.kill(KillRequest(COPILOT, mode="stop"), MARA, request_id="1")

    (kill,) = world.store.state.active_kills()
    assert (kill.emergency, kill.mode) == ("E-2", "stop")
    assert "who claims to be “mara”" in said.as_text()


async def test_a_silent_instance_is_not_forgotten_while_it_holds_up_a_kill(world: World) -> None:
    world.instance("pod-7")
    world.instance("pod-8", serves=("contract-summariser",))
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")
    world.clock.later(25 * 3600)

    await world.bot.sweep()

    assert list(world.server.services["support-api"].registered) == ["pod-7"]
