"""What other pages are told of a feature is what the incident's kills take of it, as it is when it is sent."""

import pytest

from opsbot.app.requests import KillRequest, Target
from opsbot.app.taken import Taken
from tests.support.comms import FIRST, telling
from tests.support.incident_life import COPILOT, settle
from tests.support.world import MARA

PAGE = "statuspage"


@pytest.mark.parametrize(
    ("mode", "takes"),
    [("stop", Taken("off")), ("read_only", Taken("reduced"))],
)
async def test_a_kill_is_told_to_the_page(mode: str, takes: Taken) -> None:
    one = await telling()
    hand = one.world.instance("a")
    kill = KillRequest(Target("workflow", COPILOT), mode, reason="wrong refunds")
    await one.world.bot.kill(kill, MARA, request_id="kill")
    hand.follow()
    await settle(one.world)

    await one.told(FIRST, targets=(PAGE,))

    (post,) = one.places[PAGE].posts
    assert post.taken == {COPILOT: takes}


async def test_without_a_kill_nothing_is_taken() -> None:
    one = await telling()

    await one.told(FIRST, targets=(PAGE,))

    assert one.places[PAGE].posts[0].taken == {COPILOT: Taken()}
