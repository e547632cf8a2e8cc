"""How a run ends or goes on: finished, abandoned, switched, renewed; and how its lead is handed over."""

from dataclasses import replace

import pytest

from opsbot.app.declare import decide
from opsbot.app.requests import ApproveRequest, RestoreRequest, Target
from opsbot.app.room.run_card_words import card_said
from opsbot.app.runs.requests import EndRun, LeadRun, RunLook, StartRun, WhichRun
from opsbot.domain.declaration import Catalogue
from opsbot.domain.errors import NeedsMoreWords, NotAllowed, StaleButton
from opsbot.domain.runbook import Action, Phase, Runbook
from opsbot.domain.said import Said
from opsbot.domain.typed import command
from tests.support.runs import (
    BOOK,
    COPILOT,
    RUN,
    Shelf,
    action,
    book,
    looked,
    marked,
    pressed,
    reached,
    run,
    shelved,
    started,
    step,
    view,
    walked_company,
    wrong_answers,
)
from tests.support.world import INES, MARA, SAM, World, policy


@pytest.fixture(name="house")
async def _house() -> World:
    house = await walked_company()
    await started(house)
    return house


async def ended(house: World, act: str, *, by: object = MARA, **more: object) -> Said:
    """End RUN-1."""
    request = EndRun(RUN, act, **more)  # type: ignore[arg-type]  # one of four
    name = f"end:{len(house.server.lines)}:{act}"
    return await house.bot.runs.end(request, by, request_id=name)  # type: ignore[arg-type]  # an actor


async def test_what_has_steps_left_is_finished_by_the_commander_for_a_reason(house: World) -> None:
    with pytest.raises(NeedsMoreWords, match="11 steps are not done"):
        await ended(house, "finish")
    with pytest.raises(NotAllowed, match="Only the commander"):
        await ended(house, "finish", words="over")

    await ended(house, "finish", words="over", by=INES)

    assert (run(house).status, run(house).ended_ms) == ("finished", house.clock.now_ms())
    shown = await house.bot.runs.look(RunLook("show", WhichRun("RUN-1")), MARA)
    assert shown.tone == "plain", "cut short, it is no success"
    with pytest.raises(StaleButton, match="RUN-1 was finished"):
        await marked(house, "done", "find-the-change")


async def test_notes_may_still_be_added_to_what_is_over(house: World) -> None:
    await ended(house, "abandon", by=INES, words="wrong one")

    await marked(house, "note", "find-the-change", words="it was the index")

    assert len(run(house).attached) == 1


async def test_nothing_is_abandoned_without_a_reason(house: World) -> None:
    with pytest.raises(NeedsMoreWords, match="Say why RUN-1 is abandoned"):
        await ended(house, "abandon", by=INES)


async def test_a_switch_closes_the_old_one_and_keeps_its_kills(house: World) -> None:
    shelved(house, book(), book(name="provider-outage", title="Provider outage"))
    await pressed(house, "stop-the-harm")

    said = await ended(
        house, "switch", by=INES, runbook="provider-outage", words="it is the provider"
    )

    old, new = run(house), run(house, "RUN-2")
    assert said.lines[0] == "RUN-1 goes on as RUN-2 with `provider-outage`."
    assert (old.status, new.follows, new.incident) == ("superseded", "RUN-1", "INC-1")
    assert new.params == {"workflow": "support-copilot"}
    assert old.act("stop-the-harm", 1).state == "done"  # type: ignore[union-attr]  # None would fail here
    assert house.store.state.active_kills()
    with pytest.raises(StaleButton) as over:
        await marked(house, "done", "find-the-change")
    assert over.value.hint == "It goes on as RUN-2."
    shown = await house.bot.runs.look(RunLook("show", WhichRun("RUN-1")), MARA)
    assert shown.title.endswith(", goes on as RUN-2 in prod")
    assert "Goes on as RUN-2: it is the provider" in shown.lines


def revised() -> tuple[Phase, ...]:
    """Return the phases with one step more and one less."""
    contain, assess, restore = wrong_answers()
    steps = (*contain.steps[:2], step("Call the vendor"), *contain.steps[2:])
    return Phase("contain", "Contain", 1, steps=steps), assess, restore


async def test_a_newer_revision_is_offered_and_keeps_what_was_done(house: World) -> None:
    await reached(house, "stop-the-harm")
    shelf = shelved(house, book())
    newer = book(*revised())
    shelf.put(newer)
    offered = await view(house)

    said = await ended(house, "renew")

    assert (offered.newer, offered.differ) == (True, 1)
    assert run(house).digest == newer.digest
    assert run(house).mark("keep-the-evidence").state == "skipped"
    assert run(house).focus["ops"] == "stop-the-harm"
    assert "what was done stays done" in said.lines[0]
    assert house.store.state.runbook_text(newer.digest) == newer.source
    await marked(house, "done", "stop-the-harm")
    assert run(house).focus["ops"] == "call-the-vendor"


async def test_a_run_walks_its_own_text_until_somebody_renews_it(house: World) -> None:
    shelved(house, book()).put(book(*revised()))

    said = await looked(house, "steps")

    assert not any("Call the vendor" in line for line in said.lines)


async def test_declaring_a_newer_file_marks_the_runs_that_walk_it(house: World) -> None:
    newer = book(*revised())
    catalogue = Catalogue(dict(house.declared), policy(), "def", procedures={newer.name: newer})
    before = run(house)

    await house.store.commit("d2", lambda state, now_ms: decide(state, now_ms, catalogue))

    assert run(house).newer == newer.digest
    assert run(house).version == before.version + 1
    assert any(one.effect.kind == "run_card" for one in house.server.items.values())


async def test_the_lead_is_theirs_once_they_accept(house: World) -> None:
    await house.bot.runs.lead(LeadRun(RUN, "offer", "sam"), INES, request_id="offer")
    during = run(house)
    with pytest.raises(StaleButton, match="not offered to you"):
        await house.bot.runs.lead(LeadRun(RUN, "accept"), MARA, request_id="mara")

    await house.bot.runs.lead(LeadRun(RUN, "accept"), SAM, request_id="sam")

    assert (during.commander, during.offer) == ("ines", "sam")
    assert (run(house).commander, run(house).offer) == ("sam", "")
    assert house.store.state.incident("INC-1").roles["commander"] == "sam"


async def test_who_does_not_lead_hands_nothing_over(house: World) -> None:
    with pytest.raises(NotAllowed, match="Only the commander hands the lead over"):
        await house.bot.runs.lead(LeadRun(RUN, "offer", "sam"), MARA, request_id="offer")
    with pytest.raises(StaleButton, match="Ines leads RUN-1"):
        await house.bot.runs.lead(LeadRun(RUN, "take"), MARA, request_id="take")


async def test_what_waits_for_a_second_person_is_void_when_its_step_is_skipped(
    house: World,
) -> None:
    await pressed(house, "ask-a-second-person")

    await marked(house, "skip", "ask-a-second-person", words="decided on the call")

    assert house.store.state.approval("A-1").standing == "void"
    with pytest.raises(StaleButton, match="A-1 is over"):
        await house.bot.approve(ApproveRequest("A-1"), SAM, request_id="late")


async def test_what_waits_for_a_second_person_is_void_when_its_run_ends(house: World) -> None:
    await pressed(house, "ask-a-second-person")

    await ended(house, "abandon", by=INES, words="wrong one")

    assert house.store.state.approval("A-1").standing == "void"


def stopping(*actions: Action) -> Runbook:
    """Return the runbook with other actions where it kills."""
    contain, assess, restore = wrong_answers()
    stop = replace(contain.steps[1], actions=actions)
    steps = (contain.steps[0], stop, *contain.steps[2:])
    return book(Phase("contain", "Contain", 1, steps=steps), assess, restore)


async def test_what_was_done_stays_done_where_another_action_stands_now(house: World) -> None:
    await pressed(house, "stop-the-harm")
    shelved(house, book()).put(stopping(action("kill", workflow="coding-agent")))
    await ended(house, "renew")
    moved = run(house).act("stop-the-harm", 1)
    (shown,) = (await view(house)).step("stop-the-harm").acts  # type: ignore[union-attr]  # None would fail here

    await pressed(house, "stop-the-harm")

    assert moved is not None
    assert (moved.state, moved.result) == ("done", "K-1")
    assert shown.press, "what stands there now was not done"
    assert shown.detail.startswith("done as it stood before; another action stands here")
    now = run(house).act("stop-the-harm", 1)
    assert now is not None
    assert (now.state, now.attempt, now.result, now.before) == ("done", 2, "K-2", ("K-1",))
    assert set((await view(house)).holding) == {"K-1", "K-2"}


async def test_a_kill_keeps_its_result_where_its_step_is_gone(house: World) -> None:
    await pressed(house, "stop-the-harm")
    contain, assess, restore = wrong_answers()
    steps = (contain.steps[0], *contain.steps[2:])
    shelved(house, book()).put(book(Phase("contain", "Contain", 1, steps=steps), assess, restore))

    await ended(house, "renew")

    act = run(house).act("stop-the-harm", 1)
    assert act is not None
    assert (act.state, act.result) == ("done", "K-1")
    assert "K-1" in (await looked(house, "catchup")).as_text()


async def test_what_was_done_before_a_revision_is_not_taken_back_in_its_name(house: World) -> None:
    await pressed(house, "stop-the-harm")
    shelved(house, book()).put(stopping(action("route", model="openai/gpt-5-mini")))
    await ended(house, "renew")

    with pytest.raises(NeedsMoreWords, match="stood there in an older revision") as no:
        await pressed(house, "stop-the-harm", act="undo")

    assert "restore K-1" in no.value.hint
    assert house.store.state.active_kills()


@pytest.mark.parametrize("act", ["abandon", "switch"])
async def test_what_others_walk_is_broken_off_by_who_leads_it_alone(house: World, act: str) -> None:
    shelved(house, book(), book(name="provider-outage"))

    with pytest.raises(NotAllowed, match="Only who leads it") as no:
        await ended(house, act, by=SAM, runbook="provider-outage", words="I know better")

    assert no.value.hint.startswith("RUN-1 is led by Ines. Or take command:")
    assert run(house).open
    await ended(house, act, by=INES, runbook="provider-outage", words="it is the provider")
    assert not run(house).open


async def test_outside_an_incident_a_commander_of_the_policy_breaks_off_what_its_lead_left() -> (
    None
):
    house = await walked_company()
    begin = StartRun(BOOK, params={"workflow": COPILOT})
    await house.bot.runs.start(begin, SAM, request_id="begin")

    with pytest.raises(NotAllowed, match="Only who leads it abandons") as no:
        await ended(house, "abandon", words="not mine")

    assert no.value.hint == (
        "RUN-1 is led by Sam. Whom the policy makes commander can as well: Ola, Ines."
    )
    await ended(house, "abandon", by=INES, words="nobody is there")
    assert run(house).status == "abandoned"


async def test_a_run_that_is_over_names_the_kills_that_it_leaves_and_what_lifts_them(
    house: World,
) -> None:
    await pressed(house, "stop-the-harm")

    said = await ended(house, "finish", by=INES, words="over")
    shown = await looked(house, "show")
    card = card_said(await view(house)).lines
    await house.bot.restore(RestoreRequest(Target("kill", "K-1")), INES, request_id="lift")
    await house.bot.approve(ApproveRequest("A-1"), SAM, request_id="yes")
    lifted = await looked(house, "show")

    line = next(one for one in said.lines if one.startswith("Its kills that still hold: K-1 ("))
    assert line.endswith(f"To lift: {command('restore K-1')}.")
    assert line in shown.lines
    assert line in card
    assert not any("still hold" in one for one in lifted.lines)


async def test_what_is_not_over_is_not_exchanged_for_something_else(house: World) -> None:
    await pressed(house, "ask-a-second-person")
    contain, assess, restore = wrong_answers()
    ask = replace(restore.steps[1], actions=(action("approve", what="something else"),))
    steps = (restore.steps[0], ask, *restore.steps[2:])
    shelved(house, book()).put(book(contain, assess, replace(restore, steps=steps)))

    with pytest.raises(NeedsMoreWords, match="is not over, and is another one"):
        await ended(house, "renew")


async def test_who_led_goes_on_leading_in_the_runbook_that_follows() -> None:
    house = await walked_company(book(), book(name="provider-outage"))
    begin = StartRun(BOOK, params={"workflow": COPILOT})
    await house.bot.runs.start(begin, SAM, request_id="begin")

    await ended(house, "switch", by=SAM, runbook="provider-outage", words="it is the provider")

    assert run(house, "RUN-2").commander == "sam"
    request = EndRun(WhichRun("RUN-2"), "switch", runbook="provider-outage")
    with pytest.raises(NeedsMoreWords, match="RUN-2 walks `provider-outage`"):
        await house.bot.runs.end(request, SAM, request_id="same")


async def test_a_revision_that_is_no_procedure_any_more_is_not_gone_on_with() -> None:
    name, page = "imported/x", Phase("all", "All", 1, steps=(step("Look"),))
    house = await walked_company(book(page, name=name, params=(), imported=True))
    await started(house, name)
    read = book(replace(page, steps=()), name=name, params=(), imported=True, readable=True)
    assert isinstance(house.bot.procedures, Shelf)
    house.bot.procedures.put(read)

    with pytest.raises(NeedsMoreWords, match="a page to read, not a procedure"):
        await ended(house, "renew")

    assert run(house).focus == {"ops": "look"}
