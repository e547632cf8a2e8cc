"""Delivering again what could not be said: who may, what is noted, what moves."""

import json

import pytest

from opsbot.app.requests import KillRequest, Target
from opsbot.domain.change import Effect
from opsbot.domain.errors import NotAllowed, UnknownLetter
from tests.support.changes import put
from tests.support.world import GUS, MARA, NOOR, World

COPILOT = Target("workflow", "support-copilot")
SUMMARISER = Target("workflow", "contract-summariser")


@pytest.fixture(name="letters")
async def _letters(world: World) -> list[str]:
    """Two kills whose cards could not be posted."""
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")
    await world.bot.kill(KillRequest(SUMMARISER), MARA, request_id="2")
    for name in list(world.server.items):
        delivery = world.delivery(name)
        if delivery.effect.kind == "card":
            await world.outbox.dead(delivery, reason="channel_not_found")
    return list(world.server.dead)


async def test_one_letter_goes_back_to_work_and_the_journal_says_who(
    world: World, letters: list[str]
) -> None:
    said = await world.bot.retry(letters[0], MARA, request_id="3")

    assert said.title == "Being delivered again in prod: 1 message"
    assert said.body == {"retried": [letters[0]]}
    assert list(world.server.dead) == letters[1:]
    entry = json.loads(world.server.lines[-1].partition(" ")[2])
    assert (entry["verb"], entry["rule"], entry["actor"]["id"]) == (
        "retry",
        "one-person-kills",
        MARA.id,
    )
    assert [one["item"] for one in entry["facts"]["letters"]] == [letters[0]]


async def test_all_letters_are_delivered_then(world: World, letters: list[str]) -> None:
    await world.bot.retry("all", MARA, request_id="3")
    await world.work("card")

    assert len(letters) == len(world.slack.posted) == 2
    assert not world.server.dead


async def test_the_same_request_again_moves_nothing_and_notes_nothing(
    world: World, letters: list[str]
) -> None:
    await world.bot.retry("all", MARA, request_id="3")
    entries = len(world.server.lines)

    said = await world.bot.retry("all", MARA, request_id="3")

    assert said.title == "Nothing is undelivered in prod"
    assert len(world.server.lines) == entries


async def test_an_id_that_nothing_has_is_refused(world: World, letters: list[str]) -> None:
    with pytest.raises(UnknownLetter) as refused:
        await world.bot.retry("99-9\u202e", MARA, request_id="3")

    assert "\u202e" not in refused.value.message
    assert list(world.server.dead) == letters


@pytest.mark.parametrize("actor", [NOOR, GUS], ids=["outside the role", "a guest"])
async def test_who_may_not_kill_may_not_deliver_again(
    world: World, letters: list[str], actor: object
) -> None:
    entries = len(world.server.lines)

    with pytest.raises(NotAllowed):
        await world.bot.retry("all", actor, request_id="3")  # type: ignore[arg-type]  # a parameter

    assert list(world.server.dead) == letters
    assert len(world.server.lines) == entries


async def test_a_letter_about_nothing_known_needs_whoever_may_kill_everything(
    world: World,
) -> None:
    await world.store.commit("odd", put(effects=(Effect("odd", "odd:1"),)))
    await world.work("odd")

    said = await world.bot.retry("all", MARA, request_id="3")

    assert "odd odd:1" in said.lines[0]


async def test_status_offers_the_button_only_where_something_is_undelivered(
    world: World, letters: list[str]
) -> None:
    before = await world.bot.status(None, MARA)
    await world.bot.retry("all", MARA, request_id="3")
    after = await world.bot.status(None, MARA)

    assert [(one.act, one.value) for one in before.buttons] == [("retry", "all")]
    assert f"`{letters[0]}` card K-1: channel_not_found" in before.lines
    assert after.buttons == ()
