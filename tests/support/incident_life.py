"""An incident on the memory twin, lived through: opened, worked on until everything rests, and looked at."""

from opsbot.app.incident.requests import (
    OpenIncident,
)
from opsbot.domain.incident.incident import Incident
from tests.support.world import MARA, World, workflow

COPILOT, HOME = "support-copilot", "C0SUPPORTAI"
OPEN = OpenIncident("wrong refund answers", workflow=COPILOT, severity="SEV1")
LINKS = {"observability": "https://traces.example.com", "incident_response": "wrong-answers"}


async def company() -> World:
    """Return a company of its own."""
    world = World()
    await world.declare(workflow(COPILOT, tier=1, evidence=LINKS), workflow("coding-agent"))
    return world


async def opened(world: World, request: OpenIncident = OPEN) -> Incident:
    """Open an incident, and do everything that it takes."""
    await world.bot.incidents.open(request, MARA, request_id="open")
    await settle(world)
    return incident(world)


async def settle(world: World, *, rounds: int = 6) -> None:
    """Work until the outbox rests, letting seconds pass."""
    for _ in range(rounds):
        await world.work()
        world.clock.later(1.1)
        await world.outbox.fire_timers()


def incident(world: World, name: str = "INC-1") -> Incident:
    """Return the incident as it is now."""
    return world.store.state.incident(name)


def states(one: Incident) -> dict[str, str]:
    """Return how each step ended."""
    return {name: step.state for name, step in one.steps.items()}


def tops(world: World, channel: str) -> list[str]:
    """Return what was posted into a channel."""
    return [text for where, text in world.slack.posted if where == channel]
