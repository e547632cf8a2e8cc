"""What a step does in more than one commit, or comes second to: all of it once, each with who was first."""

import pytest

from opsbot.app.incident.requests import OpenIncident
from opsbot.app.requests import RollbackRequest
from opsbot.app.runs.attach import MOST
from opsbot.app.runs.claim import Claimed, Pressing, decide_claim
from opsbot.app.runs.requests import RunAction, StartRun
from opsbot.domain import journal
from opsbot.domain.errors import IllegalMove
from opsbot.domain.route import Number
from opsbot.domain.runbook import Phase
from tests.app.runs.test_perform import AGENT, act, attempted, house_with
from tests.support.routes import MINI, once_served, staged, stored
from tests.support.runs import BOOK, RUN, action, book, marked, pressed, run, step, walked_company
from tests.support.world import INES, MARA, World

OPENS = {"title": "AI answers are wrong", "update": "we are looking", "next": "30m"}


async def alone_with(**given: str) -> World:
    """Return a company that walks one step about an incident, outside any."""
    steps = (step("Do it", action("incident", **given)),)
    house = await walked_company(book(Phase("one", "One", 1, steps=steps)))
    begin = StartRun(BOOK, params={"workflow": AGENT})
    await house.bot.runs.start(begin, MARA, request_id="begin")
    return house


async def test_a_step_that_opens_an_incident_gives_its_update_and_moves_it_as_well() -> None:
    house = await alone_with(**OPENS, status="contained", reason="it is off")

    await pressed(house, "do-it")

    incident = house.store.state.incident("INC-2")
    assert await house.env.unsealed(incident.update) == ("we are looking",)
    assert incident.update_due_ms == house.clock.now_ms() + 30 * 60_000
    assert incident.status == "contained"
    assert (act(house).state, act(house).result) == ("done", "INC-2")


async def test_an_update_that_was_lost_with_the_bot_is_given_when_that_is_read_back() -> None:
    house = await alone_with(**OPENS)
    request = RunAction(RUN, "do-it", confirmed=True)
    told = await house.bot.runs.decided(
        RUN, MARA, "do",
        lambda one: lambda state, now: decide_claim(state, now, Pressing(request, MARA, one)),
    )  # fmt: skip
    assert isinstance(told, Claimed)
    await house.bot.incidents.open(OpenIncident(OPENS["title"]), MARA, request_id=told.request_id)
    house.clock.later(31)

    await house.bot.runs.acts.settle("RUN-1", "do-it#1")

    incident = house.store.state.incident("INC-2")
    assert await house.env.unsealed(incident.update) == ("we are looking",)
    assert (act(house).state, act(house).result) == ("done", "INC-2")
    assert run(house).incident == "INC-2"


async def test_what_cannot_be_said_in_the_incident_that_was_opened_is_told() -> None:
    house = await alone_with(title="AI answers are wrong", status="reviewed")

    said = await pressed(house, "do-it")

    assert act(house).result == "INC-2"
    assert act(house).detail.startswith("it is open, and no more than that: ")
    assert said.lines[0].startswith("INC-2 it is open, and no more than that: ")


async def test_a_step_with_a_title_says_its_update_in_the_incident_that_is_there() -> None:
    house = await house_with(
        "incident", title="outage", type="provider_outage", update="the notice is up"
    )
    before = house.store.state.incident("INC-1")

    await pressed(house, "do-it")

    now = house.store.state.incident("INC-1")
    assert now.type == before.type
    assert await house.env.unsealed(now.update) == ("the notice is up",)


async def test_a_kill_of_a_run_says_in_the_journal_neither_which_run_nor_which_step() -> None:
    house = await house_with("kill", workflow=AGENT)
    await pressed(house, "do-it")

    entries = [journal.read_entry(line, index=n) for n, line in enumerate(house.server.lines)]
    (kill,) = (one for one in entries if one.verb == "kill")

    assert kill.request == attempted(house)
    assert "RUN-1" not in kill.request
    assert "do-it" not in kill.request


async def test_a_rollback_that_somebody_did_before_says_who() -> None:
    house = await house_with("rollback", workflow=AGENT, to="r2")
    await house.declare(staged(AGENT))
    await stored(house, AGENT, targets=MINI)
    await once_served(house, AGENT)
    await house.bot.rollback(RollbackRequest(AGENT, Number(2)), INES, request_id="first")
    house.clock.later(40)

    said = await pressed(house, "do-it")

    assert said.lines[0].startswith("Already so: Ines rolled it back 40 s ago;")
    assert act(house).detail == "it was so already: Ines was first"


async def test_captured_evidence_ends_where_a_run_takes_no_more_and_leaves_notes_their_place() -> (
    None
):
    house = await house_with("capture", workflow=AGENT, what=("route", "kills", "journal"))
    for n in range(MOST - 1):
        await marked(house, "evidence", "do-it", words=f"trace {n}", request_id=f"e{n}")

    await pressed(house, "do-it")
    first = act(house)
    await pressed(house, "do-it")
    with pytest.raises(IllegalMove, match="has 200 pieces of evidence; nothing was kept"):
        await marked(house, "evidence", "do-it", words="one more")
    await marked(house, "note", "do-it", words="enough of that")

    kinds = [one.kind for one in run(house).attached]
    assert (kinds.count("evidence"), kinds.count("note")) == (MOST, 1)
    assert first.state == "failed", "what was not kept is no evidence"
    assert first.detail.startswith("1 of ")
    assert first.detail.endswith(" pointers kept: RUN-1 has 200 pieces of evidence")
    assert act(house).detail.startswith("0 of ")
    assert len({one.id for one in run(house).attached}) == MOST + 1
