"""The page against the Slack stand-in, a small bolt app and a stage that the tests fill."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from opsbot.workbench.slack import SlackStandIn
from opsbot.workbench.stage import PAGE, Json, Stage, create_app
from tests.support.browser import async_chromium
from tests.support.slack import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, company, loopback, serving
from tests.support.wait import eventually
from tests.workbench.slack.conftest import Bot, by_socket

in_module_loop = pytest.mark.asyncio(loop_scope="module")

CHANNEL = "C0SUPPORTAI"
PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)


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
async def _browser() -> AsyncGenerator[Browser]:
    async with async_chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module", name="world")
async def _world() -> AsyncGenerator[World]:
    async with serving_page() as world:
        yield world


@pytest_asyncio.fixture(loop_scope="module", name="page")
async def _page(browser: Browser, world: World) -> AsyncGenerator[Page]:
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
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


def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline() -> None:
    index = (PAGE / "index.html").read_text()
    files = [path.read_text() for path in PAGE.iterdir() if path.suffix in (".js", ".css")]

    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", index)
    assert not re.search(r"(src|href)=\"(?!/page/)", index)
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
async def test_escaped_control_sequences_stay_inert(page: Page, world: World) -> None:
    escaped = "&lt;!channel&gt; &lt;@U0ONCALL&gt; &lt;img src=x onerror=alert(1)&gt; &amp;lt;"

    await post(world, f"{escaped} and <!channel> and <@U0ONCALL> and <javascript:alert(1)|here>")

    words = page.locator(".message .words").last
    await expect(words).to_contain_text("<!channel> <@U0ONCALL> <img src=x onerror=alert(1)> &lt;")
    assert await words.locator(".mention").all_inner_texts() == ["@channel", "@oncall"]
    assert await words.locator("img, a").count() == 0


@in_module_loop
@pytest.mark.chromium
async def test_markup_is_drawn_as_slack_draws_it(page: Page, world: World) -> None:
    text = "*bold* _slanted_ ~gone~ `a_b_c *d*` <https://example.com/?a=1&amp;b=2|docs> 2*3*4\n&gt; said"

    await post(world, text)

    words = page.locator(".message .words").last
    await expect(words.locator("strong")).to_have_text("bold")
    await expect(words.locator("em")).to_have_text("slanted")
    await expect(words.locator("s")).to_have_text("gone")
    await expect(words.locator("code")).to_have_text("a_b_c *d*")
    await expect(words.locator("a")).to_have_attribute("href", "https://example.com/?a=1&b=2")
    await expect(words.locator("blockquote")).to_have_text("said")
    await expect(words).to_contain_text("2*3*4")


@in_module_loop
@pytest.mark.chromium
async def test_every_block_is_drawn_and_an_unknown_one_says_so(page: Page) -> None:
    plain = {"type": "plain_text", "text": "Plain <b>"}
    option = {"text": plain, "value": "one"}
    blocks = [
        {"type": "header", "text": plain},
        section("Words", accessory={"type": "overflow", "action_id": "o", "options": [option]}),
        section("", fields=[plain, plain]),
        {"type": "divider"},
        {"type": "context", "elements": [plain, {"type": "image", "alt_text": "a dial"}]},
        {"type": "actions", "elements": [{"type": "button", "action_id": "b", "text": plain}]},
        *[
            {"type": "input", "block_id": kind, "label": plain, "element": {"type": kind, **more}}
            for kind, more in ELEMENTS(option).items()
        ],
        {"type": "hologram", "text": plain},
        {"type": "actions", "elements": [{"type": "hypercube", "action_id": "h"}]},
    ]

    drawn = await page.evaluate(DRAW, blocks)

    assert "[hologram is not shown here] Plain <b>" in drawn["text"]
    assert "[hypercube is not shown here]" in drawn["text"]
    assert drawn["unknown"] == 2
    assert drawn["values"] == {
        "static_select": {"v": "one"},
        "radio_buttons": {"v": "one"},
        "checkboxes": {"v": ["one"]},
        "multi_static_select": {"v": ["one"]},
        "plain_text_input": {"v": "typed"},
        "datepicker": {"v": "2026-11-21"},
        "timepicker": {"v": "14:30"},
        "datetimepicker": {"v": 1795271400},
        "number_input": {"v": "3"},
        "users_select": {"v": "U1"},
    }


def ELEMENTS(option: Json) -> dict[str, Json]:  # noqa: N802  a table with one hole
    """Every input element, each with a value of its own."""
    chosen = {"action_id": "v", "options": [option]}
    return {
        "static_select": {**chosen, "initial_option": option},
        "radio_buttons": {**chosen, "initial_option": option},
        "checkboxes": {**chosen, "initial_options": [option]},
        "multi_static_select": {**chosen, "initial_options": [option]},
        "plain_text_input": {"action_id": "v", "initial_value": "typed", "multiline": True},
        "datepicker": {"action_id": "v", "initial_date": "2026-11-21"},
        "timepicker": {"action_id": "v", "initial_time": "14:30"},
        "datetimepicker": {"action_id": "v", "initial_date_time": 1795271400},
        "number_input": {"action_id": "v", "initial_value": "3"},
        "users_select": {"action_id": "v", "initial_user": "U1"},
    }


DRAW = """async (list) => {
  const { blocks } = await import("/page/blocks.js");
  const { values } = await import("/page/elements.js");
  const names = { person: () => null, channel: () => null, group: () => null };
  const people = () => [{ id: "U1", name: "One" }];
  const root = document.createElement("div");
  root.append(...blocks(list, { names, people, channels: people, act() {} }));
  return { text: root.textContent, unknown: root.querySelectorAll(".unknown").length, values: values(root) };
}"""


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
    seen = {"expected": 4, "confirmed": 1, "lagging": ["support-api-2"], "silent": ["support-api-3"], "expired": ["support-api-4"], "rejected": []}  # fmt: skip
    kill = {"kill": "K-1", "workflow": "support-copilot", "instances": seen, "proved": None, "since": None, "approval": None}  # fmt: skip
    stage.set(services=services, fleet=fleet, kills={"kills": [kill]})

    words = page.locator(".dot .word")
    await expect(words).to_have_text(["confirmed", "lagging", "silent", "expired", "unknown"])
    await expect(page.locator("#fleet-count")).to_have_text("K-1: 1/4 confirmed")
    await expect(page.locator("#next")).to_contain_text("1 of 4 instances have confirmed")
    await page.locator('[data-instance="support-api-3"]').click()
    assert world.pressed == [{"do": "thaw", "service": "support-api-3"}]
    stage.set(fleet=None, kills=None, bot={"alive": False, "restarts": 0})
    await expect(words).to_have_text(["unknown"] * 5)
    await expect(page.locator("#fleet-count")).to_contain_text("nobody counts")


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

    await expect(page.locator(".talk .asks")).to_contain_text(["First?", "Question 3?", "Question 4?"])  # fmt: skip
    await expect(page.locator(".talk .cut")).to_contain_text("cut here by K-1")
    await expect(page.locator(".talk .same")).to_have_text("3 customers before this one read the same.")  # fmt: skip


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
