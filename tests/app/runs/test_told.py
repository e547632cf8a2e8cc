"""What others read of a run: in the incident's timeline, in its review, and not where it is private."""

import json

from opsbot.app.incident.requests import EditIncident, MoveIncident, Which
from opsbot.app.runs.requests import EndRun, LeadRun
from opsbot.app.timeline.read import Timeline
from tests.support.runs import RUN, marked, pressed, reached, started, walked_company
from tests.support.world import INES, OLA, SAM, World


async def lines_of(house: World) -> list[str]:
    """Return the texts of the incident's timeline."""
    incident = house.store.state.incident("INC-1")
    return [line.text for line in await Timeline(house.env).of(incident)]


async def test_the_timeline_tells_of_ticks_actions_and_hands() -> None:
    house = await walked_company()
    await started(house)
    await marked(house, "skip", "keep-the-evidence", words="store is down", by=INES)
    await pressed(house, "stop-the-harm")
    await marked(house, "done", "stop-the-harm")
    await marked(house, "assign", "find-the-change", who="sam", by=INES)
    await marked(house, "note", "find-the-change", words="prompt p@2 went out at 02:50", by=SAM)
    await house.bot.runs.lead(LeadRun(RUN, "offer", "sam"), INES, request_id="o")
    await house.bot.runs.lead(LeadRun(RUN, "accept"), SAM, request_id="a")

    told = await lines_of(house)

    for line in (
        "Mara began RUN-1, `wrong-answers`.",
        "Ines skipped \u201cKeep the evidence\u201d of RUN-1: store is down",
        "Mara: `kill` on \u201cStop the harm\u201d of RUN-1 was done (K-1).",
        "Mara did \u201cStop the harm\u201d of RUN-1.",
        "Ines asked Sam to take \u201cFind the change\u201d of RUN-1.",
        "Sam noted on \u201cFind the change\u201d: prompt p@2 went out at 02:50",
        "Ines handed the lead of RUN-1 to Sam, not accepted yet.",
    ):
        assert line in told, told
    assert any(line.startswith("Sam leads RUN-1; it was Ines.") for line in told)
    assert house.store.state.incident("INC-1").roles["commander"] == "sam"


async def test_a_run_that_ends_after_its_incident_is_told_to_its_end() -> None:
    house = await walked_company()
    await started(house)
    await house.bot.incidents.move(
        MoveIncident(Which("INC-1"), "resolved"), INES, request_id="resolve"
    )
    end = EndRun(RUN, "abandon", words="the incident is over")
    await house.bot.runs.end(end, INES, request_id="end")

    told = await lines_of(house)

    assert told[-1] == "Ines: RUN-1 abandoned: the incident is over"


async def test_the_review_has_each_step_with_what_it_took_and_what_was_planned() -> None:
    house = await walked_company()
    await started(house)
    await reached(house, "stop-the-harm")
    house.clock.later(400)
    await marked(house, "done", "stop-the-harm")

    said = await house.bot.incidents.export(Which("INC-1"), INES)

    (walked,) = json.loads(json.dumps(said.body))["runs"]
    steps = {one["title"]: one for one in walked["steps"]}
    assert steps["Keep the evidence"]["why"] == "not here"
    assert steps["Keep the evidence"]["state"] == "skipped"
    stop = steps["Stop the harm"]
    assert (stop["took_ms"], stop["planned_ms"]) == (400_000, 180_000)
    document = await house.bot.incidents.document(Which("INC-1"), "md", INES)
    text = document.data.decode()
    assert "Slower than planned: Stop the harm took 6 min 40 s, planned were 3 min 0 s." in text


async def test_the_journal_of_a_private_incident_hides_its_runs() -> None:
    house = await walked_company()
    await house.bot.incidents.edit(
        EditIncident(Which("INC-1"), private=True), INES, request_id="private"
    )
    await started(house)

    tail = await house.bot.audit_tail(1, SAM)
    own = await house.bot.audit_tail(1, OLA)

    assert "RUN-1" not in tail.as_text()
    assert "RUN-1" in own.as_text()


async def test_the_journal_with_runs_verifies_and_replays() -> None:
    house = await walked_company()
    await started(house)
    await pressed(house, "stop-the-harm")

    said = await house.bot.audit_verify(OLA)

    assert said.tone == "green", said.as_text()
