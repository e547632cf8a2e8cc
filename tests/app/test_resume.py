"""After a recovery the work around the kills is taken up again, once."""

from opsbot.app.ports import Delivery
from opsbot.app.requests import KillRequest, RestoreRequest, Target
from opsbot.app.resume import Resume
from opsbot.domain.change import Effect
from tests.support.world import MARA, World

COPILOT = Target("workflow", "support-copilot")


async def test_following_card_review_and_expiry_are_made_anew_once(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")
    await world.bot.restore(RestoreRequest(COPILOT), MARA, request_id="2")
    world.server.items.clear()
    world.server.timers.clear()
    effect = Effect("recovered", "recovered:1:9", {"kills": ["K-1"], "revision": 9}, lane="kill")
    delivery = Delivery("1-0", "kill", effect, 1)

    await Resume(world.env)(delivery)
    await Resume(world.env)(delivery)

    assert sorted(item.effect.kind for item in world.server.items.values()) == ["card", "follow"]
    assert len(world.server.timers) == 2
