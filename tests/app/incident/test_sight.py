"""Which incident is meant by where something is said: in the channel of one never another one."""

from dataclasses import replace

import pytest

from opsbot.app.incident.requests import EditIncident, OpenIncident, RoleOrder, TimelineNote, Which
from opsbot.domain.errors import UnknownIncident
from tests.support.incident_life import OPEN, company, incident, opened, settle
from tests.support.world import MARA, SAM, World

BESIDE = OpenIncident("slow answers", workflow="coding-agent", severity="SEV1")
LEAK = "212 customers are in the leak"


@pytest.fixture
async def world() -> World:
    made = await company()
    await opened(made, replace(OPEN, private=True))
    await made.bot.incidents.open(BESIDE, MARA, request_id="beside")
    await settle(made)
    return made


async def test_what_is_said_in_a_private_channel_goes_nowhere_else(world: World) -> None:
    here = Which("", incident(world).room.channel)
    before = world.store.state.position

    with pytest.raises(UnknownIncident) as no:
        await world.bot.incidents.edit(EditIncident(here, update=LEAK), SAM, request_id="u")
    with pytest.raises(UnknownIncident):
        await world.bot.incidents.note(TimelineNote(here, LEAK), SAM, request_id="n")

    assert "No incident that you may see goes on in this channel" in no.value.message
    assert "INC-1" not in no.value.message + no.value.hint
    assert world.store.state.position == before


async def test_who_was_added_is_heard_there(world: World) -> None:
    here = Which("", incident(world).room.channel)
    await world.bot.incidents.role(
        RoleOrder(Which("INC-1"), "responder", "offer", "sam"), MARA, request_id="add"
    )

    said = await world.bot.incidents.edit(EditIncident(here, update=LEAK), SAM, request_id="u")

    assert said.body["incident"] == "INC-1"


async def test_another_one_can_be_named_there(world: World) -> None:
    here = Which("INC-2", incident(world).room.channel)

    said = await world.bot.incidents.show(here, SAM)

    assert said.body["incident"] == "INC-2"


async def test_where_no_incident_has_the_channel_the_only_open_one_is_meant(world: World) -> None:
    said = await world.bot.incidents.show(Which("", "C0LOUNGE"), SAM)

    assert said.body["incident"] == "INC-2"
