"""Restoring: guarded by a second person, bound to what was asked, confirmed by the fleet."""

from dataclasses import replace

import pytest

from opsbot.app.requests import ApproveRequest, KillRequest, RestoreRequest, Target
from opsbot.domain.errors import NotAllowed, NothingToRestore, StaleButton
from opsbot.domain.policy.rules import Grant
from tests.support.world import GUS, INES, MARA, NOOR, SAM, World, policy, slack

COPILOT = Target("workflow", "support-copilot")
CONTRACTS = Target("workflow", "contract-summariser")


@pytest.fixture(name="killed")
async def _killed(world: World) -> World:
    await world.bot.kill(KillRequest(COPILOT, mode="stop"), MARA, request_id="kill")
    return world


async def test_tier_1_waits_for_a_second_person_and_says_who_may_approve(killed: World) -> None:
    said = await killed.bot.restore(RestoreRequest(COPILOT), MARA, request_id="1")

    assert said.exit_code == 1
    assert said.body["approval"] == "A-1"
    assert said.body["who"] == ["Ines", "Sam"]
    assert killed.store.state.kill("K-1").active


async def test_an_approver_lifts_it_and_the_fleet_confirms(killed: World) -> None:
    pod = killed.instance("pod-1")
    await killed.bot.restore(RestoreRequest(COPILOT), MARA, request_id="1")
    first = await killed.bot.approve(ApproveRequest("A-1"), SAM, request_id="2")
    pod.follow()

    await killed.work("follow", "card")

    assert first.tone == "amber"
    assert not killed.store.state.kill("K-1").active
    assert killed.slack.posted[-1][1].startswith("Restored: `support-copilot` in prod\n1/1")


async def test_the_requester_cannot_approve_in_any_identity(killed: World) -> None:
    await killed.bot.restore(RestoreRequest(COPILOT), MARA, request_id="1")

    with pytest.raises(NotAllowed, match="Who asked cannot approve"):
        await killed.bot.approve(ApproveRequest("A-1"), MARA, request_id="2")

    assert killed.store.state.kill("K-1").active


async def test_the_second_persons_same_call_is_their_approval(killed: World) -> None:
    await killed.bot.restore(RestoreRequest(COPILOT), MARA, request_id="1")

    said = await killed.bot.restore(RestoreRequest(COPILOT), SAM, request_id="2")

    assert said.body["restored"] is True
    assert killed.store.state.approval("A-1").standing == "approved"


async def test_asking_twice_leaves_one_approval(killed: World) -> None:
    await killed.bot.restore(RestoreRequest(COPILOT), MARA, request_id="1")
    said = await killed.bot.restore(RestoreRequest(COPILOT), MARA, request_id="2")

    assert said.body["approval"] == "A-1"
    assert "Already asked" in said.as_text()


async def test_an_approval_of_what_has_changed_is_void_at_once(killed: World) -> None:
    await killed.bot.kill(KillRequest(CONTRACTS, mode="human"), MARA, request_id="k2")
    killed.clock.later(600)
    await killed.bot.restore(RestoreRequest(CONTRACTS), MARA, request_id="1")
    await killed.bot.kill(KillRequest(CONTRACTS, mode="stop"), MARA, request_id="k3")

    with pytest.raises(StaleButton, match="A-1 is over: void by Mara at 03:24:08 UTC because"):
        await killed.bot.approve(ApproveRequest("A-1"), SAM, request_id="2")

    assert killed.store.state.approval("A-1").standing == "void"
    assert killed.store.state.kill("K-2").active


async def test_an_approval_expires_and_says_so(killed: World) -> None:
    await killed.bot.restore(RestoreRequest(COPILOT), MARA, request_id="1")
    killed.clock.later(31 * 60)
    await killed.outbox.fire_timers()
    await killed.work("expire")

    with pytest.raises(StaleButton, match="expired"):
        await killed.bot.approve(ApproveRequest("A-1"), SAM, request_id="2")

    assert killed.store.state.approval("A-1").standing == "expired"


async def test_where_nobody_may_approve_yet_it_says_who_may_and_from_when(killed: World) -> None:
    nobody = tuple(one for one in policy().grants if one.role != "approver")
    await killed.declare(with_policy=replace(policy(), grants=nobody))

    said = await killed.bot.restore(RestoreRequest(COPILOT), MARA, request_id="1")

    assert "May approve: nobody yet; Ola, as secondary, from 03:19:07 UTC." in said.lines


async def test_a_page_that_would_come_too_late_is_not_promised(killed: World) -> None:
    times = replace(policy().times, page_secondary_ms=policy().times.approval_ms)
    await killed.declare(with_policy=replace(policy(), times=times))

    said = await killed.bot.restore(RestoreRequest(COPILOT), MARA, request_id="1")

    assert "May approve: Ines, Sam." in said.lines


async def test_after_five_minutes_the_secondary_is_asked(killed: World) -> None:
    await killed.bot.restore(RestoreRequest(COPILOT), MARA, request_id="1")
    killed.clock.later(5 * 60 + 1)
    await killed.outbox.fire_timers()
    await killed.work("tell")

    assert killed.slack.told[-1][0] == "U0ADMIN"
    assert "asked as secondary" in killed.slack.told[-1][1]


async def test_ones_own_fresh_kill_of_tier_2_is_undone_alone(world: World) -> None:
    await world.bot.kill(KillRequest(CONTRACTS, mode="stop"), MARA, request_id="k")
    world.clock.later(4 * 60)

    said = await world.bot.restore(RestoreRequest(CONTRACTS), MARA, request_id="1")

    assert said.body["restored"] is True


async def test_after_somebody_joined_it_is_no_longer_ones_own(world: World) -> None:
    await world.bot.kill(KillRequest(CONTRACTS, mode="stop"), MARA, request_id="k")
    await world.bot.kill(KillRequest(CONTRACTS, mode="stop"), SAM, request_id="k2")

    said = await world.bot.restore(RestoreRequest(CONTRACTS), MARA, request_id="1")

    assert said.body["pending"] is True


async def test_restoring_a_workflow_leaves_wider_kills_and_names_them(world: World) -> None:
    await world.bot.kill(KillRequest(CONTRACTS, mode="stop"), MARA, request_id="k")
    await world.bot.kill(KillRequest(Target("all"), confirmed=True), MARA, request_id="all")

    said = await world.bot.restore(RestoreRequest(CONTRACTS), MARA, request_id="1")

    assert [kill.id for kill in world.store.state.active_kills()] == ["K-2"]
    assert "Still held by K-2: all workflows" in said.as_text()


async def test_nothing_to_restore_is_an_answer(world: World) -> None:
    with pytest.raises(NothingToRestore):
        await world.bot.restore(RestoreRequest(CONTRACTS), MARA, request_id="1")


async def test_breaking_the_glass_never_restores(killed: World) -> None:
    with pytest.raises(NotAllowed):
        await killed.bot.restore(RestoreRequest(COPILOT), NOOR, request_id="1")


async def test_a_refusal_settles_the_approval_and_nothing_is_lifted(killed: World) -> None:
    await killed.bot.restore(RestoreRequest(COPILOT), MARA, request_id="1")

    said = await killed.bot.approve(ApproveRequest("A-1", grant=False), INES, request_id="2")

    assert "refused by Ines" in said.title
    assert killed.store.state.kill("K-1").active


async def test_one_human_in_two_identities_cannot_be_both_people(killed: World) -> None:
    stranger = slack("U0SECOND", groups=frozenset({"S0ONCALL"}))
    grants = (*policy().grants, Grant("responder", groups=frozenset({"S0ONCALL"})))
    await killed.declare(with_policy=replace(policy(), grants=grants))

    with pytest.raises(NotAllowed) as refused:
        await killed.bot.restore(RestoreRequest(COPILOT), stranger, request_id="1")

    assert refused.value.rule == "requester-not-joined"


async def test_who_may_not_approve_reads_that_it_waits_and_for_whom(killed: World) -> None:
    await killed.bot.restore(RestoreRequest(COPILOT), SAM, request_id="1")

    with pytest.raises(NotAllowed, match="A-1 waits for this already, asked by Sam") as refused:
        await killed.bot.restore(RestoreRequest(COPILOT), MARA, request_id="2")

    assert refused.value.hint == "May approve: Ines; Ola, as secondary, from 03:19:07 UTC."


async def test_a_guest_learns_nothing_about_what_is_killed(world: World) -> None:
    with pytest.raises(NotAllowed):
        await world.bot.restore(RestoreRequest(CONTRACTS), GUS, request_id="1")
