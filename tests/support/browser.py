"""Debian's chromium under Playwright, for tests of the page; nothing is downloaded."""

import shutil
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest
from playwright.async_api import Browser as AsyncBrowser
from playwright.async_api import async_playwright, expect
from playwright.sync_api import Browser, sync_playwright

PATIENCE_MS = 30_000
"""How long a test waits for what the page of a server in its own process shows."""

expect.set_options(timeout=PATIENCE_MS)

ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def chromium_path() -> str:
    """Return where chromium is, or skip the test and say why."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed (Debian: apt install chromium)")
    return path


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run one headless browser."""
    path = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGS))
        try:
            yield browser
        finally:
            browser.close()


@asynccontextmanager
async def async_chromium() -> AsyncGenerator[AsyncBrowser]:
    """Run one headless browser beside servers in the same loop."""
    path = chromium_path()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(ARGS))
        try:
            yield browser
        finally:
            await browser.close()
