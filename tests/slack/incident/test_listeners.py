"""Incidents in Slack, through real bolt to the real use cases: command, shortcut, forms and buttons."""

import pytest

from opsbot.app.incident.requests import MoveIncident, OpenIncident, RoleOrder, Which
from tests.slack.forged import LEAD, NEW, ONCALL, SUPPORT, Attacked, _no_crash
from tests.slack.incident_hands import (
    COPILOT,
    OPEN,
    WRONG,
    _house,
    _one,
    incident,
    pressed,
    title_of,
    typed,
)
from tests.support.wait import eventually
from tests.support.world import MARA, NOOR


async def test_an_incident_is_opened_in_the_acknowledgement(house: Attacked) -> None:
    shown = await typed(house, ONCALL, OPEN)

    assert shown.ephemeral
    assert "INC-1 · SEV2 · `support-copilot` · active in prod" in shown.text
    assert "wrong refund answers" in shown.text
    assert incident(house).declared_by == "mara"
    assert await title_of(house) == "wrong refund answers"


__all__ = ["_house", "_no_crash", "_one"]


async def test_three_deliveries_open_one(house: Attacked) -> None:
    house.house.slack.faults.deliveries = 3

    shown = await typed(house, ONCALL, OPEN)

    assert "INC-1" in shown.text
    assert len(house.world.store.state.incidents()) == 1


async def test_it_opens_with_the_web_api_dead(house: Attacked) -> None:
    house.house.slack.faults.unplugged = True

    shown = await typed(house, ONCALL, OPEN)

    assert "INC-1 · SEV2" in shown.text


async def test_everything_typed_about_it_is_answered_in_the_acknowledgement(one: Attacked) -> None:
    said = {
        text: (await typed(one, user, f"/ai-incident {text}")).text
        for user, text in (
            (NEW, "list"),
            (NEW, "show"),
            (ONCALL, "role commander <@U0LEAD|ines>"),
            (LEAD, "role commander accept"),
            (ONCALL, "sev sev1"),
            (ONCALL, "update next:20m we rolled back to r3"),
            (ONCALL, "contain"),
            (ONCALL, "resolve fixed in r42"),
        )
    }

    assert "1 open incident in prod" in said["list"]
    assert "active in prod" in said["show"]
    assert "(offered to Ines, not accepted yet)" in said["role commander <@U0LEAD|ines>"]
    assert "Commander: Ines." in said["role commander accept"]
    assert "INC-1 · SEV1" in said["sev sev1"]
    assert "Next update promised in 20 min" in said["update next:20m we rolled back to r3"]
    assert "· contained in prod" in said["contain"]
    assert "fixed in r42" in said["resolve fixed in r42"]
    assert incident(one).status == "resolved"


async def test_its_timeline_page_and_what_is_to_be_done_are_typed_too(one: Attacked) -> None:
    said = {
        text: (await typed(one, ONCALL, f"/ai-incident {text}")).text
        for text in (
            "note at:2026-11-21T03:10Z first complaint",
            "timeline INC-1",
            "retract INC-1:n1",
            "action owner:<@U0LEAD|ines> by:2027-12-01 add a gate",
            "page nobody answers",
        )
    }

    assert "first complaint" in said["timeline INC-1"]
    assert "retracted" in said["retract INC-1:n1"]
    assert [action.owner for action in incident(one).actions] == ["ines"]
    assert "PagerDuty is not connected" in said["page nobody answers"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "Usage: `/ai-incident"),
        ("help", "`/ai-incident open support-copilot sev2 wrong refund answers`"),
        ("opne x", "Did you mean `/ai-incident open`?"),
        ("show INC-9", "There is no incident `INC-9`"),
        ("open suport-copilot sev2 x", "Did you mean `support-copilot`?"),
        (f"open {COPILOT} again", "INC-1 is open for `support-copilot` already"),
        ("open type:nonsense x", "is no type of incident"),
        ("accept", "INC-1 is active already"),
        ("reviewed", "Resolve it first"),
        ("role commander @nobody", "is nobody here"),
        ("retry page", "That step of INC-1 is"),
        ("decline INC-1 x", "cancel it with a reason"),
        (f"title {'x' * 10_000}", "INC-1"),
        ("update <!channel> \u202egnp", "INC-1"),
    ],
)
async def test_bad_words_are_answered_with_what_would_be_right(
    one: Attacked, text: str, word: str
) -> None:
    shown = await typed(one, ONCALL, f"/ai-incident {text}")

    assert word in shown.text
    assert "\u202e" not in shown.text
    assert "<!channel>" not in shown.text + str(shown.blocks)


@pytest.mark.parametrize(
    ("words", "first", "undo"),
    [
        (
            "sev2 drill down is broken",
            "Opened as a drill, titled “down is broken”",
            'then `/ai-incident open "drill down is broken"`, in quotes',
        ),
        (
            "sev2 private keys leaked",
            "Opened private, titled “keys leaked”",
            '`/ai-incident public INC-1`, then `/ai-incident title INC-1 "private keys leaked"`',
        ),
        (
            "public bucket is open",
            "Opened public, titled “bucket is open”",
            "`/ai-incident private INC-1`",
        ),
        ("private drill leaked", "Opened as a drill, private, titled “leaked”", "`drill` is the"),
    ],
)
async def test_a_flag_that_may_have_begun_the_title_is_said_first_with_its_way_back(
    house: Attacked, words: str, first: str, undo: str
) -> None:
    shown = await typed(house, ONCALL, f"/ai-incident open {words}")

    assert first in shown.text.splitlines()[0]
    assert undo in shown.text
    assert "INC-1 · " in shown.text


@pytest.mark.parametrize(
    "words",
    [
        'sev2 "drill down is broken"', "title: private keys leaked", f"drill {COPILOT} loops",
        'private "keys leaked"', "anyway it loops",
    ],
)  # fmt: skip
async def test_a_flag_that_cannot_be_the_title_is_not_spoken_of(
    house: Attacked, words: str
) -> None:
    shown = await typed(house, ONCALL, f"/ai-incident open {words}")

    assert "INC-1" in shown.text.splitlines()[0]
    assert "first word of the title" not in shown.text


async def test_what_is_said_to_undo_a_flag_undoes_it(house: Attacked) -> None:
    await typed(house, ONCALL, "/ai-incident open sev3 private keys leaked")

    await typed(house, ONCALL, "/ai-incident public INC-1")
    shown = await typed(house, ONCALL, '/ai-incident title INC-1 "private keys leaked"')

    assert "private keys leaked" in shown.text
    assert not incident(house).private
    assert await title_of(house) == "private keys leaked"


async def test_a_time_for_the_next_update_is_never_published_as_words(one: Attacked) -> None:
    read = (await typed(one, ONCALL, "/ai-incident update next 20m we rolled back")).text
    asked = (await typed(one, ONCALL, "/ai-incident update next 20 minutes we rolled back")).text

    assert "Next update promised in 20 min" in read
    assert "next 20m" not in read
    assert "`next:20m`" in asked
    assert "put all of it in quotes" in asked
    assert "nothing was changed" in asked


async def test_a_mistyped_verb_offers_nothing_that_ends_or_calls(one: Attacked) -> None:
    cancel = (await typed(one, ONCALL, "/ai-incident cansel INC-1")).text
    role = (await typed(one, ONCALL, "/ai-incident commander <@U0LEAD|ines> INC-1")).text

    assert "Did you mean" not in cancel
    assert "The verbs are open, " in cancel
    assert "Did you mean `/ai-incident role commander @ines INC-1`?" in role
    assert incident(one).status == "active"


async def test_an_incident_is_named_at_the_end(one: Attacked) -> None:
    shown = (await typed(one, ONCALL, "/ai-incident time started:03:10 INC-1")).text

    assert "users hit since" in shown


async def test_accept_is_for_what_waits_and_the_second_hears_who_was_first(
    house: Attacked,
) -> None:
    await house.world.bot.incidents.open(WRONG, NOOR, request_id="r")

    first = await pressed(house, ONCALL, "incident_accept", "INC-1")
    second = await pressed(house, SUPPORT, "incident_accept", "INC-1")
    await house.world.bot.incidents.move(
        MoveIncident(Which("INC-1"), "resolved"), MARA, request_id="done"
    )
    stale = await pressed(house, SUPPORT, "incident_accept", "INC-1")

    assert "active in prod" in first
    assert "INC-1 is active already; nothing was changed." in second
    assert "Mara did that" in second
    assert "Mara did that" in stale
    assert incident(house).status == "resolved"


async def test_nobody_is_put_out_of_command_by_a_button(one: Attacked) -> None:
    first = await pressed(one, LEAD, "incident_command", "INC-1")
    second = await pressed(one, SUPPORT, "incident_command", "INC-1")

    assert "Commander: Ines." in first
    assert "Ines is commander of INC-1 already; nothing was changed." in second
    assert "`/ai-incident role commander INC-1`" in second
    assert incident(one).roles == {"commander": "ines"}


async def test_an_offer_is_answered_by_whom_it_was_made_to(one: Attacked) -> None:
    offer = RoleOrder(Which("INC-1"), "comms", "offer", "ines")
    await one.world.bot.incidents.role(offer, MARA, request_id="offer")

    other = await pressed(one, SUPPORT, "incident_role_accept", "INC-1:comms")
    await pressed(one, LEAD, "incident_role_accept", "INC-1:comms")
    late = await pressed(one, SUPPORT, "incident_role_decline", "INC-1:comms")

    assert "It is offered to Ines" in other
    assert "Ines holds it" in late
    assert incident(one).roles == {"comms": "ines"}


@pytest.mark.parametrize(
    ("act", "value"),
    [
        ("incident_accept", "INC-9"),
        ("incident_accept", "K-1"),
        ("incident_open", "INC-1"),
        ("incident_open", "K-9"),
        ("incident_role_accept", "INC-1:boss"),
        ("incident_retry", "INC-1:kill"),
        ("incident_retry", "INC-1:page"),
        ("incident_snooze", "INC-1:nonsense"),
        ("incident_hush", "INC-1"),
        ("incident_update", "INC-1:x:y"),
    ],
)
async def test_a_button_that_names_nothing_does_nothing(
    one: Attacked, act: str, value: str
) -> None:
    before = one.records

    told = await pressed(one, ONCALL, act, value)

    assert "nothing was" in told or "There is no" in told
    assert one.records == before


async def test_a_reminder_is_put_off_and_stopped(one: Attacked) -> None:
    later = await pressed(one, ONCALL, "incident_snooze", "INC-1:update_due")
    never = await pressed(one, ONCALL, "incident_hush", "INC-1:update_due")

    assert "again in 15 min" in later
    assert "any more" in never


async def test_a_private_one_is_silent_to_others_whatever_they_press(house: Attacked) -> None:
    private = OpenIncident("leaked addresses", workflow=COPILOT, private=True)
    await house.world.bot.incidents.open(private, MARA, request_id="r")
    before = house.records

    told = [(await typed(house, SUPPORT, f"/ai-incident {text}")).text for text in (
        "list", "list all", "show INC-1", "show", "resolve INC-1", "role commander INC-1",
    )]  # fmt: skip
    told += [
        await pressed(house, SUPPORT, act, "INC-1")
        for act in ("incident_accept", "incident_update", "incident_resolve", "incident_command")
    ]
    told.append((await typed(house, SUPPORT, f"/ai-status {COPILOT}")).text)

    missing = (await typed(house, SUPPORT, "/ai-incident show INC-9")).text
    assert (await typed(house, SUPPORT, "/ai-incident show INC-1")).text == missing.replace(
        "INC-9", "INC-1"
    )
    assert all("leaked" not in one and "private" not in one for one in told)
    assert house.records == before
    assert "leaked addresses" in (await typed(house, LEAD, "/ai-incident show INC-1")).text


async def test_the_home_tab_lists_what_is_open_with_its_buttons(one: Attacked) -> None:
    await one.world.bot.incidents.open(
        OpenIncident("leaked addresses", private=True), MARA, request_id="p"
    )

    seen = {}
    for user in (ONCALL, SUPPORT):
        await one.house.slack.open_home(user)
        tab = await eventually(lambda who=user: one.house.slack.workspace.homes.get(who))  # type: ignore[misc]  # bound at once
        seen[user] = str(tab and tab.blocks)

    assert "Open incidents in prod" in seen[SUPPORT]
    assert "INC-1 SEV2" in seen[SUPPORT]
    assert "incident_resolve:" in seen[SUPPORT]
    assert "leaked addresses" not in seen[SUPPORT]
    assert "leaked addresses" in seen[ONCALL]


async def test_the_status_of_a_workflow_names_its_incident(one: Attacked) -> None:
    shown = await typed(one, NEW, f"/ai-status {COPILOT}")

    assert "Open incident: INC-1 SEV2 (active): wrong refund answers" in shown.text
