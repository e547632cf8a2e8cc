"""What is looked at: the catalogue, a runbook to read, the runs, a pinned text as a file; and who may see what."""

import json

import pytest

from opsbot.app.incident.requests import EditIncident, Which
from opsbot.app.runs.requests import EndRun, LeadRun, RunAction, RunLook, StartRun, WhichRun
from opsbot.domain.errors import (
    NeedsMoreWords,
    NotAllowed,
    UnknownRun,
    UnknownRunbook,
    UnknownWorkflow,
    UnreadableRunbook,
)
from opsbot.domain.prose import words
from opsbot.domain.runbook import Decision, Option, Param, Phase
from tests.support.runs import (
    BOOK,
    COPILOT,
    RUN,
    action,
    book,
    looked,
    marked,
    run,
    shelved,
    started,
    step,
    view,
    walked_company,
)
from tests.support.world import GUS, INES, MARA, SAM, World


@pytest.fixture(name="house")
async def _house() -> World:
    return await walked_company()


async def test_the_catalogue_lists_every_runbook_with_what_it_asks_for(house: World) -> None:
    said = await house.bot.runs.look(RunLook("catalogue"), MARA)

    (one,) = json.loads(json.dumps(said.body))["runbooks"]
    assert said.title == "1 runbook in prod"
    assert (one["runbook"], one["steps"]) == (BOOK, 11)


async def test_a_house_without_runbooks_says_where_they_belong() -> None:
    world = World()
    await world.declare()

    said = await world.bot.runs.look(RunLook("catalogue"), MARA)

    assert said.lines == ("They are markdown files in `runbooks/`.",)
    with pytest.raises(UnknownRunbook):
        await world.bot.runs.start(StartRun(BOOK), MARA, request_id="1")


async def test_a_runbook_is_read_whole(house: World) -> None:
    said = await house.bot.runs.look(RunLook("read", runbook=BOOK), MARA)

    assert any("Stop the harm" in line for line in said.lines)
    assert said.body["source"] == book().source


async def test_the_current_step_is_shown_with_its_own_words(house: World) -> None:
    await started(house)

    said = await house.bot.runs.look(RunLook("show"), MARA)

    assert "How to keep the evidence of support-copilot." in said.lines
    assert "Action 1: Capture evidence of support-copilot." in said.lines


async def test_guests_look_at_nothing(house: World) -> None:
    with pytest.raises(NotAllowed):
        await house.bot.runs.look(RunLook("catalogue"), GUS)


async def test_open_runs_are_listed_and_those_that_are_over_only_when_asked_for(
    house: World,
) -> None:
    none = await house.bot.runs.look(RunLook("list"), MARA)
    await started(house)
    open_ = await house.bot.runs.look(RunLook("list"), MARA)
    end = EndRun(RUN, "abandon", words="wrong one")
    await house.bot.runs.end(end, INES, request_id="end")
    after = await house.bot.runs.look(RunLook("list"), MARA)
    every = await house.bot.runs.look(RunLook("list", every=True), MARA)

    assert none.title == after.title == "No open runs in prod"
    assert open_.title == "1 open run in prod"
    assert every.lines[0].startswith("RUN-1 for INC-1: `wrong-answers`, abandoned")


async def test_a_run_is_found_by_its_incident_its_channel_or_as_the_only_one(house: World) -> None:
    await started(house)
    channel = house.store.state.incident("INC-1").room.channel

    for which in (WhichRun("INC-1"), WhichRun(channel=channel), WhichRun(), WhichRun("run-01")):
        said = await house.bot.runs.look(RunLook("show", which), MARA)
        assert said.body["run"] == "RUN-1"
    with pytest.raises(UnknownRun, match="is no run and no incident"):
        await house.bot.runs.look(RunLook("show", WhichRun("nonsense")), MARA)
    with pytest.raises(UnknownRun, match="There is no run `RUN-9`"):
        await house.bot.runs.look(RunLook("show", WhichRun("RUN-9")), MARA)


async def test_of_two_open_runs_none_is_guessed(house: World) -> None:
    shelved(house, book(), book(name="other"))
    await started(house)
    await started(house, "other")

    with pytest.raises(NeedsMoreWords, match="2 runs are open: `RUN-2`, `RUN-1`"):
        await house.bot.runs.look(RunLook("show"), MARA)


async def test_the_pinned_text_is_a_file_with_its_names_filled_in(house: World) -> None:
    await started(house)

    document = await house.bot.runs.document(RUN, MARA)

    assert document.name == "run-1-wrong-answers.txt"
    assert "How to stop the harm of support-copilot." in document.data.decode()


async def test_a_text_that_cannot_be_read_any_more_is_still_handed_out(house: World) -> None:
    await started(house)
    shelved(house, book(name="other"))

    document = await house.bot.runs.document(RUN, MARA)

    assert document.data.decode() == book().source
    with pytest.raises(UnreadableRunbook):
        await looked(house, "show")
    listed = await house.bot.runs.look(RunLook("list"), MARA)
    assert listed.lines[0].startswith("RUN-1 for INC-1: `wrong-answers`")


async def test_parameters_are_checked_before_anything_begins(house: World) -> None:
    params = (
        Param("workflow", "workflow", required=True),
        Param("share", "number", default="5"),
        Param("maker", "provider"),
    )
    shelved(house, book(params=params))

    async def begin(**given: str) -> None:
        request = StartRun(BOOK, "INC-1", params=given)
        await house.bot.runs.start(request, MARA, request_id=str(sorted(given.items())))

    with pytest.raises(UnknownWorkflow):
        await begin(workflow="suport-copilot")
    with pytest.raises(NeedsMoreWords, match="`share` is a number"):
        await begin(share="five")
    with pytest.raises(NeedsMoreWords, match="No workflow declares the provider `opnai`"):
        await begin(maker="opnai")
    with pytest.raises(NeedsMoreWords, match="asks for no `nonsense`"):
        await begin(nonsense="1")
    await begin(maker="openai")

    assert run(house).params == {"workflow": COPILOT, "share": "5", "maker": "openai"}


async def test_names_are_looked_up_where_people_read_and_nothing_else_is() -> None:
    steps = (
        step(
            "Tell {{ incident.title }}",
            action("kill", reason="{{ incident.id }} {{ x.__class__ }}"),
        ),
    )
    house = await walked_company(book(Phase("one", "One", 1, steps=steps)))
    await started(house)

    shown = (await view(house)).steps[0].step

    assert shown.title == "Tell wrong refund answers"
    assert shown.actions[0].arguments["reason"] == "INC-1 {{ x.__class__ }}"


async def test_the_title_of_an_incident_never_gets_into_the_journal() -> None:
    title = "Tell {{ incident.title }}"
    steps = (step(title, action("kill", reason="{{ incident.title }}"), id="tell"),)
    house = await walked_company(book(Phase("one", "One", 1, steps=steps)))
    await started(house, mode="drill")
    await house.bot.runs.do(_press("tell"), MARA, request_id="press")
    await marked(house, "done", "tell")

    assert not any("wrong refund answers" in line for line in house.server.lines)


def _press(name: str) -> RunAction:
    return RunAction(RUN, name, confirmed=True)


async def test_nobody_is_asked_into_what_they_may_not_know_of(house: World) -> None:
    await house.bot.incidents.edit(
        EditIncident(Which("INC-1"), private=True), INES, request_id="private"
    )
    await started(house)

    with pytest.raises(NotAllowed, match="INC-1 is private and Sam is no part of it"):
        await marked(house, "assign", "find-the-change", who="sam", by=INES)
    with pytest.raises(NotAllowed, match="private"):
        await house.bot.runs.lead(LeadRun(RUN, "offer", "sam"), INES, request_id="offer")
    with pytest.raises(UnknownRun):
        await looked(house, "show", by=SAM)


async def test_an_answer_may_lead_to_another_runbook_and_sends_nobody_there() -> None:
    decide = Decision(words("Is it the provider?"), (Option("Yes", runbook="provider-outage"),))
    house = await walked_company(
        book(Phase("one", "One", 1, steps=(step("Ask", decide=decide), step("Then"))))
    )
    await started(house)

    said = await marked(house, "decide", "ask", option=1)

    assert said.lines[0] == (
        "\u201cAsk\u201d is answered. Next: \u201cThen\u201d."
        " It goes on in `provider-outage`: switch when you are ready."
    )
    assert run(house).open


async def test_an_answer_that_leads_back_opens_what_it_goes_over_again() -> None:
    again = Decision(words("Again?"), (Option("Yes", "one"), Option("No", "four")))
    steps = (
        step("One", action("capture", what=("kills",))),
        step("Two"),
        step("Three", decide=again),
        step("Four"),
    )
    house = await walked_company(
        book(
            Phase("all", "All", 1, steps=steps),
        )
    )
    await started(house)
    await house.bot.runs.do(_press("one"), MARA, request_id="press")
    await marked(house, "done", "two")
    await marked(house, "decide", "three", option=1)
    during = run(house)

    await house.bot.runs.do(_press("one"), MARA, request_id="press again")

    assert [during.mark(name).state for name in ("one", "two", "three")] == ["open"] * 3
    assert during.focus["ops"] == "one"
    assert run(house).acts["one#1"].attempt == 2
    assert run(house).focus["ops"] == "two"
