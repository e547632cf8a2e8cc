"""A request that comes again hears what it did the first time, and does nothing twice."""

import json

import pytest

from opsbot.app.requests import ApproveRequest, KillRequest, RestoreRequest, Target
from opsbot.domain.errors import NothingToRestore, StaleButton
from tests.support.world import INES, MARA, SAM, World

COPILOT = Target("workflow", "support-copilot")
SUMMARISER = Target("workflow", "contract-summariser")
BEFORE = "This request was done before; nothing was done twice."


async def test_a_repeated_restore_hears_that_it_restored(world: World) -> None:
    await world.bot.kill(KillRequest(SUMMARISER), MARA, request_id="1")
    first = await world.bot.restore(RestoreRequest(SUMMARISER), MARA, request_id="2")
    entries = len(world.server.lines)

    again = await world.bot.restore(RestoreRequest(SUMMARISER), MARA, request_id="2")

    assert again.title == first.title
    assert again.lines == (BEFORE, *first.lines)
    assert again.body == first.body
    assert len(world.server.lines) == entries


async def test_another_request_hears_that_there_is_nothing(world: World) -> None:
    await world.bot.kill(KillRequest(SUMMARISER), MARA, request_id="1")
    await world.bot.restore(RestoreRequest(SUMMARISER), MARA, request_id="2")

    with pytest.raises(NothingToRestore):
        await world.bot.restore(RestoreRequest(SUMMARISER), MARA, request_id="3")


async def test_a_repeated_restore_of_what_was_killed_again_says_that_things_changed(
    world: World,
) -> None:
    await world.bot.kill(KillRequest(SUMMARISER), MARA, request_id="1")
    await world.bot.restore(RestoreRequest(SUMMARISER), MARA, request_id="2")
    await world.bot.kill(KillRequest(SUMMARISER), MARA, request_id="3")

    with pytest.raises(StaleButton, match="done before"):
        await world.bot.restore(RestoreRequest(SUMMARISER), MARA, request_id="2")

    assert world.store.state.active_kills()


async def test_a_repeated_approval_hears_what_it_approved(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")
    await world.bot.restore(RestoreRequest(COPILOT), MARA, request_id="2")
    first = await world.bot.approve(ApproveRequest("A-1"), INES, request_id="3")

    again = await world.bot.approve(ApproveRequest("A-1"), INES, request_id="3")

    assert (again.title, again.lines) == (first.title, (BEFORE, *first.lines))
    with pytest.raises(StaleButton, match="approved by Ines"):
        await world.bot.approve(ApproveRequest("A-1"), SAM, request_id="4")


async def test_a_repeated_refusal_hears_its_refusal(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")
    await world.bot.restore(RestoreRequest(COPILOT), MARA, request_id="2")
    first = await world.bot.approve(ApproveRequest("A-1", grant=False), SAM, request_id="3")

    again = await world.bot.approve(ApproveRequest("A-1", grant=False), SAM, request_id="3")

    assert (again.title, again.lines) == (first.title, (BEFORE, *first.lines))


async def test_a_repeated_request_for_approval_says_how_it_ended(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")
    await world.bot.restore(RestoreRequest(COPILOT), MARA, request_id="2")
    await world.bot.approve(ApproveRequest("A-1"), INES, request_id="3")

    again = await world.bot.restore(RestoreRequest(COPILOT), MARA, request_id="2")

    assert again.title == "Asked for before in prod: A-1 is over: approved by Ines at 03:14:07 UTC"
    assert again.body["standing"] == "approved"


async def test_a_reason_for_ones_own_kill_is_no_joining(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")

    said = await world.bot.kill(KillRequest(COPILOT, reason="refunds"), MARA, request_id="2")

    assert said.lines[0] == "Already so: K-1 holds it; its reason is noted now."
    assert "joined" not in said.as_text()
    assert world.store.state.kill("K-1").joined == ()
    assert json.loads(world.server.lines[-1].partition(" ")[2])["verb"] == "give_reason"


async def test_somebody_else_joins(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")

    said = await world.bot.kill(KillRequest(COPILOT, reason="refunds"), SAM, request_id="2")

    assert said.lines[0] == "Already so: K-1 holds it; you are noted as having joined."
