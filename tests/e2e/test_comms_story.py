"""Users are told the truth by three people, in a real browser on the real demo: the first word to the last."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Error, Locator, Page, expect

from tests.support.story import (
    INES,
    LONG_MS,
    MARA,
    PATIENCE_MS,
    PIA,
    Demo,
    become,
    channel,
    kill,
    kill_the_bot,
    messages,
    open_incident,
    press,
    room,
    shoot,
    told,
    typed,
)
from tests.support.wait import eventually_sync

pytestmark = [pytest.mark.chromium, pytest.mark.slow, pytest.mark.timeout(900)]

FROZEN = "support-api-7"
DELIVERED = "shown by 12 of 12 instances"
LETS_GO = re.compile("Publish|Ask for approval")
CAUSE = "The assistant read an old price list."


def test_users_are_told_by_three_people(page: Page, demo: Demo, pictures: Path) -> None:
    kill(page)
    open_incident(page, "sev2")
    room(page)
    status = first_word(page, demo, pictures)
    write(page, pictures)
    correct_the_words(page, pictures)
    refused_to_its_author(page)
    approve_while_the_bot_dies(page, demo, pictures)
    nothing_twice(page, status, pictures)
    correction(page, status, pictures)
    not_over_while_it_is_killed(page, pictures)
    over(page, status, pictures)
    review(page)


def message(page: Page, name: str) -> Locator:
    """Return the card of a message in the incident's channel."""
    return messages(page, f"{name} · to users")


def pinned(page: Page) -> Locator:
    """Return the incident's card."""
    return messages(page, "INC-1 · SEV2").first


def read_again(status: Page, words: str) -> Locator:
    """Load the public page until it says that, as somebody who waits; return its story."""
    story = status.get_by_role("main")

    def loaded() -> str:
        try:
            status.reload()
        except Error:  # the bot that serves it is away for a moment
            return ""
        return " ".join(story.inner_text().split())

    eventually_sync(loaded, until=lambda seen: words in seen, timeout_s=PATIENCE_MS / 1000)
    return story


def ago(minutes: int) -> str:
    """Return a time as product types it, with its date: at midnight as well."""
    return f"{datetime.now(UTC) - timedelta(minutes=minutes):%Y-%m-%dT%H:%MZ}"


def closed(page: Page) -> None:
    """Leave every form, the topmost first."""
    forms = page.get_by_role("dialog")
    while forms.count():
        view = forms.get_attribute("data-view")
        press(page, forms.locator("footer"), "Close")
        expect(page.locator(f'[data-view="{view}"]')).to_have_count(0)


def first_word(page: Page, demo: Demo, folder: Path) -> Page:
    """Who is on call tells users with one press: the chat and the public page say the same."""
    canned = page.locator(".talk .pause", has_text="Our assistant is paused.")
    expect(canned.last).to_be_visible(timeout=PATIENCE_MS)

    press(page, pinned(page), re.compile(r"Tell users now \(by "))

    card = message(page, "MSG-1").last
    expect(card).to_contain_text(DELIVERED, timeout=LONG_MS)
    expect(card).to_contain_text("approved in advance")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#reads")).to_contain_text(
        "12 of 12 customers now read: “The support assistant is not available.",
        timeout=LONG_MS,
    )
    with page.context.expect_page() as opens:
        page.get_by_role("link", name="Status page").click()
    status: Page = opens.value
    status.set_default_timeout(PATIENCE_MS)
    expect(status).to_have_url(demo.status)
    story = read_again(status, "The support assistant is not available")
    expect(story).to_contain_text("Next update by")
    shoot(page, folder, "comms-1-first-word")
    pictured(status, folder, "comms-2-status")
    return status


def pictured(status: Page, folder: Path, name: str) -> None:
    """Keep the public page as people have it: on a phone and at a desk, light and dark."""
    for scheme in ("light", "dark"):
        status.emulate_media(color_scheme=scheme)
        for size, width in (("phone", 390), ("desk", 1280)):
            status.set_viewport_size({"width": width, "height": 860})
            shoot(status, folder, f"{name}-{size}-{scheme}")


def write(page: Page, folder: Path) -> None:
    """The commander asks product in; product writes in a form, and the check stops what it promises."""
    become(page, INES)
    press(page, pinned(page), "Take command")
    expect(pinned(page)).to_contain_text("Commander: Ines", timeout=PATIENCE_MS)
    typed(page, "/ai-incident role comms @Pia")
    expect(pinned(page)).to_contain_text("offered to Pia", timeout=PATIENCE_MS)

    become(page, PIA)
    typed(page, "/ai-comms new")
    form = page.get_by_role("dialog")
    form.get_by_label("What to say, to whom").select_option(label="Wrong answers: what we know")
    press(page, form, "Go on")
    expect(form).to_contain_text("What is known")
    form.get_by_label("From when").fill(ago(30))
    form.get_by_label("Until when").fill(ago(20))
    form.get_by_label("What the wrong answers were about").fill("refunds")
    form.get_by_label("With whom or where to check an answer").fill("your order page")
    form.get_by_label("What went wrong").fill(f"{CAUSE} It will be fixed in 20 minutes.")
    form.get_by_label("What users get now").select_option(label="it is switched off")
    shoot(page, folder, "comms-3-form")
    press(page, form, "Preview")

    expect(form).to_contain_text("nobody outside reads it yet", timeout=PATIENCE_MS)
    expect(form).to_contain_text("Stops it: W-PROMISE, “will be fixed in”")
    expect(form.get_by_role("button", name=LETS_GO)).to_have_count(0)
    shoot(page, folder, "comms-4-stopped")


def correct_the_words(page: Page, folder: Path) -> None:
    """The promise is taken out; then it can be let go, and waits for somebody else."""
    form = page.get_by_role("dialog")
    press(page, form, "Edit…")
    form.get_by_label("What went wrong").fill(CAUSE)
    press(page, form, "Preview")
    expect(form).to_contain_text("Changed.", timeout=PATIENCE_MS)
    expect(form).not_to_contain_text("W-PROMISE")
    shoot(page, folder, "comms-5-preview")
    closed(page)

    card = message(page, "MSG-2").last
    press(page, card, "Ask for approval")
    expect(card).to_contain_text("Waits for A-1", timeout=PATIENCE_MS)


def refused_to_its_author(page: Page) -> None:
    """Who wrote it cannot say yes to it."""
    press(page, message(page, "MSG-2").last, "Approve A-1")

    expect(told(page)).to_contain_text("You wrote in MSG-2", timeout=PATIENCE_MS)
    expect(told(page)).to_contain_text("approver-is-author")
    expect(message(page, "MSG-2").last).to_contain_text("waits for approval")


def approve_while_the_bot_dies(page: Page, demo: Demo, folder: Path) -> None:
    """The commander reads the very words and says yes; the bot dies before everybody has them."""
    dot = page.locator(f'.dot[data-instance="{FROZEN}"]')
    dot.click()
    expect(dot).to_have_class(re.compile("frozen"), timeout=PATIENCE_MS)
    page.get_by_label("You are").select_option(INES)
    channel(page, "opsbot")
    asked = messages(page, "waits for your approval").last
    expect(asked).to_contain_text(f"What happened: {CAUSE}")
    shoot(page, folder, "comms-6-asked")
    press(page, asked, "Approve A-1")
    room(page)
    card = message(page, "MSG-2").last
    expect(card).to_contain_text("approved by Ines")  # what no bot took is lost with it
    kill_the_bot(page, demo)

    expect(card).not_to_contain_text(DELIVERED)
    shoot(page, folder, "comms-7-on-its-way")
    dot.click()
    expect(card).to_contain_text(DELIVERED, timeout=LONG_MS)
    there = card.get_by_role("link", name="read it there")
    expect(there).to_have_attribute("href", re.compile(re.escape(f"{demo.status}#msg-")))
    shoot(page, folder, "comms-8-published")


def nothing_twice(page: Page, status: Page, folder: Path) -> None:
    """One card, one piece of news on the public page, and all customers read it."""
    expect(message(page, "MSG-2")).to_have_count(1)
    story = read_again(status, f"What happened: {CAUSE}")
    expect(story.get_by_text(f"What happened: {CAUSE}")).to_have_count(1)
    expect(story.get_by_text("The support assistant is not available.")).to_have_count(1)
    expect(page.locator("#reads")).to_contain_text(f"What happened: {CAUSE}", timeout=LONG_MS)
    pictured(status, folder, "comms-9-status")


def correction(page: Page, status: Page, folder: Path) -> None:
    """What was wrong stays as it was read; a new message points back to it, and it to that."""
    become(page, PIA)
    press(page, message(page, "MSG-2").last, "Correct…")
    form = page.get_by_role("dialog")
    form.get_by_label("What we said that was not right").fill("about refunds")
    form.get_by_label("What is right", exact=True).fill("They were about refunds and vouchers.")
    form.get_by_label("What readers should do now").fill("Check vouchers on your order page, too.")
    press(page, form, "Preview")
    expect(form).to_contain_text("nobody outside reads it yet", timeout=PATIENCE_MS)
    closed(page)
    let_go(page, "MSG-3", "A-2")

    expect(message(page, "MSG-2").last).to_contain_text("Corrected by MSG-3", timeout=PATIENCE_MS)
    expect(message(page, "MSG-3").last).to_contain_text("Corrects MSG-2")
    story = read_again(status, "They were about refunds and vouchers.")
    expect(story).to_contain_text("Corrects what was said on")
    expect(story).to_contain_text("This was corrected on")
    shoot(page, folder, "comms-10-corrected")
    pictured(status, folder, "comms-11-status")


def let_go(page: Page, name: str, approval: str) -> None:
    """Product asks, the commander says yes, and it comes to everybody."""
    typed(page, f"/ai-comms publish {name}")
    expect(message(page, name).last).to_contain_text(f"Waits for {approval}", timeout=PATIENCE_MS)
    become(page, INES)
    press(page, message(page, name).last, f"Approve {approval}")
    expect(message(page, name).last).to_contain_text(DELIVERED, timeout=LONG_MS)


def not_over_while_it_is_killed(page: Page, folder: Path) -> None:
    """Nobody can tell users that it is over while the kill holds."""
    become(page, PIA)
    typed(page, "/ai-comms new users-wrong-answers-resolved")
    form = page.get_by_role("dialog")
    form.get_by_label("Since when it is over").fill(ago(0))
    form.get_by_label("From when").fill(ago(30))
    form.get_by_label("Until when").fill(ago(20))
    form.get_by_label("What the wrong answers were about").fill("refunds and vouchers")
    form.get_by_label("Does the feature stay off?").select_option(label="no")
    form.get_by_label("What is left").fill("Answers that you saved may still be wrong.")
    form.get_by_label("Where more will be said").fill("This was our last message about it.")
    press(page, form, "Preview")
    expect(form).to_contain_text("In the way: K-1 still holds", timeout=PATIENCE_MS)
    expect(form.get_by_role("button", name=LETS_GO)).to_have_count(0)
    shoot(page, folder, "comms-12-in-the-way")
    closed(page)

    typed(page, "/ai-comms publish MSG-4")

    expect(told(page)).to_contain_text("MSG-4 cannot go out: K-1 still holds", timeout=PATIENCE_MS)


def over(page: Page, status: Page, folder: Path) -> None:
    """Two people restore it; then the same words go out, and the clients say again what is declared."""
    become(page, MARA)
    typed(page, "/ai-restore support-copilot the price list is the new one")
    approve = page.get_by_role("button", name="Approve restore A-3")
    expect(approve.first).to_be_visible(timeout=PATIENCE_MS)
    become(page, INES)
    asked = page.locator(".message", has=approve).first
    press(page, asked, "Approve restore A-3")
    expect(pinned(page)).to_contain_text("K-1 restored", timeout=PATIENCE_MS)

    become(page, PIA)
    let_go(page, "MSG-4", "A-4")

    expect(read_again(status, "No known problems")).to_contain_text("answers as usual again")
    expect(page.locator("#reads")).to_have_text(
        re.compile("Customers read the model.s own words"), timeout=LONG_MS
    )
    shoot(page, folder, "comms-13-over")
    pictured(status, folder, "comms-14-status")


def review(page: Page) -> None:
    """The review says when each message became public, who let it go, and what it said."""
    typed(page, "/ai-incident resolve the price list is the new one")
    expect(pinned(page)).to_contain_text("resolved in demo", timeout=PATIENCE_MS)
    press(page, pinned(page), "Review")
    expect(told(page)).to_contain_text("Review of INC-1", timeout=PATIENCE_MS)
    pinned(page).get_by_role("button", name=re.compile("replies")).click()
    shared = pinned(page).locator("figure.file")
    expect(shared.first).to_be_visible(timeout=PATIENCE_MS)
    href = shared.first.get_by_role("link").get_attribute("href")
    text = page.request.get(f"{page.url.rstrip('/')}{href}").text()

    for name, stage in (
        ("MSG-1", "investigating"),
        ("MSG-2", "identified"),
        ("MSG-3", "correction"),
        ("MSG-4", "resolved"),
    ):
        for place in ("status-page", "in-app"):
            assert text.count(f"{name} (`{stage}`) could be read at {place}") == 1
    assert CAUSE in text
