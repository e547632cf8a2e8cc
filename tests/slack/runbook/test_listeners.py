"""A runbook walked in Slack, through real bolt: what stands in the channel, and what each press makes of it."""

from opsbot.domain.block_kit.check import check_message, check_view
from opsbot.slack.ids import Modal
from opsbot.workbench.slack.model import Json, Message
from tests.slack.forged import LEAD, NEW, ONCALL, SUPPORT, _no_crash
from tests.slack.runbook_hands import (
    START,
    Walk,
    _one_way,
    _walk,
    button_of,
    elements,
    labels,
    menu,
    row,
)
from tests.support.wait import eventually

__all__ = ["_no_crash", "_one_way", "_walk"]


async def test_a_beginning_posts_a_card_the_current_steps_and_the_whole_runbook(walk: Walk) -> None:
    shown = await walk.types(ONCALL, START)

    assert "RUN-1 for INC-1: Wrong or harmful answers" in shown.text
    card, ops, comms = walk.tops()[-3:]
    assert "RUN-1 \u00b7 Wrong or harmful answers \u00b7 under way" in card.text
    assert "Contain 0/4 &gt; Assess 0/3 &gt; Restore 0/4" in card.text
    assert "Ops: step 1, \u201cKeep the evidence\u201d; nobody has it." in card.text
    assert "Keep the evidence" in ops.text
    assert "Tell the users" in comms.text
    (file,) = [one for one in walk.house.slack.workspace.replies(card) if one.files]
    assert file.files[0].name.startswith("run-1-wrong-answers")


async def test_a_step_shows_no_more_than_four_buttons_and_everything_else_in_menus(
    one_way: Walk,
) -> None:
    await one_way.types(ONCALL, START)
    ops = one_way.tops()[-2]

    assert row(ops.blocks) == [
        "Capture evidence of support-copilot",
        "Done",
        "Did not work",
        "Skip\u2026",
    ]
    assert menu(ops.blocks) == [
        "Catch me up",
        "I have this",
        "Give it to somebody\u2026",
        "Blocked on\u2026",
        "Note or evidence\u2026",
        "Whole runbook",
    ]
    assert [one for one in labels(ops.blocks) if one == "Tick"] == ["Tick", "Tick"]
    assert check_message({"text": ops.text, "blocks": ops.blocks}) == []


async def test_a_button_carries_ids_and_the_seen_version_and_nothing_else(one_way: Walk) -> None:
    await one_way.types(ONCALL, START)
    ops = one_way.tops()[-2]
    values = [
        str(element.get("value", ""))
        for block in ops.blocks
        for element in block.get("elements", [])
        if element["type"] == "button"
    ]

    assert values == ["RUN-1:1:1:keep-the-evidence", *["RUN-1:1::keep-the-evidence"] * 3]


async def test_a_tick_makes_the_next_step_the_newest_message_and_leaves_one_line(
    walk: Walk,
) -> None:
    await walk.types(ONCALL, START)
    before = walk.tops()[-2]

    await walk.press(ONCALL, "Done", before)

    assert "Stop the harm" in walk.newest().text
    left = walk.house.slack.workspace.find(walk.room, before.ts)
    assert left is not None
    assert left.text.startswith("\u201cKeep the evidence\u201d \u2713 done by Mara at ")
    assert labels(left.blocks) == []
    assert walk.told(ONCALL) == walk.told(ONCALL)[:1], "no answer stands below the newest step"


async def test_the_card_is_edited_in_place_and_counts_what_was_skipped_apart(
    one_way: Walk,
) -> None:
    await one_way.types(ONCALL, START)
    card, ops = one_way.tops()[-3], one_way.tops()[-2]

    await one_way.choose(ONCALL, "I have this", ops)
    await one_way.press(LEAD, "Skip\u2026", ops)
    await one_way.send(LEAD, preset="does not apply", reason="no traces here")

    now = one_way.house.slack.workspace.find(one_way.room, card.ts)
    assert now is not None
    assert "Contain 0/3 &gt; Assess 0/3" in now.text
    assert "0 of 11 steps done, 1 skipped." in now.text
    left = one_way.house.slack.workspace.find(one_way.room, ops.ts)
    assert left is not None
    assert "skipped by Ines" in left.text
    assert "does not apply: no traces here" in left.text


async def test_a_skip_without_a_reason_keeps_the_form(one_way: Walk) -> None:
    await one_way.types(ONCALL, START)
    ops = one_way.tops()[-2]
    await one_way.press(ONCALL, "Skip\u2026", ops)

    done = await one_way.send(ONCALL, preset="other")

    assert "Say why" in str(done.errors)
    assert one_way.run().version == 1


async def test_a_skip_that_policy_refuses_keeps_every_word(one_way: Walk) -> None:
    await one_way.types(ONCALL, START)
    ops = one_way.tops()[-2]
    await one_way.press(ONCALL, "Skip\u2026", ops)

    again = await one_way.send(ONCALL, preset="later", reason="after lunch")

    assert again.view is not None
    assert "Only the commander skips a `capture` step" in str(again.view.blocks)
    assert "after lunch" in str(again.view.blocks)
    assert again.view.body["callback_id"] == Modal.RUN_SKIP


async def test_who_presses_second_reads_who_was_first(one_way: Walk) -> None:
    await one_way.types(ONCALL, START)
    ops = one_way.tops()[-2]
    payload = _click(one_way, SUPPORT, "Done", ops)
    await one_way.press(ONCALL, "Done", ops)

    await one_way.house.slack.courier.deliver("interactive", payload)
    await one_way.settle()

    assert "Mara did this" in one_way.told(SUPPORT)[-1]
    assert "Nothing was changed" in one_way.told(SUPPORT)[-1]
    assert one_way.run().version == 2


async def test_a_double_click_is_one_effect(one_way: Walk) -> None:
    await one_way.types(ONCALL, START)
    ops = one_way.tops()[-2]
    first, second = (_click(one_way, ONCALL, "Done", ops) for _ in range(2))

    await one_way.house.slack.courier.deliver("interactive", first)
    await one_way.house.slack.courier.deliver("interactive", second)
    await one_way.settle()

    assert one_way.run().version == 2
    assert len(one_way.told(ONCALL)) == 1, "the answer to the command alone"


async def test_boxes_are_ticked_one_by_one_from_one_screen(one_way: Walk) -> None:
    await one_way.types(ONCALL, START)
    ops = one_way.tops()[-2]
    clicks = [_click(one_way, ONCALL, "Tick", ops, nth) for nth in (0, 1)]

    for click in clicks:
        await one_way.house.slack.courier.deliver("interactive", click)
    await one_way.settle()

    assert one_way.run().mark("keep-the-evidence").boxes == ("b1", "b2")
    now = one_way.house.slack.workspace.find(one_way.room, ops.ts)
    assert now is not None
    assert labels(now.blocks)[:2] == ["Untick", "Untick"]


async def test_an_answer_jumps_and_says_where_it_leads(one_way: Walk) -> None:
    await one_way.types(ONCALL, START)
    await one_way.types(ONCALL, "/ai-runbook done keep-the-evidence")
    await one_way.types(ONCALL, "/ai-runbook done stop-the-harm")
    asks = one_way.newest()
    assert "goes to \u201cWiden the kill\u201d" in str(asks.blocks)
    assert "Done" not in row(asks.blocks)

    await one_way.press(ONCALL, "No", asks)

    assert "Find the change" in one_way.newest().text
    left = one_way.house.slack.workspace.find(one_way.room, asks.ts)
    assert left is not None
    assert "Answer: No" in left.text


async def test_something_blocked_is_set_aside_and_taken_up_again(one_way: Walk) -> None:
    await one_way.types(ONCALL, START)
    ops = one_way.tops()[-2]

    await one_way.choose(ONCALL, "Blocked on\u2026", ops)
    await one_way.send(ONCALL, reason="the index team", look_again="1800")

    assert one_way.steps()["keep-the-evidence"] == "blocked"
    assert "Stop the harm" in one_way.newest().text
    left = one_way.house.slack.workspace.find(one_way.room, ops.ts)
    assert left is not None
    assert "is blocked on the index team" in left.text
    await one_way.types(ONCALL, "/ai-runbook unblock keep-the-evidence")
    assert "Keep the evidence" in one_way.newest().text


async def test_a_word_is_answered_with_what_it_did_and_the_messages_show_the_rest(
    one_way: Walk,
) -> None:
    began = await one_way.types(ONCALL, START)
    ticked = await one_way.types(ONCALL, "/ai-runbook done 1")
    listed = await one_way.types(ONCALL, "/ai-runbook catalogue")

    assert "Its card and its current steps follow here." in str(began.blocks)
    assert "[ ] b1" not in str(began.blocks)
    assert "\u201cKeep the evidence\u201d is done." in str(ticked.blocks)
    assert "was not pressed here. Next: \u201cStop the harm\u201d." in str(ticked.blocks)
    assert "Contain 1/4" not in str(ticked.blocks)
    assert "`wrong-answers`: Wrong or harmful answers" in str(listed.blocks)
    assert "/ai-runbook start NAME" in str(listed.blocks)


async def test_a_step_is_given_to_somebody_who_accepts(one_way: Walk) -> None:
    await one_way.types(ONCALL, START)
    ops = one_way.tops()[-2]

    await one_way.choose(LEAD, "Give it to somebody\u2026", ops)
    await one_way.send(LEAD, who=SUPPORT)

    offered = one_way.house.slack.workspace.find(one_way.room, ops.ts)
    assert offered is not None
    assert "Sam was asked to take it" in offered.text
    await one_way.types(SUPPORT, "/ai-runbook accept keep-the-evidence")
    assert "Sam has it, begun at" in one_way.house.slack.workspace.find(one_way.room, ops.ts).text  # type: ignore[union-attr]  # it stands


async def test_a_note_and_a_link_are_kept_with_the_step(one_way: Walk) -> None:
    await one_way.types(ONCALL, START)
    ops = one_way.tops()[-2]

    await one_way.choose(ONCALL, "Note or evidence\u2026", ops)
    await one_way.send(ONCALL, kind="evidence", link="https://traces.example.com/1", reason="first")

    (kept,) = one_way.run().attached
    assert (kept.kind, kept.url) == ("evidence", "https://traces.example.com/1")
    now = one_way.house.slack.workspace.find(one_way.room, ops.ts)
    assert now is not None
    assert "Kept with it: 1 piece of evidence." in now.text


async def test_the_lead_goes_over_when_it_is_accepted(one_way: Walk) -> None:
    await one_way.types(ONCALL, START)
    card = one_way.tops()[-3]

    await one_way.types(LEAD, f"/ai-runbook handover <@{SUPPORT}|sam>")
    now = one_way.house.slack.workspace.find(one_way.room, card.ts)
    assert now is not None
    assert "Ines leads; offered to Sam, who has not accepted yet." in now.text
    await one_way.press(ONCALL, "I have command", now)
    assert one_way.run().commander == "ines"
    await one_way.press(SUPPORT, "I have command", now)

    assert one_way.run().commander == "sam"
    assert "Sam leads." in one_way.house.slack.workspace.find(one_way.room, card.ts).text  # type: ignore[union-attr]  # it stands


async def test_the_whole_list_is_a_modal_and_a_step_of_it_can_be_read(one_way: Walk) -> None:
    await one_way.types(ONCALL, START)
    ops = one_way.tops()[-2]

    await one_way.choose(NEW, "Whole runbook", ops)
    view = await one_way.form(NEW)

    assert check_view({**view.body, "blocks": view.blocks}) == []
    assert "\u25b6 1. Keep the evidence (now)" in str(view.blocks)
    read = next(b for b in view.blocks if "2. Stop the harm" in str(b.get("text")))
    await one_way.house.slack.click(
        NEW, action_id=read["accessory"]["action_id"], block_id=read["block_id"], view_id=view.id
    )
    one = await one_way.form(NEW)
    assert "How to stop the harm of support-copilot." in str(one.blocks)
    assert "/ai-kill support-copilot" in str(one.blocks)
    assert "opsbot kill" not in str(one.blocks)


async def test_who_comes_late_reads_five_lines_that_nobody_else_sees(one_way: Walk) -> None:
    await one_way.types(ONCALL, START)

    await one_way.press(NEW, "Catch me up", one_way.tops()[-3])

    assert "Where RUN-1 for INC-1" in one_way.told(NEW)[-1]
    assert "Led by" in one_way.told(NEW)[-1]


async def test_a_bare_start_asks_which_runbook_and_what_it_needs(one_way: Walk) -> None:
    shown = await one_way.types(ONCALL, "/ai-runbook start")
    assert shown.view is not None
    asked = await one_way.send(ONCALL, runbook="wrong-answers", run_mode="drill")
    assert asked.view is not None
    assert "param_workflow" in str(asked.view.blocks)

    done = await one_way.send(ONCALL, param_workflow="support-copilot")

    assert done.view is not None
    assert "RUN-1" in str(done.view.blocks)
    assert one_way.run().mode == "drill"
    assert any("Drill: Keep the evidence" in one.text for one in one_way.tops())


async def test_a_message_that_somebody_deleted_is_posted_anew(one_way: Walk) -> None:
    await one_way.types(ONCALL, START)
    ops = one_way.tops()[-2]
    one_way.house.slack.workspace.messages[one_way.room].remove(ops)

    await one_way.types(ONCALL, "/ai-runbook take keep-the-evidence")

    assert "Keep the evidence" in one_way.newest().text
    assert "Mara has it" in one_way.newest().text


async def test_a_run_without_an_incident_goes_on_where_it_was_begun(one_way: Walk) -> None:
    await one_way.types(
        ONCALL, "/ai-runbook start wrong-answers workflow=coding-agent", "C0SUPPORTAI"
    )

    assert one_way.tops("C0SUPPORTAI")[-3].text.startswith("RUN-1 \u00b7 ")
    assert "Keep the evidence" in one_way.tops("C0SUPPORTAI")[-2].text


async def test_a_run_where_the_bot_is_no_member_is_told_to_who_leads_it(one_way: Walk) -> None:
    await one_way.types(ONCALL, "/ai-runbook start wrong-answers workflow=coding-agent", "G0CLOSED")

    direct = [
        channel
        for channel, said in one_way.house.slack.workspace.messages.items()
        if channel.startswith("D") and any("RUN-1" in one.text for one in said)
    ]
    assert len(direct) == 1
    assert "Keep the evidence" in one_way.tops(direct[0])[-2].text


async def test_the_home_tab_has_the_runbooks_and_what_is_being_walked(one_way: Walk) -> None:
    await one_way.types(ONCALL, START)

    await one_way.house.slack.open_home(ONCALL)
    home = await eventually(lambda: one_way.house.slack.workspace.homes.get(ONCALL))

    assert home is not None
    assert check_view({**home.body, "blocks": home.blocks}) == []
    shown = str(home.blocks)
    assert "Wrong or harmful answers* (11 steps" in shown
    assert "*RUN-1 for INC-1* is under way: Contain 0/4" in shown
    assert "Catch me up" in labels(home.blocks)
    block, start = button_of(home.blocks, "Start\u2026")
    assert start["value"] == "wrong-answers"
    await one_way.house.slack.click(
        ONCALL, action_id=start["action_id"], block_id=block["block_id"], view_id=home.id
    )
    form = await one_way.form(ONCALL)
    assert "wrong-answers" in str(form.blocks[0]["element"]["initial_option"])


def _click(walk: Walk, user: str, label: str, on: Message, nth: int = 0) -> Json:
    """Return the payload of a press, to be delivered when the test wants it."""
    found = [(b, e) for b, e in elements(on.blocks) if e.get("text", {}).get("text") == label]
    payloads, person = walk.house.slack.payloads, walk.house.slack.workspace.person(user)
    return payloads.message_click(person, on, found[nth], None, {})


async def test_the_incident_s_card_begins_the_runbook_of_its_type(one_way: Walk) -> None:
    await one_way.types(ONCALL, "/ai-incident type hallucination_harm")
    card = next(one for one in one_way.tops() if "Runbook\u2026" in labels(one.blocks))

    await one_way.press(ONCALL, "Runbook\u2026", card)
    view = await one_way.form(ONCALL)
    picked = next(one for one in view.blocks if one.get("block_id") == "runbook")
    assert picked["element"]["initial_option"]["value"] == "wrong-answers"
    await one_way.send(ONCALL, runbook="wrong-answers", run_mode="live")

    run = one_way.run()
    assert (run.incident, run.runbook, run.params["workflow"]) == (
        "INC-1",
        "wrong-answers",
        "support-copilot",
    )
