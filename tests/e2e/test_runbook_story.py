"""Wrong answers, walked through by two people in a real browser on the real demo, from the kill to the review."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.story import (
    LONG_MS,
    PATIENCE_MS,
    SAM,
    Demo,
    become,
    kill_the_bot,
    messages,
    open_incident,
    press,
    room,
    shoot,
    taken,
    typed,
)

pytestmark = [pytest.mark.chromium, pytest.mark.slow, pytest.mark.timeout(900)]


def test_wrong_answers_are_walked_through_by_two_people(
    page: Page, demo: Demo, pictures: Path
) -> None:
    begin(page, pictures)
    find_out(page)
    contain(page, pictures)
    restart_the_bot(page, demo)
    block(page, pictures)
    hand_over(page, pictures)
    end(page, pictures)


def step(page: Page, title: str) -> Locator:
    """Return the current step of that title: the message that has its buttons."""
    found = page.locator(".message:not(.ephemeral)", has=page.locator("strong", has_text=title))
    return found.filter(has=page.get_by_role("button", name="Skip…")).last


def current(page: Page, title: str) -> Locator:
    """Wait until a step is current, and return it."""
    found = step(page, title)
    expect(found).to_be_visible(timeout=LONG_MS)
    return found


def choose(on: Locator, label: str) -> None:
    """Choose in the menu beneath a step."""
    menu = on.locator("select.overflow", has=on.page.locator("option", has_text=label))
    taken(on.page, lambda: menu.select_option(label=label))


def begin(page: Page, folder: Path) -> None:
    """One line opens the incident, one line begins the runbook in its channel."""
    open_incident(page, "sev2")
    room(page)
    typed(page, "/ai-incident role commander")
    typed(page, "/ai-runbook start wrong-answers")
    expect(messages(page, "RUN-1 · Wrong or harmful answers").last).to_be_visible()
    first = current(page, "Decide in two minutes whether it is real")
    expect(first).to_contain_text("RUN-1, step 1 of")
    expect(first).to_contain_text("Name one commander")
    card = messages(page, "RUN-1 · Wrong or harmful answers · under way").first
    expect(card.get_by_role("button", name=re.compile(r"\d+ repl(y|ies)$"))).to_be_visible(
        timeout=PATIENCE_MS
    )
    shoot(page, folder, "runbook-1-begun")
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": 400, "height": 860})
        shoot(page, folder, f"runbook-1-narrow-{scheme}")
    page.set_viewport_size({"width": 1440, "height": 1000})


def find_out(page: Page) -> None:
    """Boxes are ticked, the question's answer leads on."""
    first = current(page, "Decide in two minutes whether it is real")
    press(page, first.locator(".section", has_text="Write down one trace id"), "Tick")
    expect(first.get_by_role("button", name="Untick")).to_have_count(1, timeout=PATIENCE_MS)
    press(page, first.locator(".section", has_text="wrong and can hurt somebody"), "This one")
    expect(
        messages(page, "“Decide in two minutes whether it is real” ✓ done by Mara")
    ).to_have_count(1, timeout=PATIENCE_MS)

    named = current(page, "Name one commander")
    press(page, named, "Skip…")
    form = page.get_by_role("dialog")
    form.get_by_label("It does not apply here").check()
    press(page, form, "Skip it")
    expect(messages(page, "“Name one commander” skipped by Mara")).to_have_count(
        1, timeout=PATIENCE_MS
    )


def contain(page: Page, folder: Path) -> None:
    """A wrong click is harmless, somebody without the power reads why, and one press stops it."""
    evidence = current(page, "Keep the evidence")
    press(page, evidence, "Capture evidence of support-copilot")
    expect(messages(page, "Capture evidence of support-copilot: done").last).to_be_visible(
        timeout=PATIENCE_MS
    )
    press(page, current(page, "Keep the evidence"), "Done")

    stop = current(page, "Put the workflow into its safe state")
    press(page, stop, "Kill support-copilot")
    dialog = page.get_by_role("alertdialog")
    expect(dialog).to_contain_text(
        re.compile(r"Kill support-copilot, in demo\. It reached 1[12] instances")
    )
    expect(dialog).to_contain_text("Undo: step “Restore in stages”")
    shoot(page, folder, "runbook-2-asked")
    press(page, dialog, "No")
    expect(messages(page, "K-1")).to_have_count(0)

    press(page, stop, "Kill support-copilot")
    press(page, dialog, "Yes")
    expect(current(page, "Put the workflow into its safe state")).to_contain_text(
        "done (K-1), pressed by Mara", timeout=PATIENCE_MS
    )
    shoot(page, folder, "runbook-3-killed")
    asks = current(page, "Put the workflow into its safe state")
    expect(asks).to_contain_text("goes to “Stop it completely”")
    press(page, asks.locator(".section", has_text="No, I tried it myself"), "This one")
    current(page, "Complete the evidence")


def restart_the_bot(page: Page, demo: Demo) -> None:
    """The bot dies in the middle; what was done stays done, and the buttons go on."""
    kill_the_bot(page, demo)
    expect(messages(page, "Put the workflow into its safe state” ✓ done")).to_have_count(1)


def block(page: Page, folder: Path) -> None:
    """A step that waits for somebody is set aside, and the lane goes on."""
    waits = current(page, "Complete the evidence")
    choose(waits, "Blocked on…")
    form = page.get_by_role("dialog")
    form.get_by_label("On whom or what it waits").fill("the traces team")
    form.get_by_label("Look at it again").select_option(label="In 30 minutes")
    shoot(page, folder, "runbook-4-blocking")
    press(page, form, "Set it aside")

    current(page, "Find who read it and who acted on it")
    expect(messages(page, "“Complete the evidence” is blocked on the traces team")).to_have_count(1)
    expect(messages(page, "RUN-1 · Wrong or harmful answers · under way").first).to_contain_text(
        "1 blocked"
    )


def hand_over(page: Page, folder: Path) -> None:
    """The lead goes over when it is accepted; the second one who clicks reads who was first."""
    typed(page, "/ai-runbook handover @Sam")
    card = messages(page, "RUN-1 · Wrong or harmful answers").first
    expect(card).to_contain_text("who has not accepted yet", timeout=PATIENCE_MS)
    press(page, card, "I have command")
    expect(page.locator(".message.ephemeral").last).to_contain_text(
        "not offered to you", timeout=PATIENCE_MS
    )

    become(page, SAM)
    card = messages(page, "RUN-1 · Wrong or harmful answers").first
    press(page, card, "I have command")
    expect(card).to_contain_text("Sam leads.", timeout=PATIENCE_MS)
    press(page, card, "Catch me up")
    expect(page.locator(".message.ephemeral").last).to_contain_text("Where RUN-1 for INC-1")
    press(page, card, "Whole runbook")
    shown = page.get_by_role("dialog")
    expect(shown).to_contain_text("Put the workflow into its safe state (done, Mara)")
    shoot(page, folder, "runbook-5-whole")
    shown.get_by_role("button", name="Close").last.click()


def end(page: Page, folder: Path) -> None:
    """It is finished with a reason for what is left, the incident is resolved, and its review is written."""
    typed(page, "/ai-runbook finish practised up to here")
    card = messages(page, "RUN-1 · Wrong or harmful answers").first
    expect(card).to_contain_text("· finished", timeout=PATIENCE_MS)
    expect(card).to_contain_text("practised up to here")
    expect(page.get_by_role("button", name="Skip…")).to_have_count(0)
    shoot(page, folder, "runbook-6-finished")
    typed(page, "/ai-incident resolve stays-off practised up to here")
    expect(messages(page, "INC-1 · SEV2").first).to_contain_text("resolved", timeout=PATIENCE_MS)
    typed(page, "/ai-incident export")
    expect(page.locator(".message.ephemeral").last).to_contain_text(
        "Review of INC-1", timeout=PATIENCE_MS
    )
