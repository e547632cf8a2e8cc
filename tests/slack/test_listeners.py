"""Commands, buttons and forms through real bolt, over both transports."""

import asyncio
import time

import pytest

from opsbot.app.requests import KillRequest, Target
from opsbot.slack.entry import ONCE_WITHIN_S
from opsbot.slack.ids import VALUE, Field
from tests.slack.conftest import House, known
from tests.support.wait import eventually

ONCALL, CHANNEL = "U0ONCALL", "C0SUPPORTAI"


def ephemerals(house: House, user: str = ONCALL) -> list[str]:
    seen = house.slack.seen_by(user, CHANNEL)
    return [message.text for message in seen if message.ephemeral_for == user]


async def test_a_kill_is_answered_in_the_acknowledgement(house: House) -> None:
    shown = await house.slack.slash(ONCALL, CHANNEL, "/ai-kill support-copilot wrong refunds")

    assert shown.kind == "message"
    assert shown.ephemeral
    assert "Model calls blocked for `support-copilot` in test" in shown.text
    [(verb, request)] = house.verbs.effects.values()
    assert (verb, request) == (
        "kill",
        KillRequest(Target("workflow", "support-copilot"), reason="wrong refunds"),
    )


async def test_the_actor_is_who_slack_says(house: House) -> None:
    await house.slack.slash(ONCALL, CHANNEL, "/ai-kill support-copilot x")

    actor = house.verbs.calls[0][2]
    assert (actor.kind, actor.id, actor.via, actor.guest) == ("slack", ONCALL, "slack", False)
    assert actor.team == house.slack.workspace.person(ONCALL).team_id


async def test_a_kill_is_answered_with_the_web_api_dead(house: House) -> None:
    house.slack.faults.unplugged = True

    shown = await house.slack.slash(ONCALL, CHANNEL, "/ai-kill support-copilot x")

    assert "Model calls blocked" in shown.text


async def test_a_restore_with_the_web_api_dead_is_refused(house: House) -> None:
    house.slack.faults.unplugged = True

    shown = await house.slack.slash(ONCALL, CHANNEL, "/ai-restore support-copilot")

    assert "Slack did not say in time who you are" in shown.text
    assert house.verbs.effects == {}


async def test_three_deliveries_are_one_kill(house: House) -> None:
    house.slack.faults.deliveries = 3

    shown = await house.slack.slash(ONCALL, CHANNEL, "/ai-kill support-copilot x")

    assert "K-1" in shown.text
    assert len(house.verbs.effects) == 1


async def test_a_repeat_by_another_request_gets_the_first_result(socket_house: House) -> None:
    socket_house.slack.faults.deliveries = 3

    shown = await socket_house.slack.slash(ONCALL, CHANNEL, "/ai-kill support-copilot x")

    assert "K-1" in shown.text
    assert len(socket_house.verbs.calls) == 3
    assert len(socket_house.verbs.effects) == 1


async def test_a_foreigner_is_refused_kindly(house: House) -> None:
    foreign = house.slack.workspace.person("U0FOREIGN")

    shown = await house.slack.slash(foreign.id, "C0SHARED", "/ai-kill support-copilot x")

    assert "another workspace" in shown.text
    assert house.verbs.calls == []


async def test_a_guest_is_known_to_be_one(house: House) -> None:
    await known(house, "U0GUEST")

    shown = await house.slack.slash("U0GUEST", CHANNEL, "/ai-kill support-copilot x")

    assert "Guests" in shown.text
    assert house.verbs.effects == {}


async def test_a_store_that_forgot_stops_a_restore_but_not_a_kill(house: House) -> None:
    house.memory.lost = True

    killed = await house.slack.slash(ONCALL, CHANNEL, "/ai-kill support-copilot x")
    restored = await house.slack.slash(ONCALL, CHANNEL, "/ai-restore support-copilot")

    assert "Model calls blocked" in killed.text
    assert "does not answer" in restored.text
    assert [verb for verb, _ in house.verbs.effects.values()] == ["kill"]


async def test_a_restore_waits_for_a_busy_store(house: House) -> None:
    house.memory.busy = asyncio.Event()
    asked = asyncio.create_task(house.slack.slash(ONCALL, CHANNEL, "/ai-restore support-copilot"))
    await eventually(lambda: house.memory.held)
    began = time.monotonic()
    await eventually(lambda: time.monotonic() - began > 2 * ONCE_WITHIN_S)

    house.memory.busy.set()
    shown = await asked

    assert "does not answer" not in shown.text
    assert [verb for verb, _ in house.verbs.effects.values()] == ["restore"]


async def test_a_restore_waits_for_slack_to_say_who_it_is(house: House) -> None:
    house.slack.faults.fail("users.info", "latency", seconds=1.2)

    await house.slack.slash(ONCALL, CHANNEL, "/ai-restore support-copilot")

    await eventually(lambda: house.verbs.effects)
    assert [verb for verb, _ in house.verbs.effects.values()] == ["restore"]


async def test_an_unexpected_error_is_still_an_answer(house: House) -> None:
    house.verbs.failing = ZeroDivisionError("a bug")

    shown = await house.slack.slash(ONCALL, CHANNEL, "/ai-kill support-copilot x")

    assert "not known" in shown.text
    assert "Reference" in shown.text
    assert "a bug" not in shown.text


async def test_an_unknown_workflow_offers_the_nearest(house: House) -> None:
    shown = await house.slack.slash(ONCALL, CHANNEL, "/ai-kill suport-copilot x")

    assert "Did you mean `support-copilot`?" in shown.text


async def test_a_slow_kill_is_never_called_done(house: House) -> None:
    house.verbs.gate = asyncio.Event()

    shown = await house.slack.slash(ONCALL, CHANNEL, "/ai-kill support-copilot x")
    house.verbs.gate.set()

    assert "Still working" in shown.text
    assert "not known yet" in shown.text
    await eventually(lambda: any("Model calls blocked" in text for text in ephemerals(house)))


async def test_everything_waits_for_a_yes_that_lists_what_stops(house: House) -> None:
    asked = await house.slack.slash(ONCALL, CHANNEL, "/ai-kill all mode:stop leak")
    assert "`coding-agent`" in asked.text
    assert house.verbs.effects == {}
    assert asked.message is not None

    await house.slack.click(
        ONCALL, action_id="confirm_kill:0", message_ts=asked.message.ts, channel_id=CHANNEL
    )

    await eventually(lambda: house.verbs.effects)
    [(_, request)] = house.verbs.effects.values()
    assert request == KillRequest(Target("all"), mode="stop", reason="leak", confirmed=True)
    assert all(record["reason"] == "" for record in house.memory.records.values())


async def test_a_double_click_is_one_effect_and_one_answer(house: House) -> None:
    shown = await house.slack.slash(ONCALL, CHANNEL, "/ai-kill support-copilot x")
    assert shown.message is not None
    before = len(ephemerals(house))

    clicks = [
        house.slack.click(
            ONCALL, action_id="restore:0", message_ts=shown.message.ts, channel_id=CHANNEL
        )
        for _ in range(2)
    ]
    await asyncio.gather(*clicks)

    await eventually(lambda: len(ephemerals(house)) > before)
    await house.app.deps.tasks.drain(timeout_s=5)
    assert len(ephemerals(house)) == before + 1
    assert [verb for verb, _ in house.verbs.effects.values()] == ["kill", "restore"]


async def test_a_bare_kill_opens_the_form_and_the_form_kills(house: House) -> None:
    shown = await house.slack.slash(ONCALL, CHANNEL, "/ai-kill")
    assert shown.view is not None

    done = await house.slack.submit(
        ONCALL,
        shown.view.id,
        {
            Field.TARGET: {VALUE: "coding-agent"},
            Field.MODE: {VALUE: "no_tools"},
            Field.REASON: {VALUE: "deletes files"},
        },
    )

    assert done.view is not None
    assert "Model calls blocked for `coding-agent`" in str(done.view.blocks)
    [(_, request)] = house.verbs.effects.values()
    assert request == KillRequest(
        Target("workflow", "coding-agent"), mode="no_tools", reason="deletes files"
    )


async def test_an_empty_form_says_what_is_missing(house: House) -> None:
    shown = await house.slack.slash(ONCALL, CHANNEL, "/ai-kill")
    assert shown.view is not None

    done = await house.slack.submit(ONCALL, shown.view.id, {})

    assert done.kind == "errors"
    assert list(done.errors) == [Field.OTHER]


async def test_a_bare_kill_with_the_web_api_dead_shows_what_to_type(house: House) -> None:
    house.slack.faults.unplugged = True

    shown = await house.slack.slash(ONCALL, CHANNEL, "/ai-kill")

    assert "could not be opened" in shown.text
    assert "/ai-kill support-copilot wrong refund answers" in shown.text


async def test_the_global_shortcut_opens_the_form(house: House) -> None:
    shown = await house.slack.shortcut(ONCALL, "kill_global")

    await eventually(lambda: house.slack.workspace.top(ONCALL))
    assert shown.kind != "failed"


async def test_a_reason_is_asked_in_a_form_and_taken(house: House) -> None:
    shown = await house.slack.slash(ONCALL, CHANNEL, "/ai-kill support-copilot")
    assert shown.message is not None
    await house.slack.click(
        ONCALL, action_id="give_reason:1", message_ts=shown.message.ts, channel_id=CHANNEL
    )
    view = await eventually(lambda: house.slack.workspace.top(ONCALL))
    assert view is not None

    await house.slack.submit(ONCALL, view.id, {Field.REASON: {VALUE: "wrong refunds"}})

    assert ("give_reason", ("K-1", "wrong refunds")) in house.verbs.effects.values()


@pytest.mark.parametrize(("words", "did"), [("hold wrong tone", "hold"), ("go-on", "go_on")])
async def test_a_restore_in_steps_is_held_and_let_go_on_in_words(
    house: House, words: str, did: str
) -> None:
    await house.slack.slash(ONCALL, CHANNEL, f"/ai-restore K-1 {words}")

    assert list(house.verbs.effects.values()) == [(did, "K-1")]


async def test_the_approver_is_who_clicks(house: House) -> None:
    shown = await house.slack.slash("U0APPROVER", CHANNEL, "/ai-restore support-copilot")
    assert shown.message is not None

    await house.slack.click(
        "U0APPROVER", action_id="approve:0", message_ts=shown.message.ts, channel_id=CHANNEL
    )

    await eventually(lambda: len(house.verbs.effects) == 2)
    verb, _, actor = house.verbs.calls[-1]
    assert (verb, actor.id) == ("approve", "U0APPROVER")


async def test_the_home_tab_is_the_switchboard(house: House) -> None:
    await house.slack.open_home(ONCALL)

    home = await eventually(lambda: house.slack.workspace.homes.get(ONCALL))
    assert home is not None
    assert "Switchboard for" in str(home.blocks)
    assert "`coding-agent` is live" in str(home.blocks)


async def test_a_press_on_the_home_tab_is_answered_in_a_modal(house: House) -> None:
    await house.slack.open_home(ONCALL)
    home = await eventually(lambda: house.slack.workspace.homes.get(ONCALL))
    assert home is not None

    await house.slack.click(ONCALL, action_id="status:0", view_id=home.id)

    view = await eventually(lambda: house.slack.workspace.top(ONCALL))
    assert "Status of support-copilot" in str(view)


async def test_a_redelivered_event_is_served_once(house: House) -> None:
    house.slack.faults.deliveries = 3

    await house.slack.open_home(ONCALL)

    await eventually(lambda: house.slack.workspace.homes.get(ONCALL))
    await house.app.deps.tasks.drain(timeout_s=5)
    assert [verb for verb, _, _ in house.verbs.calls] == ["home"]


async def test_a_foreigners_click_is_refused(house: House) -> None:
    button = {
        "type": "button",
        "action_id": "restore:0",
        "value": "K-1",
        "text": {"type": "plain_text", "text": "Restore"},
    }
    sent = await house.app.deps.client.chat_postMessage(
        channel="C0SHARED", text="card", blocks=[{"type": "actions", "elements": [button]}]
    )

    await house.slack.click(
        "U0FOREIGN", action_id="restore:0", message_ts=str(sent["ts"]), channel_id="C0SHARED"
    )

    await eventually(
        lambda: any(
            "another workspace" in message.text
            for message in house.slack.seen_by("U0FOREIGN", "C0SHARED")
        )
    )
    assert house.verbs.calls == []


async def test_looking_commands_answer(house: House) -> None:
    words = ["/ai-status", "/ai-oncall", "/ai-audit tail 3", "/ai-audit verify", "/ai-audit export"]

    shown = [await house.slack.slash(ONCALL, CHANNEL, text) for text in words]

    titles = [one.text.split("\n")[0] for one in shown]
    assert titles == [
        "Status of everything",
        "Olga answers",
        "Last 3 entries",
        "\u2705 The journal verifies (OK)",
        "An export is a file: it is made in a terminal",
    ]


async def test_every_command_has_help(house: House) -> None:
    for name in ("kill", "restore", "route", "rollback", "status", "audit", "oncall"):
        shown = await house.slack.slash(ONCALL, CHANNEL, f"/ai-{name} help")

        assert f"Usage: `/ai-{name}" in shown.text


async def test_fifty_at_once_are_all_answered(house: House) -> None:
    house.slack.rates.enforced = False

    shown = await asyncio.gather(
        *(
            house.slack.slash(ONCALL, CHANNEL, f"/ai-kill support-copilot {number}")
            for number in range(50)
        )
    )

    assert all("Model calls blocked" in one.text for one in shown)
    assert len(house.verbs.effects) == 50


async def test_hostile_words_are_not_live_in_the_answer(house: House) -> None:
    shown = await house.slack.slash(
        ONCALL, CHANNEL, "/ai-kill support-copilot <!channel> \u202egnp.exe <https://evil|bank>"
    )

    said = shown.text + str(shown.blocks)
    assert "<!" not in said
    assert "\u202e" not in said
    assert "<https" not in said


async def test_ten_thousand_characters_are_kept_as_far_as_said(house: House) -> None:
    shown = await house.slack.slash(ONCALL, CHANNEL, "/ai-kill support-copilot " + "x" * 10_000)

    assert shown.kind == "message"
    [(_, request)] = house.verbs.effects.values()
    assert isinstance(request, KillRequest)
    assert len(request.reason) <= 2_000
    assert "cut, 10000 characters" in request.reason
