"""The HTTP side of a company that tells people: an incident, templates in memory, places that remember."""

from dataclasses import replace

from opsbot.app.incident.requests import OpenIncident
from tests.support.comms import Places, Telling, Templates, comms_policy, declare_comms
from tests.support.incident_life import COPILOT
from tests.support.web import Door, opened
from tests.support.world import MARA, workflow

WRONG = OpenIncident("wrong refund answers", workflow=COPILOT, severity="SEV2")


async def telling_door(door: Door | None = None) -> tuple[Door, Telling]:
    """Return the door and the company behind it; INC-1 is open, and Pia may write."""
    door = door or await opened()
    world = door.world
    places = {"comms": {"users": ["status-page", "in-app"], "stakeholders": ["mail"]}}
    one = workflow(COPILOT, tier=1, extra=places)
    await world.declare(one, workflow("coding-agent"), with_policy=comms_policy())
    await declare_comms(world)
    shelf, kept = Templates(), Places()
    world.bot = replace(world.bot, templates=shelf, publishers=kept)
    await world.bot.incidents.open(WRONG, MARA, request_id="open")
    return door, Telling(world, shelf, kept)
