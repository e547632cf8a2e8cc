"""Words that a run still owes users: said to whoever resolves its incident, and on its card, until they are."""

import pytest

from opsbot.app.incident.requests import MoveIncident, Which
from opsbot.app.runs.requests import EndRun
from opsbot.domain.said import Said
from opsbot.domain.typed import command
from tests.support.incident_life import settle
from tests.support.runs import RUN, marked, started, walked_company
from tests.support.world import INES, World

LOOK = command("runbook show RUN-1")
FIRST = (
    "The comms lane of `wrong-answers` still waits at step 6, \u201cTell the users\u201d"
    f" (1 more left): {LOOK}."
)
LAST = f"The comms lane of `wrong-answers` still waits at step 11, \u201cTell them it is over\u201d: {LOOK}."


@pytest.fixture(name="world")
async def _world() -> World:
    return await walked_company()


async def told(world: World) -> Said:
    """Resolve the incident as Ines and return the answer."""
    move = MoveIncident(Which("INC-1"), "resolved", "fixed in r42")
    said = await world.bot.incidents.move(move, INES, request_id="resolve")
    await settle(world)
    return said


async def resolved(world: World) -> tuple[str, ...]:
    """Resolve the incident and return the lines of the answer."""
    return (await told(world)).lines


def card(world: World) -> str:
    """Return what the incident's card says since it was edited last."""
    said = (one for one in world.slack.updated if one.startswith("INC-1"))
    return [one for one in said if "declared" in one][-1]


async def asked(world: World) -> object:
    """Return what the form of a resolution says before anybody fills it in."""
    return (await world.bot.incidents.form("resolved", Which("INC-1"), INES)).body["untold"]


async def test_who_resolves_reads_which_words_to_users_are_still_owed(world: World) -> None:
    await started(world)

    before = await asked(world)
    said = await told(world)
    again = await told(world)
    shown = await world.bot.incidents.show(Which("INC-1"), INES)

    assert before == [FIRST]
    for one in (said, again, shown):
        assert FIRST in one.lines
        assert one.body["untold"] == [FIRST]
    assert world.store.state.incident("INC-1").status == "resolved"


async def test_words_that_are_said_are_owed_no_more_and_the_card_follows(world: World) -> None:
    await started(world)
    await resolved(world)
    first = card(world)

    await marked(world, "skip", "tell-the-users", words="told by phone", by=INES)
    await settle(world)
    second = card(world)
    await marked(world, "done", "tell-them-it-is-over", by=INES)
    await settle(world)

    assert "still waits at step 6" in first
    assert "still waits at step 11" in second
    assert "still waits" not in card(world)


async def test_words_that_wait_for_somebody_are_owed_as_well(world: World) -> None:
    await started(world)
    await marked(world, "skip", "tell-the-users", words="told by phone", by=INES)
    await marked(world, "block", "tell-them-it-is-over", words="legal")

    said = await resolved(world)

    assert LAST in said


async def test_nothing_is_owed_where_the_comms_lane_is_at_its_end(world: World) -> None:
    await started(world)
    for step in ("tell-the-users", "tell-them-it-is-over"):
        await marked(world, "skip", step, words="told by phone", by=INES)

    before = await asked(world)
    said = await resolved(world)

    assert before == []
    assert not [one for one in said if "still waits" in one]


@pytest.mark.parametrize("mode", ["drill", "show"])
async def test_practice_owes_nobody_a_word(world: World, mode: str) -> None:
    await started(world, mode=mode)

    said = await resolved(world)

    assert not [one for one in said if "still waits" in one]


async def test_a_run_that_was_ended_for_a_reason_owes_nothing(world: World) -> None:
    await started(world)
    end = EndRun(RUN, "abandon", words="told from the office")
    await world.bot.runs.end(end, INES, request_id="end")

    said = await resolved(world)

    assert not [one for one in said if "still waits" in one]


async def test_an_open_incident_does_not_repeat_what_its_runs_say(world: World) -> None:
    await started(world)

    said = await world.bot.incidents.show(Which("INC-1"), INES)

    assert not [one for one in said.lines if "still waits" in one]
