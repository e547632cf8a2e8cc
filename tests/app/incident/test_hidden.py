"""What the journal and undelivered messages tell of a private incident: nothing, to who does not see it."""

import json
from dataclasses import replace
from typing import Any

import pytest

from opsbot.app.incident.requests import EditIncident, OpenIncident, TimelineNote, Which
from opsbot.app.requests import KillRequest, Target
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NotAllowed
from tests.support.comms import LEADS, telling
from tests.support.world import INES, MARA, SAM, World, workflow

COPILOT = "support-copilot"
PRIVATE = OpenIncident("leaked addresses", workflow=COPILOT, type="data_leak_pii")
OF_ONE = Which("INC-1")


@pytest.fixture
async def world() -> World:
    made = World()
    await made.declare(workflow(COPILOT, tier=1), workflow("coding-agent"))
    return made


async def tail(world: World, actor: Actor) -> list[Any]:
    """Return the newest entry's line and body as somebody reads them."""
    said = await world.bot.audit_tail(1, actor)
    (entry,) = json.loads(json.dumps(said.body))["entries"]
    return [said.lines[0], entry]


async def exported(world: World, actor: Actor) -> list[str]:
    return [line async for line in world.bot.audit_export(actor)]


async def test_the_tail_keeps_a_private_incident_from_who_does_not_see_it(world: World) -> None:
    await world.bot.incidents.open(PRIVATE, MARA, request_id="r1")

    line, entry = await tail(world, SAM)
    seen_line, seen = await tail(world, INES)

    assert "· incident_open · withheld: private ·" in line
    assert entry["withheld"] == "private"
    assert (entry["writes"], entry["facts"]) == ([], {})
    assert "actor" not in entry
    assert "INC-1" not in json.dumps(entry)
    assert (entry["seq"], entry["at_ms"]) == (seen["seq"], seen["at_ms"])
    assert entry["hash"][:12] in line
    assert entry["hash"][:12] in seen_line
    assert "incidents/INC-1" in seen_line
    assert seen["actor"]["id"] == MARA.id


async def test_who_works_on_it_reads_its_entries(world: World) -> None:
    await world.bot.incidents.open(PRIVATE, SAM, request_id="r1")

    _, entry = await tail(world, SAM)

    assert "withheld" not in entry


async def test_a_line_of_a_private_timeline_is_kept_back_too(world: World) -> None:
    await world.bot.incidents.open(PRIVATE, MARA, request_id="r1")
    await world.bot.incidents.note(TimelineNote(OF_ONE, "212 rows"), MARA, request_id="r2")

    line, entry = await tail(world, SAM)

    assert "withheld: private" in line
    assert "INC-1" not in json.dumps(entry)


async def test_what_was_public_once_is_kept_back_when_it_is_private(world: World) -> None:
    await world.bot.incidents.open(
        OpenIncident("wrong sums", workflow=COPILOT), MARA, request_id="1"
    )
    assert "incidents/INC-1" in (await tail(world, SAM))[0]

    await world.bot.incidents.edit(EditIncident(OF_ONE, private=True), MARA, request_id="2")

    said = await world.bot.audit_tail(2, SAM)
    assert "INC-1" not in json.dumps(dict(said.body))
    assert all("withheld: private" in line for line in said.lines)


async def test_a_kill_stays_public_without_the_private_incident_that_it_joined(
    world: World,
) -> None:
    await world.bot.incidents.open(PRIVATE, MARA, request_id="r1")
    await world.bot.kill(KillRequest(Target("workflow", COPILOT), "stop"), MARA, request_id="r2")

    line, entry = await tail(world, SAM)

    assert "kills/K-1" in line
    assert line.count("withheld: private") == 1
    assert entry["actor"]["id"] == MARA.id
    assert "INC-1" not in json.dumps(entry)


async def test_a_number_that_begins_alike_is_not_kept_back(world: World) -> None:
    await world.bot.incidents.open(PRIVATE, MARA, request_id="r0")
    for at in range(2, 11):
        request = OpenIncident("wrong sums", workflow="coding-agent", anyway=True)
        await world.bot.incidents.open(request, MARA, request_id=f"r{at}")

    line, entry = await tail(world, SAM)

    assert "incidents/INC-10" in line
    assert "withheld" not in entry


async def test_the_export_is_whole_or_it_is_refused(world: World) -> None:
    open_to_all = await exported(world, SAM)
    await world.bot.incidents.open(PRIVATE, MARA, request_id="r1")

    with pytest.raises(NotAllowed, match="private incidents that you may not see"):
        await exported(world, SAM)
    whole = await exported(world, INES)

    assert len(whole) == len(open_to_all) + 1
    assert json.loads(whole[-1])["count"] == len(world.server.lines)


async def test_one_that_is_opened_while_the_export_runs_breaks_it_off_unsigned(
    world: World,
) -> None:
    lines = world.bot.audit_export(SAM)
    found = [await anext(lines)]
    await world.bot.incidents.open(PRIVATE, MARA, request_id="r1")

    with pytest.raises(NotAllowed):
        found += [line async for line in lines]

    assert not any("INC-1" in line or "signature" in line for line in found)


async def test_a_finding_names_no_private_record(world: World) -> None:
    await world.bot.incidents.open(PRIVATE, MARA, request_id="r1")
    state = world.server.state
    record = {**state.kind("incidents")["INC-1"], "severity": "SEV5"}
    records = {**state.records, "incidents": {"INC-1": record}}
    world.server.state = replace(state, records=records)

    blind = await world.bot.audit_verify(SAM)
    seen = await world.bot.audit_verify(INES)

    assert blind.tone == seen.tone == "red"
    assert "INC-1" not in blind.as_text()
    assert "incidents/INC-1" in seen.as_text()


async def test_an_undelivered_message_about_it_names_it_to_nobody_else(world: World) -> None:
    await world.bot.incidents.open(PRIVATE, MARA, request_id="r1")
    await world.bot.incidents.edit(EditIncident(OF_ONE, update="we look"), MARA, request_id="r2")
    names = [
        one
        for one in list(world.server.items)
        if world.delivery(one).effect.kind == "incident_card"
    ]
    for name in names:
        await world.outbox.dead(world.delivery(name), reason="channel inc-1-secret is gone")

    blind = (await world.bot.status(None, SAM)).as_text()
    home = [said.as_text() for said in await world.bot.home(SAM)]
    seen = (await world.bot.status(None, INES)).as_text()

    assert names
    assert "a message about something private failed" in blind
    assert not any("INC-1" in one or "inc-1" in one for one in (blind, *home))
    assert "the Slack card of INC-1 failed" in seen


async def test_words_around_a_private_incident_are_kept_from_who_does_not_see_it() -> None:
    one = await telling(PRIVATE)
    await one.new(LEADS, by=INES, targets=("mail",))

    line, entry = await tail(one.world, SAM)

    assert "withheld: private" in line
    assert "MSG-1" not in json.dumps(entry)
    assert entry["writes"] == []
