"""Steps that tell people: the first word at once, else a draft that the step waits for; never said twice."""

import pytest

from opsbot.app.comms.requests import DropMessage, NewMessage
from opsbot.app.incident.requests import RoleOrder, Which
from opsbot.app.runs import effects
from opsbot.app.runs.claim import Claimed, Pressing, decide_claim
from opsbot.app.runs.requests import EndRun, RunAction
from opsbot.domain.errors import NeedsConfirmation, NeedsMoreWords, NotAllowed, Refused
from opsbot.domain.run import Act
from opsbot.domain.runbook import Phase
from tests.support.comms import (
    ANYWAY,
    FIRST,
    HOLDING,
    NEXT,
    PIA,
    WHAT,
    Telling,
    telling,
    template,
)
from tests.support.runs import RUN, action, book, pressed, run, shelved, started, step, view
from tests.support.world import INES, MARA, NOOR

FREE = "users-feature-off-monitoring"
"""A template of this test that asks for nothing and is approved by nobody."""

LEASES_S = 31


async def led() -> Telling:
    """Return a company in which Pia leads the words of an incident."""
    one = await telling()
    one.shelf.put(template(FREE, "Still off. More by {next_at}.", fields=()))
    offer = RoleOrder(Which("INC-1"), "comms", "offer", who="pia")
    await one.world.bot.incidents.role(offer, MARA, request_id="offer")
    accept = RoleOrder(Which("INC-1"), "comms", "accept")
    await one.world.bot.incidents.role(accept, PIA, request_id="accept")
    return one


async def walked(name: str = NEXT, **more: str) -> Telling:
    """Return a company in which a run has come to a step that tells people."""
    one = await led()
    tell = step("Tell the users", action("comms", template=name, **more), who="comms")
    shelved(one.world, book(Phase("assess", "Assess", 1, steps=(tell, step("Look on")))))
    await started(one.world)
    return one


def act(one: Telling) -> Act:
    found = run(one.world).act("tell-the-users", 1)
    assert found is not None
    return found


async def press(one: Telling, by: object = MARA, **more: object) -> None:
    await pressed(one.world, "tell-the-users", by=by, **more)  # type: ignore[arg-type]  # an actor


async def test_what_was_approved_in_advance_goes_out_with_the_press() -> None:
    one = await walked(HOLDING)

    await press(one)

    assert (act(one).state, act(one).result) == ("done", "MSG-1")
    assert one.message().standing == "published"
    assert (one.message().run, one.message().step) == ("RUN-1", "tell-the-users")
    await one.settle()
    assert one.places["status-page"].said == ["MSG-1"]


async def test_words_that_somebody_has_to_read_wait_until_they_are_let_go() -> None:
    one = await walked(FREE, next="20m")
    await press(one, PIA)
    waits = act(one)
    now_ms = one.world.clock.now_ms()

    asked = await one.publish()
    still = act(one)
    await one.approve(str(asked.body["approvals"][0]))  # type: ignore[index]  # a list
    await one.settle()

    assert (waits.state, waits.result) == ("waiting", "MSG-1")
    assert waits.detail == "MSG-1 is written, not published"
    assert still.state == "waiting"
    assert (act(one).state, act(one).detail) == ("done", "MSG-1 is published")
    assert abs((one.message().next_ms or 0) - now_ms - 1_200_000) < 60_000


async def test_nobody_is_said_to_know_what_waits_for_its_approval() -> None:
    one = await led()
    tell = step(
        "Tell the users", action("comms", template=FREE), action("incident", update="users know"),
        who="comms",
    )  # fmt: skip
    shelved(one.world, book(Phase("assess", "Assess", 1, steps=(tell, step("Look on")))))
    await started(one.world)
    await press(one, PIA)

    offered = [act.press for act in (await view(one.world)).steps[0].acts]
    with pytest.raises(NeedsMoreWords, match="is not published, and this would say"):
        await press(one, PIA, number=2)
    asked = await one.publish()
    await one.approve(str(asked.body["approvals"][0]))  # type: ignore[index]  # a list
    await one.settle()
    await press(one, PIA, number=2)

    assert offered == [False, False]
    assert run(one.world).act("tell-the-users", 2).state == "done"  # type: ignore[union-attr]  # None would fail here


async def test_a_message_that_is_given_up_fails_its_step_and_may_be_written_anew() -> None:
    one = await walked(FREE)
    await press(one, PIA)
    comms = one.world.bot.comms

    await comms.drop(DropMessage("MSG-1", "a false alarm"), PIA, request_id="drop")
    await one.settle()
    failed = act(one)
    await press(one, PIA)

    assert (failed.state, failed.detail) == ("failed", "MSG-1 was dropped")
    assert (act(one).state, act(one).result) == ("waiting", "MSG-2")


async def test_a_refused_message_fails_its_step() -> None:
    one = await walked(FREE)
    await press(one, PIA)
    asked = await one.publish()

    await one.approve(str(asked.body["approvals"][0]), grant=False)  # type: ignore[index]  # a list
    await one.settle()

    assert (act(one).state, act(one).detail) == ("failed", "MSG-1 was refused")


async def test_what_is_missing_is_named_and_what_is_written_is_taken_up() -> None:
    one = await walked(NEXT)

    with pytest.raises(NeedsMoreWords, match="asks for `what`") as refused:
        await press(one, PIA)
    failed = act(one)
    await one.new(NEXT)
    await press(one, PIA)

    assert f"comms new {NEXT} INC-1 what=" in refused.value.hint
    assert failed.state == "failed"
    assert (act(one).state, act(one).result) == ("waiting", "MSG-1")
    assert len(one.state.messages()) == 1


async def test_a_step_whose_words_come_late_says_that_it_is_done() -> None:
    one = await walked(HOLDING)
    await one.told(NEXT)

    with pytest.raises(NeedsMoreWords, match=r"Users read more than this already \(MSG-1,") as late:
        await press(one, PIA)

    assert "runbook done" in late.value.hint
    assert f"comms new {HOLDING} INC-1 back:" in late.value.hint
    assert len(one.state.messages()) == 1


async def test_what_users_read_already_is_done_with_the_press() -> None:
    one = await walked(HOLDING)
    await one.hold()

    await press(one)

    assert (act(one).state, act(one).result) == ("done", "MSG-1")
    assert len(one.state.messages()) == 1


async def test_one_message_is_never_the_word_of_two_steps() -> None:
    one = await led()
    twice = (
        step("Tell the users", action("comms", template=FREE), action("comms", template=FREE)),
    )
    shelved(one.world, book(Phase("assess", "Assess", 1, steps=twice)))
    await started(one.world)

    await press(one, PIA)
    await pressed(one.world, "tell-the-users", 2, by=PIA)

    found = run(one.world)
    results = [found.act("tell-the-users", number).result for number in (1, 2)]  # type: ignore[union-attr]  # both pressed
    assert results == ["MSG-1", "MSG-2"]


async def test_who_may_not_write_writes_nothing_by_a_step() -> None:
    one = await walked(FREE)

    with pytest.raises(NotAllowed):
        await press(one, NOOR)

    assert one.state.messages() == ()


async def test_it_is_asked_first_and_says_what_it_does() -> None:
    one = await walked(HOLDING)

    with pytest.raises(NeedsConfirmation) as asked:
        await press(one, confirmed=False)

    assert "goes out at once" in " ".join(asked.value.lines)
    assert "never taken back" in " ".join(asked.value.lines)
    assert one.state.messages() == ()


async def test_a_drill_says_what_it_would_do_and_writes_nothing() -> None:
    one = await telling()
    tell = step("Tell the users", action("comms", template=HOLDING))
    shelved(one.world, book(Phase("assess", "Assess", 1, steps=(tell,))))
    await started(one.world, mode="drill")

    await press(one)

    assert act(one).state == "done"
    assert act(one).detail.startswith("a drill: for real it prepares the words of the template")
    assert one.state.messages() == ()


async def test_what_people_read_is_corrected_and_not_taken_back() -> None:
    one = await walked(HOLDING)
    await press(one)

    with pytest.raises(Refused, match="cannot be taken back") as refused:
        await press(one, act="undo")

    assert "comms correct MSG-1" in refused.value.hint


async def test_without_an_incident_nobody_is_told() -> None:
    one = await telling()
    tell = step("Tell the users", action("comms", template=FREE))
    shelved(one.world, book(Phase("assess", "Assess", 1, steps=(tell,))))
    await started(one.world, incident="", params={"workflow": "support-copilot"})

    with pytest.raises(Refused, match="belongs to no incident"):
        await press(one)


async def claimed(one: Telling) -> Claimed:
    """Claim the action, and die before anything is done."""
    request = RunAction(RUN, "tell-the-users", confirmed=True)
    told = await one.world.bot.runs.decided(
        RUN,
        PIA,
        "do",
        lambda book: lambda state, now: decide_claim(state, now, Pressing(request, PIA, book)),
    )
    assert isinstance(told, Claimed)
    return told


async def past_the_claim(one: Telling) -> None:
    """Work until the outbox rests, past every claim."""
    for wait_s in (1, LEASES_S, 6):
        await one.world.work()
        one.world.clock.later(wait_s)
        await one.world.outbox.fire_timers()


async def test_after_a_crash_what_was_written_is_read_back_and_not_written_again() -> None:
    one = await walked(FREE)
    told = await claimed(one)
    draft = NewMessage(FREE, Which("INC-1"), run="RUN-1", step="tell-the-users")
    await one.world.bot.comms.new(draft, PIA, request_id=told.request_id)

    await past_the_claim(one)

    assert (act(one).state, act(one).result) == ("waiting", "MSG-1")
    assert act(one).detail == "MSG-1 is written, not published"
    assert len(one.state.messages()) == 1


async def test_after_a_crash_nothing_is_said_to_anybody_by_itself() -> None:
    one = await walked(HOLDING)
    await claimed(one)

    await past_the_claim(one)
    failed = act(one)
    await press(one, PIA)

    assert failed.state == "failed"
    assert one.state.messages()[0].standing == "published"
    assert len(one.state.messages()) == 1


async def test_what_is_let_go_after_the_end_of_a_run_is_noted_in_it() -> None:
    one = await walked(FREE)
    await press(one, PIA)
    await one.world.bot.runs.end(
        EndRun(RUN, "abandon", words="a false alarm"), MARA, request_id="e"
    )
    asked = await one.publish()

    await one.approve(str(asked.body["approvals"][0]))  # type: ignore[index]  # a list
    await one.settle()

    assert act(one).state == "done"


async def test_a_form_that_is_filled_in_is_what_the_step_waits_for() -> None:
    one = await walked(NEXT)
    await one.new(NEXT, run="RUN-1", step="tell-the-users", values={"what": WHAT[NEXT]})

    await press(one, PIA)
    await one.told(FIRST)
    asked = await one.publish("MSG-1", anyway=ANYWAY)

    assert act(one).result == "MSG-1"
    assert asked.body["outcome"] == "asked"


async def test_both_who_press_at_once_leave_one_message() -> None:
    one = await walked(HOLDING)
    await press(one, MARA)

    with pytest.raises(Refused):
        await press(one, INES)

    assert len(one.state.messages()) == 1


async def test_a_message_that_is_waited_for_is_looked_at_again_after_a_loss_of_data() -> None:
    one = await walked(FREE)
    await press(one, PIA)

    found = {
        str(timer.effect.body["about"]): timer.in_ms
        for timer in effects.taken_up(run(one.world), one.world.clock.now_ms())
    }

    assert found["tell-the-users#1"] == 0


async def test_a_message_of_one_run_wakes_no_other() -> None:
    one = await walked(FREE)
    await press(one, PIA)
    before = one.state.position

    await one.told(FIRST)

    assert act(one).state == "waiting"
    assert one.state.position.revision > before.revision
