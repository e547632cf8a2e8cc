"""Channels on the page: who is not in one reads it, and joins it before they write."""

import pytest
from playwright.async_api import Page, expect

from tests.support.page import in_module_loop, open_page, page_browser, page_world

__all__ = ["open_page", "page_browser", "page_world"]


@in_module_loop
@pytest.mark.chromium
async def test_a_channel_that_somebody_is_not_in_is_joined_before_they_write(page: Page) -> None:
    await page.get_by_label("You are").select_option("U0APPROVER")
    await page.get_by_role("tab", name="Channels").click()
    await page.get_by_role("button", name="# no-bot").click()
    box, outside = page.get_by_label("Message or command"), page.locator(".outside")
    await expect(outside).to_contain_text("You are viewing # no-bot")
    await expect(box).to_be_hidden()

    await outside.get_by_role("button", name="Join channel").click()

    await expect(box).to_be_focused()
    await expect(outside).to_be_hidden()
    await box.fill("hello")
    await box.press("Enter")
    await expect(page.locator(".message", has_text="hello")).to_be_visible()
