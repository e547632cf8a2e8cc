"""Messages to people in Slack: written in a form, read as they go out, let go, approved by somebody else, corrected."""

import re

import pytest

from opsbot.slack.flat import flat
from opsbot.slack.ids import Field, Modal
from tests.slack.comms_hands import (
    ADMIN,
    FILLED,
    PM,
    WRONG_FOUND,
    Desk,
    _desk,
    _one,
    button_of,
    buttons,
)
from tests.slack.forged import LEAD, NEW, ONCALL, _no_crash
from tests.support.comms import never
from tests.support.world import slack

__all__ = ["_desk", "_no_crash", "_one"]

NAMED = "Mara had given the assistant an old price list."
"""Words that the wording check warns of: somebody is named."""


async def test_a_message_is_written_read_let_go_and_approved_by_a_second_person(
    desk: Desk,
) -> None:
    await desk.drafted()
    place, drafted = desk.card().ts, desk.card().text

    await desk.press(PM, "Ask for approval", desk.card())
    waits, asked = desk.card().text, desk.direct(ADMIN)[-1]
    read = asked.text
    await desk.press(ADMIN, "Approve A-1", asked)
    out = desk.card()

    assert "read an old price list" in drafted
    assert "Waits for A-1" in waits
    assert "On `status-page`, `in-app`" in read
    assert "What happened: The assistant read an old price list." in read
    assert desk.message().standing == "published"
    assert desk.places["status-page"].said == desk.places["in-app"].said == ["MSG-1"]
    assert "https://status-page.example.com/" in out.text
    assert out.ts == place
    assert "Correct\u2026" in buttons(out.blocks)


async def test_the_author_approves_nothing_of_their_own(one: Desk) -> None:
    await one.drafted()
    await one.press(PM, "Ask for approval", one.card())

    await one.press(PM, "Approve A-1", one.card())

    assert one.message().standing == "waiting"
    assert "You wrote in MSG-1, so you cannot approve it" in one.heard(PM)
    assert not one.places["status-page"].posts


async def test_two_who_approve_at_once_publish_once(one: Desk) -> None:
    await one.drafted()
    await one.press(PM, "Ask for approval", one.card())
    both = list(one.card().blocks)

    await one.press(ADMIN, "Approve A-1", one.card())
    one.card().blocks[:] = both
    await one.press(LEAD, "Approve A-1", one.card())

    assert one.places["status-page"].said == ["MSG-1"]
    assert "A-1" in one.heard(LEAD)


async def test_a_preview_leads_to_its_form_however_often_it_was_edited(one: Desk) -> None:
    await one.drafted()

    for topic in ("orders", "vouchers", "prices", "returns"):
        preview = await one.form(PM)
        block, edit = button_of(preview.blocks, "Edit\u2026")
        await one.house.slack.click(
            PM, action_id=edit["action_id"], block_id=block["block_id"], view_id=preview.id
        )
        await one.settle()
        await one.fill(PM, comms_topic=topic)

        assert f"wrong answers about {topic}" in one.card().text


async def test_an_edit_kills_the_approval_and_the_old_button_says_so(one: Desk) -> None:
    await one.drafted()
    await one.press(PM, "Ask for approval", one.card())
    old = one.direct(ADMIN)[-1]
    stale_blocks = list(old.blocks)

    await one.press(PM, "Edit\u2026", one.card())
    await one.fill(PM, comms_topic="orders")
    old.blocks[:] = stale_blocks
    await one.press(ADMIN, "Approve A-1", old)

    assert one.message().standing == "draft"
    assert one.message().version == 2
    assert "wrong answers about orders" in one.card().text
    assert not one.places["status-page"].posts


async def test_a_button_of_an_older_version_changes_nothing(one: Desk) -> None:
    await one.drafted()
    old = list(one.card().blocks)
    await one.press(PM, "Edit\u2026", one.card())
    await one.fill(PM, comms_topic="orders")
    card = one.card()
    card.blocks[:] = old

    await one.press(PM, "Ask for approval", card)

    assert one.message().standing == "draft"
    assert "is not what you saw" in one.heard(PM)


async def test_what_the_check_warns_of_is_asked_about_and_kept_by_a_button(one: Desk) -> None:
    await one.drafted(comms_cause=NAMED)
    found = one.card().text

    await one.press(PM, "Ask for approval", one.card())
    asked = next(
        m
        for m in reversed(one.house.slack.seen_by(PM, one.room))
        if "Publish it as it is" in buttons(m.blocks)
    )
    before = one.message().standing
    await one.press(PM, "Publish it as it is", asked)

    assert "Look: W-" in found
    assert before == "draft"
    assert one.message().standing == "waiting"


async def test_what_the_check_stops_has_no_button_that_publishes(one: Desk) -> None:
    await one.drafted(comms_cause="GPT-4o had a memory leak.")

    assert "Stops it: W-" in one.card().text
    assert set(buttons(one.card().blocks)) == {"Edit\u2026", "Give up\u2026"}


async def test_users_are_told_with_one_tap_of_the_incidents_card(desk: Desk) -> None:
    card = next(one for one in desk.tops() if "INC-1 \u00b7" in one.text)
    label = next(one for one in buttons(card.blocks) if one.startswith("Tell users now (by "))

    await desk.press(ONCALL, label, card)

    after = next(one for one in desk.tops() if "INC-1 \u00b7" in one.text)
    assert desk.message().standing == "published"
    assert desk.message().holding
    assert desk.places["status-page"].said == ["MSG-1"]
    assert not any(one.startswith("Tell users now") for one in buttons(after.blocks))
    assert "Users were told `investigating`" in after.text
    assert "Next word to users by" in after.text


async def test_a_form_is_picked_from_the_templates_and_then_filled_in(one: Desk) -> None:
    await one.types(PM, "/ai-comms new")
    view = await one.form(PM)
    first = dict(view.body)

    await one.fill(PM, view, template=WRONG_FOUND)
    view = await one.form(PM)
    second = dict(view.body)
    await one.fill(PM, view, **FILLED)

    assert first["callback_id"] == Modal.COMMS_PICK
    assert second["callback_id"] == Modal.COMMS_FIELDS
    pick = next(b for b in first["blocks"] if b["block_id"] == Field.TEMPLATE)
    groups = pick["element"]["option_groups"]
    assert groups[0]["label"]["text"] == "Users"
    first_word, *_ = (one["text"]["text"] for one in groups[0]["options"])
    assert first_word.endswith("(approved in advance)")
    assert one.message().template == WRONG_FOUND


async def test_what_does_not_fit_is_said_below_its_field_and_every_word_stays(one: Desk) -> None:
    await one.types(PM, f"/ai-comms new {WRONG_FOUND}")
    view = await one.form(PM)

    shown = await one.fill(PM, view, **{**FILLED, "comms_first": "11/12 14:05"})
    again = await one.form(PM)

    assert one.world.store.state.messages() == ()
    assert shown.errors == {
        "comms_first": "This could be 11 Dec or 12 Nov; write the month as a word."
    }
    assert again.id == view.id


async def test_hostile_words_reach_people_as_words_and_go_nowhere(one: Desk) -> None:
    await one.drafted(
        comms_topic="<!channel> <b>refunds</b> {{ ''.__class__ }}",
        comms_cause="<https://evil.example|here> *bold* {% for x in range(9) %}",
    )

    shown = str(one.card().blocks)
    assert "<!channel>" not in shown
    assert "<https://evil" not in shown
    assert "&lt;!channel&gt;" in shown
    assert flat("{{ ''.__class__ }}") in one.card().text
    assert "Stops it: W-" in one.card().text
    assert not {"Publish", "Ask for approval"} & set(buttons(one.card().blocks))
    assert "Change it: `/ai-comms edit MSG-1`." in one.card().text
    assert "/ai-comms publish" not in one.card().text


async def test_ten_thousand_characters_are_refused_in_words(one: Desk) -> None:
    shown = await one.types(PM, f"/ai-comms new {WRONG_FOUND} topic={'x' * 10_000}")

    assert one.world.store.state.messages() == ()
    assert "topic" in shown.text


async def test_a_form_that_does_not_open_says_what_to_type(one: Desk) -> None:
    await one.drafted()
    for _ in range(2):
        one.house.slack.faults.fail("views.open", "500")

    shown = await one.types(PM, f"/ai-comms new {WRONG_FOUND}")
    await one.press(PM, "Edit\u2026", one.card())

    assert "could not be opened" in shown.text
    assert f"/ai-comms new {WRONG_FOUND}" in shown.text
    assert "/ai-comms edit MSG-1" in one.heard(PM)


async def test_a_correction_is_a_new_message_that_points_back(one: Desk) -> None:
    card = next(m for m in one.tops() if "INC-1 \u00b7" in m.text)
    await one.press(ONCALL, next(b for b in buttons(card.blocks) if "Tell users now" in b), card)

    await one.press(PM, "Correct\u2026", one.card())
    view = await one.form(PM)
    names = [b["block_id"] for b in view.blocks if b["type"] == "input"]
    words = {name: "that it was out for everybody" for name in names if name.startswith("comms_")}
    title = str(view.body["title"])
    await one.fill(PM, view, **words)

    correction = one.message("MSG-2")
    assert (correction.corrects, correction.stage) == ("MSG-1", "correction")
    assert correction.template == "users-feature-off-correction"
    assert "Correct a message" in title


async def test_a_correction_is_typed_without_its_template(one: Desk) -> None:
    card = next(m for m in one.tops() if "INC-1 \u00b7" in m.text)
    await one.press(ONCALL, next(b for b in buttons(card.blocks) if "Tell users now" in b), card)

    await one.types(PM, "/ai-comms correct MSG-1")

    assert (await one.form(PM)).body["private_metadata"].startswith("INC-1;")
    assert "users-feature-off-correction" in (await one.form(PM)).body["private_metadata"]


async def test_a_draft_is_given_up_with_a_reason(one: Desk) -> None:
    await one.drafted()

    await one.press(PM, "Give up\u2026", one.card())
    await one.fill(PM, reason="a false alarm")

    assert one.message().standing == "dropped"
    assert "a false alarm" in one.card().text
    assert buttons(one.card().blocks) == {}


async def test_a_target_that_fails_is_tried_again_by_its_button(one: Desk) -> None:
    one.places["status-page"].before.append(never)
    card = next(m for m in one.tops() if "INC-1 \u00b7" in m.text)
    await one.press(ONCALL, next(b for b in buttons(card.blocks) if "Tell users now" in b), card)
    failed = one.card().text

    await one.press(PM, "Retry status-page", one.card())
    await one.settle()

    assert "failed: it answered 400" in failed
    assert one.places["status-page"].said == ["MSG-1"]
    assert one.places["in-app"].said == ["MSG-1"]


async def test_a_promise_is_put_off_with_a_reason_from_the_reminder(one: Desk) -> None:
    one.world.clock.later(6 * 60 + 30)
    await one.settle()
    ping = next(m for m in one.direct(LEAD) + one.direct(ONCALL) if "the first word" in m.text)
    due_ms = one.world.store.state.comms("INC-1").rhythm("users").due_ms

    await one.press(LEAD, "Put it off\u2026", ping)
    await one.fill(LEAD, reason="legal still reads it", again="900")

    later = one.world.store.state.comms("INC-1").rhythm("users")
    assert set(buttons(ping.blocks)) == {"Tell people\u2026", "Put it off\u2026"}
    assert (later.due_ms or 0) - (due_ms or 0) == 900_000
    assert len(later.snoozes) == 1


@pytest.mark.parametrize(
    "metadata",
    [
        "",
        "INC-1",
        ";;;;;;",
        "INC-1;;users-x;MSG-1;MSG-1;1;RUN-1 x",
        "x" * 2_000,
        "INC-1;C1;../etc;;;;",
    ],
)
async def test_a_tampered_form_changes_nothing(one: Desk, metadata: str) -> None:
    await one.types(PM, f"/ai-comms new {WRONG_FOUND}")
    view = await one.form(PM)
    view.body["private_metadata"] = metadata

    await one.fill(PM, view, **FILLED)

    assert one.world.store.state.messages() == ()


async def test_a_stranger_opens_no_form_and_publishes_nothing(one: Desk) -> None:
    await one.drafted()

    shown = await one.types(NEW, f"/ai-comms new {WRONG_FOUND}")
    await one.press(NEW, "Ask for approval", one.card())

    assert shown.view is None
    assert len(one.world.store.state.messages()) == 1
    assert one.message().standing == "draft"


async def test_the_home_tab_shows_what_is_due_and_what_waits(one: Desk) -> None:
    await one.drafted()
    await one.press(PM, "Ask for approval", one.card())

    parts = await one.world.bot.home(slack(ADMIN))

    titles = [part.title for part in parts]
    due = r"Users: the first word of INC-1 \(SEV2\) is due by .*"
    assert any(re.fullmatch(due, title) for title in titles)
    mine = next(part for part in parts if part.title.startswith("`MSG-1`"))
    assert [b.act for b in mine.buttons] == ["approve", "comms_refuse", "comms_preview"]


async def test_the_preview_reads_as_people_read_it(one: Desk) -> None:
    await one.drafted()

    shown = await one.types(NEW, "/ai-comms preview MSG-1")

    assert "the assistant may have given wrong answers about refunds" in str(shown)


async def test_help_is_given_where_nothing_is_said(one: Desk) -> None:
    assert "/ai-comms now" in (await one.types(PM, "/ai-comms")).text
    assert "/ai-comms now" in (await one.types(PM, "/ai-comms help")).text


async def test_what_is_not_there_is_said_where_a_form_was_asked_for(one: Desk) -> None:
    shown = await one.types(PM, "/ai-comms edit MSG-9")

    assert shown.view is None
    assert "MSG-9" in shown.text
