"""The PagerDuty page: what it may load, and acknowledging and resolving there by hand."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from opsbot.workbench.pagerduty.standin import PagerDutyStandIn
from opsbot.workbench.pagerduty.ui import PAGE, SHARED
from opsbot.workbench.stage import Json, Stage, create_app
from tests.support.browser import async_chromium
from tests.support.pagerduty import INES, MARA, SUPPORT, Receiver, rest, webhook_receiver
from tests.support.slack import loopback, serving
from tests.support.wait import eventually
from tests.workbench.pagerduty.conftest import call, opened

in_module_loop = pytest.mark.asyncio(loop_scope="module")


@dataclass
class World:
    """The stand-in as the demo mounts it, beside the workbench's page, and a receiver."""

    url: str
    pd: PagerDutyStandIn
    hooks: Receiver


@asynccontextmanager
async def mounted() -> AsyncGenerator[World]:
    """Serve the workbench with the stand-in under /pagerduty."""
    listener, url = loopback()

    async def act(asked: Json) -> Json:
        return {"done": "nothing"}

    pd = PagerDutyStandIn.company(f"{url}/pagerduty", time_scale=0.002)
    app = create_app(Stage(), act, {"/pagerduty": pd.app})
    async with webhook_receiver() as hooks, serving(app, listener), pd:
        pd.subscribe(hooks.url)
        yield World(f"{url}/pagerduty", pd, hooks)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncGenerator[Browser]:
    """One browser for the module."""
    async with async_chromium() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def world() -> AsyncGenerator[World]:
    """A fresh account."""
    async with mounted() as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, world: World) -> AsyncGenerator[Page]:
    """The page, open as Mara; anything that it complains of fails the test."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    tab = await context.new_page()
    wrong: list[str] = []
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    await tab.goto(world.url)
    await expect(tab.get_by_label("You are")).to_have_value(MARA)
    yield tab
    await context.close()
    assert [line for line in wrong if "400" not in line] == []


def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline() -> None:
    index = (PAGE / "index.html").read_text()
    files = [path.read_text() for path in PAGE.iterdir() if path.suffix in (".js", ".css")]

    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", index)
    assert not re.search(r"(src|href)=\"(?!page/|shared/|/\")", index)
    assert not [text for text in files if re.search(r"(from|import|url)\s*\(?[\"']https?:", text)]
    assert not [text for text in files if "innerHTML" in text or "eval(" in text]


def test_every_module_and_place_that_the_page_names_exists() -> None:
    index = (PAGE / "index.html").read_text()
    for path in PAGE.glob("*.js"):
        text = path.read_text()
        own = re.findall(r'from "\./([\w.]+)"', text)
        shared = re.findall(r'from "\.\./shared/([\w.]+)"', text)

        assert all((PAGE / name).exists() for name in own)
        assert all((SHARED / name).exists() for name in shared)
        assert set(re.findall(r'byId\("([\w-]+)"\)', text)) <= set(
            re.findall(r'id="([\w-]+)"', index)
        )


@in_module_loop
async def test_both_clients_work_under_the_path_that_the_demo_gives(world: World) -> None:
    with rest(world.pd) as client:
        made = await opened(client)
        shown = await call(client.rget, f"/incidents/{made['id']}")

    assert shown["self"] == f"{world.url}/incidents/{made['id']}"
    assert [one.route for one in world.pd.calls] == ["POST /incidents", "GET /incidents/{id}"]


@in_module_loop
@pytest.mark.chromium
async def test_acknowledging_and_resolving_here_is_that_persons_doing(
    page: Page, world: World
) -> None:
    with rest(world.pd, "sam@example.com") as client:
        await opened(client, "support-copilot promises refunds")
    card = page.locator(".incident")
    await expect(card.locator(".pill")).to_have_text("▲ Triggered")

    await card.get_by_role("button", name="Acknowledge").click()
    await expect(card.locator(".pill")).to_have_text("◐ Acknowledged")
    await expect(card).to_contain_text("Acknowledged by Mara Okafor")
    await page.get_by_label("You are").select_option(INES)
    await expect(page.locator("#duty")).to_have_text(re.compile("You are on call at level 3"))
    await card.get_by_role("button", name="Resolve").click()
    await expect(card.locator(".pill")).to_have_text("✓ Resolved")

    await eventually(lambda: len(world.hooks.got) == 3)
    assert [event["agent"]["id"] for event in world.hooks.events] == ["PSAM", MARA, INES]


@in_module_loop
@pytest.mark.chromium
async def test_news_that_comes_while_a_button_is_pressed_does_not_swallow_the_press(
    page: Page, world: World
) -> None:
    one = world.pd.open_by_hand(MARA, SUPPORT, "By hand")
    await page.get_by_role("button", name="Acknowledge").hover()

    await page.mouse.down()
    async with page.expect_response(re.compile("/ui/state")) as read:
        world.pd.press(INES, one.id, "note", "news")
    await (await read.value).finished()
    await page.mouse.up()

    await expect(page.locator(".pill")).to_have_text("◐ Acknowledged")
    await expect(page.locator(".notes")).to_contain_text("news")


@in_module_loop
@pytest.mark.chromium
async def test_a_note_survives_news_while_it_is_typed_and_is_then_written(
    page: Page, world: World
) -> None:
    one = world.pd.open_by_hand(MARA, SUPPORT, "By hand")
    box = page.get_by_label("Note on #1")

    await box.press_sequentially("Looking at ")
    world.pd.press(INES, one.id, "note", "<b>inert</b>")
    await expect(page.locator(".notes li")).to_have_count(1)
    await expect(box).to_be_focused()
    await box.press_sequentially("the token")
    await box.press("Enter")

    await expect(page.locator(".notes li").first).to_contain_text("Looking at the token")
    await expect(page.locator(".notes")).to_contain_text("<b>inert</b>")
    await expect(page.get_by_label("Note on #1")).to_have_value("")
    assert [note.user.id for note in one.notes] == [INES, MARA]


@in_module_loop
@pytest.mark.chromium
async def test_an_incident_is_opened_by_hand_and_what_does_not_go_is_said(
    page: Page, world: World
) -> None:
    for schedule in ("PSPRIMARY", "PSSECONDARY"):
        world.pd.hand_over(schedule, None)
    await expect(page.locator("#oncall .nobody").first).to_have_text("nobody")
    world.pd.account.policies["PESUPPORT"].levels.pop()
    await page.get_by_label("Title").fill("Nobody hears it")
    await page.get_by_role("button", name="Open", exact=True).click()
    await expect(page.get_by_role("alert")).to_have_text("The escalation policy has nobody on call")

    await page.get_by_label("Service").select_option("PLEGAL")
    await page.get_by_role("button", name="Open", exact=True).click()

    await expect(page.locator(".incident h3")).to_have_text("Nobody hears it")
    await expect(page.locator("#trouble")).to_have_text("")
    assert world.pd.incidents[0].by_hand


@in_module_loop
@pytest.mark.chromium
async def test_the_link_of_an_incident_leads_to_its_card(page: Page, world: World) -> None:
    world.pd.open_by_hand(MARA, SUPPORT, "first")
    with rest(world.pd) as client:
        made = await opened(client, "second")

    await page.goto(made["html_url"])

    await expect(page.locator(".incident.chosen h3")).to_have_text("second")


@in_module_loop
@pytest.mark.chromium
async def test_pagerduty_is_cut_off_and_healed_from_here(page: Page, world: World) -> None:
    down = page.get_by_role("button", name="Cut PagerDuty off")

    await down.click()
    await expect(down).to_have_attribute("aria-pressed", "true")
    assert world.pd.faults.down
    await page.get_by_role("button", name="Heal").click()

    await expect(down).to_have_attribute("aria-pressed", "false")
    assert not world.pd.faults.down


@in_module_loop
@pytest.mark.chromium
@pytest.mark.parametrize("width", [390, 1280])
async def test_nothing_is_wider_than_the_window(page: Page, world: World, width: int) -> None:
    world.pd.open_by_hand(MARA, SUPPORT, "a" * 300)
    await page.set_viewport_size({"width": width, "height": 800})
    await expect(page.locator(".incident")).to_have_count(1)

    assert await page.evaluate("document.documentElement.scrollWidth") <= width
