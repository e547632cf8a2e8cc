"""The second story in a real browser on the real demo: an agent comes back in steps, and a route goes up."""

import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.patient import WATCH_S
from tests.support.story import (
    LONG_MS,
    PATIENCE_MS,
    TRIES,
    Demo,
    arrived,
    card,
    channel,
    entered,
    press,
    say,
    shoot,
    state,
)
from tests.support.wait import eventually_sync

pytestmark = [pytest.mark.chromium, pytest.mark.slow, pytest.mark.timeout(900)]

EVALS = ({"suite": "ticket-replay", "metric": "pass_rate", "value": 0.71, "n": 200},
         {"suite": "injection-canaries", "metric": "refused_rate", "value": 0.995, "n": 300})  # fmt: skip
"""What the gates of the agent ask for, passed."""

STEPS = ("5 %", "25 %", "50 %")
MOST = (15, 50, 75)
"""How many of a hundred are let through at each step, at the very most."""


@pytest.fixture(name="page")
def _page(browser: Browser, demo: Demo) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(demo.page)
    arrived(page)
    expect(page.locator(".key.whole")).to_have_count(100, timeout=PATIENCE_MS)
    yield page
    context.close()
    assert wrong == []


def test_an_agent_comes_back_in_steps(page: Page, demo: Demo, pictures: Path) -> None:
    page.get_by_role("button", name="Restore it in steps").click()
    expect(page.locator("#agent-watch")).to_contain_text(f"{WATCH_S} s in this demo")
    expect(page.locator("#agent-watch")).to_contain_text("declares 600 s")

    stop_it(page)
    calls = agent_calls(demo)
    ask(page)
    assert agent_calls(demo) == calls
    approve(page)
    hold_and_go_on(page, pictures)
    take_back(page, demo, pictures)
    ask(page)
    page.evaluate(NOTE_WHAT_PASSES)
    approve(page)
    all_the_way(page, pictures)


def stop_it(page: Page) -> None:
    """Whatever the hundred repositories did: all of them are refused."""
    expect(page.get_by_label("Message or command")).to_have_value(
        "/ai-kill coding-agent pushes outside its plan"
    )
    entered(page)

    expect(page.locator(".key.refused")).to_have_count(100, timeout=PATIENCE_MS)
    expect(page.locator("#agent-count")).to_contain_text("4/4 confirmed", timeout=PATIENCE_MS)
    expect(page.locator(".dot.confirmed")).to_have_count(0)


def ask(page: Page) -> None:
    """Somebody who did not kill it asks; that alone restores nothing."""
    page.locator("#next").get_by_role("button", name="Become Ola").click()

    def typed() -> None:
        page.get_by_role("button", name="Type the restore").click()
        entered(page)

    insisted(page, typed, page.locator("#next", has_text="waits for a second person"))


def approve(page: Page) -> None:
    """A second person approves."""
    page.locator("#next").get_by_role("button", name="Become Ines").click()
    asks = re.compile("Approve restore")
    asked = page.locator(".message", has=page.get_by_role("button", name=asks)).last
    now = page.locator(".ramp .now", has_text=re.compile("|".join(STEPS)))
    insisted(page, lambda: press(page, asked, asks), now)


def insisted(page: Page, act: Callable[[], None], done: Locator) -> None:
    """Do what somebody must be known for, again while nobody could say in time who it is."""
    refused = page.locator(".message.ephemeral", has_text="Try again")
    for _ in range(TRIES):
        before = refused.count()
        act()
        eventually_sync(
            lambda before=before: done.count() > 0 or refused.count() > before,
            timeout_s=PATIENCE_MS / 1000,
        )
        if done.count():
            return
    raise AssertionError(refused.last.inner_text())


def counted(page: Page) -> tuple[int, int, int]:
    """Return at one moment how many repositories are refused, let read, and let do all."""
    words = ("refused", "reading", "whole")
    found = page.evaluate(
        "(words) => words.map((one) => document.querySelectorAll(`.key.${one}`).length)", words
    )
    refused, reading, whole = found
    return refused, reading, whole


def hold_and_go_on(page: Page, folder: Path) -> None:
    """
    Held, it stays where it is, past its watch; let go on, the next share follows.

    Which repositories are among the first is drawn anew for each restore: in one of 170 the five
    percent hold none of the hundred. Where everything is slow, it is a step further before it is held.
    """
    said = card(page, "tone-amber", re.compile(r"except \d+ % of sticky keys"))
    press(page, said, "Hold")
    expect(page.locator("#agent-step")).to_contain_text("Held: by Ines")
    at = STEPS.index(page.locator(".ramp .now").inner_text())
    refused, few, whole = counted(page)
    assert few <= MOST[at]
    assert (whole, refused + few) == (0, 100)
    shoot(page, folder, "a-5-percent")

    press(page, said, "Go on")

    expect(page.locator(".ramp .now")).to_have_text(re.compile("|".join(STEPS[at + 1 :])))
    eventually_sync(
        lambda: counted(page), until=lambda now: now[0] > 0 and now[1] > few, timeout_s=10
    )
    expect(page.locator("#agent-last")).to_contain_text("it was given no tool to write with")


def take_back(page: Page, demo: Demo, folder: Path) -> None:
    """Evaluation results that are red take the restore back by themselves, for everybody."""
    page.get_by_role("button", name="Send bad results").click()

    expect(page.locator("#agent-step")).to_contain_text("taken back", timeout=PATIENCE_MS)
    expect(page.locator(".key.refused")).to_have_count(100, timeout=PATIENCE_MS)
    expect(page.locator("#next")).to_contain_text("another restore needs a new approval")
    expect(page.locator("#notes")).to_contain_text("ticket-replay pass_rate 0.41 over 120 cases")
    assert [one["workflow"] for one in state(demo)["kills"]["kills"]] == ["coding-agent"]
    shoot(page, folder, "b-taken-back")


def all_the_way(page: Page, folder: Path) -> None:
    """Left alone, it goes on by itself: 5 %, 25 %, 50 %, everybody."""
    eventually_sync(
        lambda: page.evaluate("window.noted.steps"),
        until=lambda seen: set(seen) >= set(STEPS[1:]),
        timeout_s=LONG_MS / 1000,
    )
    shoot(page, folder, "c-50-percent")

    expect(page.locator(".key.whole")).to_have_count(100, timeout=LONG_MS)
    assert page.evaluate("window.noted.both") >= 10
    expect(page.locator("#next")).to_contain_text("Everybody: each step was watched")
    expect(page.locator(".steps .done")).to_have_count(4)
    expect(card(page, "tone-green", "Restored")).to_contain_text("coding-agent")


NOTE_WHAT_PASSES = """() => {
  window.noted = { steps: {}, both: 0 };
  const count = (word) => document.querySelectorAll(`.key.${word}`).length;
  setInterval(() => {
    const now = document.querySelector(".ramp .now")?.innerText;
    if (now) window.noted.steps[now] = true;
    window.noted.both = Math.max(window.noted.both, Math.min(count("refused"), count("reading")));
  }, 50);
}"""
"""
What is on the screen for seconds only is noted as it passes: the steps, and how many were refused
while as many were let read.
"""


def test_a_route_s_ramp_is_held_let_go_on_and_taken_back_by_its_buttons(
    page: Page, demo: Demo, pictures: Path
) -> None:
    a_kill_was_confirmed(page)
    page.get_by_label("You are").select_option("U0LEAD")
    say(page, "/ai-route coding-agent set model:openai/gpt-5.2 another model for tickets")
    expect(page.locator(".message.ephemeral").last).to_contain_text("r2", timeout=PATIENCE_MS)
    evaluated(demo, "r2")

    say(page, "/ai-route coding-agent stage r2")
    said = page.locator(".message:not(.ephemeral)", has_text="r2").last
    expect(said).to_contain_text("1 %", timeout=PATIENCE_MS)
    press(page, said, "Hold")
    expect(said).to_contain_text("held by Ines", ignore_case=True, timeout=PATIENCE_MS)
    shoot(page, pictures, "d-route-held")

    press(page, said, "Go on")
    expect(said.get_by_role("button", name="Hold")).to_be_visible(timeout=PATIENCE_MS)
    press(page, said, "Take it back")
    dialog = page.get_by_role("alertdialog")
    expect(dialog).to_contain_text("Serve everybody of coding-agent with r1 again?")
    press(page, dialog, "Yes")

    expect(said).not_to_contain_text("Take it back")
    eventually_sync(
        lambda: asked(demo, "/v1/routes/coding-agent"),
        until=lambda routed: (routed["active"], routed["candidate"]) == ("r1", None),
        timeout_s=PATIENCE_MS / 1000,
    )
    shoot(page, pictures, "e-route-back")


def a_kill_was_confirmed(page: Page) -> None:
    """Whoever gets more of something new must be able to stop it: stop it, and undo one's own kill."""
    channel(page, "code-ai")
    say(page, "/ai-kill coding-agent only to try")
    expect(page.locator(".key.refused")).to_have_count(100, timeout=PATIENCE_MS)
    expect(page.locator("#agent-count")).to_contain_text("4/4 confirmed", timeout=PATIENCE_MS)
    say(page, "/ai-restore coding-agent it can be stopped")
    expect(page.locator(".key.whole")).to_have_count(100, timeout=PATIENCE_MS)
    expect(page.locator("#next")).to_contain_text("Lifted at once")


def evaluated(demo: Demo, revision: str) -> None:
    """Report that a revision passes its gates, as a pipeline would."""
    body = {"kind": "eval", "workflow": "coding-agent", "revision": revision, "results": EVALS}
    asked(demo, "/v1/signals", body)


def agent_calls(demo: Demo) -> int:
    """Return how many calls have reached the agent's model."""
    with urllib.request.urlopen(f"{demo.page}/agent-model/stub") as answer:  # noqa: S310  loopback
        return int(sum(json.load(answer)["calls"].values()))


def asked(demo: Demo, path: str, body: object = None) -> dict[str, object]:
    """Ask the bot over HTTP as Ines."""
    found = json.loads((demo.state_dir / "demo.json").read_text())
    request = urllib.request.Request(  # noqa: S310  loopback
        f"{demo.api}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "authorization": f"Bearer {found['people']['ines']}",
            "content-type": "application/json",
        },
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310  loopback
        said: dict[str, object] = json.load(answer)
    return said
