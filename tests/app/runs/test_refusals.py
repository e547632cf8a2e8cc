"""What is refused in a run, and in which words: nothing was changed, and what to do instead."""

from dataclasses import replace
from typing import Any

import pytest

from opsbot.app.incident.requests import EditIncident, Which
from opsbot.app.requests import ApproveRequest
from opsbot.app.runs.claim import Pressing, decide_claim
from opsbot.app.runs.requests import EndRun, LeadRun, MarkStep, RunAction, StartRun, WhichRun
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NeedsMoreWords, NotAllowed, Refused, StaleButton
from opsbot.domain.runbook import Phase
from tests.support.runs import (
    BOOK,
    COPILOT,
    RUN,
    action,
    book,
    marked,
    pressed,
    reached,
    run,
    started,
    step,
    walked_company,
)
from tests.support.world import INES, MARA, NOOR, OLA, SAM, World


@pytest.fixture(name="house")
async def _house() -> World:
    house = await walked_company()
    await started(house)
    return house


async def refused(house: World, act: str, name: str = "", **more: Any) -> Refused:
    """Return how a mark is refused; nothing is changed by it."""
    before = house.store.state.position
    with pytest.raises(Refused) as no:
        await marked(house, act, name, **more)
    assert house.store.state.position == before
    return no.value


async def test_a_step_is_named_by_its_id_its_number_or_its_title(house: World) -> None:
    await marked(house, "take", "6", by=MARA)
    await marked(house, "take", "stop the HARM", by=MARA)

    assert run(house).mark("tell-the-users").assignee == "mara"
    assert run(house).mark("stop-the-harm").assignee == "mara"
    assert "no such step" in (await refused(house, "take", "99")).message


async def test_of_two_current_steps_none_is_guessed(house: World) -> None:
    no = await refused(house, "done")

    assert no.message == (
        "Two steps are current: 1, \u201cKeep the evidence\u201d and 6, \u201cTell the users\u201d;"
        " nothing was changed."
    )
    assert no.hint == "Say which, before any other words: `step:1` or `step:6`."
    await marked(house, "done", "tell-the-users")
    await marked(house, "done", "tell-them-it-is-over")
    await marked(house, "take")
    assert run(house).mark("keep-the-evidence").assignee == "mara"


async def test_what_nobody_touched_is_not_said_to_have_been_done_by_somebody(house: World) -> None:
    with pytest.raises(StaleButton) as no:
        await marked(house, "unblock", "stop-the-harm")

    assert no.value.message == "\u201cStop the harm\u201d is open: there is nothing to change."


async def test_nobody_is_said_to_have_taken_up_what_was_never_blocked(house: World) -> None:
    await marked(house, "take", "stop-the-harm")

    no = await refused(house, "unblock", "stop-the-harm")

    assert no.message == "\u201cStop the harm\u201d is not blocked; nothing was changed."


async def test_who_accepts_what_nobody_offers_is_not_asked_which_step_that_is(house: World) -> None:
    no = await refused(house, "accept")

    assert no.message == "No step of RUN-1 is offered to you; nothing was changed."


async def test_a_wait_that_runs_is_not_to_be_pressed_again() -> None:
    house = await walked_company(
        book(Phase("one", "One", 1, steps=(step("Wait", action("wait", for_="10m")), step("Go"))))
    )
    await started(house)
    before = await refused(house, "done")
    await pressed(house, "wait")

    after = await refused(house, "done")

    assert before.hint == "Press it; or skip it, for a reason."
    assert after.hint == "It is on its way: when that is over; or skip it, for a reason."


async def test_what_somebody_has_only_the_commander_takes(house: World) -> None:
    await marked(house, "take", "stop-the-harm", by=SAM)

    no = await refused(house, "take", "stop-the-harm")
    await marked(house, "take", "stop-the-harm", by=INES)

    assert no.message.startswith("Sam has \u201cStop the harm\u201d")
    assert run(house).mark("stop-the-harm").assignee == "ines"
    again = await marked(house, "take", "stop-the-harm", by=INES)
    assert again.lines[0] == "Already so; nothing was changed."


async def test_whoever_assigns_a_step_to_themselves_has_it(house: World) -> None:
    await marked(house, "assign", "stop-the-harm", who="mara")
    assert run(house).mark("stop-the-harm").assignee == "mara"

    assert "Say who" in (await refused(house, "assign", "stop-the-harm")).message
    nobody = await refused(house, "assign", "stop-the-harm", who="zoe", by=INES)
    assert "is nobody here" in nobody.message


async def test_who_declines_has_nothing_and_is_not_asked_any_more(house: World) -> None:
    await marked(house, "assign", "stop-the-harm", who="sam", by=INES)
    await marked(house, "decline", "stop-the-harm", by=SAM)

    mark = run(house).mark("stop-the-harm")
    assert (mark.assignee, mark.offered) == ("", "")
    assert (
        "not offered to you" in (await refused(house, "decline", "stop-the-harm", by=SAM)).message
    )


async def test_a_message_is_one_note_and_a_pin_makes_it_evidence(house: World) -> None:
    note: dict[str, Any] = {
        "words": "prompt p@2",
        "place": "C1:1.0",
        "url": "https://example.com/m",
    }
    await marked(house, "note", "find-the-change", **note)
    await marked(house, "note", "find-the-change", **note)
    await marked(house, "evidence", "find-the-change", **note)

    (kept,) = run(house).attached
    assert (kept.kind, kept.place, kept.url) == ("evidence", "C1:1.0", "https://example.com/m")
    assert "Say what to keep" in (await refused(house, "note", "find-the-change")).message


async def test_ticks_that_make_no_sense_are_refused_in_words(house: World) -> None:
    await marked(house, "skip", "find-the-change", words="not here", by=INES)

    for act, name, more, words in (
        ("undo", "stop-the-harm", {}, "There is no tick"),
        ("unblock", "stop-the-harm", {}, "is open"),
        ("block", "stop-the-harm", {}, "Say on whom or what it waits"),
        ("block", "find-the-change", {"words": "x"}, "was skipped"),
        ("failed", "find-the-change", {}, "was skipped"),
        ("skip", "find-the-change", {"words": "x"}, "was skipped"),
        ("done", "find-the-change", {}, "Ines did this"),
        ("take", "find-the-change", {}, "was skipped"),
        ("box", "stop-the-harm", {"box": "b9"}, "has no such box"),
        ("decide", "stop-the-harm", {"option": 1}, "asks nothing"),
        ("decide", "does-it-go-on", {"option": 9}, "Say which answer"),
        ("done", "does-it-go-on", {}, "Its question decides it"),
        ("back", "keep-the-evidence", {}, "There is nothing before it"),
    ):
        no = await refused(house, act, name, **more)
        assert words in no.message, (act, name, no.message)


async def test_at_sev1_only_the_commander_skips_words_to_people() -> None:
    house = await walked_company()
    await started(house)
    raised = EditIncident(Which("INC-1"), severity="SEV1")
    await house.bot.incidents.edit(raised, INES, request_id="sev1")

    no = await refused(house, "skip", "tell-the-users", words="no time")

    assert no.message.startswith("Only the commander skips words to people at SEV1")


async def test_what_is_under_way_or_in_doubt_is_not_ticked(house: World) -> None:
    request = RunAction(RUN, "stop-the-harm", confirmed=True)
    await house.bot.runs.decided(
        RUN,
        MARA,
        "claim",
        lambda one: lambda state, now: decide_claim(state, now, Pressing(request, MARA, one)),
    )

    assert "is under way" in (await refused(house, "done", "stop-the-harm")).message
    assert "is under way" in (await refused(house, "skip", "stop-the-harm", words="x")).message
    with pytest.raises(NeedsMoreWords, match=r"An action of .+ is under way"):
        await house.bot.runs.end(EndRun(RUN, "abandon", words="x"), INES, request_id="end")


async def test_who_reads_back_what_is_in_doubt_settles_it(house: World) -> None:
    with pytest.raises(NeedsMoreWords, match="Nothing of it is in doubt"):
        await pressed(house, "stop-the-harm", act="read_back")
    request = RunAction(RUN, "stop-the-harm", confirmed=True)
    await house.bot.runs.decided(
        RUN,
        MARA,
        "claim",
        lambda one: lambda state, now: decide_claim(state, now, Pressing(request, MARA, one)),
    )
    early = await pressed(house, "stop-the-harm", act="read_back")
    house.clock.later(31)

    said = await pressed(house, "stop-the-harm", act="read_back", by=SAM)

    assert early.lines[0] == "Read back: executing."
    assert said.lines[0].startswith("Read back: done (K-1).")
    assert house.store.state.kill("K-1").actor == "mara"


async def test_what_was_not_done_or_changed_nothing_is_not_taken_back(house: World) -> None:
    for name, words in (
        ("stop-the-harm", "was not done"),
        ("tell-the-users", "cannot be taken back"),
    ):
        with pytest.raises(NeedsMoreWords, match=words):
            await pressed(house, name, act="undo")
    await pressed(house, "keep-the-evidence")
    with pytest.raises(NeedsMoreWords, match="has no way back of its own"):
        await pressed(house, "keep-the-evidence", act="undo")
    with pytest.raises(NeedsMoreWords, match="has no action 2"):
        await pressed(house, "stop-the-harm", 2)


async def test_a_step_that_is_ticked_is_not_acted_on_any_more(house: World) -> None:
    await marked(house, "done", "stop-the-harm")

    with pytest.raises(StaleButton, match="is done"):
        await pressed(house, "stop-the-harm", by=SAM)


async def test_the_lead_is_declined_and_taken_where_nobody_has_it(house: World) -> None:
    async def lead(act: Any, by: Actor, who: str = "") -> None:
        name = f"{act}:{by.id}:{who}:{len(house.server.lines)}"
        await house.bot.runs.lead(LeadRun(RUN, act, who), by, request_id=name)

    with pytest.raises(NeedsMoreWords, match="Say to whom"):
        await lead("offer", INES)
    with pytest.raises(NeedsMoreWords, match="Ines leads RUN-1 already"):
        await lead("offer", INES, "ines")
    await lead("offer", INES, "sam")
    await lead("decline", SAM)
    declined = run(house)
    with pytest.raises(NotAllowed):
        await lead("take", NOOR)
    await lead("take", INES)

    assert (declined.commander, declined.offer) == ("ines", "")
    assert run(house).version == declined.version


async def test_there_is_nothing_to_renew_and_nothing_to_switch_to(house: World) -> None:
    same = await house.bot.runs.end(EndRun(RUN, "renew"), MARA, request_id="renew")

    assert same.lines[0] == "There is no newer revision; nothing was changed."
    with pytest.raises(NeedsMoreWords, match="Name a runbook"):
        await house.bot.runs.end(EndRun(RUN, "switch"), INES, request_id="switch")


async def test_a_step_may_ask_for_a_role_and_for_nobody_else() -> None:
    ask = step("Ask", action("approve", what="going on", who="commander"))
    house = await walked_company(book(Phase("one", "One", 1, steps=(ask,))))
    await started(house)
    await pressed(house, "ask")
    await house.work("tell")

    with pytest.raises(NotAllowed, match="waits for somebody who is `commander`"):
        await house.bot.approve(ApproveRequest("A-1"), SAM, request_id="sam")
    await house.bot.approve(ApproveRequest("A-1", grant=False), INES, request_id="no")

    assert {who for who, text in house.slack.told if "RUN-1: going on" in text} == {"U0LEAD"}
    act = run(house).act("ask", 1)
    assert act is not None
    assert (act.state, act.detail) == ("failed", "refused by Ines")
    assert run(house).mark("ask").state == "open"


async def test_who_asked_may_withdraw_and_whoever_is_not_joined_asks_nobody() -> None:
    house = await walked_company()
    await started(house)
    await pressed(house, "ask-a-second-person")
    withdrawn = ApproveRequest("A-1", grant=False)
    await house.bot.approve(withdrawn, MARA, request_id="withdraw")
    await marked(house, "assign", "ask-a-second-person", who="U0NEW1234", by=INES)
    stranger = replace(NOOR, id="U0NEW1234", name="U0New1234")
    await marked(house, "accept", "ask-a-second-person", by=stranger)

    with pytest.raises(NotAllowed, match="not joined to a person"):
        await pressed(house, "ask-a-second-person", by=stranger)

    assert run(house).act("ask-a-second-person", 1).detail == "withdrawn by Mara"  # type: ignore[union-attr]  # None would fail here


async def test_a_page_asks_for_the_one_who_has_the_role() -> None:
    page = step("Call", action("page", who="admin", reason="we need you"))
    house = await walked_company(book(Phase("one", "One", 1, steps=(page,))))
    await started(house)

    with pytest.raises(Refused, match="PagerDuty is not connected"):
        await pressed(house, "call")

    assert run(house).act("call", 1).state == "failed"  # type: ignore[union-attr]  # None would fail here


async def test_the_end_of_a_lane_is_said_and_one_may_go_back_from_it() -> None:
    house = await walked_company(book(Phase("one", "One", 1, steps=(step("Only"),))))
    await started(house)
    said = await marked(house, "done", "only")

    no = await refused(house, "take")
    await marked(house, "back")

    assert said.lines[0] == "\u201cOnly\u201d is done. The ops lane is at its end."
    assert "Every lane of RUN-1 is at its end" in no.message
    assert run(house).focus["ops"] == "only"


async def test_two_walks_through_the_same_in_one_channel_are_one(house: World) -> None:
    begin = StartRun(BOOK, channel="C0QUIET", params={"workflow": COPILOT})
    await house.bot.runs.start(begin, MARA, request_id="one")

    with pytest.raises(Refused, match="RUN-2 walks `wrong-answers` here already"):
        await house.bot.runs.start(begin, OLA, request_id="two")

    request = MarkStep(WhichRun(channel="C0QUIET"), "take", "find-the-change")
    await house.bot.runs.mark(request, MARA, request_id="take")
    assert run(house, "RUN-2").mark("find-the-change").assignee == "mara"
    await reached(house, "does-it-go-on")


async def test_of_two_current_steps_the_one_that_is_somebodys_own_is_meant(house: World) -> None:
    await marked(house, "take", "tell-the-users", by=MARA)

    await marked(house, "done", by=MARA)

    assert run(house).mark("tell-the-users").state == "done"
    assert run(house).mark("keep-the-evidence").state == "open"


async def test_else_it_is_the_one_in_whose_lane_somebody_acted_last(house: World) -> None:
    await marked(house, "done", "tell-the-users", by=MARA)
    await marked(house, "skip", "keep-the-evidence", by=INES, words="not here")

    await marked(house, "done", by=MARA)

    assert run(house).mark("tell-them-it-is-over").state == "done"
    assert run(house).mark("stop-the-harm").state == "open"


async def test_an_unknown_parameter_is_answered_with_the_one_that_was_meant(house: World) -> None:
    with pytest.raises(NeedsMoreWords) as no:
        await started(house, params={"workflw": "support-copilot"})

    assert no.value.hint == "Did you mean `workflow=\u2026`? It asks for `workflow=\u2026`."
