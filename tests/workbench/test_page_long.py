"""What is too long for a field of the page: it is kept, said, and not sent until it fits."""

import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.support.page import (
    World,
    in_module_loop,
    open_page,
    page_browser,
    page_world,
    post,
)
from tests.support.wait import eventually
from tests.workbench.slack.conftest import button, modal

__all__ = ["open_page", "page_browser", "page_world"]

MOST = 20
LONG = "wrong refund answers \U0001f525 all day"


def form(title: str = "Kill") -> dict[str, Any]:
    """Return a form whose one field takes *MOST* characters."""
    made = modal(title={"type": "plain_text", "text": title})
    made["blocks"][0]["element"] |= {"max_length": MOST, "multiline": True}
    return made


async def open_form(page: Page, world: World) -> str:
    """Open the form, and return the id of its view."""
    ids: list[str] = []

    @world.bot.app.action("short")
    async def opened(ack: Any, body: dict[str, Any], client: Any) -> None:
        answer = await client.views_open(trigger_id=body["trigger_id"], view=form())
        ids.append(answer["view"]["id"])
        await ack()

    await post(world, blocks=[button("Write", "short")])
    await page.get_by_role("button", name="Write").click()
    await expect(page.get_by_label("Why")).to_be_focused()
    return (await eventually(lambda: ids))[0]


def submissions(world: World) -> list[str]:
    """Return what the bot was sent."""
    return [
        one["view"]["state"]["values"]["why"]["reason"]["value"]
        for one in world.bot.got
        if one["type"] == "view_submission"
    ]


@in_module_loop
@pytest.mark.chromium
async def test_what_is_pasted_is_kept_and_said_to_be_too_long_until_it_fits(
    page: Page, world: World
) -> None:
    await open_form(page, world)
    why = page.get_by_label("Why")
    sent: list[str] = []
    page.on("request", lambda one: sent.append(one.url) if one.url.endswith("/submit") else None)

    await page.keyboard.insert_text(LONG)

    await expect(why).to_have_value(LONG)
    await expect(why).to_have_attribute("aria-invalid", "true")
    await expect(why).to_have_accessible_description("\u26a0 10 characters too many: at most 20.")
    await page.get_by_role("button", name="Stop it").click()
    await expect(why).to_be_focused()
    await why.press("Backspace")
    await expect(why).to_have_accessible_description("\u26a0 9 characters too many: at most 20.")
    await why.fill(LONG[:MOST])
    await expect(why).not_to_have_attribute("aria-invalid", "true")
    await expect(why).to_have_accessible_description("")
    await page.get_by_role("button", name="Stop it").click()
    assert await eventually(lambda: submissions(world)) == [LONG[:MOST]]
    assert len(sent) == 1


@in_module_loop
@pytest.mark.chromium
async def test_what_is_too_long_is_said_beside_what_the_bot_says_of_a_field(
    page: Page, world: World
) -> None:
    await open_form(page, world)
    why = page.get_by_label("Why")
    await why.fill("bad")
    await page.get_by_role("button", name="Stop it").click()
    await expect(why).to_have_accessible_description("\u26a0 say more")

    await why.fill(LONG)
    await expect(why).to_have_accessible_description(
        re.compile("say more.*10 characters too many: at most 20.")
    )
    await why.fill("bad")

    await expect(why).to_have_accessible_description("\u26a0 say more")
    await expect(why).to_have_attribute("aria-invalid", "true")


@in_module_loop
@pytest.mark.chromium
async def test_what_is_too_long_is_said_again_where_the_bot_draws_the_form_anew(
    page: Page, world: World
) -> None:
    view = await open_form(page, world)
    why = page.get_by_label("Why")
    await why.fill(LONG)

    await world.bot.client.views_update(view_id=view, view=form("Kill it"))

    await expect(page.get_by_role("dialog", name="Kill it")).to_be_visible()
    await expect(why).to_have_value(LONG)
    await expect(why).to_have_accessible_description("\u26a0 10 characters too many: at most 20.")
