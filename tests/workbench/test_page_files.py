"""A thread opens under its message, and a picture in it is shown with its words."""

import pytest
from playwright.async_api import Page, expect

from opsbot.adapters.picture.results import drawn
from opsbot.domain.gates import Gate
from opsbot.domain.picture.evaluations import Chart, Point, Series
from opsbot.domain.route import Number
from tests.support.page import CHANNEL, World, in_module_loop, open_page, page_browser, page_world

__all__ = ["open_page", "page_browser", "page_world"]

WORDS = "r1 0.95, r2 0.7 fails <b>"


def picture() -> bytes:
    """Return a real one."""
    gate, numbers = Gate("ground", "pass_rate", ">=", 0.9, 50, 72), (Number(1), Number(2))
    points = (Point(numbers[0], "green", 0.95, 100), Point(numbers[1], "red", 0.7, 100))
    series = (Series(gate, points),)
    return drawn(Chart("copilot", "prod", 0, numbers[0], numbers[1], numbers, series))


@in_module_loop
@pytest.mark.chromium
async def test_a_picture_in_a_thread_is_shown_with_its_words(page: Page, world: World) -> None:
    client = world.bot.client
    card = await client.chat_postMessage(channel=CHANNEL, text="card")
    await client.files_upload_v2(
        channel=CHANNEL,
        thread_ts=card["ts"],
        filename="p.png",
        content=picture(),
        title="Evaluations of copilot",
        alt_txt=WORDS,
    )

    fold = page.get_by_role("button", name="1 reply")
    await expect(fold).to_have_attribute("aria-expanded", "false")
    await fold.click()

    shown = page.get_by_role("img", name=WORDS)
    await expect(shown).to_be_visible()
    await expect(page.locator("figure figcaption")).to_have_text("Evaluations of copilot")
    wide = await shown.evaluate(
        "async (image) => { await image.decode(); return image.naturalWidth; }"
    )
    assert wide == 1200
    await expect(page.get_by_role("button", name="1 reply")).to_be_focused()

    await page.get_by_role("button", name="1 reply").click()

    await expect(shown).to_have_count(0)


@in_module_loop
@pytest.mark.chromium
async def test_what_is_no_picture_is_a_name_to_download(page: Page, world: World) -> None:
    await world.bot.client.files_upload_v2(channel=CHANNEL, filename="x.html", content="<b>x</b>")

    await expect(page.locator(".file figcaption").last).to_have_text("x.html")
    await expect(page.locator(".file").last).to_contain_text("8 bytes")
    assert await page.locator(".file").last.locator("img").count() == 0
