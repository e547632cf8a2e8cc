"""What a run is begun with in people's own words: never in the journal, erasable, and what is so after that."""

from dataclasses import replace

import pytest

from opsbot.app.incident.requests import EditIncident, Which
from opsbot.app.review.runs import walked
from opsbot.app.runs.requests import EndRun, StartRun
from opsbot.app.timeline.read import Timeline
from opsbot.domain.change import Sealed
from opsbot.domain.errors import NeedsMoreWords, NothingToRestore
from opsbot.domain.prose import Paragraph, words
from opsbot.domain.run import Run, as_record, from_record
from opsbot.domain.runbook import Param, Phase, Runbook
from tests.support.runs import (
    BOOK,
    COPILOT,
    RUN,
    action,
    book,
    looked,
    marked,
    pressed,
    run,
    shelved,
    started,
    step,
    view,
    walked_company,
)
from tests.support.world import INES, MARA, OLA, World

WHO, WHAT = "acme-holding", "Jane Doe of Springfield was told lies"
GIVEN = {"workflow": COPILOT, "customer": WHO, "story": WHAT}


def telling(name: str = BOOK) -> Runbook:
    """Return a runbook that asks for a customer and a story, and speaks of them everywhere."""
    steps = (
        step("Look at {{ story }}", id="look", body=(Paragraph(words("Read {{ story }}.")),)),
        step("Stop for {{ customer }}",
             action("kill", workflow="{{ workflow }}", tenant="{{ customer }}",
                    reason="{{ story }}"), id="stop", undo="back"),
        step("Ask", action("approve", what="answers to {{ customer }}, {{ story }}"), id="ask"),
        step("Back", action("restore", workflow="{{ workflow }}", reason="{{ story }}"), id="back"),
    )  # fmt: skip
    params = (
        Param("workflow", "workflow", required=True),
        Param("customer", "tenant", required=True),
        Param("story", "text"),
    )
    return book(Phase("all", "All", 1, steps=steps), name=name, params=params)


@pytest.fixture(name="house")
async def _house() -> World:
    house = await walked_company(telling())
    await started(house, params=GIVEN)
    return house


def journal_of(house: World) -> str:
    """Return everything that stands in the journal."""
    return "\n".join(house.server.lines)


async def erased(house: World, one: Run) -> None:
    """Erase what a run was begun with."""
    await house.store.erase(tuple(one.said.values()))


async def test_what_people_said_is_shown_and_stands_nowhere_in_the_journal(house: World) -> None:
    await marked(house, "done", "look")
    await marked(house, "skip", "ask", words="no need")

    said = await looked(house, "steps")

    assert f"1. Look at {WHAT}:" in said.as_text()
    assert said.body["params"] == GIVEN
    assert WHAT not in journal_of(house)
    assert WHO not in journal_of(house)
    assert run(house).params == {"workflow": COPILOT}


async def test_an_action_does_what_was_said_and_its_approval_says_no_more_than_it_must(
    house: World,
) -> None:
    await pressed(house, "stop")
    await pressed(house, "ask")

    (kill,) = house.store.state.active_kills()
    (reason,) = await house.env.unsealed(kill.reason)
    assert kill.scope.tenant == WHO
    assert reason.startswith(WHAT)
    assert WHAT not in journal_of(house)
    assert house.store.state.approval("A-1").action["asks"] == "answers to (customer), (story)"


async def test_a_drill_writes_down_what_it_would_do_without_what_was_said() -> None:
    house = await walked_company(telling())
    await started(house, mode="drill", params=GIVEN)

    await pressed(house, "stop")

    act = run(house).act("stop", 1)
    assert act is not None
    assert "tenant `(customer)` only" in act.detail
    assert WHO not in journal_of(house)


async def test_in_a_private_incident_no_reason_that_others_read_repeats_what_was_said(
    house: World,
) -> None:
    private = EditIncident(Which("INC-1"), private=True)
    await house.bot.incidents.edit(private, INES, request_id="private")

    await pressed(house, "stop", by=INES)

    (kill,) = house.store.state.active_kills()
    (reason,) = await house.env.unsealed(kill.reason)
    assert kill.scope.tenant == WHO
    assert reason == "Stop for"


async def test_what_was_erased_reads_so_and_the_run_is_walked_on(house: World) -> None:
    await erased(house, run(house))

    await marked(house, "done", "look")
    said = await looked(house, "steps")
    (review,) = await walked(house.env, house.store.state.incident("INC-1"))

    assert "1. Look at (erased): done" in said.as_text()
    assert review.steps[0].title == "Look at (erased)"
    assert run(house).focus["ops"] == "stop"
    assert (await view(house)).given["customer"] == "(erased)"


async def test_an_action_that_needs_what_was_erased_is_refused_and_hits_nobody_else(
    house: World,
) -> None:
    await erased(house, run(house))

    with pytest.raises(NeedsMoreWords) as no:
        await pressed(house, "stop")

    assert "what `tenant` was given was erased" in no.value.message
    assert no.value.hint == "Begin a run with it, or do it by its command."
    assert not house.store.state.active_kills()
    await marked(house, "done", "stop")


async def test_a_reason_that_was_erased_stops_no_action(house: World) -> None:
    await erased(house, run(house))
    await marked(house, "skip", "ask", words="no need", by=INES)

    with pytest.raises(NothingToRestore, match="No active kill names"):
        await pressed(house, "back")


async def test_what_was_said_goes_on_with_a_switch_and_not_once_it_is_erased(house: World) -> None:
    shelved(house, telling(), telling("another"), telling("third"))
    switch = EndRun(RUN, "switch", runbook="another", words="wrong one")
    await house.bot.runs.end(switch, INES, request_id="switch")
    second = run(house, "RUN-2")
    kept = (await view(house, "RUN-2")).given
    await erased(house, second)

    again = replace(switch, which=replace(RUN, name="RUN-2"), runbook="third")
    with pytest.raises(NeedsMoreWords, match="`third` needs `customer`"):
        await house.bot.runs.end(again, INES, request_id="again")

    assert kept == GIVEN
    assert WHO not in journal_of(house)


async def test_a_newer_revision_is_kept_as_its_file_is(house: World) -> None:
    shelf = shelved(house, telling())
    old = telling()
    (phase,) = old.phases
    newer = book(replace(phase, steps=(*phase.steps, step("Note {{ story }}", id="note"))),
                 params=old.params)  # fmt: skip
    shelf.put(newer)

    await house.bot.runs.end(EndRun(RUN, "renew"), MARA, request_id="renew")

    record = house.store.state.kind("runbook_texts")[newer.digest]
    titles = [one["title"] for one in record["steps"]]  # type: ignore[union-attr,index,call-overload]  # our own record
    assert titles[-1] == "Note {{ story }}"
    assert WHAT not in journal_of(house)
    assert f"Note {WHAT}" in (await looked(house, "steps")).as_text()


async def test_a_run_from_before_they_were_sealed_is_read_as_it_is(house: World) -> None:
    old = {**as_record(run(house)), "params": GIVEN}
    del old["said"]

    one = from_record(old)

    assert (one.params, one.said) == (GIVEN, {})
    assert (await house.bot.runs.reader.book(one)).steps[0].title == f"Look at {WHAT}"


async def test_a_text_that_was_changed_behind_the_journal_is_named_and_never_done(
    house: World,
) -> None:
    commitment = run(house).said["customer"]
    house.server.texts[commitment] = Sealed(commitment, "00" * 16, "another-customer")

    audited = await house.bot.audit_verify(OLA)
    with pytest.raises(NeedsMoreWords, match="what `tenant` was given was erased"):
        await pressed(house, "stop")

    assert audited.lines == (f"The text {commitment[:16]}… beside the chain was changed.",)
    assert not house.store.state.active_kills()


async def test_a_timeline_reads_as_people_said_it_until_that_is_erased(house: World) -> None:
    await marked(house, "done", "look")
    incident = house.store.state.incident("INC-1")
    before = [one.text for one in await Timeline(house.env).of(incident)]

    await erased(house, run(house))

    after = [one.text for one in await Timeline(house.env).of(incident)]
    assert f"Mara did “Look at {WHAT}” of RUN-1." in before
    assert "Mara did “Look at (erased)” of RUN-1." in after


async def test_a_declared_name_that_is_given_as_text_is_no_free_text() -> None:
    named = replace(telling(), params=(Param("workflow", "text"), *telling().params[1:]))
    house = await walked_company(named)

    await house.bot.runs.start(StartRun(BOOK, "INC-1", params=GIVEN), MARA, request_id="begin")

    assert run(house).params == {"workflow": COPILOT}
