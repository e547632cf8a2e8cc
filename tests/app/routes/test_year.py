"""A year of changes, replayed: the journal rebuilds every pointer, and every revision is still there."""

import json
import random

import pytest

from opsbot.app.requests import (
    KillRequest,
    RestoreRequest,
    RollbackRequest,
    RouteEdit,
    StageRequest,
    Target,
)
from opsbot.domain.errors import Refused
from opsbot.domain.journal import replay
from opsbot.domain.route import Number
from opsbot.domain.route import Target as Serving
from opsbot.domain.state import REVISIONS
from tests.support.ramps import COPILOT, GATE, later, measure
from tests.support.world import INES, MARA, HandMoved, World, workflow

WEEKS = 52
MODELS = ("gpt-5.2", "gpt-5-mini")


async def a_week(world: World, pod: HandMoved, week: int, chance: random.Random) -> None:
    """Change the prompt, ramp it up as far as the week goes, and now and then go back or kill."""
    edit = RouteEdit(
        COPILOT, targets=(Serving("openai", chance.choice(MODELS)),), prompt=f"p@{week + 2}"
    )
    await world.bot.set_route(edit, INES, request_id=f"set:{week}")
    newest = world.store.state.routing(COPILOT).newest
    await measure(world, f"r{newest}", chance.choice([0.95, 0.95, 0.85]))
    try:
        await world.bot.stage(StageRequest(COPILOT, "begin"), INES, request_id=f"begin:{week}")
    except Refused:
        return
    for _ in range(chance.choice([2, 6, 6])):
        await later(world, pod)
    if chance.random() < 0.3:
        await measure(world, f"r{newest}", 0.5)
    await measure_again(world, chance)
    await later(world, pod, 24.1)
    if chance.random() < 0.3:
        await world.bot.rollback(RollbackRequest(COPILOT), MARA, request_id=f"back:{week}")
    if world.store.state.routing(COPILOT).candidate is not None:
        await world.bot.stage(StageRequest(COPILOT, "cancel"), INES, request_id=f"end:{week}")


async def measure_again(world: World, chance: random.Random) -> None:
    """Let the nightly evaluation report on what serves."""
    routing = world.store.state.routing(COPILOT)
    if chance.random() < 0.8:
        await measure(world, routing.id, 0.95)


async def drill(world: World, pod: HandMoved, week: int) -> None:
    """Prove the switch once a quarter."""
    kill = KillRequest(Target("workflow", COPILOT), "stop")
    await world.bot.kill(kill, MARA, request_id=f"kill:{week}")
    pod.follow()
    await world.work("follow")
    await world.bot.restore(
        RestoreRequest(Target("workflow", COPILOT)), MARA, request_id=f"restore:{week}"
    )
    pod.follow()


@pytest.mark.no_cover  # the same, thousands of times
async def test_a_year_of_changes_is_rebuilt_from_its_journal() -> None:
    world, chance = World(), random.Random(7)  # noqa: S311  # a year that is the same each time
    await world.declare(workflow(COPILOT, extra={"gates": [GATE]}))
    pod = world.instance("pod-1")
    pod.follow()
    for week in range(WEEKS):
        if week % 12 == 0:
            await drill(world, pod, week)
        await a_week(world, pod, week, chance)
        world.clock.later(5 * 24 * 3600)
    state = world.store.state
    routing = state.routing(COPILOT)

    again = replay(world.server.lines)
    verified = await world.bot.audit_verify(MARA)

    assert json.loads(json.dumps(again.records)) == json.loads(json.dumps(state.records))
    assert verified.exit_code == 0
    assert [one.number for one in state.revisions(COPILOT)] == [*range(routing.newest, 0, -1)]
    assert len(state.kind(REVISIONS)) == routing.newest > WEEKS
    backs = [one for one in state.revisions(COPILOT) if one.back_to is not None]
    for one in backs:
        assert one.back_to is not None
        assert one.hash == state.revision(COPILOT, Number(one.back_to)).hash
    assert backs
    assert routing.last_good > 1
