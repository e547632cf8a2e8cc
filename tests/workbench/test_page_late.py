"""What comes late, twice, or in another order than it happened: the page shows what is so, and acts as who one is."""

import asyncio

import pytest
from playwright.async_api import Page, Route, expect

from tests.support.page import (
    CHANNEL,
    World,
    in_module_loop,
    open_page,
    page_browser,
    page_world,
    post,
    say,
)
from tests.support.wait import eventually

__all__ = ["open_page", "page_browser", "page_world"]


@in_module_loop
@pytest.mark.chromium
async def test_what_is_heard_while_the_state_is_read_is_not_lost_to_an_older_state(
    page: Page, world: World
) -> None:
    said = await world.bot.client.chat_postMessage(channel=CHANNEL, text="11 of 12")
    beside = await page.context.new_page()
    await beside.goto(world.url)
    reads: list[int] = []

    async def slow(route: Route) -> None:
        answer = await route.fetch()
        reads.append(len(reads))
        if reads[-1] == 0:  # so that the page hears that it missed something, and reads again
            await post(world, "meanwhile")
        if reads[-1] == 1:
            await world.bot.client.chat_update(channel=CHANNEL, ts=said["ts"], text="12 of 12")
            await expect(beside.get_by_role("log")).to_contain_text("12 of 12")
        await route.fulfill(response=answer)

    await page.route("**/slack/ui/state**", slow)
    await page.reload()

    await eventually(lambda: len(reads) > 1)
    await expect(page.get_by_role("log")).to_contain_text("meanwhile")
    await expect(page.get_by_role("log")).to_contain_text("12 of 12")
    await expect(page.get_by_role("log")).not_to_contain_text("11 of 12")


@in_module_loop
@pytest.mark.chromium
async def test_who_just_became_somebody_else_acts_as_them_on_what_they_see(
    page: Page, world: World
) -> None:
    come = asyncio.Event()

    async def slow(route: Route) -> None:
        await come.wait()
        await route.continue_()

    await page.route("**/slack/ui/state?user=U0APPROVER", slow)
    await page.get_by_label("You are").select_option("U0APPROVER")
    await say(page, "/ai-kill x why")

    await expect(page.locator(".log")).to_have_js_property("inert", value=True)
    assert world.bot.got == []
    come.set()
    await expect(page.locator(".message.ephemeral")).to_be_visible()
    assert [one["user_id"] for one in world.bot.got] == ["U0APPROVER"]
    await page.get_by_role("tab", name="Channels").click()
    await expect(page.locator("#panel-channels")).not_to_contain_text("secret")


@in_module_loop
@pytest.mark.chromium
async def test_a_page_that_was_too_slow_begins_again_with_the_stage_and_nothing_else(
    page: Page, world: World
) -> None:
    await page.get_by_label("You are").select_option("U0APPROVER")
    await page.get_by_label("Message or command").fill("half a comm")
    world.stage.services["support-api-1"] = {"frozen": False, "pid": 1}

    world.stage.tell({"kind": "reset"})

    await expect(page.locator(".dot")).to_have_count(1)
    await expect(page.get_by_label("You are")).to_have_value("U0APPROVER")
    await expect(page.get_by_label("Message or command")).to_have_value("half a comm")


@in_module_loop
@pytest.mark.chromium
async def test_a_command_waits_for_the_answer_of_the_one_before(page: Page, world: World) -> None:
    come = asyncio.Event()

    async def slow(route: Route) -> None:
        await come.wait()
        await route.continue_()

    await page.route("**/demo/do", slow)
    await say(page, "/ai-kill x why")
    await expect(page.locator(".composer.busy")).to_have_count(1)
    await say(page, "/ai-shout")

    await expect(page.get_by_label("Message or command")).to_have_value("/ai-shout")
    come.set()
    await expect(page.locator(".message.ephemeral")).to_be_visible()
    await expect(page.get_by_role("log")).not_to_contain_text("everybody reads this")


@in_module_loop
@pytest.mark.chromium
async def test_a_story_that_is_begun_before_the_channels_are_here_begins_in_its_channel(
    page: Page, world: World
) -> None:
    come = asyncio.Event()

    async def slow(route: Route) -> None:
        await come.wait()
        answer = await route.fetch()
        text = (await answer.text()).replace('"shared"', '"code-ai"')
        await route.fulfill(response=answer, body=text)

    line = {"repository": "one", "state": "through", "mode": "live", "kill": "", "text": "Done."}
    world.stage.heard({"from": "coding-agent-1", "what": "work", **line})
    await page.route("**/slack/ui/state**", slow)
    await page.reload()

    await page.get_by_role("button", name="Restore it in steps").click()
    come.set()

    await expect(page.get_by_role("tab", name="# code-ai", selected=True)).to_be_visible()
    await expect(page.get_by_label("Message or command")).to_have_value(
        "/ai-kill coding-agent pushes outside its plan"
    )
