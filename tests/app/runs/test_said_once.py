"""A step that says an update and moves its incident says it once, whatever crashes."""

import pytest

from opsbot.app.requests import KillRequest, Target
from opsbot.domain import journal
from opsbot.domain.errors import IllegalMove
from opsbot.domain.runbook import Phase
from tests.app.runs.test_crashes import LEASES_S
from tests.app.test_crashes import Killed, mortal
from tests.support.runs import (
    COPILOT,
    action,
    book,
    pressed,
    run,
    started,
    step,
    walked_company,
)
from tests.support.world import MARA


async def test_an_update_beside_a_move_is_said_once_whatever_the_moment_of_death() -> None:
    steps, states = 1, set[str]()
    while (state := await said_and_moved(steps)) != "":
        states.add(state)
        steps += 1

    assert {"done", "failed"} <= states
    assert steps > 3, "it dies at several moments"


async def said_and_moved(steps: int) -> str:
    """Press, die after *steps*, be reborn, press again; return how it stood then, empty where nobody died."""
    given = {"update": "calm again", "status": "monitoring", "reason": "calm"}
    one = Phase("one", "One", 1, steps=(step("Say it", action("incident", **given)),))
    house = await walked_company(book(one))
    await started(house)
    reborn, fuse = house.bot, mortal(house, steps)
    died = False
    try:
        await pressed(house, "say-it", request_id="first")
    except Killed:
        house.bot, died = reborn, True
    house.bot = reborn
    house.clock.later(LEASES_S)
    await house.outbox.fire_timers()
    await house.work()
    act = run(house).act("say-it", 1)
    if act is None or act.state == "failed":
        await pressed(house, "say-it", request_id="second")

    verbs = [journal.read_entry(line, index=n).verb for n, line in enumerate(house.server.lines)]
    assert verbs.count("incident_update") == 1, f"dead after step {steps}"
    assert verbs.count("incident_monitoring") == 1, f"dead after step {steps}"
    assert house.store.state.incident("INC-1").status == "monitoring"
    assert fuse.left <= 0 or not died
    return (act.state if act is not None else "nothing") if died else ""


async def test_what_was_said_before_a_move_that_is_refused_is_not_said_again() -> None:
    given = {"update": "over", "status": "resolved", "reason": "over"}
    one = Phase("one", "One", 1, steps=(step("Say it", action("incident", **given)),))
    house = await walked_company(book(one))
    await house.bot.kill(
        KillRequest(Target("workflow", COPILOT), confirmed=True), MARA, request_id="kill"
    )
    await started(house)
    for press in ("first", "second"):
        with pytest.raises(IllegalMove):
            await pressed(house, "say-it", request_id=press)

    verbs = [journal.read_entry(line, index=n).verb for n, line in enumerate(house.server.lines)]
    assert verbs.count("incident_update") == 1
