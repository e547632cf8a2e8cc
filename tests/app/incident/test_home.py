"""Incidents beside everything else: on the Home tab, in a workflow's status, on the card of a kill."""

import pytest

from opsbot.app.incident.requests import MoveIncident, OpenIncident, Which
from opsbot.app.requests import KillRequest, Target
from opsbot.domain.errors import StaleButton, UnknownKill
from opsbot.domain.said import Said
from tests.support.world import INES, MARA, SAM, World, workflow

COPILOT = "support-copilot"
WRONG = OpenIncident("wrong refund answers", workflow=COPILOT, severity="SEV2")
LEAK = OpenIncident("leaked addresses", workflow=COPILOT, private=True, anyway=True)
NOWHERE = Which()


@pytest.fixture
async def world() -> World:
    made = World()
    await made.declare(workflow(COPILOT, tier=1), workflow("coding-agent"))
    return made


async def killed(world: World, request_id: str = "k") -> Said:
    """Kill the copilot."""
    kill = KillRequest(Target("workflow", COPILOT), reason="wrong refunds")
    return await world.bot.kill(kill, MARA, request_id=request_id)


def acts(said: Said) -> list[str]:
    """Return what an answer offers."""
    return [one.act for one in said.buttons]


async def test_the_home_tab_has_no_heading_where_nothing_is_open(world: World) -> None:
    await world.bot.incidents.open(WRONG, MARA, request_id="r")
    await world.bot.incidents.move(MoveIncident(NOWHERE, "resolved"), MARA, request_id="e")

    assert not [one for one in await world.bot.home(MARA) if "ncident" in one.title]


async def test_the_home_tab_shows_each_what_they_may_see(world: World) -> None:
    await world.bot.incidents.open(WRONG, MARA, request_id="r")
    await world.bot.incidents.open(LEAK, INES, request_id="p")

    titles = {
        who: [one.title for one in await world.bot.home(actor) if one.title[:4] == "INC-"]
        for who, actor in (("sam", SAM), ("ines", INES))
    }

    assert [title[:5] for title in titles["sam"]] == ["INC-1"]
    assert [title[:5] for title in titles["ines"]] == ["INC-2", "INC-1"]


async def test_the_home_tab_counts_what_it_does_not_list(world: World) -> None:
    for number in range(12):
        await world.bot.incidents.open(
            OpenIncident(f"matter {number}"), MARA, request_id=f"r{number}"
        )

    parts = await world.bot.home(MARA)

    [head] = [one for one in parts if one.title == "Open incidents in prod"]
    assert "And 2 more: `opsbot incident list`." in head.as_text()
    assert len([one for one in parts if one.title.startswith("INC-")]) == 10


async def test_a_status_names_what_is_open_and_nothing_private(world: World) -> None:
    await world.bot.incidents.open(WRONG, MARA, request_id="r")
    await world.bot.incidents.open(LEAK, INES, request_id="p")

    sam, ines = [await world.bot.status(COPILOT, who) for who in (SAM, INES)]
    other = await world.bot.status("coding-agent", SAM)

    assert sam.lines[0] == "Open incident: INC-1 SEV2 (active): wrong refund answers"
    assert ines.lines[0].startswith("Open incident: INC-2 ")
    assert "leaked" not in sam.as_text()
    assert "ncident" not in other.as_text()


async def test_a_kill_offers_an_incident_until_one_is_open(world: World) -> None:
    first = await killed(world)
    assert "incident_open" in acts(first)

    await world.bot.incidents.open(OpenIncident("wrong refunds", kill="K-1"), MARA, request_id="r")
    during = await killed(world, "again")
    await world.bot.incidents.move(
        MoveIncident(NOWHERE, "resolved", stays_off=True), MARA, request_id="e"
    )
    after = await killed(world, "once more")

    assert "incident_open" not in acts(during)
    assert "incident_open" in acts(after)


async def test_a_private_incident_does_not_show_by_a_missing_button(world: World) -> None:
    await killed(world)
    await world.bot.incidents.open(LEAK, MARA, request_id="p")

    assert world.store.state.incident("INC-1").kills == ("K-1",)
    assert "incident_open" in acts(await killed(world, "again"))


async def test_opening_brings_the_card_of_its_kill_up_to_date(world: World) -> None:
    await killed(world)
    world.server.items.clear()

    await world.bot.incidents.open(WRONG, MARA, request_id="r")

    assert "card" in [item.effect.kind for item in world.server.items.values()]


async def test_a_form_is_filled_from_the_kill_and_closed_by_an_incident(world: World) -> None:
    await killed(world)

    body = (await world.bot.incidents.form("open", NOWHERE, MARA, kill="K-1")).body
    await world.bot.incidents.open(LEAK, MARA, request_id="p")
    other = (await world.bot.incidents.form("open", NOWHERE, SAM, kill="K-1")).body

    assert (body["workflow"], body["title"]) == (COPILOT, "wrong refunds")
    assert body["names"] == ["coding-agent", COPILOT]
    assert body["pages"] == ["SEV1", "SEV2"]
    assert other["workflow"] == COPILOT
    with pytest.raises(StaleButton, match="INC-1 is open for K-1 already"):
        await world.bot.incidents.form("open", NOWHERE, MARA, kill="K-1")
    with pytest.raises(UnknownKill):
        await world.bot.incidents.form("open", NOWHERE, MARA, kill="K-9")


async def test_a_kill_of_everything_names_no_workflow_in_the_form(world: World) -> None:
    await world.bot.kill(
        KillRequest(Target("provider", "openai"), confirmed=True), MARA, request_id="k"
    )

    body = (await world.bot.incidents.form("open", NOWHERE, MARA, kill="K-1")).body

    assert (body["workflow"], body["title"]) == ("", "")
