"""The public status page in a real browser: for everybody, on a phone, in the dark, with no violation that axe knows."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from opsbot.app.status_page.site import site
from opsbot.domain.change import Position
from tests.cli.conftest import serving
from tests.support.browser import async_chromium
from tests.support.status import NOW_MS, three_incidents, told
from tests.support.web import Door, opened

pytestmark = pytest.mark.timeout(200)

SIZES = {"phone": {"width": 320, "height": 640}, "desk": {"width": 1280, "height": 800}}


@dataclass(frozen=True)
class Site:
    """The page of a bot, and a browser beside it."""

    browser: Browser
    door: Door
    url: str
    asked: list[str] = field(default_factory=list)

    async def open(self, path: str = "/status", **context: Any) -> Page:
        """Open it as a stranger, and fail at anything that a browser complains of."""
        known = await self.browser.new_context(**context)
        page = await known.new_page()
        page.on("console", lambda said: pytest.fail(said.text))
        page.on("requestfailed", lambda asked: pytest.fail(asked.url))
        page.on("request", lambda asked: self.asked.append(asked.url))
        answer = await page.goto(self.url + path)
        assert answer is not None
        assert answer.status == 200
        assert await known.cookies() == []
        return page


@pytest.fixture
async def there() -> AsyncGenerator[Site]:
    """Serve the page of a bad night."""
    door = await opened()
    door.page = site((await three_incidents()).page(), Position(1, 1))
    async with serving(door) as url, async_chromium() as browser:
        yield Site(browser, door, url)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
async def test_axe_finds_no_violation(there: Site, scheme: str, size: str) -> None:
    for night in (True, False):
        if not night:
            there.door.page = site((await told()).page(), Position(1, 2))
            there.door.page_lost_ms = NOW_MS
        page = await there.open(color_scheme=scheme, viewport=SIZES[size])

        found = await Axe().run(page, options={"resultTypes": ["violations", "passes"]})

        assert found.generate_snapshot() == ""
        rules = {one["id"] for one in found.response["passes"]}
        assert {
            "color-contrast",
            "landmark-one-main",
            "html-has-lang",
            "page-has-heading-one",
        } <= rules


@pytest.mark.parametrize("locale", ["en", "de"])
async def test_it_fits_a_phone(there: Site, locale: str) -> None:
    page = await there.open(viewport=SIZES["phone"], locale=locale)

    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    small = "[...document.querySelectorAll('footer a, .aside a')].filter(a => a.getBoundingClientRect().height < 24).length"
    assert await page.evaluate(small) == 0


async def test_it_asks_for_nothing_but_itself(there: Site) -> None:
    await there.open()

    assert [one for one in there.asked if not one.startswith("data:")] == [f"{there.url}/status"]


@pytest.mark.parametrize(
    ("scheme", "paper"), [("light", "rgb(246, 247, 248)"), ("dark", "rgb(18, 20, 23)")]
)
async def test_its_own_style_is_let_in_and_is_light_or_dark_as_the_reader_is(
    there: Site, scheme: str, paper: str
) -> None:
    page = await there.open(color_scheme=scheme)

    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == paper


async def test_languages_and_corrections_are_a_click_away(there: Site) -> None:
    page = await there.open(locale="en-GB")

    await page.click("text=20 Nov 2026, 02:14 CET >> nth=1")
    await page.wait_for_url("**/status#msg-*")
    marked = await page.evaluate("document.querySelector(':target').id")
    anchor = page.url.partition("#")[2]

    assert marked == anchor
    await page.click("text=Deutsch")
    await expect(page.locator("h1")).to_have_text("Es gibt ein ernstes Problem")
    await page.click("text=English")
    await expect(page.locator("h1")).to_have_text("There is a serious problem")


async def test_a_german_browser_reads_german(there: Site) -> None:
    page = await there.open(locale="de-DE")

    assert await page.evaluate("document.documentElement.lang") == "de"


async def test_a_word_that_never_ends_breaks_no_phone(there: Site) -> None:
    company = await told()
    await company.incident("INC-1")
    await company.say("INC-1", "identified", "x" * 300, {"en": f"https://a.example/{'y' * 400}"})
    there.door.page = site(company.page(), Position(1, 3))

    page = await there.open(viewport=SIZES["phone"])

    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
