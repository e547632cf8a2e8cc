"""A ramp that waits for a second person: who is asked, in which words, and how it ends."""

from dataclasses import replace

import pytest

from opsbot.app.requests import ApproveRequest, RollbackRequest, StageRequest
from opsbot.app.restore.waits import ramp_cards, ramp_words, waiting_lines
from opsbot.app.routes.asked_words import ramp_asked
from opsbot.app.routes.ramp_decision import UNPROVED
from opsbot.domain.approval import Approval
from opsbot.domain.errors import NotAllowed, StaleButton
from opsbot.domain.policy.rules import Grant, Policy
from tests.app.test_asked import Messages
from tests.support.ramps import proved_switch
from tests.support.routes import COPILOT, stored
from tests.support.world import INES, MARA, NOOR, SAM, World, policy, workflow


@pytest.fixture(name="messages")
async def _messages(world: World) -> Messages:
    """A ramp of r2 of the copilot, of tier 1, that Ines asked for."""
    messages = Messages()
    world.bot = replace(world.bot, chat=messages)
    await world.declare(workflow(COPILOT, tier=1))
    await stored(world, COPILOT)
    await world.bot.stage(StageRequest(COPILOT, "begin", reason="cheaper"), INES, request_id="ask")
    return messages


def narrow() -> Policy:
    """Return a policy in which Sam approves for his own team alone."""
    base = policy()
    grants = tuple(one for one in base.grants if one.role != "approver")
    own = Grant("approver", people=frozenset({"sam"}), teams=frozenset({"support-ai"}))
    others = Grant("approver", people=frozenset({"mara"}), teams=frozenset({"legal"}))
    return replace(base, grants=(*grants, own, others))


async def test_who_may_approve_is_asked_for_a_ramp_in_its_own_words(
    world: World, messages: Messages
) -> None:
    await world.work("tell")

    assert list(messages.says) == ["U0SUPPORT"]
    said = messages.says["U0SUPPORT"]
    assert "Ramp of r2 of `support-copilot`, over r1 in prod waits for your approval" in said
    assert "A-1, asked by Ines" in said
    assert "Asked for: cheaper" in said
    assert "estore" not in said


async def test_who_approves_reads_what_differs_its_note_and_its_reason(world: World) -> None:
    messages = Messages()
    world.bot = replace(world.bot, chat=messages)
    await world.declare(workflow(COPILOT, tier=1))
    await stored(
        world, COPILOT, prompt="support@43", params={"temperature": 0.2}, tools="t@2", note="warmer"
    )
    await world.bot.stage(
        StageRequest(COPILOT, "begin", reason="asked by sales"), INES, request_id="ask"
    )

    await world.work("tell")

    said = messages.says["U0SUPPORT"]
    for line in (
        "prompt: ",
        "temperature",
        "tools: ",
        "Its note: warmer",
        "Asked for: asked by sales",
    ):
        assert line in said
    assert "\u2192 support@43" in said


async def test_content_that_served_before_is_said_to_be_the_same(
    world: World, messages: Messages
) -> None:
    state = world.store.state
    approval = state.approval("A-1")
    same = replace(approval, action={**approval.action, "over": "r2"})
    other = replace(approval, action={**approval.action, "revision": "r99"})

    assert ramp_asked(state, same, 0).lines[0] == "Its content is that of r2."
    assert ramp_asked(state, other, 0).lines == ()
    assert ramp_asked(state, replace(approval, action={"verb": "restore"}), 0).lines == ()


async def test_what_will_hold_it_is_said_before_anybody_approves(
    world: World, messages: Messages
) -> None:
    again = await world.bot.stage(StageRequest(COPILOT, "begin"), INES, request_id="again")
    await world.work("tell")

    told = f"Once approved it is held at its first step: {UNPROVED}."
    assert again.body["outcome"] == "still_pending"
    assert told in again.lines
    assert again.body["held_once_approved"] == [UNPROVED]
    assert told in messages.says["U0SUPPORT"]


async def test_a_switch_that_was_proved_is_not_spoken_of(world: World) -> None:
    await world.declare(workflow(COPILOT, tier=1))
    pod = world.instance("pod-1")
    pod.follow()
    await proved_switch(world, pod)
    await world.bot.approve(ApproveRequest("A-1"), SAM, request_id="back")
    pod.follow()
    await stored(world, COPILOT)

    asked = await world.bot.stage(StageRequest(COPILOT, "begin"), INES, request_id="ask")

    assert asked.body["outcome"] == "pending"
    assert asked.body["held_once_approved"] == []
    assert "Once approved" not in asked.as_text()


async def test_approvers_of_one_team_are_asked_for_its_workflows_alone(
    world: World, messages: Messages
) -> None:
    await world.declare(workflow(COPILOT, tier=1), with_policy=narrow())

    await world.work("tell")

    assert list(messages.says) == ["U0SUPPORT"]


async def test_the_second_persons_same_words_are_the_approval(
    world: World, messages: Messages
) -> None:
    await world.work("tell")

    done = await world.bot.stage(StageRequest(COPILOT, "begin"), SAM, request_id="same")
    await world.work("tell")

    assert done.body["outcome"] == "begun"
    assert messages.says["U0SUPPORT"].startswith("A-1 approved by Sam")
    assert "Ramp of r2 of `support-copilot`, over r1 in prod" in messages.says["U0SUPPORT"]
    entry = world.store.state.approval("A-1")
    assert (entry.requester, entry.approver) == ("ines", "sam")


async def test_who_may_only_roll_back_approves_nothing(world: World, messages: Messages) -> None:
    for actor in (MARA, NOOR):
        with pytest.raises(NotAllowed):
            await world.bot.approve(ApproveRequest("A-1"), actor, request_id=f"no:{actor.id}")
        with pytest.raises(NotAllowed):
            await world.bot.stage(
                StageRequest(COPILOT, "begin"), actor, request_id=f"same:{actor.id}"
            )

    assert world.store.state.approval("A-1").standing == "pending"


async def test_a_refusal_says_that_nothing_was_changed(world: World, messages: Messages) -> None:
    await world.work("tell")

    said = await world.bot.approve(
        ApproveRequest("A-1", grant=False, reason="not on Friday"), SAM, request_id="no"
    )
    await world.work("tell")

    assert said.title == ("Nothing was changed: r2 of `support-copilot` in prod was refused by Sam")
    assert "By Sam: not on Friday" in said.lines
    assert messages.says["U0SUPPORT"].startswith("A-1 refused by Sam")
    assert world.store.state.routing(COPILOT).candidate is None


async def test_a_ramp_that_nobody_approved_expires_and_its_card_says_so(
    world: World, messages: Messages
) -> None:
    await world.work("tell", "route_card")
    posted = messages.posted[-1][1]

    world.clock.later(31 * 60)
    await world.bot.tick()
    await world.work("expire")
    await world.work("route_card", "tell")

    assert world.store.state.approval("A-1").standing == "expired"
    assert messages.says["U0SUPPORT"].startswith("A-1 expired: nobody approved it in time")
    assert "A-1 waits for a second person" in posted
    assert [text for _, text in messages.posted] == [posted]


async def test_a_route_that_moved_on_makes_the_approval_stale(
    world: World, messages: Messages
) -> None:
    await world.bot.rollback(RollbackRequest(COPILOT), MARA, request_id="calm")
    await stored(world, COPILOT, prompt="p@9")
    await world.bot.stage(StageRequest(COPILOT, "begin"), INES, request_id="other")
    await world.bot.approve(ApproveRequest("A-2"), SAM, request_id="yes")

    with pytest.raises(StaleButton, match="A-1 is over: void by Sam"):
        await world.bot.approve(ApproveRequest("A-1"), SAM, request_id="late")


async def test_a_look_at_the_route_offers_what_waits(world: World, messages: Messages) -> None:
    shown = await world.bot.route(COPILOT, NOOR)

    assert any(line.startswith("A-1 waits for a second person until") for line in shown.lines)
    assert [(one.act, one.value) for one in shown.buttons] == [
        ("approve", "A-1"),
        ("refuse", "A-1"),
    ]


def test_what_is_no_ramp_has_no_card_and_no_line() -> None:
    restore = Approval("A-2", {"verb": "restore", "kills": []}, "", "mara", 0, 1)

    assert ramp_cards(restore) == ()
    assert waiting_lines(None, policy()) == []


def test_words_of_a_ramp_are_inert() -> None:
    action = {"verb": "stage", "workflow": "a\u202eb`", "revision": "r2", "over": "r1"}

    assert (
        ramp_words(Approval("A-2", action, "", "mara", 0, 1))
        == "Ramp of r2 of `a b\u02bc`, over r1"
    )


async def test_a_ramp_whose_asker_left_the_policy_is_void_and_may_be_asked_for_anew(
    world: World, messages: Messages
) -> None:
    await world.work("tell")
    people = {name: one for name, one in policy().people.items() if name != "ines"}
    await world.declare(workflow(COPILOT, tier=1), with_policy=replace(policy(), people=people))
    await world.work("tell")

    with pytest.raises(StaleButton, match="because who asked for it is not in the policy any more"):
        await world.bot.approve(ApproveRequest("A-1"), SAM, request_id="late")
    said = await world.bot.stage(StageRequest(COPILOT, "begin"), SAM, request_id="anew")

    assert world.store.state.approval("A-1").standing == "void"
    assert said.body["approval"] == "A-2"
    assert "A-1" in messages.says["U0SUPPORT"]
