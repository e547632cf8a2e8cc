"""What comes while somebody presses or fills something in: the press counts, and what was chosen stays."""

from collections.abc import Mapping

import pytest
from playwright.async_api import Page, expect

from opsbot.workbench.stage import Json
from tests.support.page import (
    World,
    in_module_loop,
    open_page,
    page_browser,
    page_world,
    post,
    say,
    section,
)
from tests.support.wait import eventually
from tests.workbench.slack.conftest import modal

__all__ = ["open_page", "page_browser", "page_world"]

SEEN: Json = {"expected": 2, "confirmed": 2, "lagging": [], "ahead": [], "silent": [], "expired": [], "rejected": []}  # fmt: skip
KILL: Json = {"kill": "K-1", "workflow": "support-copilot", "mode": "stop", "instances": SEEN, "since": None, "approval": None}  # fmt: skip


async def edited(page: Page, world: World, **more: object) -> None:
    """Let the bot put another view in the place of the open one, and wait until the page heard of it."""
    view = await page.locator(".sheet").get_attribute("data-view")
    assert view is not None
    await world.bot.client.views_update(view_id=view, view=modal(**more))
    await post(world, "heard after the edit")
    await expect(page.locator(".log")).to_contain_text("heard after the edit")


@in_module_loop
@pytest.mark.chromium
async def test_a_channel_is_opened_though_the_list_changes_under_the_press(
    page: Page, world: World
) -> None:
    await page.get_by_role("tab", name="Channels").click()
    await page.get_by_role("button", name="# shared").hover()

    await page.mouse.down()
    await world.bot.client.chat_postMessage(channel="C0SHARED", text="news")
    await expect(page.get_by_role("tab", name="Channels (1 new)")).to_be_visible()
    await page.mouse.up()

    await expect(page.get_by_role("tab", name="# shared", selected=True)).to_be_visible()


@in_module_loop
@pytest.mark.chromium
async def test_what_to_do_next_is_done_though_its_words_change_under_the_press(
    page: Page, world: World
) -> None:
    def proved(passed: int) -> Mapping[str, object]:
        return {"kills": [{**KILL, "proved": {"probes": 2, "passed": passed}}]}

    fleet = {"revision": 2, "instances": []}
    world.stage.set(fleet=fleet, kills=proved(0))
    await page.get_by_role("button", name="Rather restore").hover()

    await page.mouse.down()
    world.stage.set(kills=proved(1))
    await expect(page.locator("#fleet-count")).to_contain_text("1/2 probes")
    await page.mouse.up()

    await expect(page.locator("#next")).to_contain_text("Ask for the restore")


@in_module_loop
@pytest.mark.chromium
async def test_a_form_is_sent_though_it_is_drawn_again_under_the_press(
    page: Page, world: World
) -> None:
    await say(page, "/ai-modal")
    await page.get_by_label("Why").fill("bad")
    await page.get_by_role("button", name="Stop it").hover()

    await page.mouse.down()
    await edited(page, world, title={"type": "plain_text", "text": "Edited"})
    await page.mouse.up()

    await expect(page.get_by_role("dialog")).to_contain_text("Edited")
    await expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text("say more")


def forms(option: Json, *before: Json) -> list[Json]:
    """One input of each kind that keeps what was chosen in its own way."""
    label = {"type": "plain_text", "text": "Label"}
    chosen = {"action_id": "v", "options": [option, {**option, "value": "two"}]}
    kinds: dict[str, Json] = {
        "radio_buttons": chosen,
        "checkboxes": chosen,
        "static_select": {**chosen, "placeholder": label},
        "multi_static_select": {**chosen, "placeholder": label},
        "plain_text_input": {"action_id": "v"},
        "datetimepicker": {"action_id": "v"},
    }
    made = [
        {"type": "input", "block_id": kind, "label": label, "element": {"type": kind, **more}}
        for kind, more in kinds.items()
    ]
    return [*before, *made]


@in_module_loop
@pytest.mark.chromium
async def test_what_was_chosen_in_a_form_survives_its_being_drawn_again(
    page: Page, world: World
) -> None:
    option = {"text": {"type": "plain_text", "text": "One"}, "value": "one"}
    await say(page, "/ai-modal")
    await edited(page, world, blocks=forms(option))
    dialog = page.get_by_role("dialog")
    await dialog.locator("input[type=radio][value=two]").check()
    await dialog.locator("input[type=checkbox][value=two]").check()
    for menu in await dialog.locator("select").all():
        await menu.select_option("two")
    await dialog.locator("input[type=datetime-local]").fill("2026-11-21T14:30")
    await dialog.locator("input[type=text]").fill("typed")
    before = await page.evaluate(VALUES)

    await edited(page, world, blocks=forms(option, section("More words")))

    await expect(dialog).to_contain_text("More words")
    assert await page.evaluate(VALUES) == before
    assert {name: before[name]["v"] for name in before if name != "datetimepicker"} == {
        "radio_buttons": "two",
        "checkboxes": ["two"],
        "static_select": "two",
        "multi_static_select": ["two"],
        "plain_text_input": "typed",
    }
    await expect(dialog.locator("input[type=text]")).to_be_focused()


VALUES = """async () => {
  const { values } = await import("/page/elements.js");
  return values(document.querySelector(".sheet"));
}"""


@in_module_loop
@pytest.mark.chromium
async def test_a_form_that_did_not_reach_the_bot_says_so_itself(page: Page, world: World) -> None:
    await say(page, "/ai-modal")
    await page.get_by_label("Why").fill("nonsense")

    await page.get_by_role("button", name="Stop it").click()

    await expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("trouble")
    await eventually(lambda: world.bot.got)
    await page.get_by_label("Why").fill("clear")
    await page.get_by_role("button", name="Stop it").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
