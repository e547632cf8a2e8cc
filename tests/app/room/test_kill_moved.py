"""The card of an incident says what its kills came to, without anybody touching the incident."""

from opsbot.app.requests import ApproveRequest, KillRequest, RestoreRequest, Target
from tests.support.incident_life import OPEN, company, incident, opened, settle, tops
from tests.support.world import INES, MARA

COPILOT = Target("workflow", "support-copilot")


async def test_a_restore_shows_on_the_card_of_its_incident() -> None:
    world = await company()
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="k")
    await opened(world, OPEN)
    room = incident(world).room.channel
    assert any("K-1 holds" in one for one in tops(world, room))
    world.slack.updated.clear()

    await world.bot.restore(RestoreRequest(COPILOT), MARA, request_id="r")
    await world.bot.approve(ApproveRequest("A-1"), INES, request_id="a")
    await settle(world)

    card = [one for one in world.slack.updated if one.startswith("INC-1")][-1]
    assert "K-1 restored" in card
    assert "K-1 holds" not in card
