"""After a recovery, what was due around incidents is due again, once."""

from dataclasses import replace

import pytest

from opsbot.app.incident.effects import unresolved
from opsbot.app.incident.requests import MoveIncident
from opsbot.app.ports import Delivery
from opsbot.app.resume import Resume
from opsbot.domain.change import Effect
from tests.support.archived import IT, later, over, room, strict_company
from tests.support.incident_life import OPEN, settle
from tests.support.paged_company import Company
from tests.support.world import MARA, World

RECOVERED = Delivery("1-0", "kill", Effect("recovered", "recovered:1:9", {}, lane="kill"), 1)


@pytest.fixture
async def world() -> World:
    return await strict_company()


async def test_steps_cards_and_reminders_of_an_open_incident_are_made_anew(world: World) -> None:
    await world.bot.incidents.open(OPEN, MARA, request_id="open")
    incident = world.store.state.incident(IT.name)
    due = {name for name, step in incident.steps.items() if step.state == "due"}
    assert due
    world.server.items.clear()
    world.server.timers.clear()

    await Resume(world.env)(RECOVERED)
    await Resume(world.env)(RECOVERED)

    again = [item.effect for item in world.server.items.values()]
    assert sorted(str(one.body["step"]) for one in again if one.kind == "incident_step") == sorted(
        due
    )
    assert [one.kind for one in again].count("incident_card") == 1
    assert f"remind:{incident.uid}:no_commander" in world.server.timers


async def test_the_channel_of_one_that_is_over_is_still_archived(world: World) -> None:
    await over(world)
    await settle(world)
    world.server.timers.clear()

    await Resume(world.env)(RECOVERED)
    await later(world, 7.1)

    assert room(world).archived


async def test_a_page_that_was_not_resolved_yet_is_resolved_after_the_recovery() -> None:
    company = await Company().begin()
    await company.open()
    await company.page()
    over_now = MoveIncident(IT, "resolved", reason="rolled back")
    await company.verbs.move(over_now, MARA, request_id="over")
    company.world.server.items.clear()

    for _ in range(2):
        await Resume(company.world.env)(RECOVERED)
    await company.sync()

    assert [what.split(" by ")[0] for _, what in company.pages.did] == ["resolve"]


@pytest.mark.parametrize("status", ["open", "resolved there", "another's"])
async def test_no_other_page_is_resolved_by_a_recovery(status: str) -> None:
    company = await Company().begin()
    await company.open()
    await company.page()
    pager = company.incident.pager
    assert pager is not None
    one = replace(company.incident, status="active" if status == "open" else "cancelled")
    there = replace(pager, status="resolved") if status == "resolved there" else pager
    there = replace(there, adopted=status == "another's")

    assert list(unresolved(replace(one, pager=there))) == []
