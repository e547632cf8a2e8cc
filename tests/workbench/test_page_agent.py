"""The agent's card and its story: what is let through, in shape and in words, and who does what next."""

from collections.abc import Mapping

import pytest
from playwright.async_api import Page, expect

from opsbot.workbench.stage import Json
from tests.support.page import World, in_module_loop, open_page, page_browser, page_world, say
from tests.support.wait import eventually

__all__ = ["open_page", "page_browser", "page_world"]

AGENT = "coding-agent"
ABOUT: Json = {"restores": {AGENT: {"steps": [5, 25, 50], "watch_s": 8, "declared_s": 600}}}


def works(world: World, **modes: str) -> None:
    """Let the agent say of each repository under which mode it is let through; empty: refused."""
    for repository, mode in modes.items():
        state = "through" if mode else "refused"
        line = {"repository": repository, "state": state, "mode": mode, "kill": "", "text": "Done."}
        world.stage.heard({"from": f"{AGENT}-1", "what": "work", **line})


def kills(world: World, **more: object) -> None:
    """Let the bot say that the agent is killed."""
    world.stage.set(kills={"kills": [{**KILL, **more}]}, about=ABOUT)


KILL: Json = {"kill": "K-7", "workflow": AGENT, "mode": "stop", "proved": None, "since": None, "approval": None,
              "instances": {"expected": 4, "confirmed": 4, "lagging": [], "ahead": [], "silent": [], "expired": [], "rejected": []}}  # fmt: skip


def ramp(percent: int, then: object, **more: object) -> Mapping[str, object]:
    """A restore at one of its steps."""
    return {"percent": percent, "then": then, "watched_until_ms": 0, "held": None, "lone": False, **more}  # fmt: skip


@in_module_loop
@pytest.mark.chromium
async def test_squares_say_in_shape_and_words_what_is_let_through(page: Page, world: World) -> None:
    works(world, whole="live", reading="read_only", away="")

    await expect(page.locator(".key")).to_have_text(["✕", "◐", "✓"])
    await expect(page.locator(".key.reading")).to_have_attribute(
        "title", "reading: let through, without write tools"
    )
    await expect(page.locator("#agent-count")).to_have_text(
        "2 of 3 repositories let through, 1 refused"
    )
    keys = page.get_by_role(
        "img", name="1 let through; 1 let through, without write tools; 1 refused"
    )
    await expect(keys).to_be_visible()
    works(world, whole="")
    await expect(page.locator("#agent-count")).to_have_text(
        "1 of 3 repositories let through, reading only, 2 refused"
    )


@in_module_loop
@pytest.mark.chromium
async def test_the_short_watch_of_the_demo_is_said_with_the_declared_one(
    page: Page, world: World
) -> None:
    world.stage.set(about=ABOUT)

    await expect(page.locator("#agent-watch")).to_have_text(
        "Each step is watched for 8 s in this demo;"
        " flags/workflows/coding-agent.yaml declares 600 s."
    )
    await expect(page.locator(".ramp li")).to_have_text(["5 %", "25 %", "50 %", "everybody"])


@in_module_loop
@pytest.mark.chromium
async def test_a_restore_is_shown_at_its_step_held_taken_back_and_over(
    page: Page, world: World
) -> None:
    kills(world, ramp=ramp(25, 50))
    now, step = page.locator(".ramp .now"), page.locator("#agent-step")

    await expect(now).to_have_text("25 %")
    await expect(step).to_have_text("25 % are let through and watched; then 50 %.")
    kills(world, ramp=ramp(25, 50, held="held by Mara"))
    await expect(step).to_have_text("25 % are let through. Held: by Mara.")
    kills(world)
    await expect(now).to_have_count(0)
    await expect(step).to_have_text("The restore was taken back: refused for all again.")
    kills(world, ramp=ramp(50, "everybody"))
    await expect(step).to_have_text("50 % are let through and watched; then everybody.")
    world.stage.set(kills={"kills": []})
    await expect(page.locator(".ramp .done")).to_have_count(4)


@in_module_loop
@pytest.mark.chromium
async def test_agents_are_squares_and_no_dots_or_customers(page: Page, world: World) -> None:
    world.stage.heard({"from": "support-api-1", "what": "started", "pid": 1})
    world.stage.heard({"from": "support-api-1", "what": "customer", "text": "Where is it?"})

    world.stage.heard({"from": f"{AGENT}-1", "what": "started", "pid": 2, "workflow": AGENT})
    works(world, one="live")

    await expect(page.locator(".key")).to_have_count(1)
    await expect(page.locator(".dot")).to_have_count(1)
    await expect(page.locator(".tile")).to_have_count(1)


@in_module_loop
@pytest.mark.chromium
async def test_the_story_leads_from_the_kill_to_everybody_and_back(
    page: Page, world: World
) -> None:
    works(world, one="live")
    world.stage.set(kills={"kills": []}, about=ABOUT)
    following = page.locator("#next")

    await page.get_by_role("button", name="Restore it in steps").click()
    box = page.get_by_label("Message or command")
    await expect(box).to_have_value("/ai-kill coding-agent pushes outside its plan")
    await box.press("Enter")
    await eventually(lambda: world.bot.got)
    kills(world)
    await expect(following).to_contain_text("let somebody else ask")
    await page.get_by_role("button", name="Type the restore").click()
    await expect(box).to_have_value("/ai-restore coding-agent the plan is fixed")
    kills(world, approval="A-3")
    await expect(following).to_contain_text("A-3 waits for a second person")
    kills(world, ramp=ramp(5, 25))
    await expect(following).to_contain_text("5 % of the repositories are let through, reading only")
    await page.get_by_role("button", name="Send bad results").click()
    await eventually(lambda: {"do": "bad_evals"} in world.pressed)
    kills(world)
    await expect(following).to_contain_text("The watch went red and took the restore back")
    kills(world, ramp=ramp(50, "everybody", held="held by Mara"))
    await expect(following).to_contain_text("50 % of the repositories; held by Mara.")
    world.stage.set(kills={"kills": []})
    await expect(following).to_contain_text("Everybody: each step was watched")
    await expect(page.locator(".steps .done")).to_have_count(4)


@in_module_loop
@pytest.mark.chromium
async def test_a_kill_that_was_undone_at_once_is_not_called_watched(
    page: Page, world: World
) -> None:
    await say(page, "/ai-kill coding-agent by mistake")
    await expect(page.locator(".composer.busy")).to_have_count(0)  # the page took the answer
    kills(world)
    await expect(page.locator("#next")).to_contain_text("Refused everywhere")

    world.stage.set(kills={"kills": []})

    await expect(page.locator("#next")).to_contain_text("Lifted at once")
    await expect(page.locator(".steps .done")).to_have_count(1)
    await page.get_by_role("button", name="Back to the first story").click()
    await expect(page.locator(".steps .now")).to_contain_text("Kill it")
    kills(world)
    await expect(page.locator("#agent-ramp li")).to_have_count(4)
    await expect(page.locator(".steps .now")).to_contain_text("Kill it")


@in_module_loop
@pytest.mark.chromium
async def test_a_page_that_is_opened_in_the_middle_goes_on_from_there(
    page: Page, world: World
) -> None:
    kills(world, ramp=ramp(5, 25))

    await page.reload()

    await expect(page.locator(".steps .now")).to_contain_text("In steps")


@in_module_loop
@pytest.mark.chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_on_a_phone_nothing_covers_an_open_form(page: Page, scheme: str) -> None:
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await page.set_viewport_size({"width": 400, "height": 700})
    await say(page, "/ai-modal")
    await expect(page.get_by_role("dialog").get_by_label("Why")).to_be_focused()

    covered = await page.evaluate(COVERED)

    assert covered == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 400


COVERED = """() => {
  const sheet = document.querySelector(".sheet");
  return [sheet, ...sheet.querySelectorAll("h3, button, input, textarea, select")].filter((node) => {
    const { left, top, width, height } = node.getBoundingClientRect();
    return !sheet.contains(document.elementFromPoint(left + width / 2, top + Math.min(height, 8) / 2));
  }).map((node) => node.outerHTML.slice(0, 80));
}"""
"""What of the form is not on top where it stands."""
