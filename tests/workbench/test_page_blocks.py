"""How the page draws Slack's markup and Block Kit: as Slack would, and escaped text never live."""

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
    section,
)

__all__ = ["open_page", "page_browser", "page_world"]


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
