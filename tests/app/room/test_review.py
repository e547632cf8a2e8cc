"""A review in the thread of its card: after the card, never where it may not be, and given up in words."""

from dataclasses import replace

import pytest

from opsbot.app.incident.requests import Which
from opsbot.app.ports import Delivery, GiveUp, RetryLater
from opsbot.app.review.export import EXPORT
from opsbot.app.room.place import card_key
from opsbot.app.room.review import GIVE_UP_AFTER, ReviewShown
from opsbot.domain.change import Effect
from tests.support.incident_life import OPEN, company, incident, opened, settle
from tests.support.world import MARA, World

EFFECT = Effect(EXPORT, "export:1", {"incident": "INC-1"})
FIRST = Delivery("1", "rest", EFFECT, 1)
LAST = replace(FIRST, attempt=GIVE_UP_AFTER)


def handler(world: World) -> ReviewShown:
    """Return the handler."""
    return ReviewShown(world.env, world.slack, world.outbox, world.charts, "C0HOME")


@pytest.fixture
async def world() -> World:
    made = await company()
    await opened(made)
    return made


async def test_it_waits_for_the_card_and_gives_up_in_the_end() -> None:
    world = await company()
    await world.bot.incidents.open(OPEN, MARA, request_id="open")

    with pytest.raises(RetryLater, match="the card comes first"):
        await handler(world)(FIRST)
    with pytest.raises(GiveUp, match="INC-1 has no card"):
        await handler(world)(LAST)


async def test_a_card_that_stands_elsewhere_is_no_place_for_it(world: World) -> None:
    key = card_key(incident(world))
    left = await world.outbox.left(key)
    assert left is not None
    await world.outbox.leave(key, {**left, "channel": "C0OLD"})

    with pytest.raises(GiveUp, match="stands in another channel"):
        await handler(world)(FIRST)

    assert world.slack.shared == []


async def test_what_slack_never_shows_is_given_up(world: World) -> None:
    world.slack.slow_pictures = 9

    with pytest.raises(RetryLater):
        await handler(world)(FIRST)
    with pytest.raises(GiveUp, match="never showed it"):
        await handler(world)(LAST)

    assert len(world.slack.shared) == 1


async def test_an_incident_that_is_not_there_is_no_work(world: World) -> None:
    await handler(world)(replace(FIRST, effect=replace(EFFECT, body={"incident": "INC-9"})))

    assert world.slack.shared == []


async def test_a_second_export_is_a_second_file(world: World) -> None:
    ask = world.bot.incidents
    await ask.share(Which("INC-1"), MARA, request_id="s1")
    await ask.share(Which("INC-1"), MARA, request_id="s2")
    await settle(world)

    assert len(world.slack.shared) == len(world.slack.shown) == 2
