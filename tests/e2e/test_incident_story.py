"""A night with an incident, in a real browser on the real demo: Slack, PagerDuty, and back."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.story import PATIENCE_MS, SAM, kill, messages, open_incident, press, room, shoot

pytestmark = [pytest.mark.chromium, pytest.mark.slow, pytest.mark.timeout(900)]

DRI = SAM
"""Who answers for the copilot, and is not the first to be called."""


def test_an_incident_from_the_kill_to_its_review(page: Page, pictures: Path) -> None:
    page.get_by_label("You are").select_option(DRI)
    kill(page)
    open_incident(page, "sev1")
    shoot(page, pictures, "incident-1-opened")
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


def pinned(page: Page) -> Locator:
    """Return the incident's card, which stands first in its channel."""
    return messages(page, "INC-1 · SEV1").first


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
    room(page)
    expect(pinned(page)).to_contain_text(
        re.compile(r"PagerDuty #1, acknowledged"), timeout=PATIENCE_MS
    )
    shoot(page, folder, "incident-3-acknowledged-here")


def resolve_here(page: Page, folder: Path) -> None:
    """Resolving is one form, which says that the kill still holds."""
    press(page, pinned(page), "Resolve…")
    form = page.get_by_role("dialog")
    form.get_by_label("How INC-1 was resolved").fill("rolled back the prompt")
    form.get_by_label("The feature stays off").check()
    shoot(page, folder, "incident-4-resolving")
    press(page, form, "Resolve it")

    expect(form).to_contain_text("resolved in demo", timeout=PATIENCE_MS)
    form.get_by_role("button", name="Close").last.click()
    expect(pinned(page)).to_contain_text("resolved", timeout=PATIENCE_MS)
    expect(pinned(page)).to_contain_text("rolled back the prompt")
    shoot(page, folder, "incident-5-resolved")


def review_it(page: Page, folder: Path) -> None:
    """The review writes itself into the thread of the card."""
    press(page, pinned(page), "Review")

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
