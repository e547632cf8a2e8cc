"""The printable page in a real browser: opened with a token as password, on a phone, in the dark, on paper."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, Page, expect

from tests.cli.conftest import serving
from tests.support import runs
from tests.support.browser import async_chromium
from tests.support.paper import runbook
from tests.support.web import opened

pytestmark = pytest.mark.timeout(200)


@dataclass(frozen=True)
class Site:
    """The pages of a bot, and a browser beside it."""

    browser: Browser
    url: str

    async def open(self, path: str, **context: object) -> Page:
        """Open a page as Mara, and fail at anything that a browser complains of."""
        known = await self.browser.new_context(
            http_credentials={"username": "mara", "password": "mara-token"},
            **context,  # type: ignore[arg-type]  # what Playwright knows
        )
        page = await known.new_page()
        page.on("console", lambda said: pytest.fail(said.text))
        page.on("requestfailed", lambda asked: pytest.fail(asked.url))
        answer = await page.goto(self.url + path)
        assert answer is not None
        assert answer.status == 200
        return page


@pytest.fixture
async def site() -> AsyncGenerator[Site]:
    """Serve one runbook."""
    door = await opened()
    runs.shelved(door.world, runbook())
    async with serving(door) as url, async_chromium() as browser:
        yield Site(browser, url)


async def test_it_fits_a_phone_and_every_link_in_it_leads_somewhere(site: Site) -> None:
    page = await site.open(
        "/runbooks/wrong-answers?workflow=support-copilot", viewport={"width": 320, "height": 640}
    )

    wide = await page.evaluate("document.documentElement.scrollWidth")
    lost = await page.evaluate(
        "[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.getAttribute('href'))"
        ".filter(to => !document.querySelector(to))"
    )
    small = await page.evaluate(
        "[...document.querySelectorAll('nav a')].filter(a => a.getBoundingClientRect().height < 24)"
        ".length"
    )

    assert wide <= 320
    assert lost == []
    assert small == 0


async def test_a_list_leads_to_the_page_and_back(site: Site) -> None:
    page = await site.open("/runbooks")

    await page.click("text=Wrong or harmful answers")
    await expect(page).to_have_url(f"{site.url}/runbooks/wrong-answers")
    await page.click("text=All runbooks")
    await expect(page).to_have_url(f"{site.url}/runbooks")


@pytest.mark.parametrize(
    ("scheme", "paper"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(24, 22, 27)")]
)
async def test_it_is_light_or_dark_as_the_reader_is(site: Site, scheme: str, paper: str) -> None:
    page = await site.open("/runbooks/wrong-answers", color_scheme=scheme)

    shown = await page.evaluate("getComputedStyle(document.body).backgroundColor")

    assert shown == paper


async def test_on_paper_each_step_has_a_box_and_a_line_to_sign_and_is_black_on_white(
    site: Site,
) -> None:
    page = await site.open("/runbooks/wrong-answers", color_scheme="dark")
    on_screen = await page.locator("h3 .tick:visible").count()

    await page.emulate_media(media="print")

    assert on_screen == 0
    assert await page.locator("h3 .tick:visible").count() == len(runbook().steps)
    assert await page.locator(".sign:visible").count() == len(runbook().steps)
    assert await page.locator(".up:visible").count() == 0
    assert await page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(255, 255, 255)"
    )
