"""Who is turned away before a form opens, and the button that delivers again."""

from opsbot.slack.ids import Modal
from tests.slack.conftest import House, known
from tests.support.wait import eventually

ONCALL, CHANNEL = "U0ONCALL", "C0SUPPORTAI"


def ephemerals(house: House, user: str) -> list[str]:
    seen = house.slack.seen_by(user, CHANNEL)
    return [message.text for message in seen if message.ephemeral_for == user]


async def test_a_guest_is_refused_before_the_form_opens(house: House) -> None:
    await known(house, "U0GUEST")
    shown = await house.slack.slash("U0GUEST", CHANNEL, "/ai-kill")

    assert shown.view is None
    assert "Guests cannot use the kill switch" in shown.text


async def test_a_guests_shortcut_opens_the_refusal_and_no_form(house: House) -> None:
    await known(house, "U0GUEST")
    await house.slack.shortcut("U0GUEST", "kill_global")

    view = await eventually(lambda: house.slack.workspace.top("U0GUEST"))
    assert view is not None
    assert view.body["callback_id"] == Modal.ANSWER
    assert "Guests cannot use the kill switch" in str(view.blocks)


async def test_a_guest_gives_no_reasons(house: House) -> None:
    await known(house, "U0GUEST")
    button = {"type": "button", "action_id": "give_reason:0", "value": "K-1"}
    text = {"type": "plain_text", "text": "Add a reason"}
    sent = await house.app.deps.client.chat_postMessage(
        channel=CHANNEL,
        text="card",
        blocks=[{"type": "actions", "elements": [button | {"text": text}]}],
    )

    await house.slack.click(
        "U0GUEST", action_id="give_reason:0", message_ts=str(sent["ts"]), channel_id=CHANNEL
    )

    await eventually(lambda: any("Guests" in text for text in ephemerals(house, "U0GUEST")))
    assert house.slack.workspace.top("U0GUEST") is None


async def test_a_guests_home_has_no_stop_button(house: House) -> None:
    await known(house, "U0GUEST")
    await house.slack.open_home("U0GUEST")

    home = await eventually(lambda: house.slack.workspace.homes.get("U0GUEST"))
    assert home is not None
    assert "Guests cannot use the kill switch" in str(home.blocks)
    assert "open_kill" not in str(home.blocks)


async def test_a_lost_store_leaves_the_stop_button_on_the_home_tab(house: House) -> None:
    house.verbs.lost_home = True

    await house.slack.open_home(ONCALL)

    home = await eventually(lambda: house.slack.workspace.homes.get(ONCALL))
    assert "open_kill" in str(home and home.blocks)


async def test_what_is_undelivered_is_delivered_again_by_a_button(house: House) -> None:
    button = {
        "type": "button",
        "action_id": "retry:0",
        "value": "all",
        "text": {"type": "plain_text", "text": "Deliver again"},
    }
    sent = await house.app.deps.client.chat_postMessage(
        channel=CHANNEL, text="status", blocks=[{"type": "actions", "elements": [button]}]
    )

    await house.slack.click(
        ONCALL, action_id="retry:0", message_ts=str(sent["ts"]), channel_id=CHANNEL
    )

    await eventually(lambda: ("retry", "all") in house.verbs.effects.values())
