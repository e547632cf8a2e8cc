"""What was asked goes to the verb that does it, whatever it was about."""

from typing import get_args

import pytest

from opsbot.app.ask import WAYS, Words, ask
from opsbot.app.incident.requests import IncidentLook, OpenIncident, RetractNote, Which
from opsbot.app.runs.requests import RunLook
from opsbot.domain.errors import NeedsMoreWords
from tests.support.world import MARA, World


def test_there_is_one_way_for_everything_that_can_be_asked_and_none_besides() -> None:
    assert set(get_args(Words)) == set(WAYS)


async def test_acts_and_looks_reach_their_verbs_with_the_id_that_makes_them_one_effect(
    world: World,
) -> None:
    opening = OpenIncident("wrong refunds", "support-copilot", "SEV2", flag="drill", drill=True)

    first = await ask(world.bot, opening, MARA, request_id="1")
    again = await ask(world.bot, opening, MARA, request_id="1")
    listed = await ask(world.bot, IncidentLook("list"), MARA)
    shown = await ask(world.bot, IncidentLook("show", Which("INC-1")), MARA)
    runs = await ask(world.bot, RunLook("list"), MARA)

    assert first.title == "Opened as a drill, titled \u201cwrong refunds\u201d"
    assert first.body["incident"] == again.body["incident"] == "INC-1"
    assert [one["incident"] for one in listed.body["incidents"]] == ["INC-1"]  # type: ignore[union-attr,index,call-overload]  # JSON
    assert shown.body["incident"] == "INC-1"
    assert runs.body["runs"] == []


async def test_a_line_without_its_incident_is_asked_for(world: World) -> None:
    with pytest.raises(NeedsMoreWords, match="with its incident"):
        await ask(world.bot, RetractNote(Which(), "n3"), MARA, request_id="1")
