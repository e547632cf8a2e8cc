"""Killing: one line stops the right thing, says how far it got, and never more."""

import asyncio

import pytest

from opsbot.app.requests import KillRequest, Target
from opsbot.domain.errors import NeedsConfirmation, NotAllowed, UnknownMode, UnknownWorkflow
from tests.support.world import FAY, GUS, MARA, NOOR, SAM, World

COPILOT = Target("workflow", "support-copilot")


async def test_a_bare_kill_applies_the_declared_safe_state(world: World) -> None:
    said = await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")

    assert said.body["mode"] == "canned"
    assert said.body["kill"] == "K-1"


async def test_with_no_instance_it_is_stored_and_amber_and_exits_3(world: World) -> None:
    said = await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")

    assert said.tone == "amber"
    assert said.exit_code == 3
    assert "no running instance has confirmed" in said.title


async def test_every_instance_confirmed_and_proved_is_green(world: World) -> None:
    pod = world.instance("pod-1", probe="http://pod-1/probe")
    first = await world.bot.kill(KillRequest(COPILOT, mode="stop"), MARA, request_id="1")
    pod.follow()

    await world.work("follow")
    said = await world.bot.kill(KillRequest(COPILOT, mode="stop"), MARA, request_id="2")

    assert (first.tone, said.tone) == ("amber", "green")
    assert said.body["proved"] == {"probes": 1, "passed": 1}
    assert said.exit_code == 0


async def test_killing_twice_changes_nothing_and_says_so(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")
    revision = world.store.state.position.revision

    said = await world.bot.kill(KillRequest(COPILOT), MARA, request_id="2")

    assert world.store.state.position.revision == revision
    assert "Already so: K-1" in said.as_text()


async def test_a_repeated_request_is_one_kill(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT, tenant="acme"), MARA, request_id="1")

    said = await world.bot.kill(KillRequest(COPILOT, tenant="acme"), MARA, request_id="1")

    assert [kill.id for kill in world.store.state.active_kills()] == ["K-1"]
    assert said.body["kill"] == "K-1"


async def test_a_stricter_mode_changes_the_kill_in_place(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT, mode="read_only"), MARA, request_id="1")

    said = await world.bot.kill(KillRequest(COPILOT, mode="stop"), MARA, request_id="2")

    assert said.body["kill"] == "K-1"
    assert world.store.state.kill("K-1").mode == "stop"


async def test_a_milder_mode_waits_for_a_second_person_on_tier_1(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT, mode="stop"), MARA, request_id="1")

    said = await world.bot.kill(KillRequest(COPILOT, mode="fallback"), MARA, request_id="2")

    assert said.body["pending"] is True
    assert world.store.state.kill("K-1").mode == "stop"


async def test_a_wider_and_a_narrower_kill_live_side_by_side(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")
    await world.bot.kill(KillRequest(COPILOT, tenant="acme"), MARA, request_id="2")

    assert [kill.id for kill in world.store.state.active_kills()] == ["K-1", "K-2"]


async def test_an_unknown_workflow_offers_the_nearest_and_changes_nothing(world: World) -> None:
    revision = world.store.state.position.revision

    with pytest.raises(UnknownWorkflow) as refused:
        await world.bot.kill(
            KillRequest(Target("workflow", "suport-copilot")), MARA, request_id="1"
        )

    assert refused.value.nearest[0] == "support-copilot"
    assert world.store.state.position.revision == revision


async def test_an_unknown_mode_is_refused_with_the_nearest(world: World) -> None:
    with pytest.raises(UnknownMode, match="readonly"):
        await world.bot.kill(KillRequest(COPILOT, mode="readonly"), MARA, request_id="1")


async def test_everything_asks_before_it_stops_and_names_what_stops(world: World) -> None:
    with pytest.raises(NeedsConfirmation) as asked:
        await world.bot.kill(KillRequest(Target("all")), MARA, request_id="1")
    said = await world.bot.kill(KillRequest(Target("all"), confirmed=True), MARA, request_id="2")

    assert asked.value.stops == ("contract-summariser", "support-copilot")
    assert said.body["mode"] == "safe_state"


@pytest.mark.parametrize("actor", [GUS, FAY], ids=["guest", "foreign"])
async def test_outsiders_are_refused(world: World, actor: object) -> None:
    with pytest.raises(NotAllowed):
        await world.bot.kill(KillRequest(COPILOT), actor, request_id="1")  # type: ignore[arg-type]  # each kind of actor

    assert world.store.state.active_kills() == ()


async def test_a_member_without_a_role_breaks_the_glass_and_people_are_told(world: World) -> None:
    with pytest.raises(NotAllowed, match="break-glass"):
        await world.bot.kill(KillRequest(COPILOT), NOOR, request_id="1")

    await world.bot.kill(KillRequest(COPILOT, break_glass=True), NOOR, request_id="2")
    await world.work("tell")

    assert {person for person, _ in world.slack.told} == {"U0SUPPORT", "U0ADMIN"}


async def test_human_outside_its_hours_becomes_the_approved_text(world: World) -> None:
    said = await world.bot.kill(KillRequest(COPILOT, mode="human"), MARA, request_id="1")

    assert said.body["mode"] == "canned"
    assert "queue is closed" in said.as_text()


async def test_a_silent_instance_is_named_and_keeps_it_amber(world: World) -> None:
    world.instance("pod-7")
    pod = world.instance("pod-1")
    world.clock.later(3)
    pod.check_in()

    said = await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")

    assert said.tone == "amber"
    assert "`pod-7` silent: stops itself by 03:14:13 UTC" in said.as_text()
    assert said.body["instances"]["silent"] == ["pod-7"]  # type: ignore[index,call-overload]


async def test_the_second_killer_is_noted_and_no_new_kill_is_made(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")

    said = await world.bot.kill(KillRequest(COPILOT), SAM, request_id="2")

    assert world.store.state.kill("K-1").joined == ("sam",)
    assert "joined" in said.as_text()


async def test_the_reason_stands_beside_the_chain_and_can_be_erased(world: World) -> None:
    request = KillRequest(COPILOT, reason="wrong refund answers")
    await world.bot.kill(request, MARA, request_id="1")
    commitment = world.store.state.kill("K-1").reason

    await world.store.erase([commitment])

    assert "wrong refund" not in "".join(world.server.lines)
    assert (await world.bot.audit_verify(MARA)).tone == "green"


async def test_an_instance_that_lives_but_stops_acknowledging_is_shown_as_lagging(
    world: World,
) -> None:
    deaf, pod = world.instance("pod-deaf"), world.instance("pod-1")
    await world.bot.kill(KillRequest(COPILOT, mode="stop"), MARA, request_id="1")
    pod.follow()
    world.clock.later(6)
    deaf.check_in()
    pod.check_in()

    said = await world.bot.kill(KillRequest(COPILOT, mode="stop"), MARA, request_id="2")

    assert said.tone == "amber"
    assert said.body["instances"]["lagging"] == ["pod-deaf"]  # type: ignore[index,call-overload]
    assert "`pod-deaf` lagging: alive, has not confirmed" in said.as_text()
    assert "Last resort: Revoke key kms/x." in said.as_text()


async def test_two_people_at_once_make_one_kill_and_both_are_answered(world: World) -> None:
    one, two = await asyncio.gather(
        world.bot.kill(KillRequest(COPILOT), MARA, request_id="1"),
        world.bot.kill(KillRequest(COPILOT), SAM, request_id="2"),
    )

    assert one.body["kill"] == two.body["kill"] == "K-1"
    assert len(world.store.state.active_kills()) == 1


async def test_a_kill_on_a_tool_says_that_only_the_tool_is_stopped(world: World) -> None:
    world.instance("pod-1").follow()

    known = await world.bot.kill(KillRequest(COPILOT, tool="issue_refund"), MARA, request_id="1")
    typo = await world.bot.kill(KillRequest(COPILOT, tool="issue_refnd"), MARA, request_id="2")

    assert known.title.startswith("Tool `issue_refund` blocked for `support-copilot` in prod")
    assert "issue_refund" in typo.as_text()
    assert typo.tone == "amber"
