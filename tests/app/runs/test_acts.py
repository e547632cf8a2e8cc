"""Actions of a run: claimed, done through the door of their command, waiting, taken back, and only ever once."""

import pytest

from opsbot.app.incident.requests import OpenIncident
from opsbot.app.requests import ApproveRequest, EvalRequest, EvalResult, KillRequest, Target
from opsbot.app.runs.requests import StartRun, WhichRun
from opsbot.domain.errors import (
    NeedsConfirmation,
    NeedsMoreWords,
    NotAllowed,
    StaleButton,
    UnknownTemplate,
)
from opsbot.domain.runbook import Phase, Value, Verb
from tests.support.incident_life import settle
from tests.support.routes import stored
from tests.support.runs import (
    COPILOT,
    action,
    book,
    marked,
    pressed,
    reached,
    run,
    shelved,
    started,
    step,
    walked_company,
)
from tests.support.world import INES, MARA, NOOR, SAM, World, policy, slack


@pytest.fixture(name="house")
async def _house() -> World:
    house = await walked_company()
    await started(house)
    return house


async def test_a_kill_asks_first_what_it_would_do(house: World) -> None:
    house.instance("pod-1")

    with pytest.raises(NeedsConfirmation) as asks:
        await pressed(house, "stop-the-harm", confirmed=False)

    assert asks.value.message == "Really: Kill support-copilot? Nothing was done."
    assert "It reaches 1 running instance." in asks.value.lines
    assert "Way back: Restore in stages." in asks.value.lines
    assert not any("Environment" in line for line in asks.value.lines), "said once, by its door"
    assert not house.store.state.active_kills()


async def test_a_kill_that_holds_already_is_not_said_to_be_the_steps_own(house: World) -> None:
    request = KillRequest(Target("workflow", COPILOT), reason="wrong refunds")
    await house.bot.kill(request, INES, request_id="before")
    await reached(house, "stop-the-harm")

    said = await pressed(house, "stop-the-harm")

    assert house.store.state.active_kills()[0].actor == "ines"
    assert "it was so already; stored, not confirmed" in said.as_text()


async def test_a_kill_is_done_as_the_command_does_it_and_joins_the_incident(house: World) -> None:
    await reached(house, "stop-the-harm")

    said = await pressed(house, "stop-the-harm")

    (kill,) = house.store.state.active_kills()
    act = run(house).act("stop-the-harm", 1)
    assert act is not None
    assert (act.state, act.result, act.by) == ("done", "K-1", "mara")
    assert kill.actor == "mara"
    assert house.store.state.incident("INC-1").kills == ("K-1",)
    assert said.lines[0].startswith("Model calls blocked for `support-copilot` in prod")
    assert "Action 1: Kill support-copilot: done K-1 by Mara" in said.as_text()
    assert "stored, not confirmed by every instance yet" in said.as_text()
    assert (await house.env.unsealed(kill.reason)) == ("INC-1 (INC-1 RUN-1)",)


async def test_the_second_press_reads_who_pressed_first(house: World) -> None:
    version = run(house).version
    await pressed(house, "stop-the-harm", seen=version)
    house.clock.later(3)

    with pytest.raises(StaleButton, match="Mara pressed this 3 s ago: it is done \\(K-1\\)"):
        await pressed(house, "stop-the-harm", by=SAM, seen=version)

    assert [one.id for one in house.store.state.active_kills()] == ["K-1"]


async def test_the_same_press_twice_is_one_kill(house: World) -> None:
    await pressed(house, "stop-the-harm", request_id="press")
    said = await pressed(house, "stop-the-harm", request_id="press")

    assert said.lines[0] == "This request was done before; nothing was done twice."
    assert len(house.store.state.active_kills()) == 1


async def test_policy_refuses_in_a_run_whom_it_refuses_a_command(house: World) -> None:
    await marked(house, "assign", "stop-the-harm", who="U0NEW1234", by=INES)
    await marked(house, "accept", "stop-the-harm", by=slack("U0NEW1234"))

    with pytest.raises(NotAllowed):
        await pressed(house, "stop-the-harm", by=slack("U0NEW1234"))

    act = run(house).act("stop-the-harm", 1)
    assert act is not None
    assert act.state == "failed"
    assert not house.store.state.active_kills()


async def test_a_kill_is_taken_back_under_the_policy_of_a_restore(house: World) -> None:
    await pressed(house, "stop-the-harm")

    await pressed(house, "stop-the-harm", act="undo")
    back = run(house).undoing("stop-the-harm", 1)
    await house.bot.approve(ApproveRequest("A-1"), SAM, request_id="yes")
    await settle(house, rounds=8)

    assert back is not None
    assert (back.state, back.result) == ("waiting", "A-1")
    forth = run(house).act("stop-the-harm", 1)
    assert forth is not None
    assert forth.state == "undone"
    assert not house.store.state.active_kills()


async def test_a_restore_waits_for_the_second_person_and_then_is_done(house: World) -> None:
    await pressed(house, "stop-the-harm")
    await reached(house, "restore-in-stages")
    await pressed(house, "restore-in-stages")
    waits = run(house).act("restore-in-stages", 1)

    with pytest.raises(NeedsMoreWords, match="waits \\(A-1\\)"):
        await marked(house, "done", "restore-in-stages")
    await house.bot.approve(ApproveRequest("A-1"), SAM, request_id="yes")
    await settle(house, rounds=8)

    ended = run(house).act("restore-in-stages", 1)
    assert waits is not None
    assert ended is not None
    assert (waits.state, ended.state, ended.detail) == ("waiting", "done", "A-1 approved by Sam")


async def test_a_wait_is_over_when_its_time_is_and_its_lane_goes_on(house: World) -> None:
    await reached(house, "wait-for-traffic")
    await pressed(house, "wait-for-traffic")
    await settle(house)
    during = run(house)

    house.clock.later(600)
    await settle(house)

    assert during.act("wait-for-traffic", 1).state == "waiting"  # type: ignore[union-attr]  # None would fail here
    assert run(house).mark("wait-for-traffic").state == "done"
    assert run(house).focus["ops"] == "check-it"


async def test_a_check_is_red_until_the_evidence_is_there(house: World) -> None:
    await reached(house, "check-it")
    await pressed(house, "check-it")
    red = run(house)
    results = (EvalResult("ground", "pass_rate", 0.95, 200),)
    allowed = policy()
    allowed.powers["signal"] = allowed.powers["kill"]  # type: ignore[index]  # a dict in tests
    await house.declare(with_policy=allowed)
    request = EvalRequest("support-copilot", "r1", results)
    await house.bot.record_eval(request, INES, request_id="eval")

    await pressed(house, "check-it")

    assert red.act("check-it", 1).state == "failed"  # type: ignore[union-attr]  # None would fail here
    assert red.focus["ops"] == "check-it"
    assert run(house).act("check-it", 1).state == "done"  # type: ignore[union-attr]  # None would fail here
    assert run(house).focus["ops"] == "ask-a-second-person"


async def test_who_asks_never_approves_a_step(house: World) -> None:
    await pressed(house, "ask-a-second-person", by=SAM)
    await house.work("tell")
    asked = [text for _, text in house.slack.told]

    with pytest.raises(NotAllowed, match="Who asked cannot approve"):
        await house.bot.approve(ApproveRequest("A-1"), SAM, request_id="own")
    await house.bot.approve(ApproveRequest("A-1"), INES, request_id="other")

    act = run(house).act("ask-a-second-person", 1)
    assert act is not None
    assert (act.state, act.detail) == ("done", "approved by Ines")
    assert run(house).mark("ask-a-second-person").state == "done"
    assert any("waits for your approval" in text for text in asked)


async def test_an_approval_that_nobody_gives_is_over_in_time(house: World) -> None:
    await pressed(house, "ask-a-second-person")
    house.clock.later(1201)
    await settle(house)

    act = run(house).act("ask-a-second-person", 1)
    assert act is not None
    assert (act.state, act.detail) == ("failed", "A-1 expired")
    assert run(house).mark("ask-a-second-person").state == "open"


async def test_captured_evidence_is_pointers_and_its_words_are_sealed(house: World) -> None:
    await pressed(house, "keep-the-evidence")

    kept = run(house).attached
    texts = await house.env.unsealed(*(one.text for one in kept))
    assert {one.kind for one in kept} == {"evidence"}
    assert texts[0].startswith("route: r1 serves (openai/gpt-5.2")
    assert "kills: none holds" in texts
    assert run(house).mark("keep-the-evidence").state == "open"


async def test_a_drill_says_what_it_would_do_and_does_nothing() -> None:
    house = await walked_company()
    await started(house, mode="drill")

    said = await pressed(house, "stop-the-harm", confirmed=False)

    assert "a drill: for real it puts `support-copilot` into its safe state." in said.lines[0]
    assert not house.store.state.active_kills()
    assert run(house).act("stop-the-harm", 1).state == "done"  # type: ignore[union-attr]  # None would fail here


async def test_what_is_only_shown_claims_nothing() -> None:
    house = await walked_company()
    await started(house, mode="show")
    before = run(house)

    said = await pressed(house, "stop-the-harm", confirmed=False)

    assert said.lines[0].startswith("Only shown: for real it puts")
    assert run(house) == before


async def test_a_page_from_outside_can_never_act() -> None:
    house = await walked_company(book(imported=True, name="imported/x"))
    await started(house, "imported/x")

    with pytest.raises(NeedsMoreWords, match="never acts"):
        await pressed(house, "stop-the-harm")


async def test_words_that_nobody_wrote_tell_nobody(house: World) -> None:
    with pytest.raises(UnknownTemplate, match="no template `users-wrong-answers`"):
        await pressed(house, "tell-the-users")

    assert house.store.state.messages() == ()


async def test_an_action_whose_arguments_mean_nothing_is_refused_and_not_claimed() -> None:
    house = await walked_company()
    shelved(house, book(*_phases("kill", mode="nonsense")))
    await started(house)

    with pytest.raises(NeedsMoreWords, match="cannot be done here"):
        await pressed(house, "odd")

    assert run(house).acts == {}


async def test_an_incident_is_moved_by_a_step() -> None:
    house = await walked_company(book(*_phases("incident", status="monitoring")))
    await started(house)

    await pressed(house, "odd")

    act = run(house).act("odd", 1)
    assert act is not None
    assert (act.state, act.result) == ("done", "INC-1")
    assert house.store.state.incident("INC-1").status == "monitoring"


async def test_somebody_without_any_part_presses_nothing(house: World) -> None:
    with pytest.raises(NotAllowed):
        await pressed(house, "stop-the-harm", by=NOOR)

    assert run(house).acts == {}


def _phases(verb: Verb, **arguments: Value) -> tuple[Phase, ...]:
    return (Phase("one", "One", 1, steps=(step("Odd", action(verb, **arguments)),)),)


async def test_a_run_of_a_drill_is_one_too(house: World) -> None:
    practice = OpenIncident("practice", workflow="coding-agent", severity="SEV3", drill=True)
    await house.bot.incidents.open(practice, MARA, request_id="practice")

    said = await house.bot.runs.start(StartRun("wrong-answers", "INC-2"), MARA, request_id="b")

    assert said.lines[0] == "INC-2 is a drill, and so is this run."
    assert run(house, "RUN-2").mode == "drill"


async def test_a_kill_that_only_made_another_milder_is_not_taken_back_as_its_own() -> None:
    soften = step("Soften", action("kill", mode="no_tools"), undo="soften")
    house = await walked_company(book(Phase("one", "One", 1, steps=(soften,))))
    await started(house)
    stop = KillRequest(Target("workflow", COPILOT), mode="stop")
    await house.bot.kill(stop, INES, request_id="before")
    await pressed(house, "soften")
    await house.bot.approve(ApproveRequest("A-1"), SAM, request_id="yes")
    house.clock.later(10)
    await house.outbox.fire_timers()
    await settle(house)

    with pytest.raises(NeedsMoreWords, match="made no kill of its own"):
        await pressed(house, "soften", act="undo")

    assert [kill.mode for kill in house.store.state.active_kills()] == ["no_tools"]
    shown = (await house.bot.runs.view(WhichRun("RUN-1"), MARA)).step("soften")
    assert shown is not None
    assert not shown.acts[0].undo


async def routed() -> World:
    """Return the company after somebody began a ramp from a runbook, which waits for a second person."""
    lead = step("Lead", action("route", workflow=COPILOT, to="r2"), undo="lead")
    house = await walked_company(book(Phase("one", "One", 1, steps=(lead,))))
    await started(house)
    await stored(house, COPILOT)
    await pressed(house, "lead", by=INES)
    assert run(house).acts["lead#1"].result == "A-1"
    return house


async def test_a_ramp_that_waits_for_a_second_person_is_not_there_to_be_taken_back() -> None:
    house = await routed()

    with pytest.raises(NeedsMoreWords, match="waits for a second person") as no:
        await pressed(house, "lead", by=INES, act="undo")

    assert "approve A-1 refuse" in no.value.hint
    assert list(run(house).acts) == ["lead#1"]


async def test_a_ramp_that_a_second_person_approved_is_taken_back() -> None:
    house = await routed()
    await house.bot.approve(ApproveRequest("A-1"), SAM, request_id="yes")
    house.clock.later(10)
    await house.outbox.fire_timers()
    await settle(house)
    begun = house.store.state.routing(COPILOT).candidate

    await pressed(house, "lead", by=INES, act="undo")

    assert begun is not None
    assert house.store.state.routing(COPILOT).candidate is None
    assert run(house).acts["lead#1"].state == "undone"
