"""The card of a kill names the public incident that it belongs to, and nothing of a private one."""

from dataclasses import replace

import pytest

from opsbot.app.incident.named import named_apart
from opsbot.app.incident.requests import EditIncident, MoveIncident, OpenIncident, Which
from opsbot.app.requests import ApproveRequest, KillRequest, RestoreRequest, Target
from opsbot.domain.incident.incident import Room
from opsbot.domain.said import Said
from opsbot.domain.state import State
from tests.support.world import INES, MARA, SAM, World, workflow

COPILOT = Target("workflow", "support-copilot")
WRONG = OpenIncident("wrong refund answers", workflow="support-copilot")
ONE = Which("INC-1")


@pytest.fixture(name="world")
async def _world() -> World:
    made = World()
    await made.declare(workflow("support-copilot", tier=1))
    return made


async def kill(world: World) -> Said:
    return await world.bot.kill(KillRequest(COPILOT, "stop"), MARA, request_id="k")


def cards(world: World) -> list[str]:
    """Return what the card of the kill said, one after the other."""
    texts = [text for _, text in world.slack.posted] + list(world.slack.updated)
    return [text for text in texts if "K-1" in text]


async def open_one(world: World, **more: object) -> None:
    await world.bot.incidents.open(replace(WRONG, **more), MARA, request_id="i")  # type: ignore[arg-type]  # its own fields


async def test_the_answer_and_the_card_name_the_incident_that_a_kill_joined(world: World) -> None:
    await open_one(world)

    said = await kill(world)
    await world.work("card")

    assert "Belongs to INC-1, `opsbot incident show INC-1`" in said.as_text()
    assert said.body["incidents"] == ["INC-1"]
    assert "Belongs to INC-1" in cards(world)[-1]


async def test_a_kill_without_an_incident_names_none(world: World) -> None:
    said = await kill(world)

    assert "Belongs" not in said.as_text()
    assert (said.body["incidents"], said.channel) == ([], "")


async def test_an_incident_that_is_opened_later_is_named_on_the_card(world: World) -> None:
    await kill(world)
    await world.work("card")

    await open_one(world)
    await world.work("card")

    assert "Belongs to INC-1" in cards(world)[-1]


async def test_its_own_channel_is_linked_and_a_shared_one_is_not(world: World) -> None:
    await open_one(world, channel="C0OUTAGE")

    own = await kill(world)

    assert own.channel == "C0OUTAGE"


@pytest.mark.parametrize("actor", [MARA, INES, SAM])
async def test_nothing_of_a_private_one_is_said_to_anybody(world: World, actor: object) -> None:
    await open_one(world, private=True, channel="C0SECRET")

    said = await kill(world)
    await world.work("card")

    assert "INC-1" not in f"{said.as_text()}{said.body}{cards(world)}"
    assert said.channel == ""


async def test_once_it_is_private_the_card_says_so_no_more(world: World) -> None:
    await open_one(world, channel="C0OUTAGE")
    await kill(world)
    await world.work("card")
    assert "INC-1" in cards(world)[-1]

    await world.bot.incidents.edit(EditIncident(ONE, private=True), MARA, request_id="p")
    await world.work("card")

    assert "INC-1" not in cards(world)[-1]


async def test_what_was_no_incident_is_named_no_more(world: World) -> None:
    await open_one(world)
    await kill(world)
    await world.work("card")

    await world.bot.incidents.move(MoveIncident(ONE, "cancelled", "a test"), MARA, request_id="c")
    await world.work("card")

    assert "INC-1" not in cards(world)[-1]


async def test_the_card_of_an_ended_kill_names_none(world: World) -> None:
    await open_one(world)
    await kill(world)

    await world.bot.restore(RestoreRequest(COPILOT), MARA, request_id="r")
    await world.bot.approve(ApproveRequest("A-1"), SAM, request_id="y")
    await world.work("card")

    assert "Belongs" not in cards(world)[-1]


async def test_only_what_a_card_shows_brings_it_up_to_date(world: World) -> None:
    await open_one(world)
    state: State = world.store.state
    one = state.incident("INC-1")

    assert not named_apart(one, replace(one, severity="SEV1"))
    assert not named_apart(one, replace(one, status="contained"))
    assert not named_apart(one, replace(one, room=Room("C0SUPPORT", "support")))
    assert named_apart(one, replace(one, room=Room("C0INC1", "inc-1", own=True)))
    assert named_apart(one, replace(one, status="resolved"))
    assert named_apart(one, replace(one, private=True))
