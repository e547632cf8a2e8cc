"""kill -9 between any two steps of a restore in steps: every step is taken, once, by whoever comes next."""

from collections import Counter
from dataclasses import replace

import pytest

from opsbot.app.requests import ApproveRequest, KillRequest, RestoreRequest
from opsbot.domain import journal
from tests.app.test_crashes import Careful, Killed, mortal, refusable
from tests.support.restores import COPILOT, K1, percent, rules, stepped
from tests.support.world import MARA, SAM, HandMoved, World

ROUNDS = 12
WATCH_S = 10


async def company() -> tuple[World, HandMoved]:
    """Return a company with a kill that was confirmed, and a restore that waits."""
    world = World()
    await world.declare(
        stepped(restore={"steps": [5, 25, 50], "watch_s": WATCH_S}), with_policy=rules()
    )
    world.slack = Careful()
    world.bot = replace(world.bot, chat=world.slack)
    pod = world.instance("pod-1")
    await world.bot.kill(KillRequest(COPILOT, "stop"), MARA, request_id="kill")
    pod.follow()
    await world.work("follow")
    await world.bot.restore(RestoreRequest(K1), MARA, request_id="ask")
    return world, pod


async def life(world: World, pod: HandMoved) -> list[int]:
    """Approve, and let time pass and everything due be done; return the shares that were seen."""
    seen = [percent(world)]
    await refusable(world.bot.approve(ApproveRequest("A-1"), SAM, request_id="yes"))
    for _ in range(ROUNDS):
        pod.follow()
        await world.work("follow", "restore_ramp")
        world.clock.later(WATCH_S / 2)
        pod.check_in()
        await world.outbox.fire_timers()
        seen.append(percent(world))
    return seen


@pytest.mark.no_cover  # the same life, over and over
async def test_each_step_is_taken_once_whatever_the_moment_of_death() -> None:
    steps = 1
    while await died_at(steps):
        steps += 1

    assert steps > 40, "a whole life is longer than that"


async def died_at(steps: int) -> bool:
    """Live, die after *steps*, be reborn; return false where life was over before that."""
    world, pod = await company()
    reborn, fuse = world.bot, mortal(world, steps)
    seen: list[int] = []
    try:
        seen += await life(world, pod)
    except Killed:
        world.bot = reborn
        seen += await life(world, pod)

    lines = world.server.lines
    verbs = Counter(journal.read_entry(line, index=n).verb for n, line in enumerate(lines))
    moment = f"dead after step {steps}"
    assert (verbs["ease"], verbs["ease_step"], verbs["restore"]) == (1, 2, 1), (moment, verbs)
    assert seen == sorted(seen), moment
    assert percent(world) == 100, moment
    assert not [name for name in world.server.timers if name.startswith("restore-ramp:")], moment
    return fuse.left <= 0
