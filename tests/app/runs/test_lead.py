"""The lead of a run when the command of its incident moves: it follows the commander, and nobody else."""

import pytest

from opsbot.app.incident.requests import RoleOrder, Which
from opsbot.app.runs.requests import LeadRun, StartRun, WhichRun
from opsbot.domain import journal
from tests.support.runs import (
    COPILOT,
    RUN,
    book,
    looked,
    run,
    shelved,
    started,
    walked_company,
)
from tests.support.world import INES, MARA, SAM, World

OTHER = "provider-outage"


@pytest.fixture(name="house")
async def _house() -> World:
    house = await walked_company(book(), book(name=OTHER))
    await started(house)
    return house


async def command(house: World, act: str, *, by: object, who: str = "") -> None:
    """Move the command of INC-1."""
    order = RoleOrder(Which("INC-1"), "commander", act, who)  # type: ignore[arg-type]  # one of five
    name = f"role:{len(house.server.lines)}:{act}"
    await house.bot.incidents.role(order, by, request_id=name)  # type: ignore[arg-type]  # an actor


async def test_who_takes_the_command_leads_what_the_old_commander_led(house: World) -> None:
    house.clock.later(60)

    await command(house, "take", by=SAM)

    one = run(house)
    assert (one.commander, one.lead_ms, one.version) == ("sam", house.clock.now_ms(), 2)
    assert "Led by Sam." in (await looked(house, "show")).lines
    cards = [one.effect for one in house.server.items.values() if one.effect.kind == "run_card"]
    assert any(effect.body.get("version") == 2 for effect in cards)
    assert f"run:{one.uid}:lead::1" in house.server.timers


async def test_a_hand_over_moves_the_lead_when_it_is_accepted_and_takes_an_offer_back(
    house: World,
) -> None:
    await house.bot.runs.lead(LeadRun(RUN, "offer", "mara"), INES, request_id="offer")
    await command(house, "offer", by=INES, who="sam")
    before = run(house).commander

    await command(house, "accept", by=SAM)

    assert (before, run(house).commander, run(house).offer) == ("ines", "sam", "")
    entry = journal.read_entry(house.server.lines[-1], index=len(house.server.lines) - 1)
    assert entry.body["facts"]["leads"] == ["RUN-1"]  # type: ignore[index,call-overload]  # our own entry


async def test_what_somebody_else_leads_stays_with_them(house: World) -> None:
    shelved(house, book(), book(name=OTHER))
    await command(house, "leave", by=INES)
    led = run(house).commander
    await started(house, OTHER, by=MARA)
    await command(house, "take", by=INES)

    await command(house, "take", by=SAM)

    assert led == "ines", "nobody commands, so nothing follows"
    assert run(house, "RUN-2").commander == "mara"
    assert run(house).commander == "sam"


async def test_the_other_runs_of_the_incident_follow_a_lead_that_is_handed_over(
    house: World,
) -> None:
    await started(house, OTHER)
    await house.bot.runs.lead(LeadRun(RUN, "offer", "sam"), INES, request_id="offer")

    await house.bot.runs.lead(LeadRun(RUN, "accept"), SAM, request_id="accept")

    assert house.store.state.incident("INC-1").roles["commander"] == "sam"
    assert [run(house, name).commander for name in ("RUN-1", "RUN-2")] == ["sam", "sam"]
    assert (await house.bot.audit_verify(INES)).tone == "green"


async def test_a_run_without_an_incident_stays_with_who_leads_it(house: World) -> None:
    begin = StartRun(OTHER, params={"workflow": COPILOT})
    await house.bot.runs.start(begin, INES, request_id="alone")

    await command(house, "take", by=SAM)

    assert (await house.bot.runs.view(WhichRun("RUN-2"), INES)).commander == "Ines"
    assert run(house, "RUN-2").incident == ""
