"""A company of which a timeline is told: INC-1 of the copilot, its kill, and a message that was marked."""

import pytest

from opsbot.app.incident.requests import OpenIncident, TimelineNote, Which
from opsbot.app.requests import KillRequest, Target
from opsbot.app.timeline.read import Timeline
from opsbot.domain.timeline import Line
from tests.support.world import MARA, World, workflow

COPILOT = "support-copilot"
INC = Which("INC-1")
PLACE = "C0INC:1795230840.000100"
PINNED = TimelineNote(
    INC,
    "customers get refunds they should not",
    at_ms=1_795_230_840_000,
    author="U0NEW",
    place=PLACE,
    permalink="https://slack.test/p1",
    source="reaction",
)
"""A message of the incident's channel that somebody marked."""


@pytest.fixture
async def world() -> World:
    """Give a company of two workflows in which nothing has happened."""
    made = World()
    await made.declare(workflow(COPILOT, tier=1), workflow("coding-agent"))
    return made


async def opened(world: World, **changes: object) -> None:
    """Let Mara open INC-1 of the copilot."""
    request = OpenIncident("wrong refunds", workflow=COPILOT, **changes)  # type: ignore[arg-type]  # fields by name, as each test words them
    await world.bot.incidents.open(request, MARA, request_id="open")


async def killed(world: World, name: str = COPILOT, *, request_id: str = "kill") -> None:
    """Let Mara stop a workflow."""
    await world.bot.kill(
        KillRequest(Target("workflow", name), "stop", reason="wrong refunds"),
        MARA,
        request_id=request_id,
    )


async def lines(world: World, name: str = "INC-1") -> tuple[Line, ...]:
    """Return the timeline of an incident."""
    return await Timeline(world.env).of(world.store.state.incident(name))


def texts(found: tuple[Line, ...]) -> list[str]:
    """Return its sentences."""
    return [one.text for one in found]
