"""Actions of a runbook while Slack's Web API is dead: what stops and goes back is done, and nothing more."""

from collections.abc import AsyncGenerator

import pytest

from opsbot.domain.runbook import Action, Phase
from tests.slack.forged import NEW, ONCALL
from tests.slack.runbook_hands import START, Walk, button_of, walking
from tests.support.routes import COPILOT, WHOLE, begun, staged
from tests.support.runs import action, book, step
from tests.support.wait import eventually
from tests.support.world import workflow

AGENT = "coding-agent"
LAST = 2
"""The revision that serves; r1 served before it."""
UNKNOWN = "Slack did not say in time who you are"
BACK = action("rollback", workflow=AGENT, reason="wrong answers")
CHOSEN = action("rollback", workflow=AGENT, to="r1", reason="wrong answers")
STOP = action("kill", workflow=AGENT, reason="wrong answers")


async def walked(*actions: Action) -> AsyncGenerator[Walk]:
    """Give a run with a step for each action, while a revision serves that is not the first."""
    steps = tuple(
        step(f"Do {number}", one, undo=f"do-{number}") for number, one in enumerate(actions, 1)
    )
    async with walking("http", book(Phase("one", "One", 1, steps=steps))) as walk:
        await walk.world.declare(staged(AGENT, extra={"stages": WHOLE}), workflow(COPILOT))
        await begun(walk.world, AGENT)
        await walk.types(ONCALL, START)
        yield walk


@pytest.fixture(name="back")
async def _back() -> AsyncGenerator[Walk]:
    async for walk in walked(BACK):
        yield walk


@pytest.fixture(name="chosen")
async def _chosen() -> AsyncGenerator[Walk]:
    async for walk in walked(CHOSEN, STOP):
        yield walk


def serving(walk: Walk) -> int:
    """Return which revision serves."""
    return int(walk.world.store.state.routing(AGENT).active)


async def press(walk: Walk, user: str, label: str) -> None:
    """Press a button of the current step while nothing of Slack's Web API answers."""
    message = walk.newest()
    block, element = button_of(message.blocks, label)
    walk.house.slack.faults.unplugged = True
    await walk.house.slack.click(
        user, action_id=element["action_id"], block_id=block["block_id"],
        message_ts=message.ts, channel_id=message.channel,
    )  # fmt: skip
    await walk.house.app.deps.tasks.drain(timeout_s=5)


async def test_the_way_back_is_pressed_without_any_word_of_slack(back: Walk) -> None:
    await press(back, NEW, "Roll back coding-agent")
    still = serving(back)
    await press(back, ONCALL, "Roll back coding-agent")

    await eventually(lambda: serving(back) > LAST)
    assert still == LAST


async def test_it_is_typed_as_well_and_asks_first(back: Walk) -> None:
    back.house.slack.faults.unplugged = True

    asked = await back.house.slack.slash(ONCALL, back.room, "/ai-runbook do step:1")
    bare = await back.house.slack.slash(ONCALL, back.room, "/ai-runbook do yes")
    done = await back.house.slack.slash(ONCALL, back.room, "/ai-runbook do step:1 yes")

    assert "Really: Roll back coding-agent? Nothing was done." in asked.text
    assert UNKNOWN in bare.text
    assert UNKNOWN not in done.text
    await eventually(lambda: serving(back) > LAST)


async def test_a_revision_of_ones_choice_waits_for_slack_and_a_kill_does_not(chosen: Walk) -> None:
    chosen.house.slack.faults.unplugged = True
    before = serving(chosen)

    back = await chosen.house.slack.slash(ONCALL, chosen.room, "/ai-runbook do step:1 yes")
    stop = await chosen.house.slack.slash(ONCALL, chosen.room, "/ai-runbook do step:2 yes")

    assert UNKNOWN in back.text
    assert UNKNOWN not in stop.text
    await eventually(chosen.world.store.state.active_kills)
    assert serving(chosen) == before
