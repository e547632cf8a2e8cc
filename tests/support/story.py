"""What the stories told on the demo's page have in common: who types and presses what, and how an incident begins."""

import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.wait import eventually_sync

PATIENCE_MS = 90_000
"""What a bot that was killed had in hand is taken over half a minute after it was last heard of."""

LONG_MS = 180_000
"""
A point that did not answer its probe is asked again for a minute; and each of a dozen processes has
its own turn on a slow machine, before its customer reads the next words.
"""
expect.set_options(timeout=PATIENCE_MS)

TRIES = 5
"""How often something is pressed that the bot, which lost its connection in that moment, did not hear."""

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
    arrived(page)
    expect(page.locator(".dot")).to_have_count(12)
    yield page
    context.close()
    assert wrong == []


def arrived(page: Page) -> None:
    """Wait until the phone shows what its first person sees: what is pressed before goes nowhere."""
    expect(page.get_by_label("You are")).to_have_value(MARA)


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
    page.get_by_label("Message or command").fill(text)
    entered(page)


def typed(page: Page, text: str) -> None:
    """Type a command, once the one before is answered, and was taken."""
    expect(page.locator(".composer.busy")).to_have_count(0)
    expect(page.get_by_label("Message or command")).to_have_value("")
    say(page, text)


def entered(page: Page) -> None:
    """
    Press Enter on what stands in the composer, once the one before is answered.

    Again if Slack says above the composer that it was lost: it stands there again, then.
    """
    expect(page.locator(".composer.busy")).to_have_count(0)
    box = page.get_by_label("Message or command")
    taken(page, lambda: box.press("Enter"))


def press(page: Page, on: Locator, label: str | re.Pattern[str]) -> None:
    """
    Press a button by its words, again if Slack says above the composer that it was lost.

    A button that was edited away in the very moment is pressed again where it stands now, as people do.
    """
    button = on.get_by_role("button", name=label, exact=True)
    taken(page, button.click)


def taken(page: Page, act: Callable[[], object]) -> None:
    """Press something, again while Slack says above the composer that it did not reach the bot."""
    act()
    for _ in range(TRIES - 1):
        if not _lost(page):
            return
        expect(page.locator(".wire")).not_to_have_class(re.compile("off"))
        act()
    assert not _lost(page), page.locator(".trouble").inner_text()


def _lost(page: Page) -> bool:
    """Whether what was pressed last did not reach the bot, once that is known."""
    expect(page.locator(".composer.busy, .below.asking")).to_have_count(0, timeout=LONG_MS)
    return page.locator(".trouble").inner_text() != ""


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
    expect(page.get_by_role("tab", name=name, selected=True)).to_be_visible()


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
    expect(messages(page, "12/12 confirmed").last).to_be_visible(timeout=LONG_MS)


def open_incident(page: Page, severity: str) -> Locator:
    """One line opens an incident, with a channel of its own; return how it is announced."""
    say(page, f"/ai-incident open support-copilot {severity} Wrong refund answers")
    announced = messages(page, "INC-1").filter(has_text="Wrong refund answers")
    found = announced.filter(has_text=f"#{ROOM}").last
    expect(found).to_be_visible()
    return found


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
