"""A night with an incident, in a real browser on the real demo: Slack, PagerDuty, and back."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import Demo
from tests.e2e.test_story import PATIENCE_MS, card, say, shoot

pytestmark = [pytest.mark.chromium, pytest.mark.slow, pytest.mark.timeout(300)]

ROOM = "inc-1-support-copilot"
DRI = "U0SUPPORT"
"""Who answers for the copilot, and is not the first to be called."""


@pytest.fixture(name="wrong")
def _wrong() -> list[str]:
    return []


@pytest.fixture(name="page")
def _page(browser: Browser, demo: Demo, wrong: list[str]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(demo.page)
    expect(page.locator(".dot")).to_have_count(12, timeout=PATIENCE_MS)
    yield page
    context.close()
    assert wrong == []


@pytest.fixture(name="pictures")
def _pictures() -> Path:
    folder = Path(tempfile.gettempdir()) / "opsbot-story"
    folder.mkdir(exist_ok=True)
    return folder


def test_an_incident_from_the_kill_to_its_review(page: Page, pictures: Path) -> None:
    page.get_by_label("You are").select_option(DRI)
    kill_it(page)
    open_it(page, pictures)
    pager = acknowledge_there(page, pictures)
    follow_here(page, pictures)
    resolve_here(page, pictures)
    expect(pill(pager)).to_have_text(re.compile("Resolved"), timeout=PATIENCE_MS)
    expect(pager.locator(".incident")).to_contain_text("rolled back the prompt")
    shoot(pager, pictures, "incident-6-resolved-there")
    review_it(page, pictures)


def pill(pager: Page) -> Locator:
    """Return how the one incident stands at PagerDuty."""
    return pager.locator(".incident .pill")


def go_to_its_channel(page: Page) -> None:
    """Open the channel that was made for it."""
    page.get_by_role("tab", name=re.compile("Channels")).click()
    page.get_by_role("button", name=re.compile(ROOM)).click()


def pinned(page: Page) -> Locator:
    """Return the incident's card, which stands first in its channel."""
    return page.locator(".message:not(.ephemeral)", has_text="INC-1 · SEV1").first


def kill_it(page: Page) -> None:
    """Who answers for the copilot stops it."""
    say(page, "/ai-kill support-copilot wrong refund answers")
    expect(card(page, "tone-green", "12/12 confirmed")).to_be_visible(timeout=PATIENCE_MS)


def open_it(page: Page, folder: Path) -> None:
    """One line opens an incident, with a channel of its own."""
    say(page, "/ai-incident open support-copilot sev1 Wrong refund answers")

    announced = card(page, "tone-amber", "Wrong refund answers")
    expect(announced).to_contain_text("INC-1", timeout=PATIENCE_MS)
    expect(announced).to_contain_text(f"#{ROOM}", timeout=PATIENCE_MS)
    shoot(page, folder, "incident-1-opened")


def acknowledge_there(page: Page, folder: Path) -> Page:
    """Who is on call was paged, and answers on PagerDuty's page."""
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="PagerDuty").click()
    pager: Page = opened.value
    pager.set_default_timeout(PATIENCE_MS)
    incident = pager.locator(".incident")
    expect(incident).to_contain_text("INC-1 SEV1 support-copilot: Wrong refund answers")
    expect(incident).to_contain_text("Assigned to Mara Okafor")
    expect(pill(pager)).to_have_text(re.compile("Triggered"))
    shoot(pager, folder, "incident-2-paged")

    incident.get_by_role("button", name="Acknowledge").click()

    expect(pill(pager)).to_have_text(re.compile("Acknowledged"))
    return pager


def follow_here(page: Page, folder: Path) -> None:
    """The card in the incident's channel says so."""
    go_to_its_channel(page)
    expect(pinned(page)).to_contain_text(
        re.compile(r"PagerDuty #1, acknowledged"), timeout=PATIENCE_MS
    )
    shoot(page, folder, "incident-3-acknowledged-here")


def resolve_here(page: Page, folder: Path) -> None:
    """Resolving is one form, which says that the kill still holds."""
    pinned(page).get_by_role("button", name="Resolve…").click()
    form = page.get_by_role("dialog")
    form.get_by_label("How INC-1 was resolved").fill("rolled back the prompt")
    form.get_by_label("The feature stays off").check()
    shoot(page, folder, "incident-4-resolving")
    form.get_by_role("button", name="Resolve it").click()

    expect(form).to_contain_text("resolved in demo", timeout=PATIENCE_MS)
    form.get_by_role("button", name="Close").last.click()
    expect(pinned(page)).to_contain_text("resolved", timeout=PATIENCE_MS)
    expect(pinned(page)).to_contain_text("rolled back the prompt")
    shoot(page, folder, "incident-5-resolved")


def review_it(page: Page, folder: Path) -> None:
    """The review writes itself into the thread of the card."""
    pinned(page).get_by_role("button", name="Review").click()

    answer = page.locator(".message.ephemeral").last
    expect(answer).to_contain_text("Review of INC-1", timeout=PATIENCE_MS)
    expect(answer).to_contain_text("Nobody commanded it.")
    pinned(page).get_by_role("button", name=re.compile("replies")).click()
    shared = pinned(page).locator("figure.file")
    expect(shared).to_have_count(2, timeout=PATIENCE_MS)
    expect(shared.last.get_by_role("img")).to_be_visible()
    shoot(page, folder, "incident-7-review")
    href = shared.first.get_by_role("link").get_attribute("href")
    review = page.request.get(f"{page.url.rstrip('/')}{href}").text()
    for words in ("rolled back the prompt", "K-1", "PagerDuty"):
        assert words in review
