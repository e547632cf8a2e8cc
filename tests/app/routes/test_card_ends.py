"""The card of a revision that is over says how it ended; one that serves is compared with what served before."""

from opsbot.app.card import Card
from opsbot.app.requests import RollbackRequest
from opsbot.app.routes.card import RouteCard
from opsbot.domain.route import Number
from opsbot.domain.said import Said
from tests.support.ramps import (
    COPILOT,
    begun,
    climbed,
    later,
    measure,
    pod,
    set_mini,
    stage,
    world,
)
from tests.support.world import INES, MARA, HandMoved, World, plain

__all__ = ["pod", "world"]

MODEL = "model: openai/gpt-5-mini \u2192 openai/gpt-5.2"


async def card(world: World, number: int) -> Said:
    """Return the card as of now."""
    shown = RouteCard(Card(world.bot.env, world.slack, world.outbox, plain, ""))
    return await shown.said(world.store.state, COPILOT, Number(number))


def changes(said: Said) -> list[str]:
    """Return what a card says that differs."""
    return [line for line in said.lines if "\u2192" in line]


async def test_what_was_taken_back_by_itself_says_so_first_and_why(
    world: World, pod: HandMoved
) -> None:
    await begun(world, pod)
    await measure(world, "r2", 0.7)
    await later(world, pod)

    said = await card(world, 2)

    assert said.title == "Taken back: r2 serves nobody of `support-copilot` in prod"
    assert said.lines[0].startswith("Taken back by itself at 1 %, 04:")
    assert said.lines[0].endswith(": ground pass_rate: 0.7 of 200 cases, 1 h old, >= 0.9 wanted.")


async def test_what_was_given_up_says_by_whom_and_in_their_words(
    world: World, pod: HandMoved
) -> None:
    await begun(world, pod)
    await world.bot.rollback(RollbackRequest(COPILOT, reason="nonsense"), MARA, request_id="r")

    said = await card(world, 2)

    assert said.lines[0] == "Given up at 1 % by Mara, 03:14:09 UTC: nonsense."


async def test_a_rollback_is_compared_with_what_served_not_with_what_never_did(
    world: World, pod: HandMoved
) -> None:
    await climbed(world, pod)
    await set_mini(world, prompt="never@1")

    await world.bot.rollback(RollbackRequest(COPILOT), MARA, request_id="r")

    assert changes(await card(world, 4)) == [MODEL]


async def test_a_rollback_that_only_ended_a_ramp_changes_nothing_for_everybody(
    world: World, pod: HandMoved
) -> None:
    await begun(world, pod)
    await set_mini(world, prompt="never@1")

    await world.bot.rollback(RollbackRequest(COPILOT), MARA, request_id="r")

    assert changes(await card(world, 4)) == []


async def test_the_last_of_two_that_it_followed_is_what_it_is_compared_with(
    world: World, pod: HandMoved
) -> None:
    await climbed(world, pod)
    await later(world, pod, 25)
    await set_mini(world, prompt="p@7")
    await measure(world, "r3", 0.95)
    await stage(world)
    for _ in range(4):
        await later(world, pod)

    assert world.store.state.routing(COPILOT).active == 3
    assert changes(await card(world, 3)) == ["prompt: p@1 \u2192 p@7"]


async def test_one_that_was_replaced_says_until_when_it_served(
    world: World, pod: HandMoved
) -> None:
    await climbed(world, pod)

    said = await card(world, 1)

    assert said.lines[0].startswith("Served everybody until 07:")
    assert INES.id not in said.as_text()
