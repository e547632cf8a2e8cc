"""kill -9 between any two steps of an incident: one channel, one card, one announcement, each change said once."""

from dataclasses import replace

import pytest

from opsbot.app.incident.effects import PAGER
from opsbot.app.incident.requests import EditIncident, MoveIncident, OpenIncident, RoleOrder, Which
from opsbot.domain import journal
from tests.app.test_crashes import Careful, Fuse, Killed, Mortal, refusable
from tests.support.world import INES, MARA, World, workflow

COPILOT = "support-copilot"
LINKS = {"observability": "https://traces.example.com"}
PARTS = 8
"""Every step is tried: each part takes every eighth, so that they can run beside each other."""


async def company() -> World:
    """Return a company of its own, with a chat that never says a thing twice."""
    world = World()
    await world.declare(workflow(COPILOT, tier=1, evidence=LINKS))
    world.slack = Careful()
    world.bot = replace(world.bot, chat=world.slack)
    return world


def mortal(world: World, steps: int) -> Fuse:
    """Put every port of the bot of *world* behind one fuse, and return it."""
    fuse = Fuse(steps)
    world.bot = replace(
        world.bot,
        env=replace(world.env, store=Mortal(world.store, fuse)),
        outbox=Mortal(world.outbox, fuse),
        chat=Mortal(world.slack, fuse),
        rooms=Mortal(world.rooms, fuse),
    )
    return fuse


async def life(world: World) -> None:
    """Open an incident, take command, say something, and resolve it; what was done before is refused."""
    verbs = world.bot.incidents
    asked = OpenIncident("wrong refunds", workflow=COPILOT, severity="SEV2")
    await refusable(verbs.open(asked, MARA, request_id="open"))
    await work(world)
    lead = RoleOrder(Which("INC-1"), "commander", "take")
    await refusable(verbs.role(lead, INES, request_id="lead"))
    await work(world)
    update = EditIncident(Which("INC-1"), update="looking at it")
    await refusable(verbs.edit(update, INES, request_id="update"))
    await work(world)
    over = MoveIncident(Which("INC-1"), "resolved")
    await refusable(verbs.move(over, INES, request_id="resolve"))
    await work(world)


async def work(world: World) -> None:
    """Work until the outbox rests."""
    for _ in range(5):
        await world.work()
        world.clock.later(1.1)
        await world.outbox.fire_timers()


@pytest.mark.no_cover  # the same life, over and over
@pytest.mark.parametrize("part", range(PARTS))
async def test_one_of_everything_whatever_the_moment_of_death(part: int) -> None:
    steps = part + 1
    while await died_at(steps):
        steps += PARTS

    assert steps > 80, "a whole life is longer than that"


async def died_at(steps: int) -> bool:
    """Live, die after *steps*, be reborn; return false where life was over before that."""
    world = await company()
    reborn = world.bot
    fuse = mortal(world, steps)
    try:
        await life(world)
    except Killed:
        world.bot = reborn
        await life(world)

    once_each(world, f"dead after step {steps}")
    return fuse.left <= 0


def once_each(world: World, moment: str) -> None:
    """Everything is there, and nothing twice."""
    (room,) = world.rooms.channels.values()
    verbs = [journal.read_entry(line, index=n).verb for n, line in enumerate(world.server.lines)]
    assert verbs.count("incident_open") == 1, moment
    assert verbs.count("incident_step") == 6, moment
    one = world.store.state.incident("INC-1")
    states = {step.state for name, step in one.steps.items() if name != "page"}
    assert states == {"done"}, moment
    assert sorted(channel for channel, _ in world.slack.posted) == sorted([room.id, "C0SUPPORTAI"])
    assert len(world.rooms.pins) == 1, moment
    assert world.rooms.thread() == [
        "Ines: commander nobody → Ines.",
        "Ines: “looking at it”.",
        "Ines: INC-1 active → resolved.",
    ], moment
    assert world.rooms.topics[room.id][-1].endswith("resolved · wrong refunds"), moment
    assert world.slack.updated[-1].startswith("INC-1 · SEV2 · `support-copilot` · resolved"), moment
    dead = {item.effect.kind for item, _ in world.server.dead.values()}
    assert dead <= {PAGER}, f"{moment}: what Slack is asked for is no dead letter"
    waiting = [name for name in world.server.timers if name.startswith("retry:")]
    assert not waiting, moment
