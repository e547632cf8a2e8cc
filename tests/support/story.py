"""What the stories told on the demo's page have in common: who types and presses what, and how an incident begins."""

import json
import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.wait import eventually_sync

PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)

ROOM = "inc-1-support-copilot"
MARA, SAM, INES, PIA, NOOR = "U0ONCALL", "U0SUPPORT", "U0LEAD", "U0PM", "U0NEW"


@dataclass(frozen=True)
class Demo:
    """A running demo and where it is."""

    page: str
    api: str
    redis: str
    status: str
    state_dir: Path


@contextmanager
def opened(browser: Browser, demo: Demo) -> Iterator[Page]:
    """Give the demo's page with its whole fleet; nothing on it, or opened from it, may raise an error."""
    wrong: list[str] = []
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(demo.page)
    expect(page.locator(".dot")).to_have_count(12, timeout=PATIENCE_MS)
    yield page
    context.close()
    assert wrong == []


def state(demo: Demo, of: str = "/demo/state") -> dict[str, Any]:
    """Return what the processes of the demo say, past the page."""
    with urllib.request.urlopen(f"{demo.page}{of}") as answer:  # noqa: S310  loopback
        found: dict[str, Any] = json.load(answer)
    return found


def sockets(demo: Demo) -> int:
    """Return on how many connections the bot hears of Slack."""
    return int(state(demo, f"/slack/ui/state?user={MARA}")["bot"]["sockets"])


def shoot(page: Page, folder: Path, name: str) -> None:
    """Keep a picture for people to look at."""
    page.screenshot(path=folder / f"{name}.png")


def say(page: Page, text: str) -> None:
    """
    Type in the phone and press Enter, once the one before is answered.

    Who is not in a channel yet finds no composer there: typing waits until they were brought in.
    """
    expect(page.locator(".composer.busy")).to_have_count(0)
    box = page.get_by_label("Message or command")
    box.fill(text)
    box.press("Enter")


def typed(page: Page, text: str) -> None:
    """Type a command, once the one before is answered, and was taken."""
    expect(page.locator(".composer.busy")).to_have_count(0)
    expect(page.get_by_label("Message or command")).to_have_value("")
    say(page, text)


def entered(page: Page) -> None:
    """Press Enter on what stands in the composer, once the one before is answered."""
    expect(page.locator(".composer.busy")).to_have_count(0)
    page.get_by_label("Message or command").press("Enter")


def press(page: Page, on: Locator, label: str) -> None:
    """Press a button by its words."""
    on.get_by_role("button", name=label, exact=True).click()


def become(page: Page, who: str) -> None:
    """Go on as somebody else, in the incident's channel."""
    page.get_by_label("You are").select_option(who)
    room(page)


def room(page: Page) -> None:
    """Open the incident's channel."""
    channel(page, ROOM)


def channel(page: Page, name: str) -> None:
    """Open a channel, or what the bot said directly."""
    page.get_by_role("tab", name=re.compile("Channels")).click()
    page.get_by_role("button", name=re.compile(f"{name}\\s*(?:\\d+ new)?$")).click()


def messages(page: Page, words: str) -> Locator:
    """Return the messages that everybody sees with these words."""
    return page.locator(".message:not(.ephemeral)", has_text=words)


def card(page: Page, tone: str, words: str | re.Pattern[str]) -> Locator:
    """Return the public card of that tone with these words."""
    return page.locator(f".message.{tone}:not(.ephemeral)", has_text=words).last


def told(page: Page) -> Locator:
    """Return what only the person of the moment was told last."""
    return page.locator(".message.ephemeral").last


def kill(page: Page) -> None:
    """Whoever it is stops the copilot, everywhere; that it is proved as well is the first story's part."""
    say(page, "/ai-kill support-copilot wrong refund answers")
    expect(messages(page, "12/12 confirmed").last).to_be_visible(timeout=2 * PATIENCE_MS)


def open_incident(page: Page, severity: str) -> Locator:
    """One line opens an incident, with a channel of its own; return how it is announced."""
    say(page, f"/ai-incident open support-copilot {severity} Wrong refund answers")
    announced = messages(page, "INC-1").last
    expect(announced).to_contain_text("Wrong refund answers", timeout=PATIENCE_MS)
    expect(announced).to_contain_text(f"#{ROOM}", timeout=PATIENCE_MS)
    return announced


def kill_the_bot(page: Page, demo: Demo) -> None:
    """`kill -9` by the demo's own button, and wait until the next one answers Slack."""
    before = state(demo)["bot"]["restarts"]
    page.locator("#parts").get_by_role("button", name="kill -9 the bot").click()
    eventually_sync(
        lambda: state(demo)["bot"],
        until=lambda bot: bot["restarts"] > before and bot["alive"],
        timeout_s=PATIENCE_MS / 1000,
    )
    # The page may not have heard yet that the old ones are gone.
    eventually_sync(lambda: sockets(demo), timeout_s=PATIENCE_MS / 1000)
    expect(page.locator(".wire")).not_to_have_class(re.compile("off"))
