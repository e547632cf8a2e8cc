"""Roles: what is said for oneself is done to oneself, or refused; never to whoever says it by mistake."""

from typing import Literal

import pytest

from opsbot.app.incident.requests import RoleOrder, Which
from opsbot.domain.errors import NeedsMoreWords
from tests.support.incident_life import company, incident, opened
from tests.support.world import MARA, World

IT = Which("INC-1")


@pytest.fixture
async def world() -> World:
    made = await company()
    await opened(made)
    return made


@pytest.mark.parametrize("act", ["take", "leave", "accept", "decline"])
async def test_an_act_for_oneself_that_names_another_changes_nothing(
    world: World, act: str
) -> None:
    await world.bot.incidents.role(RoleOrder(IT, "commander", "take"), MARA, request_id="c")
    order = RoleOrder(IT, "commander", act, "ines")  # type: ignore[arg-type]  # an act by name

    with pytest.raises(NeedsMoreWords, match=f"`{act}` is said for oneself") as no:
        await world.bot.incidents.role(order, MARA, request_id="r")

    assert "incident role commander INC-1 ines" in no.value.hint
    assert incident(world).roles == {"commander": "mara"}


async def test_an_act_that_names_oneself_is_done(world: World) -> None:
    order = RoleOrder(IT, "commander", "take", "mara")

    await world.bot.incidents.role(order, MARA, request_id="r")

    assert incident(world).roles == {"commander": "mara"}


async def test_a_responder_is_added_and_left_out_by_name(world: World) -> None:
    acts: tuple[Literal["take", "leave"], ...] = ("take", "leave")
    for act in acts:
        order = RoleOrder(IT, "responder", act, "sam")
        await world.bot.incidents.role(order, MARA, request_id=act)

        assert incident(world).responders == (("sam",) if act == "take" else ())
