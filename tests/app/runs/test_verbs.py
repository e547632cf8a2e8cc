"""A run from its beginning to its end, by people: marks, lanes, hands, the lead, and what is said of it."""

import pytest

from opsbot.app.incident.requests import EditIncident, Which
from opsbot.app.runs.requests import EndRun, StartRun
from opsbot.domain.errors import (
    IllegalMove,
    NeedsMoreWords,
    NotAllowed,
    RunOpen,
    StaleButton,
    UnknownRun,
    UnknownRunbook,
)
from opsbot.domain.runbook import Phase
from opsbot.domain.typed import command
from tests.support.runs import (
    BOOK,
    RUN,
    book,
    looked,
    marked,
    reached,
    run,
    shelved,
    started,
    step,
    view,
    walked_company,
)
from tests.support.world import INES, MARA, NOOR, SAM, World


@pytest.fixture(name="house")
async def _house() -> World:
    return await walked_company()


async def test_a_run_takes_its_workflow_from_the_incident_and_pins_the_text(house: World) -> None:
    said = await house.bot.runs.start(StartRun(BOOK, "INC-1"), MARA, request_id="1")

    begun = run(house)
    assert said.title == "RUN-1 for INC-1: Wrong or harmful answers in prod"
    assert begun.params == {"workflow": "support-copilot"}
    assert begun.commander == "ines"
    assert begun.focus == {"ops": "keep-the-evidence", "comms": "tell-the-users"}
    assert house.store.state.runbook_text(begun.digest) == book().source


async def test_the_same_beginning_twice_is_one_run(house: World) -> None:
    await house.bot.runs.start(StartRun(BOOK, "INC-1"), MARA, request_id="1")
    said = await house.bot.runs.start(StartRun(BOOK, "INC-1"), MARA, request_id="1")

    assert said.body["outcome"] == "there"
    assert len(house.store.state.runs()) == 1


async def test_a_second_walk_through_the_same_is_refused_and_names_the_first(house: World) -> None:
    await started(house)

    with pytest.raises(RunOpen, match="RUN-1 walks `wrong-answers` for INC-1 already"):
        await started(house, by=SAM)


async def test_an_unknown_runbook_is_answered_with_the_nearest(house: World) -> None:
    with pytest.raises(UnknownRunbook) as no:
        await started(house, "wrong-answer")

    assert no.value.hint == "Did you mean `wrong-answers`?"


async def test_what_is_asked_for_and_not_given_is_named(house: World) -> None:
    with pytest.raises(NeedsMoreWords, match="needs `workflow`"):
        await house.bot.runs.start(StartRun(BOOK), MARA, request_id="1")


async def test_who_has_no_power_begins_nothing(house: World) -> None:
    with pytest.raises(NotAllowed):
        await started(house, by=NOOR)


async def test_done_leads_on_to_the_next_step_of_its_lane_alone(house: World) -> None:
    await started(house)
    await reached(house, "find-the-change")

    said = await marked(house, "done", "find-the-change")
    await marked(house, "done", "tell-the-users", by=SAM)

    assert (
        said.lines[0] == "\u201cFind the change\u201d is done. Next: \u201cWait for traffic\u201d."
    )
    assert run(house).focus == {"ops": "wait-for-traffic", "comms": "tell-them-it-is-over"}
    assert run(house).mark("tell-the-users").by == "sam"


async def test_who_is_second_reads_who_was_first_and_when(house: World) -> None:
    begun = await started(house)
    await marked(house, "failed", "keep-the-evidence", seen=begun.version)
    house.clock.later(2)

    with pytest.raises(StaleButton) as no:
        await marked(house, "failed", "keep-the-evidence", by=SAM, seen=begun.version)

    assert no.value.message.startswith(
        "Mara did this 2 s ago: \u201cKeep the evidence\u201d did not work"
    )


async def test_two_marks_of_different_steps_from_one_screen_both_count(house: World) -> None:
    begun = await started(house)
    await marked(house, "done", "tell-the-users", seen=begun.version)
    await marked(house, "failed", "keep-the-evidence", by=SAM, seen=begun.version)

    assert run(house).mark("tell-the-users").state == "done"
    assert run(house).mark("keep-the-evidence").state == "failed"


async def test_a_repeated_press_is_answered_and_changes_nothing(house: World) -> None:
    await started(house)
    await marked(house, "done", "find-the-change", request_id="press")
    before = run(house)

    said = await marked(house, "done", "find-the-change", request_id="press")

    assert said.lines[0] == "This request was done before; nothing was done twice."
    assert run(house) == before


async def test_boxes_of_two_people_are_both_kept(house: World) -> None:
    begun = await started(house)
    await marked(house, "box", "keep-the-evidence", box="b1", seen=begun.version)
    await marked(house, "box", "keep-the-evidence", box="b2", by=SAM, seen=begun.version)

    assert run(house).mark("keep-the-evidence").boxes == ("b1", "b2")
    with pytest.raises(StaleButton, match="Somebody ticked this box"):
        await marked(house, "box", "keep-the-evidence", box="b2", seen=begun.version)


async def test_an_answer_leads_past_steps_and_taking_it_back_opens_them(house: World) -> None:
    await started(house)
    await marked(house, "decide", "does-it-go-on", option=2)
    past = await view(house)

    await marked(house, "undo", "does-it-go-on")

    assert past.step("widen-the-kill").state == "passed"  # type: ignore[union-attr]  # None would fail here
    assert run(house).mark("widen-the-kill").passed == ""
    assert run(house).mark("does-it-go-on").choice is None


async def test_a_blocked_step_lets_its_lane_go_on_and_comes_back(house: World) -> None:
    await started(house)

    await marked(house, "block", "keep-the-evidence", words="the trace store", for_s=300)
    on = run(house).focus["ops"]
    await marked(house, "unblock", "keep-the-evidence")

    assert on == "stop-the-harm"
    assert run(house).focus["ops"] == "keep-the-evidence"


async def test_a_check_that_failed_keeps_its_lane(house: World) -> None:
    await started(house)
    await reached(house, "check-it")
    await marked(house, "failed", "check-it", words="too low")

    assert run(house).focus["ops"] == "check-it"
    with pytest.raises(NotAllowed, match="Only the commander skips a `verify` step"):
        await marked(house, "skip", "check-it", words="good enough")
    await marked(house, "skip", "check-it", words="good enough", by=INES)
    assert run(house).focus["ops"] == "ask-a-second-person"


async def test_a_check_is_not_ticked_by_hand(house: World) -> None:
    await started(house)

    with pytest.raises(NeedsMoreWords, match="Only its `verify` makes"):
        await marked(house, "done", "check-it")


async def test_a_step_without_a_reason_is_not_skipped(house: World) -> None:
    await started(house)

    with pytest.raises(NeedsMoreWords, match="Say why"):
        await marked(house, "skip", "find-the-change")


async def test_back_moves_only_the_focus_and_done_goes_on(house: World) -> None:
    await started(house)
    await reached(house, "find-the-change")
    await marked(house, "done", "find-the-change")
    before = run(house).marks

    await marked(house, "back", "wait-for-traffic")
    back = run(house)
    await marked(house, "done", "find-the-change")

    assert back.focus["ops"] == "find-the-change"
    assert back.mark("find-the-change") == before["find-the-change"]
    assert back.mark("wait-for-traffic").state == "open"
    assert run(house).focus["ops"] == "wait-for-traffic"


async def test_a_step_is_theirs_once_they_accept(house: World) -> None:
    await started(house)
    await marked(house, "assign", "stop-the-harm", who="sam", by=INES)
    asked = run(house).mark("stop-the-harm")

    with pytest.raises(StaleButton, match="not offered to you"):
        await marked(house, "accept", "stop-the-harm")
    await marked(house, "accept", "stop-the-harm", by=SAM)

    assert (asked.assignee, asked.offered) == ("", "sam")
    assert run(house).mark("stop-the-harm").assignee == "sam"


async def test_only_the_commander_assigns(house: World) -> None:
    await started(house)

    with pytest.raises(NotAllowed, match="Only the commander assigns steps"):
        await marked(house, "assign", "stop-the-harm", who="sam")


async def test_free_text_is_opened_for_people_and_not_in_the_record(house: World) -> None:
    await started(house)
    await marked(house, "skip", "find-the-change", words="does not apply: vendor change")

    said = await looked(house, "steps")

    assert any("does not apply: vendor change" in line for line in said.lines)
    assert not any("vendor change" in line for line in house.server.lines)


async def test_who_comes_late_reads_where_it_is(house: World) -> None:
    await started(house)
    await marked(house, "done", "find-the-change")
    await marked(house, "take", "tell-the-users", by=SAM)

    said = await looked(house, "catchup")

    assert said.title == "Where RUN-1 for INC-1: Wrong or harmful answers in prod is"
    assert "Led by Ines." in said.lines
    assert any(line.startswith("Last done: Find the change, by Mara") for line in said.lines)
    assert "Sam has Tell the users; Mara has Find the change." not in said.lines
    assert any("Sam has Tell the users" in line for line in said.lines)


async def test_a_run_of_a_private_incident_is_no_run_for_others(house: World) -> None:
    await started(house)
    await house.bot.incidents.edit(EditIncident(Which("INC-1"), private=True), INES, request_id="p")

    with pytest.raises(UnknownRun) as hidden:
        await looked(house, "show", by=SAM)
    with pytest.raises(UnknownRun) as none:
        await looked(house, "show", "RUN-9", by=SAM)

    assert hidden.value.message.replace("RUN-1", "") == none.value.message.replace("RUN-9", "")


async def test_a_page_to_read_is_not_walked(house: World) -> None:
    shelved(house, book(name="imported/page", imported=True, readable=True, params=()))

    with pytest.raises(IllegalMove, match="a page to read"):
        await started(house, "page")


async def test_a_step_marked_out_of_turn_moves_nobody(house: World) -> None:
    await started(house)

    await marked(house, "done", "find-the-change", by=SAM)

    assert run(house).focus["ops"] == "keep-the-evidence"
    await reached(house, "wait-for-traffic")
    assert run(house).mark("find-the-change").by == "sam"


async def test_at_its_end_a_run_says_what_is_left_and_how_it_is_finished() -> None:
    steps = (step("Look", time_s=60), step("Tell", who="comms"))
    house = await walked_company(book(Phase("one", "One", 1, steps=steps)))
    await started(house)
    await marked(house, "failed", "look", words="no")

    half = await marked(house, "note", "look", words="x")
    end = await marked(house, "done", "tell")

    left = "To be dealt with: step 1, \u201cLook\u201d, did not work."
    assert left not in half.lines
    assert end.lines[-2:] == (
        left,
        f"Nothing is current any more. To finish it: {command('runbook finish RUN-1 WHY')}.",
    )


async def test_of_a_run_that_is_over_nothing_is_said_to_go_on() -> None:
    house = await walked_company()
    await started(house)
    await house.bot.runs.end(EndRun(RUN, "abandon", words="wrong one"), INES, request_id="end")
    house.clock.later(3600)

    said = await looked(house, "catchup")

    assert said.title == "RUN-1 for INC-1: Wrong or harmful answers, abandoned in prod"
    assert "It took 0 s." in said.lines[0]
    assert "It is over: abandoned." in said.lines
