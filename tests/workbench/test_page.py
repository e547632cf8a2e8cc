"""The page: what it may load, how it is used by hand, and what it says of the demo."""

import re

import httpx
import pytest
from playwright.async_api import Page, Route, expect

from opsbot.workbench.stage import PAGE, Json
from tests.support.page import (
    CHANNEL,
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

__all__ = ["open_page", "page_browser", "page_world"]


def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline() -> None:
    index = (PAGE / "index.html").read_text()
    files = [path.read_text() for path in PAGE.iterdir() if path.suffix in (".js", ".css")]

    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", index)
    assert not re.search(r"(src|href)=\"(?!/page/|/pagerduty/\")", index)
    assert not [text for text in files if re.search(r"(from|import|url)\s*\(?[\"']https?:", text)]
    assert not [text for text in files if "innerHTML" in text or "eval(" in text]


def test_every_module_is_small_and_imports_what_exists() -> None:
    modules = {path.name: path.read_text() for path in PAGE.glob("*.js")}

    for text in modules.values():
        assert len(text.splitlines()) <= 400
        assert set(re.findall(r'from "\./([\w.]+)"', text)) <= set(modules)


def test_every_place_that_a_module_fills_is_on_the_page() -> None:
    index = (PAGE / "index.html").read_text()
    wanted = {
        name
        for path in PAGE.glob("*.js")
        for name in re.findall(r'byId\("([\w-]+)"\)', path.read_text())
    }

    assert wanted <= set(re.findall(r'id="([\w-]+)"', index))


@in_module_loop
async def test_the_page_forbids_foreign_code_and_foreign_frames(world: World) -> None:
    async with httpx.AsyncClient() as http:
        answer = await http.get(world.url)

    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy


@in_module_loop
@pytest.mark.chromium
async def test_commands_begin_as_the_app_was_installed(page: Page, world: World) -> None:
    async def renamed(route: Route) -> None:
        answer = await route.fetch()
        state = await answer.json()
        commands = [{"command": "/ai-stg-kill", "description": "", "usage_hint": "<workflow>"}]
        await route.fulfill(response=answer, json={**state, "commands": commands})

    await page.route("**/slack/ui/state**", renamed)
    await page.reload()

    box = page.get_by_label("Message or command")
    await expect(box).to_have_value("/ai-stg-kill support-copilot wrong refund answers")


@in_module_loop
@pytest.mark.chromium
async def test_enter_on_a_kill_freezes_the_worst_moment_first(page: Page, world: World) -> None:
    await page.get_by_label("Message or command").press("Enter")

    answer = page.locator(".message.ephemeral")
    await expect(answer.get_by_role("button", name="Undo")).to_be_visible()
    await expect(answer).to_contain_text("Only visible to you")
    assert world.pressed == [{"do": "enter"}]
    assert world.bot.got[0]["user_id"] == "U0ONCALL"
    assert world.bot.got[0]["text"] == "support-copilot wrong refund answers"


@in_module_loop
@pytest.mark.chromium
async def test_another_person_does_not_see_an_ephemeral_answer(page: Page) -> None:
    await say(page, "/ai-kill x why")
    await expect(page.locator(".message.ephemeral")).to_be_visible()

    await page.get_by_label("You are").select_option("U0APPROVER")

    await expect(page.locator(".message.ephemeral")).to_have_count(0)
    await expect(page.get_by_label("Message or command")).to_be_visible()


@in_module_loop
@pytest.mark.chromium
async def test_a_modal_keeps_what_was_typed_shows_errors_and_closes_with_escape(
    page: Page,
) -> None:
    await say(page, "/ai-modal")
    dialog = page.get_by_role("dialog")
    why = dialog.get_by_label("Why")
    await expect(why).to_be_focused()

    await why.fill("bad")
    await why.press("Enter")

    await expect(dialog.get_by_role("alert")).to_have_text("say more")
    await expect(dialog.get_by_label("Why")).to_have_value("bad")
    await dialog.get_by_label("Why").press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.get_by_label("Message or command")).to_be_focused()


@in_module_loop
@pytest.mark.chromium
async def test_the_focus_stays_inside_a_modal(page: Page) -> None:
    await say(page, "/ai-modal")
    await expect(page.get_by_label("Why")).to_be_focused()

    for _ in range(8):
        await page.keyboard.press("Tab")

    assert await page.evaluate("document.activeElement.closest('.sheet') !== null")


@in_module_loop
@pytest.mark.chromium
async def test_a_button_with_a_confirm_dialog_asks_first(page: Page, world: World) -> None:
    words = {"type": "plain_text", "text": "Stop all"}
    confirm = {
        "title": {"type": "plain_text", "text": "Really?"},
        "text": {"type": "plain_text", "text": "Four workflows stop."},
        "confirm": {"type": "plain_text", "text": "Stop them"},
        "deny": {"type": "plain_text", "text": "No"},
    }
    button = {"type": "button", "action_id": "undo", "text": words, "confirm": confirm}
    await post(world, blocks=[{"type": "actions", "elements": [button]}])

    await page.get_by_role("button", name="Stop all").click()
    await expect(page.get_by_role("alertdialog")).to_contain_text("Four workflows stop.")
    await page.get_by_role("button", name="No", exact=True).click()
    assert world.bot.got == []
    await page.get_by_role("button", name="Stop all").click()
    await page.get_by_role("button", name="Stop them").click()

    await eventually(lambda: [one for one in world.bot.got if one["type"] == "block_actions"])


@in_module_loop
@pytest.mark.chromium
async def test_a_question_stays_until_it_is_answered_whatever_comes_meanwhile(
    page: Page, world: World
) -> None:
    words = {"type": "plain_text", "text": "Kill it"}
    confirm = {
        "title": words,
        "text": {"type": "plain_text", "text": "One workflow stops."},
        "confirm": {"type": "plain_text", "text": "Yes"},
        "deny": {"type": "plain_text", "text": "No"},
    }
    button = {"type": "button", "action_id": "kill", "text": words, "confirm": confirm}
    await post(world, blocks=[{"type": "actions", "elements": [button]}])
    await page.get_by_role("button", name="Kill it").click()
    await page.get_by_role("button", name="No", exact=True).click()
    await page.get_by_role("button", name="Kill it").click()

    await post(world, "somebody talks")

    await expect(page.get_by_role("log")).to_contain_text("somebody talks")
    await expect(page.get_by_role("alertdialog")).to_contain_text("One workflow stops.")


@in_module_loop
@pytest.mark.chromium
async def test_what_is_chosen_in_a_menu_is_sent(page: Page, world: World) -> None:
    option = {
        "text": {"type": "plain_text", "text": "One step back"},
        "value": "run_back RUN-1:1::a",
    }
    menu = {"type": "overflow", "action_id": "undo", "options": [option]}
    await post(world, blocks=[section("Step", accessory=menu)])
    more = page.get_by_label("More actions").last

    await more.select_option(label="One step back")

    assert await eventually(lambda: _chosen(world)) == ["run_back RUN-1:1::a"]


def _chosen(world: World) -> list[str]:
    found = [one["actions"][0] for one in world.bot.got if one["type"] == "block_actions"]
    return [one["selected_option"]["value"] for one in found if one["type"] == "overflow"]


@in_module_loop
@pytest.mark.chromium
async def test_an_edit_redraws_the_message_and_keeps_the_focus_on_its_button(
    page: Page, world: World
) -> None:
    text = {"type": "plain_text", "text": "Undo"}
    row = {"type": "actions", "block_id": "b", "elements": [{"type": "button", "action_id": "undo", "text": text}]}  # fmt: skip
    said = await world.bot.client.chat_postMessage(
        channel=CHANNEL, text="one", blocks=[section("11/12"), row]
    )
    await page.get_by_role("button", name="Undo").focus()

    await world.bot.client.chat_update(
        channel=CHANNEL, ts=said["ts"], text="two", blocks=[section("12/12"), row]
    )

    await expect(page.locator(".message")).to_contain_text("12/12")
    await expect(page.get_by_role("button", name="Undo")).to_be_focused()
    await expect(page.locator(".message")).to_have_count(1)


@in_module_loop
@pytest.mark.chromium
async def test_a_card_that_changes_under_a_press_does_not_swallow_it(
    page: Page, world: World
) -> None:
    text = {"type": "plain_text", "text": "Undo"}
    row = {"type": "actions", "block_id": "b", "elements": [{"type": "button", "action_id": "undo", "text": text}]}  # fmt: skip
    said = await world.bot.client.chat_postMessage(
        channel=CHANNEL, text="one", blocks=[section("11/12"), row]
    )
    await page.get_by_role("button", name="Undo").hover()

    await page.mouse.down()
    await world.bot.client.chat_update(
        channel=CHANNEL, ts=said["ts"], text="two", blocks=[section("12/12"), row]
    )
    await world.bot.client.chat_postMessage(channel="C0SHARED", text="heard after the edit")
    await expect(page.get_by_role("tab", name="Channels (1 new)")).to_be_visible()
    await page.mouse.up()

    await eventually(lambda: [one for one in world.bot.got if one["type"] == "block_actions"])
    await expect(page.locator(".message")).to_contain_text("undone")


@in_module_loop
@pytest.mark.chromium
async def test_tabs_answer_to_arrow_keys_and_the_home_tab_is_published(page: Page) -> None:
    await page.get_by_role("tab", name="support-ai").focus()

    await page.keyboard.press("ArrowRight")

    await expect(page.get_by_role("tab", name="App Home")).to_be_focused()
    await expect(page.locator(".home .header")).to_have_text("Switchboard")
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#panel-channels")).to_contain_text("shared with another company")


@in_module_loop
@pytest.mark.chromium
async def test_a_refusal_of_the_stand_in_is_said_and_the_words_are_kept(page: Page) -> None:
    await say(page, "/no-such-command at all")

    await expect(page.locator(".trouble")).not_to_be_empty()
    await expect(page.get_by_label("Message or command")).to_have_value("/no-such-command at all")


@in_module_loop
@pytest.mark.chromium
async def test_dots_say_what_the_bot_says_in_words_and_never_more(page: Page, world: World) -> None:
    stage = world.stage
    for number in range(1, 6):
        stage.heard({"from": f"support-api-{number}", "what": "started", "pid": number})
    services = {name: {**one, "frozen": name == "support-api-3"} for name, one in stage.services.items()}  # fmt: skip
    fleet = {"revision": 2, "instances": [instance(number) for number in (1, 2, 3, 4)]}
    seen = {"expected": 4, "confirmed": 1, "lagging": ["support-api-2"], "ahead": [], "silent": ["support-api-3"], "expired": ["support-api-4"], "rejected": []}  # fmt: skip
    kill = {"kill": "K-1", "workflow": "support-copilot", "instances": seen, "proved": None, "since": None, "approval": None}  # fmt: skip
    stage.set(services=services, fleet=fleet, kills={"kills": [kill]})

    words = page.locator(".dot .word")
    await expect(words).to_have_text(["confirmed", "lagging", "silent", "expired", "unknown"])
    await expect(page.locator("#fleet-count")).to_have_text("K-1: 1/4 confirmed")
    await expect(page.locator("#next")).to_contain_text("1 of 4 instances have confirmed")
    await page.locator('[data-instance="support-api-3"]').click()
    await eventually(lambda: world.pressed == [{"do": "thaw", "service": "support-api-3"}])
    stage.set(bot={"alive": False, "restarts": 0})
    await expect(page.locator("#fleet-count")).to_contain_text("nobody counts")
    await expect(words).to_have_text(["unknown"] * 5)
    stage.set(fleet=None, kills=None)
    await expect(words).to_have_text(["unknown"] * 5)
    await expect(page.locator("#fleet-count")).to_contain_text("nobody counts")


@in_module_loop
@pytest.mark.chromium
async def test_probes_that_saw_otherwise_are_said_and_promise_no_green(
    page: Page, world: World
) -> None:
    seen = {"expected": 2, "confirmed": 2, "lagging": [], "ahead": [], "silent": [], "expired": [], "rejected": []}  # fmt: skip
    kill = {"kill": "K-1", "workflow": "support-copilot", "mode": "fallback", "instances": seen, "proved": {"probes": 2, "passed": 0}, "since": None, "approval": None}  # fmt: skip
    fleet = {"revision": 2, "instances": [instance(1), instance(2)]}

    world.stage.set(fleet=fleet, kills={"kills": [kill]})

    await expect(page.locator("#fleet-count")).to_have_text(
        "K-1: 2/2 confirmed · 0/2 probes saw it"
    )
    await expect(page.locator("#next")).to_contain_text("2 of 2 probes saw otherwise")
    await expect(page.locator("#next")).not_to_contain_text("turns green")
    await page.get_by_role("button", name="Rather restore").click()
    await expect(page.locator("#next")).to_contain_text("Ask for the restore")
    world.stage.set(kills={"kills": [{**kill, "mode": "stop"}]})
    await expect(page.locator("#fleet-count")).to_contain_text("0/2 probes refused")


def instance(number: int) -> Json:
    """One instance as the bot lists it."""
    return {
        "instance": f"support-api-{number}",
        "workflows": ["support-copilot"],
        "alive": number != 3,
        "seen_ms_ago": 100,
        "pid": number,
        "applied": {"epoch": 1, "revision": 2},
    }


@in_module_loop
@pytest.mark.chromium
async def test_a_cut_stream_is_shown_where_it_ended_with_what_the_customer_read(
    page: Page, world: World
) -> None:
    lines: list[Json] = [
        {"what": "customer", "text": "Where is my parcel?"},
        {"what": "mode", "mode": "live"},
        {"what": "word", "text": "You get $120 "},
        {"what": "killed", "mode": "canned", "kill": "K-7", "text": "We are paused."},
    ]

    for line in lines:
        world.stage.heard({"from": "support-api-1", **line})

    await expect(page.locator(".talk mark")).to_have_text("$120")
    await expect(page.locator(".talk .cut")).to_contain_text("cut here by K-7")
    await expect(page.locator(".talk .pause")).to_have_text("We are paused.")
    await expect(page.locator("#sum")).to_have_text("$120")
    await expect(page.locator("#reads")).to_contain_text("1 of 1 customers now read")


@in_module_loop
@pytest.mark.chromium
async def test_pauses_that_say_the_same_are_folded_and_counted(page: Page, world: World) -> None:
    hear = world.stage.heard
    hear({"from": "support-api-1", "what": "customer", "text": "First?"})
    hear({"from": "support-api-1", "what": "word", "text": "You get "})
    hear({"from": "support-api-1", "what": "killed", "mode": "canned", "kill": "K-1", "text": "Paused."})  # fmt: skip

    for number in range(5):
        hear({"from": "support-api-1", "what": "customer", "text": f"Question {number}?"})
        hear({"from": "support-api-1", "what": "word", "text": "Paused."})
        hear({"from": "support-api-1", "what": "end"})

    await expect(page.locator(".talk .asks")).to_contain_text(["First?", "Question 4?"])  # fmt: skip
    await expect(page.locator(".talk .cut")).to_contain_text("cut here by K-1")
    await expect(page.locator(".talk .same")).to_have_text("4 customers before this one read the same.")  # fmt: skip


@in_module_loop
@pytest.mark.chromium
async def test_the_theme_is_kept_and_a_phone_needs_no_sideways_scrolling(page: Page) -> None:
    await page.get_by_role("button", name="Theme: system").click()
    await page.get_by_role("button", name="Theme: light").click()
    await page.set_viewport_size({"width": 390, "height": 844})

    await page.reload()

    await expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert await page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390


@in_module_loop
@pytest.mark.chromium
async def test_what_users_read_stands_on_a_tile_and_behind_a_link(page: Page, world: World) -> None:
    public = "http://127.0.0.1:1/status"
    world.stage.set(about={"redis": "redis://store", "env": "demo", "status": public})
    lines = ({"what": "started", "pid": 1}, {"what": "customer", "text": "Why?"},
             {"what": "mode", "mode": "canned"}, {"what": "word", "text": f"It is off. {'x ' * 99}"})  # fmt: skip
    for line in lines:
        world.stage.heard({"from": "support-api-1", **line})

    await expect(page.get_by_role("link", name="Status page")).to_have_attribute("href", public)
    await expect(page.locator(".tile .text")).to_contain_text(re.compile("^It is off"))
