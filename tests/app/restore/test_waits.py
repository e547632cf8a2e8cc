"""A ramp that waits: refused or held from its beginning, who is asked for it, and when an approval is void."""

from dataclasses import replace

import pytest

from opsbot.app.requests import ApproveRequest, KillRequest, RollbackRequest, StageRequest, Target
from opsbot.app.routes.ramp_decision import UNPROVED
from opsbot.domain.errors import NotAllowed, RouteRefused, StaleButton
from opsbot.domain.workflow import Workflow
from tests.app.test_asked import Messages
from tests.support.ramps import (
    COPILOT,
    GATE,
    HOUR,
    STEPS,
    climbed,
    later,
    measure,
    percent,
    pod,
    proved_switch,
    set_mini,
    stage,
    tried,
    world,
)
from tests.support.world import MARA, NOOR, OLA, SAM, HandMoved, World, workflow

__all__ = ["pod", "world"]

A1 = ApproveRequest("A-1")
WORKFLOW = Target("workflow", COPILOT)


def tier_1(**extra: object) -> Workflow:
    """Return the workflow as two people change its route."""
    return workflow(COPILOT, tier=1, extra={"gates": [GATE], **extra})


@pytest.fixture(name="messages")
async def _messages(world: World, pod: HandMoved) -> Messages:
    """A ramp of r2 that waits for a second person, asked for by Ines."""
    messages = Messages()
    world.bot = replace(world.bot, chat=messages)
    await proved_switch(world, pod)
    await world.declare(tier_1())
    await set_mini(world)
    await measure(world, "r2", 0.95)
    await stage(world)
    return messages


async def kill(world: World, target: Target = WORKFLOW, *, tenant: str | None = None) -> None:
    """Kill as Mara."""
    request = KillRequest(target, "stop", tenant=tenant, confirmed=True)
    await world.bot.kill(request, MARA, request_id=f"kill:{len(world.server.lines)}")


def standing(world: World) -> str:
    """Return how the approval stands."""
    return world.store.state.approval("A-1").standing


@pytest.mark.parametrize("target", [WORKFLOW, Target("all")])
async def test_a_ramp_under_a_kill_of_every_call_is_refused_with_the_way_out(
    world: World, target: Target
) -> None:
    await set_mini(world)
    await measure(world, "r2", 0.95)
    await kill(world, target)

    with pytest.raises(RouteRefused) as refusal:
        await stage(world)

    assert refusal.value.message.startswith(
        "K-1 (`stop`) restricts every call of `support-copilot`"
    )
    assert "restore K-1" in refusal.value.hint
    assert world.store.state.routing(COPILOT).candidate is None


async def test_a_ramp_under_a_kill_of_some_calls_begins_held_and_says_so_at_once(
    world: World, pod: HandMoved
) -> None:
    await proved_switch(world, pod)
    await set_mini(world)
    await measure(world, "r2", 0.95)
    await kill(world, tenant="acme")

    said = await stage(world)

    assert "Held at this step: K-2 (`stop`) restricts it." in said.lines
    assert said.tone == "amber"
    assert (percent(world), tried(world).held) == (STEPS[0], "K-2 (`stop`) restricts it")


async def test_a_ramp_that_began_held_goes_on_when_nothing_holds_it(
    world: World, pod: HandMoved
) -> None:
    await set_mini(world)
    await measure(world, "r2", 0.95)
    await stage(world)
    began = tried(world).held

    await proved_switch(world, pod)
    await later(world, pod)

    assert began == UNPROVED
    assert (percent(world), tried(world).held) == (STEPS[1], "")


async def test_an_approval_waits_while_a_kill_stands_in_its_way(
    world: World, messages: Messages
) -> None:
    await kill(world)

    with pytest.raises(RouteRefused, match="K-2"):
        await world.bot.approve(A1, SAM, request_id="yes")

    assert standing(world) == "pending"


async def test_a_ramp_that_nobody_approves_asks_the_secondary_who_may_then(
    world: World, messages: Messages
) -> None:
    await world.work("tell")
    early = dict(messages.says)
    with pytest.raises(NotAllowed):
        await world.bot.approve(A1, OLA, request_id="early")

    world.clock.later(301)
    await world.outbox.fire_timers()
    await world.work("tell")
    said = await world.bot.approve(A1, OLA, request_id="yes")

    assert "U0ADMIN" not in early
    assert "Nobody approved so far; you are asked as secondary." in messages.says["U0ADMIN"]
    assert said.body["outcome"] == "begun"


async def test_the_secondary_may_say_it_in_the_same_words(world: World, messages: Messages) -> None:
    world.clock.later(301)

    said = await world.bot.stage(StageRequest(COPILOT, "begin"), OLA, request_id="ola")

    assert (said.body["outcome"], standing(world)) == ("begun", "approved")


async def test_who_may_neither_begin_nor_approve_is_refused(
    world: World, messages: Messages
) -> None:
    with pytest.raises(NotAllowed):
        await world.bot.stage(StageRequest(COPILOT, "begin"), NOOR, request_id="noor")

    assert standing(world) == "pending"


async def test_another_ramp_that_ran_and_was_given_up_makes_it_void(
    world: World, messages: Messages
) -> None:
    await world.work("tell", "route_card")
    await set_mini(world, prompt="p@7")
    await measure(world, "r3", 0.95)
    await stage(world, "begin", 3)
    await world.bot.approve(ApproveRequest("A-2"), SAM, request_id="other")
    voided = standing(world)
    await stage(world, "cancel")
    await world.work("tell", "route_card")

    with pytest.raises(StaleButton) as stale:
        await world.bot.approve(A1, SAM, request_id="late")

    assert voided == "void"
    assert "because what it asked for was changed" in stale.value.message
    assert messages.says["U0SUPPORT"].startswith("A-1 void")
    assert world.store.state.approval("A-2").standing == "approved"
    assert not {"expire:A-1", "page:A-1"} & set(world.server.timers)


async def test_a_ramp_that_begins_makes_every_other_that_waits_void(
    world: World, messages: Messages
) -> None:
    await set_mini(world, prompt="p@7")
    await measure(world, "r3", 0.95)
    await stage(world, "begin", 3)
    pending = [world.store.state.approval(one).standing for one in ("A-1", "A-2")]

    await world.bot.approve(ApproveRequest("A-2"), SAM, request_id="yes")

    assert pending == ["pending", "pending"]
    assert standing(world) == "void"


async def test_a_rollback_makes_it_void(world: World, pod: HandMoved) -> None:
    await climbed(world, pod)
    await world.declare(tier_1())
    await set_mini(world, prompt="p@7")
    await measure(world, "r3", 0.95)
    await stage(world, "begin", 3)
    pending = standing(world)

    await world.bot.rollback(RollbackRequest(COPILOT), MARA, request_id="back")

    assert (pending, standing(world)) == ("pending", "void")


@pytest.mark.parametrize("stages", [[{"percent": 100, "soak_s": HOUR}], [{"percent": 50}]])
async def test_other_stages_make_it_void(
    world: World, messages: Messages, stages: list[dict[str, int]]
) -> None:
    await world.work("tell")

    await world.declare(tier_1(stages=stages))
    await world.work("tell")

    assert standing(world) == "void"
    assert messages.says["U0SUPPORT"].startswith("A-1 void")
    with pytest.raises(StaleButton):
        await world.bot.approve(A1, SAM, request_id="late")


async def test_a_declaration_that_keeps_the_stages_leaves_it_waiting(
    world: World, messages: Messages
) -> None:
    await world.declare(replace(tier_1(), title="Renamed"))

    assert standing(world) == "pending"


async def test_a_workflow_that_is_declared_no_more_makes_it_void(
    world: World, messages: Messages
) -> None:
    del world.declared[COPILOT]

    await world.declare(workflow("other"))

    assert standing(world) == "void"
