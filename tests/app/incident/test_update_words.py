"""An update says that it did something, and the card shows the newest one."""

import pytest

from opsbot.app.environment import policy_of
from opsbot.app.incident.requests import EditIncident, MoveIncident, OpenIncident, Which
from opsbot.app.incident.update_words import last_update, noted_words
from opsbot.domain.errors import IllegalMove
from opsbot.domain.incident.incident import as_record, from_record
from tests.support.world import MARA, SAM, World, workflow

COPILOT = "support-copilot"
INC = Which("INC-1")


@pytest.fixture
async def world() -> World:
    made = World()
    await made.declare(workflow(COPILOT, tier=1))
    request = OpenIncident("wrong refunds", workflow=COPILOT, severity="SEV2")
    await made.bot.incidents.open(request, MARA, request_id="open")
    return made


async def settle(world: World) -> None:
    for _ in range(4):
        await world.work("incident_step")


async def test_an_update_answers_with_what_was_noted_and_what_was_promised(world: World) -> None:
    update = EditIncident(INC, update="we rolled back to r3", next_update_s=1200)

    said = await world.bot.incidents.edit(update, SAM, request_id="1")

    assert said.lines[0].endswith(
        ": \u201cwe rolled back to r3\u201d. Next update promised in 20 min."
    )
    assert said.lines[0].startswith("Noted")
    assert said.as_text().count("we rolled back to r3") == 1


async def test_the_answer_names_the_channel_and_does_not_say_that_it_arrived(
    world: World,
) -> None:
    await settle(world)
    incident = world.store.state.incident("INC-1")

    said = await world.bot.incidents.edit(EditIncident(INC, update="we look"), SAM, request_id="1")

    assert incident.room.channel
    assert said.lines[0] == f"Noted, and being said in #{incident.room.name}: \u201cwe look\u201d."


async def test_without_a_channel_it_is_noted(world: World) -> None:
    incident = world.store.state.incident("INC-1")

    assert noted_words(incident, "we\nlook") == "Noted: \u201cwe look\u201d."
    assert noted_words(incident, "", "Next update promised in 20 min.").startswith("Next update")


async def test_the_card_shows_the_newest_update_with_when_and_who(world: World) -> None:
    await world.bot.incidents.edit(EditIncident(INC, update="first"), MARA, request_id="1")
    await world.bot.incidents.edit(EditIncident(INC, update="second"), SAM, request_id="2")

    said = await world.bot.incidents.show(INC, MARA)

    (line,) = [one for one in said.lines if one.startswith("Last update ")]
    assert line.endswith(" by Sam: second")
    assert "first" not in said.as_text()


async def test_an_edit_without_an_update_keeps_the_newest(world: World) -> None:
    await world.bot.incidents.edit(EditIncident(INC, update="first"), SAM, request_id="1")

    said = await world.bot.incidents.edit(EditIncident(INC, title="sums"), MARA, request_id="2")

    assert any(line.endswith(" by Sam: first") for line in said.lines)


async def test_what_is_over_takes_no_update_and_says_the_way(world: World) -> None:
    await world.bot.incidents.edit(EditIncident(INC, update="first"), SAM, request_id="1")
    await world.bot.incidents.move(MoveIncident(INC, "resolved"), MARA, request_id="2")

    with pytest.raises(IllegalMove) as refused:
        await world.bot.incidents.edit(EditIncident(INC, update="more"), SAM, request_id="3")
    said = await world.bot.incidents.show(INC, MARA)

    assert "takes no updates" in refused.value.message
    assert refused.value.hint == "Reopen it first; `note` puts it into the timeline."
    assert "Last update" not in said.as_text()


async def test_a_record_of_before_has_no_update(world: World) -> None:
    record = dict(as_record(world.store.state.incident("INC-1")))
    for name in ("update", "update_ms", "update_by"):
        del record[name]

    incident = from_record(record)

    assert (incident.update, incident.update_ms, incident.update_by) == ("", None, "")
    assert last_update(incident, "", policy_of(world.store.state), 0) == ""
