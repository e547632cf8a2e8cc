"""A duplicate names its original only where that may be known of."""

from dataclasses import replace

import pytest

from opsbot.app.incident.requests import EditIncident, MoveIncident, OpenIncident, Which
from opsbot.domain.actor import Actor
from opsbot.domain.errors import UnknownIncident
from tests.support.incident_life import COPILOT, company, incident, settle
from tests.support.world import INES, MARA, NOOR, SAM, World

FIRST, SECOND = Which("INC-1"), Which("INC-2")
OPEN = OpenIncident("wrong sums", workflow=COPILOT, severity="SEV2", anyway=True)


@pytest.fixture
async def world() -> World:
    return await company()


async def opened(world: World, *actors: Actor, private: bool) -> None:
    for number, actor in enumerate(actors):
        await world.bot.incidents.open(
            replace(OPEN, private=private), actor, request_id=f"o{number}"
        )
    await settle(world)


async def duplicate(world: World, actor: Actor, of: str = "INC-1") -> None:
    move = MoveIncident(SECOND, "duplicate", "the same", of=of)
    await world.bot.incidents.move(move, actor, request_id=f"d{of}")


async def private(world: World, which: Which) -> None:
    edit = EditIncident(which, private=True)
    await world.bot.incidents.edit(edit, MARA, request_id="private")


async def test_of_what_somebody_may_not_know_nothing_is_a_duplicate(world: World) -> None:
    await opened(world, MARA, SAM, private=True)

    with pytest.raises(UnknownIncident) as hidden:
        await duplicate(world, SAM, "INC-1")
    with pytest.raises(UnknownIncident) as none:
        await duplicate(world, SAM, "INC-9")

    assert hidden.value.message.replace("INC-1", "INC-9") == none.value.message
    assert hidden.value.hint == none.value.hint
    assert incident(world, "INC-2").status == "active"


async def test_who_may_know_of_both_says_so(world: World) -> None:
    await opened(world, MARA, SAM, private=True)

    await duplicate(world, INES)

    assert incident(world, "INC-2").duplicate_of == "INC-1"


async def test_an_original_that_became_private_is_named_nowhere_any_more(world: World) -> None:
    await opened(world, MARA, SAM, private=False)
    await duplicate(world, MARA)
    await settle(world)
    verbs = world.bot.incidents
    assert "A duplicate of INC-1." in (await verbs.show(SECOND, NOOR)).as_text()
    world.slack.updated.clear()

    await private(world, FIRST)
    await settle(world)

    shown, told = await verbs.show(SECOND, NOOR), await verbs.timeline(SECOND, NOOR)
    review = await verbs.export(SECOND, NOOR)
    assert "A duplicate of one that is not shown here." in shown.as_text()
    assert "active \u2192 a duplicate: the same." in told.as_text()
    assert any("A duplicate of one that is not shown" in one for one in world.slack.updated)
    for said in (shown, told, review):
        assert "INC-1" not in said.as_text() + str(dict(said.body))


async def test_an_original_that_is_public_again_is_named_again(world: World) -> None:
    await opened(world, MARA, SAM, private=False)
    await duplicate(world, MARA)
    await private(world, FIRST)

    edit = EditIncident(FIRST, private=False)
    await world.bot.incidents.edit(edit, MARA, request_id="public")

    said = await world.bot.incidents.show(SECOND, NOOR)
    assert said.body["duplicate_of"] == "INC-1"


async def test_a_private_duplicate_names_its_private_original_to_who_works_on_it(
    world: World,
) -> None:
    await opened(world, MARA, MARA, private=True)

    await duplicate(world, MARA)

    assert "A duplicate of INC-1." in (await world.bot.incidents.show(SECOND, MARA)).as_text()
