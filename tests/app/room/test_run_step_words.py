"""What the message of a step says and offers: its first press is the likely one, and nothing forgotten looks done."""

import re
from dataclasses import replace
from typing import Any

import pytest

from opsbot.app.requests import ApproveRequest
from opsbot.app.room.run_card_words import lane_end_said
from opsbot.app.room.run_step_words import Around, ended_said, step_said
from opsbot.app.runs.requests import RunAction
from opsbot.domain.errors import NeedsConfirmation
from opsbot.domain.prose import Paragraph, plain, words
from opsbot.domain.runbook import Box, Decision, Option, Phase, Step
from opsbot.domain.said import Item, Said
from tests.support.incident_life import settle
from tests.support.runs import (
    COPILOT,
    RUN,
    action,
    book,
    marked,
    pressed,
    started,
    step,
    view,
    walked_company,
)
from tests.support.world import INES, MARA, ROUTE, SAM, World, workflow


async def house_of(*steps: Step, **changes: Any) -> World:
    """Return the company with one runbook of these steps, which is being walked for INC-1."""
    house = await walked_company(book(Phase("all", "All", 1, steps=steps)))
    await started(house, **changes)
    return house


async def now(house: World) -> Said:
    """Return the message of the current step."""
    seen = await view(house)
    return step_said(seen, seen.lanes[0], Around({COPILOT: 12}))


async def left(house: World, name: str) -> str:
    """Return the line that is left of a step."""
    return ended_said(await view(house), name).title


STOP = step("Stop", action("kill", workflow=COPILOT), boxes=(Box("b1", words("Look")),))


async def test_a_step_that_was_done_without_its_action_says_so() -> None:
    house = await house_of(STOP, step("End"))

    said = await marked(house, "done", "stop")

    assert said.lines[0] == (
        "\u201cStop\u201d is done. \u201cKill support-copilot\u201d was not pressed here."
        " Next: \u201cEnd\u201d."
    )
    assert (await left(house, "stop")).endswith(
        ". 0 of 1 boxes ticked; \u201cKill support-copilot\u201d was not pressed here"
    )


async def test_a_step_that_was_done_whole_says_no_more_than_that() -> None:
    house = await house_of(STOP, step("End"))
    await marked(house, "box", "stop", box="b1")
    await pressed(house, "stop")
    await marked(house, "done", "stop")

    assert "not pressed" not in await left(house, "stop")
    assert "boxes" not in await left(house, "stop")


async def test_what_was_only_looked_through_was_not_forgotten() -> None:
    house = await house_of(STOP, step("End"), mode="show")

    said = await marked(house, "done", "stop")

    assert "not pressed" not in said.lines[0]


async def test_where_the_incident_is_there_nothing_offers_to_open_one() -> None:
    opens = action("incident", title="AI answers are wrong", type="hallucination_harm")
    house = await house_of(step("Name", opens), step("End"))

    said = await now(house)

    assert said.buttons[0].label == "Done"
    assert said.buttons[0].style == "primary"
    assert "Open an incident: INC-1 is there already." in said.lines
    await marked(house, "done", "name")
    assert "not pressed" not in await left(house, "name")


async def test_where_no_incident_is_there_it_can_be_opened() -> None:
    opens = action("incident", title="AI answers are wrong")
    house = await house_of(
        step("Name", opens), incident="", channel="C0OTHER", params={"workflow": COPILOT}
    )

    assert (await now(house)).buttons[0].label == "Open an incident"


async def test_what_waits_for_a_second_person_can_be_approved_where_it_is_read() -> None:
    check = action("verify", workflow=COPILOT, expect="live")
    house = await house_of(
        step("Stop", action("kill", workflow=COPILOT)),
        step("Back", action("restore", workflow=COPILOT), check),
        step("End"),
    )
    await pressed(house, "stop")
    await marked(house, "done", "stop")
    await pressed(house, "back")

    said = await now(house)

    assert [(one.act, one.label, one.value, one.style) for one in said.buttons[:2]] == [
        ("approve", "Approve A-1", "A-1", "primary"),
        ("run_do", "Verify support-copilot", said.buttons[1].value, ""),
    ]
    (waits,) = [line for line in said.lines if "A-1" in line]
    assert waits.startswith("Restore support-copilot: waits (A-1), until ")
    await house.bot.approve(ApproveRequest("A-1"), SAM, request_id="yes")
    await settle(house, rounds=8)
    assert [one.act for one in (await now(house)).buttons if one.act == "approve"] == []


async def test_an_answer_that_opens_steps_again_is_asked_about_first() -> None:
    asks = step(
        "Ask", decide=Decision(words("Good?"), (Option("Yes", "end"), Option("No", "look")))
    )
    house = await house_of(step("Look"), asks, step("End"))
    await marked(house, "done", "look")

    items = [one for one in (await now(house)).parts if isinstance(one, Item)]
    asked = [one.button.confirm for one in items if one.button is not None]

    assert asked == [
        "",
        "This goes back to \u201cLook\u201d: every step from there to here is to be done again.",
    ]


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (
            action("incident", update="first words are out", next="20m"),
            "It says: \u201cfirst words are out\u201d. It promises the next update in 20m.",
        ),
        (
            action("page", who="approver", reason="we need a yes"),
            "It says: \u201cwe need a yes\u201d.",
        ),
        (action("kill", workflow=COPILOT, reason="wrong answers"), "It reached 12 instances"),
        (
            action("kill", all="true"),
            "under policy. It hits coding-agent, support-copilot.",
        ),
        (
            action("kill", provider="openai"),
            "under policy. Without a fallback: none. With one: coding-agent, support-copilot.",
        ),
        (
            action("kill", provider="openai", mode="read_only"),
            "It hits coding-agent, support-copilot.",
        ),
        (
            action("comms", template="users-wrong-answers-investigating"),
            "goes out at once where it is approved in advance; anything else is a draft",
        ),
    ],
)
async def test_the_dialog_says_what_others_will_read(act: object, says: str) -> None:
    house = await house_of(replace(step("Say"), actions=(act,)))  # type: ignore[arg-type]  # an action

    assert says in (await now(house)).buttons[0].confirm


async def test_a_wide_kill_names_what_has_no_fallback_before_it_is_pressed() -> None:
    house = await house_of(step("Leave it", action("kill", provider="openai")))
    await house.declare(workflow("bare", route={**ROUTE, "fallbacks": []}))

    with pytest.raises(NeedsConfirmation) as asked:
        await house.bot.runs.do(RunAction(RUN), MARA, request_id="typed")

    says = "Without a fallback: bare (stop). With one: coding-agent, support-copilot."
    assert says in (await now(house)).buttons[0].confirm
    assert says in asked.value.lines


async def test_the_end_of_a_lane_says_what_is_still_current_and_how_it_is_finished() -> None:
    house = await house_of(step("Look"), step("Tell", who="comms"))
    await marked(house, "failed", "look", words="no", by=INES)

    one = lane_end_said(await view(house), "ops")
    await marked(house, "done", "tell")
    both = lane_end_said(await view(house), "comms")

    assert one.title == "The ops lane of RUN-1 is at its end"
    assert one.lines == (
        "Still current, comms: step 2, \u201cTell\u201d; nobody has it.",
        "To be dealt with: step 1, \u201cLook\u201d, did not work.",
    )
    assert [each.act for each in one.buttons] == ["run_steps"]
    assert [each.act for each in both.buttons] == ["run_finish", "run_steps"]
    assert "finish it" in both.lines[-1]


async def test_a_question_whose_action_nobody_pressed_says_what_comes_first() -> None:
    asks = Decision(words("Over?"), (Option("Yes", "end"), Option("No", "end")))
    house = await house_of(replace(STOP, decide=asks), step("End"))
    first = "First press \u201cKill support-copilot\u201d below; then answer."

    before = [plain(one.prose) for one in (await now(house)).parts if isinstance(one, Paragraph)]
    await pressed(house, "stop")
    after = [plain(one.prose) for one in (await now(house)).parts if isinstance(one, Paragraph)]

    assert before[-2:] == [first, "Decide: Over?"]
    assert first not in after


async def test_where_a_lane_begins_nothing_offers_a_step_back() -> None:
    house = await house_of(step("Look"), step("End"))

    first = [one.act for one in (await now(house)).more]
    await marked(house, "done", "look")
    second = [one.act for one in (await now(house)).more]

    assert "run_back" not in first
    assert "run_back" in second


async def test_what_is_blocked_says_when_it_is_looked_at_again() -> None:
    house = await house_of(step("Look"), step("End"))

    said = await marked(house, "block", "look", words="the index team", for_s=1800)

    assert re.search(
        r"\u201cLook\u201d is blocked; it is looked at again at \d\d:\d\d", said.lines[0]
    )
