"""A real slack-bolt app against the stand-in, by Socket Mode and by signed HTTP."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.routing import Route

from opsbot.workbench.slack import SlackStandIn
from tests.support.slack import (
    APP_TOKEN,
    BOT_TOKEN,
    SIGNING_SECRET,
    clock,
    loopback,
    serving,
    slack,
)
from tests.support.wait import eventually

__all__ = ["clock", "slack"]


@dataclass
class Bot:
    """A bolt app and what reached it."""

    app: AsyncApp
    client: AsyncWebClient
    got: list[dict[str, Any]] = field(default_factory=list)


def modal(**more: Any) -> dict[str, Any]:
    """A small modal with one input."""
    return {
        "type": "modal",
        "callback_id": "kill",
        "title": {"type": "plain_text", "text": "Kill"},
        "submit": {"type": "plain_text", "text": "Stop it"},
        "blocks": [
            {
                "type": "input",
                "block_id": "why",
                "label": {"type": "plain_text", "text": "Why"},
                "element": {"type": "plain_text_input", "action_id": "reason"},
            }
        ],
        **more,
    }


def button(text: str = "Undo", action_id: str = "undo") -> dict[str, Any]:
    """An actions block with one button."""
    words = {"type": "plain_text", "text": text}
    element = {"type": "button", "action_id": action_id, "text": words, "value": "K-1"}
    return {"type": "actions", "block_id": "buttons", "elements": [element]}


def bolt(slack: SlackStandIn, session: aiohttp.ClientSession) -> Bot:
    """Build an ordinary bolt app; nothing in it knows of the stand-in but the base URL."""
    client = AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url, session=session)
    app = AsyncApp(client=client, signing_secret=SIGNING_SECRET)
    bot = Bot(app, client)
    listen_to_commands(bot)
    listen_to_views(bot)
    listen_to_the_rest(bot)
    return bot


def listen_to_commands(bot: Bot) -> None:
    """Register the commands."""
    app = bot.app

    @app.command("/ai-kill")
    async def kill(ack: Any, body: dict[str, Any]) -> None:
        bot.got.append(body)
        await ack(text=f"stopped {body['text']}", blocks=[button()])

    @app.command("/ai-shout")
    async def shout(ack: Any, body: dict[str, Any]) -> None:
        await ack(response_type="in_channel", text="everybody reads this")

    @app.command("/ai-bad")
    async def bad(ack: Any) -> None:
        await ack(text="x", blocks=[button("x" * 76)])

    @app.command("/ai-modal")
    async def open_modal(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=modal())
        await ack()


def listen_to_views(bot: Bot) -> None:
    """Register submissions and clicks."""
    app = bot.app

    @app.view("kill")
    async def submitted(ack: Any, body: dict[str, Any]) -> None:
        bot.got.append(body)
        said = body["view"]["state"]["values"]["why"]["reason"]["value"]
        answers: dict[str, dict[str, Any]] = {
            "bad": {"response_action": "errors", "errors": {"why": "say more"}},
            "nonsense": {"response_action": "errors", "errors": {"no_such_block": "x"}},
            "push": {"response_action": "push", "view": modal()},
            "update": {"response_action": "update", "view": modal(callback_id="other")},
            "clear": {"response_action": "clear"},
        }
        await ack(**answers.get(said, {}))

    @app.action("undo")
    async def undo(ack: Any, body: dict[str, Any], respond: Any) -> None:
        bot.got.append(body)
        await ack()
        if "response_url" in body:
            await respond(text="undone", replace_original=True)


def listen_to_the_rest(bot: Bot) -> None:
    """Register shortcuts and events."""
    app = bot.app

    @app.shortcut("kill_global")
    async def kill_global(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=modal())
        await ack()

    @app.shortcut("incident_from_message")
    async def from_message(ack: Any, body: dict[str, Any]) -> None:
        bot.got.append(body)
        await ack()

    @app.event("app_home_opened")
    async def home(event: dict[str, Any], client: AsyncWebClient) -> None:
        words = {"type": "plain_text", "text": "Switchboard"}
        view = {"type": "home", "blocks": [{"type": "header", "text": words}, button()]}
        await client.views_publish(user_id=event["user"], view=view)

    @app.event("app_mention")
    async def mentioned(body: dict[str, Any]) -> None:
        bot.got.append(body)


@asynccontextmanager
async def by_socket(slack: SlackStandIn) -> AsyncGenerator[Bot]:
    """Run the bolt app over Socket Mode."""
    async with aiohttp.ClientSession() as session:
        bot = bolt(slack, session)
        handler = AsyncSocketModeHandler(bot.app, APP_TOKEN, ping_interval=1)
        await handler.connect_async()  # type: ignore[no-untyped-call]  # bolt has no types here
        await eventually(lambda: slack.sockets.links)
        try:
            yield bot
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]  # bolt has no types here
            await handler.client.aiohttp_client_session.close()


@asynccontextmanager
async def by_http(slack: SlackStandIn) -> AsyncGenerator[Bot]:
    """Run the bolt app behind a signed request URL."""
    listener, url = loopback()
    async with aiohttp.ClientSession() as session:
        bot = bolt(slack, session)
        handle = AsyncSlackRequestHandler(bot.app).handle
        web = Starlette(routes=[Route("/slack/events", handle, methods=["POST"])])
        slack.request_url = f"{url}/slack/events"
        slack.deliver_by = "http"
        async with serving(web, listener):
            yield bot


@pytest.fixture(params=["socket", "http"])
async def bot(slack: SlackStandIn, request: pytest.FixtureRequest) -> AsyncGenerator[Bot]:
    """The same bolt app on both transports."""
    run = by_socket if request.param == "socket" else by_http
    async with run(slack) as made:
        yield made


@pytest.fixture
async def socket_bot(slack: SlackStandIn) -> AsyncGenerator[Bot]:
    """The bolt app on Socket Mode."""
    async with by_socket(slack) as made:
        yield made


@pytest.fixture
async def http_bot(slack: SlackStandIn) -> AsyncGenerator[Bot]:
    """The bolt app behind HTTP."""
    async with by_http(slack) as made:
        yield made


@pytest.fixture
async def web(slack: SlackStandIn) -> AsyncGenerator[AsyncWebClient]:
    """A plain Web API client with the bot's token."""
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url, session=session)
