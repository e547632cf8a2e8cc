"""While Slack's Web API is dead: what holds, gives up and goes back works; what lets users get more does not."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from opsbot.app.requests import StageRequest
from opsbot.domain.route import Number
from opsbot.domain.routing import Candidate
from tests.slack.conftest import House
from tests.slack.forged import HERE, LEAD, NEW, ONCALL, Attacked, _no_crash, home_of_route
from tests.support.routes import SUMMARISER, WHOLE, begun, staged, stored
from tests.support.wait import eventually
from tests.support.world import INES

__all__ = ["_no_crash"]

UNKNOWN = "Slack did not say in time who you are"


@pytest.fixture(name="routed", params=["http", "socket"])
async def _routed(request: pytest.FixtureRequest) -> AsyncGenerator[Attacked]:
    """A summariser whose ramp runs, over each transport."""
    async with home_of_route(request.param) as attacked:
        await begun(attacked.world)
        yield attacked


async def typed(routed: Attacked, user: str, text: str) -> Any:
    """Type a command while nothing of Slack's Web API answers."""
    routed.house.slack.faults.unplugged = True
    return await routed.house.slack.slash(user, HERE, text)


def tried(routed: Attacked) -> Candidate | None:
    """Return what is on its way."""
    return routed.world.store.state.routing(SUMMARISER).candidate


async def test_the_way_back_needs_no_word_of_slack_and_a_chosen_one_does(routed: Attacked) -> None:
    chosen = await typed(routed, ONCALL, f"/ai-rollback {SUMMARISER} to r1 wrong answers")
    stranger = await typed(routed, NEW, f"/ai-rollback {SUMMARISER} wrong answers")
    still = tried(routed)
    back = await typed(routed, ONCALL, f"/ai-rollback {SUMMARISER} wrong answers")

    assert UNKNOWN in chosen.text
    assert "Your role does not allow" in stranger.text
    assert still is not None
    assert "Rolled back" in back.text
    assert tried(routed) is None


async def test_a_ramp_is_held_and_given_up_and_goes_on_only_when_slack_says_who(
    routed: Attacked,
) -> None:
    shown = await typed(routed, NEW, f"/ai-route {SUMMARISER}")
    held = await typed(routed, LEAD, f"/ai-route {SUMMARISER} stage hold odd")
    onward = await typed(routed, LEAD, f"/ai-route {SUMMARISER} stage go-on")
    over = await typed(routed, LEAD, f"/ai-route {SUMMARISER} stage cancel")

    assert "r2 serves 5 %" in shown.text
    assert held.text.startswith("Held: r2 stays at 5 %")
    assert UNKNOWN in onward.text
    assert "Given up: r1 serves everybody" in over.text


@pytest.mark.parametrize("words", ["set model:openai/gpt-5-mini x", "stage r2"])
async def test_nobody_gets_more_on_an_unsure_word(routed: Attacked, words: str) -> None:
    before = routed.records

    said = await typed(routed, LEAD, f"/ai-route {SUMMARISER} {words}")

    assert UNKNOWN in said.text
    assert routed.records == before


async def test_words_that_are_not_understood_are_told_so_first(routed: Attacked) -> None:
    said = await typed(routed, LEAD, f"/ai-route {SUMMARISER} histroy")

    assert "Did you mean `history`?" in said.text


@pytest.mark.parametrize(
    ("act", "done"),
    [("route_hold", lambda one: one and one.held), ("route_cancel", lambda one: one is None)],
)
async def test_hold_and_take_it_back_are_pressed_all_the_same(
    routed: Attacked, act: str, done: Any
) -> None:
    card = await routed.card((f"{act}:0", f"{SUMMARISER}:r2"))
    routed.house.slack.faults.unplugged = True

    await routed.forge(routed.click(LEAD, card))

    await eventually(lambda: done(tried(routed)))


async def test_the_way_back_is_pressed_all_the_same_and_a_broken_glass_is_not(
    routed: Attacked,
) -> None:
    await routed.world.bot.stage(StageRequest(SUMMARISER, "cancel"), INES, request_id="over")
    await routed.world.declare(staged(extra={"stages": WHOLE}))
    await begun(routed.world, prompt="p@9")
    press = f"{SUMMARISER}:r3:r1"
    glass = await routed.card(("route_serve:0", f"{SUMMARISER}:r3:r2"))
    card = await routed.card(("route_rollback:0", press))
    routed.house.slack.faults.unplugged = True

    await routed.forge(routed.click(ONCALL, glass))
    still = routed.world.store.state.routing(SUMMARISER)
    await routed.forge(routed.click(NEW, card))
    refused = routed.world.store.state.routing(SUMMARISER)
    await routed.forge(routed.click(ONCALL, card))

    await eventually(lambda: routed.world.store.state.routing(SUMMARISER).active == 4)
    assert still.active == refused.active == 3
    assert routed.world.store.state.revision(SUMMARISER, Number(4)).back_to == 1


async def test_go_on_is_not_pressed_by_somebody_unknown(routed: Attacked) -> None:
    await typed(routed, LEAD, f"/ai-route {SUMMARISER} stage hold odd")
    routed.house.slack.faults.unplugged = False
    card = await routed.card(("route_go_on:0", f"{SUMMARISER}:r2"))
    routed.house.slack.faults.unplugged = True

    await routed.forge(routed.click(LEAD, card))

    still = tried(routed)
    assert still is not None
    assert still.held


async def test_a_restore_in_steps_is_held_in_words_and_goes_on_only_when_slack_says_who(
    house: House,
) -> None:
    house.slack.faults.unplugged = True

    await house.slack.slash(ONCALL, HERE, "/ai-restore K-1 hold odd")
    onward = await house.slack.slash(ONCALL, HERE, "/ai-restore K-1 go-on")

    assert [verb for verb, _ in house.verbs.effects.values()] == ["hold"]
    assert UNKNOWN in onward.text


async def test_evidence_of_what_is_stored_is_still_shown(routed: Attacked) -> None:
    await stored(routed.world, note="later")

    said = await typed(routed, NEW, f"/ai-route {SUMMARISER} history")

    assert "revisions of `summariser`" in said.text
