"""Modals on modals, stale versions, closing by hand, and options that are asked for."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.routing import Mount

from opsbot.workbench.slack import CannotDo, SlackStandIn, View
from tests.support.slack import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, company, loopback, serving
from tests.workbench.slack.conftest import Bot, button, by_socket, modal

HERE = "C0SUPPORTAI"


def asking(**more: Any) -> dict[str, Any]:
    """A modal with a button and an external select."""
    element = {"type": "external_select", "action_id": "workflow", "min_query_length": 0}
    label = {"type": "plain_text", "text": "Workflow"}
    block = {"type": "input", "block_id": "which", "label": label, "element": element}
    return modal(blocks=[button(action_id="more"), block], **more)


def register(bot: Bot, view: dict[str, Any]) -> None:
    """Let the bot open *view*, push on a click, and offer one option."""

    @bot.app.command("/ai-ask")
    async def ask(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=view)
        await ack()

    @bot.app.action("more")
    async def more(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        bot.got.append(body)
        await client.views_push(trigger_id=body["trigger_id"], view=asking())
        await ack()

    @bot.app.options("workflow")
    async def workflows(ack: Any, body: dict[str, Any]) -> None:
        words = {"type": "plain_text", "text": f"{body['value']}-copilot"}
        await ack(options=[{"text": words, "value": "x"}])

    @bot.app.view_closed("kill")
    async def closed(ack: Any, body: dict[str, Any]) -> None:
        bot.got.append(body)
        await ack()


async def opened(slack: SlackStandIn, bot: Bot, **more: Any) -> View:
    """Open the asking modal as the on-call."""
    register(bot, asking(**more))
    shown = await slack.slash("U0ONCALL", HERE, "/ai-ask")
    assert shown.view is not None
    return shown.view


async def test_a_click_in_a_modal_pushes_another_and_three_are_the_most(
    slack: SlackStandIn, bot: Bot
) -> None:
    view = await opened(slack, bot)

    second = await slack.click("U0ONCALL", view_id=view.id, action_id="more")
    assert second.view is not None
    third = await slack.click("U0ONCALL", view_id=second.view.id, action_id="more")
    assert third.view is not None
    await slack.click("U0ONCALL", view_id=third.view.id, action_id="more")

    assert third.view.root_id == view.id
    assert len(slack.workspace.modals["U0ONCALL"]) == 3
    assert [c.error for c in slack.calls if c.method == "views.push"] == [
        "",
        "",
        "push_limit_reached",
    ]
    assert bot.got[0]["container"] == {"type": "view", "view_id": view.id}


async def test_a_push_needs_a_trigger_from_a_modal(
    slack: SlackStandIn, socket_bot: Bot, web: AsyncWebClient
) -> None:
    await opened(slack, socket_bot)
    elsewhere = slack.desk.tickets.trigger("1.1.x", "U0ONCALL")

    with pytest.raises(SlackApiError, match="invalid_trigger_id"):
        await web.views_push(trigger_id=elsewhere, view=modal())


async def test_an_update_with_a_stale_hash_is_a_conflict(
    slack: SlackStandIn, socket_bot: Bot, web: AsyncWebClient
) -> None:
    view = await opened(slack, socket_bot, external_id="one")
    stale = view.hash

    await web.views_update(view_id=view.id, hash=stale, view=asking(external_id="one"))
    await web.views_update(external_id="one", view=asking(external_id="one"))

    with pytest.raises(SlackApiError, match="hash_conflict"):
        await web.views_update(view_id=view.id, hash=stale, view=asking())


async def test_options_are_asked_for(slack: SlackStandIn, bot: Bot) -> None:
    view = await opened(slack, bot)

    offered = await slack.options(
        "U0ONCALL", view_id=view.id, action_id="workflow", query="support"
    )

    assert offered["options"][0]["text"]["text"] == "support-copilot"


async def test_closing_is_told_to_those_who_asked(slack: SlackStandIn, bot: Bot) -> None:
    view = await opened(slack, bot, notify_on_close=True, clear_on_close=True)

    await slack.close_view("U0ONCALL", view.id)

    assert bot.got[0]["type"] == "view_closed"
    assert bot.got[0]["is_cleared"] is True
    assert slack.workspace.modals["U0ONCALL"] == []


async def test_an_input_that_dispatches_nothing_cannot_be_clicked(
    slack: SlackStandIn, socket_bot: Bot
) -> None:
    view = await opened(slack, socket_bot)

    with pytest.raises(CannotDo, match="not_dispatched"):
        await slack.click("U0ONCALL", view_id=view.id, action_id="workflow", value="x")
    with pytest.raises(CannotDo, match="no_such_view"):
        await slack.click("U0APPROVER", view_id=view.id, action_id="more")


async def test_it_works_mounted_under_a_prefix() -> None:
    listener, url = loopback()
    slack = SlackStandIn(
        company(),
        base_url=f"{url}/slack-stand-in",
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        signing_secret=SIGNING_SECRET,
    )
    web = Starlette(routes=[Mount("/slack-stand-in", slack.app)])
    async with serving(web, listener):
        async with by_socket(slack) as bot:
            await slack.slash("U0ONCALL", HERE, "/ai-kill x")
            slack.faults.unplugged = True
            bot.client.retry_handlers.clear()
            with pytest.raises(aiohttp.ServerDisconnectedError):
                await bot.client.auth_test()
        await slack.close()

    assert bot.got[0]["response_url"].startswith(f"{url}/slack-stand-in/response/")
