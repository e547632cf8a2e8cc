"""The page in a browser, beside the Slack stand-in, a small bolt app and a stage that tests fill."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from opsbot.workbench.slack import SlackStandIn
from opsbot.workbench.stage import Json, Stage, create_app
from tests.support.browser import async_chromium
from tests.support.slack import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, company, loopback, serving
from tests.workbench.slack.conftest import Bot, by_socket

in_module_loop = pytest.mark.asyncio(loop_scope="module")

CHANNEL = "C0SUPPORTAI"


@dataclass
class World:
    """The page's server, what stands behind it, and the buttons that were pressed."""

    url: str
    stage: Stage
    bot: Bot
    pressed: list[Json] = field(default_factory=list)


@asynccontextmanager
async def serving_page() -> AsyncGenerator[World]:
    """Serve the page beside a stand-in with a bolt app on it."""
    listener, url = loopback()
    slack = SlackStandIn(
        company(),
        base_url=f"{url}/slack",
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        signing_secret=SIGNING_SECRET,
    )
    stage, pressed = Stage(), list[Json]()

    async def act(asked: Json) -> Json:
        pressed.append(asked)
        return {"done": "pressed"}

    app = create_app(stage, act, {"/slack": slack.app})
    async with serving(app, listener), by_socket(slack) as bot:
        try:
            yield World(url, stage, bot, pressed)
        finally:
            await slack.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="browser")
async def page_browser() -> AsyncGenerator[Browser]:
    async with async_chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module", name="world")
async def page_world() -> AsyncGenerator[World]:
    async with serving_page() as world:
        yield world


@pytest_asyncio.fixture(loop_scope="module", name="page")
async def open_page(browser: Browser, world: World) -> AsyncGenerator[Page]:
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    # What happens before the page hears of it would come to it as a state, not as it happened.
    async with page.expect_response(re.compile("/demo/events")):
        await page.goto(world.url)
    await expect(page.get_by_label("You are")).to_have_value("U0ONCALL")
    yield page
    await context.close()
    assert wrong == []


def section(text: str, **more: Any) -> Json:
    """A section of mrkdwn."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


async def post(world: World, text: str = "card", **more: Any) -> None:
    """Let the bot write in the first channel."""
    await world.bot.client.chat_postMessage(channel=CHANNEL, text=text, **more)


async def say(page: Page, text: str) -> None:
    """Type in the phone and press Enter."""
    box = page.get_by_label("Message or command")
    await box.fill(text)
    await box.press("Enter")
