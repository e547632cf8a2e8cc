"""The card of a revision's way: what it offers while it climbs, once it serves, and after it is over."""

import pytest

from opsbot.app.card import Card
from opsbot.app.requests import RouteEdit, StageRequest
from opsbot.app.routes.card import RouteCard
from opsbot.domain.route import Number
from opsbot.domain.said import Said
from tests.support.routes import COPILOT, MINI, SUMMARISER, WHOLE, begun, rolled, staged, stored
from tests.support.world import INES, World, plain


async def card(world: World, number: int, name: str = SUMMARISER) -> Said:
    """Return the card as of now."""
    shown = RouteCard(Card(world.bot.env, world.slack, world.outbox, plain, ""))
    return await shown.said(world.store.state, name, Number(number))


def acts(said: Said) -> list[tuple[str, str]]:
    """Return what its buttons do, and with what."""
    return [(one.act, one.value) for one in said.buttons]


@pytest.fixture(name="world")
async def _world() -> World:
    world = World()
    await world.declare(staged(COPILOT, tier=1), staged())
    return world


async def test_a_ramp_that_runs_is_held_or_taken_back_from_its_card(world: World) -> None:
    await begun(world)

    climbing, serving = await card(world, 2), await card(world, 1)
    await world.bot.stage(StageRequest(SUMMARISER, "hold"), INES, request_id="hold")
    held = await card(world, 2)

    assert acts(climbing) == [("route_hold", "summariser:r2"), ("route_cancel", "summariser:r2")]
    assert acts(held)[0] == ("route_go_on", "summariser:r2")
    assert acts(serving) == []


async def test_what_serves_everybody_offers_the_way_back_and_what_is_over_nothing(
    world: World,
) -> None:
    await world.declare(staged(extra={"stages": WHOLE}))
    await begun(world)
    whole, old = await card(world, 2), await card(world, 1)
    await rolled(world)

    over, again = await card(world, 2), await card(world, 3)

    assert acts(whole) == [("route_rollback", "summariser:r2:r1")]
    assert "model: openai/gpt-5-mini \u2192 openai/gpt-5.2" in whole.buttons[0].confirm
    assert (acts(old), acts(over), acts(again)) == ([], [], [])


async def test_what_waits_for_a_second_person_is_approved_from_its_card(world: World) -> None:
    await stored(world, COPILOT)
    await world.bot.stage(StageRequest(COPILOT, "begin"), INES, request_id="ask")

    waits, other = await card(world, 2, COPILOT), await card(world, 1, COPILOT)

    assert acts(waits) == [("approve", "A-1"), ("refuse", "A-1")]
    assert any(line.startswith("A-1 waits for a second person") for line in waits.lines)
    assert acts(other) == []


async def test_a_note_on_a_card_is_one_harmless_line(world: World) -> None:
    note = "a\n\n\u202e`b`" + "x" * 5_000
    edit = RouteEdit(SUMMARISER, targets=MINI, note=note)
    await world.bot.set_route(edit, INES, request_id="set")

    said = await card(world, 2)

    assert max(len(line) for line in said.lines) < 400
    assert "\u202e" not in said.as_text()
    assert "`b`" not in said.as_text()
