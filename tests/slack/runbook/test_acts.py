"""Actions of a runbook pressed in Slack, and what remains when Slack fails, people go and the bot dies."""

from dataclasses import replace

import pytest

from opsbot.app.runs.requests import StartRun
from opsbot.domain.runbook import Phase
from opsbot.slack.blocks import render
from opsbot.slack.chat import SlackChat
from opsbot.slack.rooms import SlackRooms
from opsbot.workbench.slack.model import Message
from tests.slack.forged import LEAD, NEW, ONCALL, SUPPORT, _no_crash
from tests.slack.runbook_hands import (
    START,
    Walk,
    _one_way,
    _walk,
    button_of,
    labels,
    menu,
    row,
    walking,
)
from tests.support.runs import action, book
from tests.support.runs import step as one_step
from tests.support.world import MARA

__all__ = ["_no_crash", "_one_way", "_walk"]

KILL = "Kill support-copilot"


async def stopping(walk: Walk) -> None:
    """Begin, and come to the step that stops the harm."""
    walk.pods.append(walk.world.instance("pod-1"))
    await walk.types(ONCALL, START)
    await walk.types(ONCALL, "/ai-runbook done keep-the-evidence")


async def test_the_action_is_one_press_away_and_says_before_what_it_does(walk: Walk) -> None:
    await stopping(walk)
    step = walk.newest()
    _, kill = button_of(step.blocks, KILL)
    assert kill["style"] == "danger"
    asked = kill["confirm"]["text"]["text"]
    assert asked == (
        "Kill support-copilot, in prod. It reached 1 instance when this was written."
        " Undo: step \u201cRestore in stages\u201d."
    )

    await walk.press(ONCALL, KILL, step)

    (held,) = walk.world.store.state.active_kills()
    assert (held.id, held.reason != "") == ("K-1", True)
    assert walk.run().act("stop-the-harm", 1).state == "done"  # type: ignore[union-attr]  # it was pressed
    left = walk.house.slack.workspace.find(walk.room, step.ts)
    assert left is not None
    assert "(K-1)" in left.text


async def test_two_people_press_the_action_and_it_happens_once(one_way: Walk) -> None:
    await stopping(one_way)
    step = one_way.newest()
    click = one_way.house.slack.payloads.message_click(
        one_way.house.slack.workspace.person(SUPPORT), step, button_of(step.blocks, KILL), None, {}
    )
    await one_way.press(ONCALL, KILL, step)

    await one_way.house.slack.courier.deliver("interactive", click)
    await one_way.settle()

    assert len(one_way.world.store.state.active_kills()) == 1
    assert "Mara pressed this" in one_way.told(SUPPORT)[-1]


async def test_an_action_that_was_typed_asks_first(one_way: Walk) -> None:
    await stopping(one_way)

    asked = await one_way.types(ONCALL, "/ai-runbook do stop-the-harm")
    assert "Nothing was done" in asked.text
    assert one_way.world.store.state.active_kills() == ()
    said = next(one for one in one_way.house.slack.seen_by(ONCALL, one_way.room)
                if one.ephemeral_for == ONCALL and "Yes, do it" in str(one.blocks))  # fmt: skip
    await one_way.press(ONCALL, "Yes, do it", said)

    assert [one.id for one in one_way.world.store.state.active_kills()] == ["K-1"]


async def test_the_yes_is_for_the_very_step_that_was_asked_about() -> None:
    steps = (
        one_step("Stop", action("kill"), undo="stop"),
        one_step("Say it", action("incident", update="we are on it"), who="comms"),
    )
    async with walking("http", book(Phase("all", "All", 1, steps=steps))) as walk:
        await walk.types(SUPPORT, START)
        await walk.types(SUPPORT, "/ai-runbook take step:2")

        asked = await walk.types(SUPPORT, "/ai-runbook do")
        said = next(one for one in walk.house.slack.seen_by(SUPPORT, walk.room)
                    if one.ephemeral_for == SUPPORT and "Yes, do it" in str(one.blocks))  # fmt: skip
        await walk.press(SUPPORT, "Yes, do it", said)

        assert "Nothing was done" in asked.text
        assert list(walk.run().acts) == ["say-it#1"]
        assert walk.world.store.state.active_kills() == ()


async def test_what_was_done_is_taken_back_after_a_question(one_way: Walk) -> None:
    await stopping(one_way)
    step = one_way.newest()
    await one_way.press(ONCALL, KILL, step)
    shown = one_way.newest()
    assert f"Take back: {KILL}" in menu(shown.blocks)

    await one_way.choose(ONCALL, f"Take back: {KILL}", shown)
    asked = await one_way.form(ONCALL)
    assert f"Take back: {KILL}?" in str(asked.blocks)
    await one_way.send(ONCALL)

    back = one_way.run().undoing("stop-the-harm", 1)
    assert back is not None
    assert back.state in ("waiting", "done")


async def test_whoever_may_only_look_presses_nothing(one_way: Walk) -> None:
    await stopping(one_way)
    step = one_way.newest()

    await one_way.press(NEW, KILL, step)

    assert one_way.world.store.state.active_kills() == ()
    assert one_way.told(NEW) != []


@pytest.mark.parametrize("kind", ["429", "drop", "drop_after_effect", "500"])
@pytest.mark.parametrize(
    "method", ["chat.postMessage", "chat.update", "files.completeUploadExternal"]
)
async def test_a_call_that_goes_wrong_leaves_one_of_everything(method: str, kind: str) -> None:
    async with walking() as walk:
        before = len(walk.tops())
        walk.house.slack.faults.fail(method, kind, times=2)  # type: ignore[arg-type]  # a parameter
        await walk.types(ONCALL, START)
        await walk.settle(8)
        await walk.types(ONCALL, "/ai-runbook done keep-the-evidence")
        for _ in range(3):
            walk.world.clock.later(55)
            await walk.settle(2)

        said = [one.text for one in walk.tops()[before:]]
        assert sum("RUN-1 \u00b7 Wrong" in one for one in said) == 1
        assert sum(one.startswith("\u201cKeep the evidence\u201d \u2713 done") for one in said) == 1
        assert sum(one.startswith("Stop the harm") for one in said) == 1
        assert sum(one.startswith("Tell the users") for one in said) == 1
        files = [one for one in walk.house.slack.workspace.messages[walk.room] if one.files]
        assert len(files) == 1


async def test_another_replica_goes_on_where_one_died(one_way: Walk) -> None:
    await stopping(one_way)
    step = one_way.newest()
    client, world = one_way.house.app.deps.client, one_way.world
    chat = SlackChat(client, world.outbox, world.clock)
    world.bot = replace(world.bot, chat=chat, rooms=SlackRooms(client, chat), render=render)

    await one_way.press(ONCALL, KILL, step)

    left = one_way.house.slack.workspace.find(one_way.room, step.ts)
    assert left is not None
    assert "done (K-1), pressed by Mara" in left.text
    await one_way.press(ONCALL, "Done", left)
    assert "Does it go on" in one_way.newest().text
    assert labels(one_way.house.slack.workspace.find(one_way.room, step.ts).blocks) == []  # type: ignore[union-attr]  # it stands


async def test_a_run_to_its_end_leaves_lines_and_a_green_card(one_way: Walk) -> None:
    await one_way.types(LEAD, START)
    card = one_way.tops()[-3]
    for step in one_way.world.bot.procedures.known()["wrong-answers"].steps:
        await one_way.types(LEAD, f"/ai-runbook skip step:{step.id} not in this test")

    now = one_way.house.slack.workspace.find(one_way.room, card.ts)
    assert now is not None
    assert "Finish it" in row(now.blocks)
    await one_way.press(LEAD, "Finish it", now)

    ended = one_way.house.slack.workspace.find(one_way.room, card.ts)
    assert ended is not None
    assert "\u00b7 finished" in ended.text
    assert row(ended.blocks) == ["Whole runbook"]
    assert one_way.run().status == "finished"


async def at_its_end_with_one_left(walk: Walk) -> Message:
    """Walk to the end with one step set aside, and return the card."""
    await walk.types(LEAD, START)
    card = walk.tops()[-3]
    for step in walk.world.bot.procedures.known()["wrong-answers"].steps:
        act = "block" if step.id == "find-the-change" else "skip"
        await walk.types(LEAD, f"/ai-runbook {act} step:{step.id} not in this test")
    now = walk.house.slack.workspace.find(walk.room, card.ts)
    assert now is not None
    return now


async def test_finishing_with_steps_left_asks_why_and_keeps_the_words(one_way: Walk) -> None:
    card = await at_its_end_with_one_left(one_way)

    await one_way.press(LEAD, "Finish it", card)
    asked = await one_way.form(LEAD)
    assert "Find the change" in str(asked.blocks)
    nothing = await one_way.send(LEAD, reason="  ")
    assert one_way.run().status == "open"
    await one_way.send(LEAD, reason="monday, in the light")

    assert "Say why" in str(nothing.errors)
    assert one_way.run().status == "finished"
    (why,) = await one_way.world.env.unsealed(one_way.run().why)
    assert why == "monday, in the light"


async def test_whoever_does_not_lead_gets_their_words_back(one_way: Walk) -> None:
    card = await at_its_end_with_one_left(one_way)

    await one_way.press(ONCALL, "Finish it", card)
    await one_way.send(ONCALL, reason="monday, in the light")

    again = await one_way.form(ONCALL)
    assert one_way.run().status == "open"
    assert "finishes a run with steps left" in str(again.blocks)
    assert "monday, in the light" in str(again.blocks)


async def test_one_that_is_abandoned_loses_its_buttons(one_way: Walk) -> None:
    await one_way.types(LEAD, START)
    card, ops, comms = one_way.tops()[-3:]

    await one_way.types(LEAD, "/ai-runbook abandon a false alarm")

    for one in (ops, comms):
        left = one_way.house.slack.workspace.find(one_way.room, one.ts)
        assert left is not None
        assert labels(left.blocks) == []
        assert "was open when RUN-1 ended" in left.text
    assert "Abandoned after" in one_way.house.slack.workspace.find(one_way.room, card.ts).text  # type: ignore[union-attr]  # it stands


async def test_an_incident_that_becomes_private_takes_its_run_out_of_shared_channels(
    one_way: Walk,
) -> None:
    room = one_way.room
    await one_way.types(ONCALL, START)

    await one_way.types(LEAD, "/ai-incident private INC-1")
    await one_way.settle(8)

    assert [one.text for one in one_way.tops(room)[-3:]] == ["RUN-1 is private now"] * 3
    goes_on = [
        one.text
        for channel, said in one_way.house.slack.workspace.messages.items()
        if channel != room and not channel.startswith("C0SUPPORTAI")
        for one in said
        if one.text.startswith(("RUN-1", "Keep the evidence"))
    ]
    assert len(goes_on) == 2, "in its private channel, or with who leads it"


async def test_a_button_that_nobody_made_changes_nothing(one_way: Walk) -> None:
    await one_way.types(ONCALL, START)
    step = one_way.tops()[-2]
    for value in ("RUN-1", "RUN-1:0::x", "RUN-9:1::keep-the-evidence", "x" * 500, ""):
        block, element = button_of(step.blocks, "Done")
        forged = one_way.house.slack.payloads.message_click(
            one_way.house.slack.workspace.person(ONCALL), step, (block, {**element, "value": value}),
            None, {},
        )  # fmt: skip
        answer = await one_way.house.slack.courier.deliver("interactive", forged)
        assert answer.problem == ""
    await one_way.settle()

    assert one_way.run().version == 1


async def test_a_click_opens_its_form_with_twenty_runs_open(one_way: Walk) -> None:
    for number in range(20):
        request = StartRun("wrong-answers", params={"workflow": "coding-agent"}, mode="show")
        await one_way.world.bot.runs.start(request, MARA, request_id=f"one of many {number}")
    await one_way.types(ONCALL, START)
    step = one_way.newest()

    shown = await one_way.press(ONCALL, "Skip\u2026", step)

    assert len(one_way.world.store.state.open_runs()) == 21
    assert shown.view is not None


async def test_an_answer_to_a_direct_message_is_seen_there(one_way: Walk) -> None:
    await one_way.types(ONCALL, START)
    await one_way.types(LEAD, f"/ai-runbook assign <@{SUPPORT}|sam> keep-the-evidence")
    (asked,) = [
        one
        for channel, said in one_way.house.slack.workspace.messages.items()
        if channel.startswith("D")
        for one in said
        if "I take it" in labels(one.blocks)
    ]

    await one_way.press(SUPPORT, "I take it", asked)

    assert one_way.run().mark("keep-the-evidence").assignee == "sam"
    assert "You have \u201cKeep the evidence\u201d" in one_way.told(SUPPORT, asked.channel)[-1]


async def test_a_restore_is_approved_on_the_step_and_the_end_of_its_lane_is_said() -> None:
    steps = (
        one_step("Stop", action("kill"), undo="back"),
        one_step("Back", action("restore")),
        one_step("Tell", who="comms"),
    )
    async with walking("http", book(Phase("one", "One", 1, steps=steps))) as walk:
        walk.pods.append(walk.world.instance("pod-1"))
        await walk.types(ONCALL, START)
        await walk.types(ONCALL, "/ai-runbook done step:1")
        await walk.types(ONCALL, "/ai-kill support-copilot wrong")
        back = walk.newest()
        await walk.press(ONCALL, "Restore support-copilot", back)
        waits = walk.house.slack.workspace.find(walk.room, back.ts)
        assert waits is not None
        assert row(waits.blocks)[0] == "Approve A-1"

        await walk.press(ONCALL, "Approve A-1", waits)
        assert walk.world.store.state.approval("A-1").standing == "pending"
        await walk.press(SUPPORT, "Approve A-1", waits)
        await walk.settle(8)
        assert not walk.world.store.state.active_kills()
        done = walk.house.slack.workspace.find(walk.room, back.ts)
        assert done is not None
        assert "Approve A-1" not in labels(done.blocks)

        await walk.press(ONCALL, "Done", done)
        assert "The ops lane of RUN-1 is at its end" in walk.told(ONCALL)[-1]
        assert "Still current, comms: step 3, \u201cTell\u201d" in walk.told(ONCALL)[-1]
