"""What somebody tries who wants a run to do more, or to tell more, than it may."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import pytest

from opsbot.app.incident.requests import EditIncident, Which
from opsbot.app.requests import ApproveRequest, KillRequest, Target
from opsbot.app.runs import effects
from opsbot.app.runs.by_hand import on_terminal
from opsbot.app.runs.claim import Pressing, decide_claim
from opsbot.app.runs.requests import EndRun, LeadRun, RunAction
from opsbot.app.runs.sight import aware
from opsbot.domain.actor import Actor
from opsbot.domain.errors import (
    NeedsMoreWords,
    NotAllowed,
    StaleButton,
    UnknownApproval,
)
from opsbot.domain.policy.rules import Grant
from opsbot.domain.prose import words
from opsbot.domain.runbook import Decision, Option, Param, Phase, Runbook, Step
from tests.support.incident_life import settle
from tests.support.runs import (
    COPILOT,
    RUN,
    Shelf,
    action,
    book,
    looked,
    marked,
    pressed,
    run,
    started,
    step,
    walked_company,
)
from tests.support.world import GUS, INES, MARA, SAM, World, policy, slack

NEW = slack("U0NEW1234")
"""Somebody of the workspace who has no power over an incident."""

NEW_ID = "slack:U0NEW1234"


def phase(*steps: Step) -> Phase:
    """Return the only phase of a runbook."""
    return Phase("all", "All", 1, steps=steps)


def question(title: str, *to: str, **changes: object) -> Step:
    """Return a step that asks, with answers that lead to these steps."""
    options = tuple(Option(f"To {one}", one) for one in to)
    return step(title, decide=Decision(words("Where?"), options), **changes)


async def house_of(*steps: Step) -> World:
    """Return the company with one runbook of these steps, which is being walked."""
    house = await walked_company(book(phase(*steps)))
    await started(house)
    return house


async def renewed(house: World, *steps: Step) -> None:
    """Put a newer revision of the file on the shelf, and go on with it."""
    shelf = house.bot.procedures
    assert isinstance(shelf, Shelf)
    shelf.put(book(phase(*steps)))
    await house.bot.runs.end(EndRun(RUN, "renew"), INES, request_id="renew")


async def hidden(house: World) -> None:
    """Make the incident private: Ines and Mara are part of it, Sam is not."""
    await house.bot.incidents.edit(EditIncident(Which("INC-1"), private=True), INES, request_id="p")


async def killed(house: World, by: Actor = MARA) -> None:
    """Kill the workflow past the run."""
    request = KillRequest(Target("workflow", COPILOT), confirmed=True)
    await house.bot.kill(request, by, request_id="kill")


async def test_a_check_of_before_a_question_led_back_is_no_check_now() -> None:
    check = step("Check", action("verify", expect="live"))
    house = await house_of(step("Look"), check, question("Ask", "look", "end"), step("End"))
    await marked(house, "done", "look")
    await pressed(house, "check")
    await marked(house, "decide", "ask", option=1)
    await killed(house)

    await marked(house, "done", "look")
    with pytest.raises(NeedsMoreWords, match="Only its `verify` makes"):
        await marked(house, "done", "check")
    await pressed(house, "check")

    assert run(house).mark("check").state == "open"
    assert run(house).acts["check#1"].state == "failed"


async def test_one_action_done_anew_ticks_no_step_whose_check_is_old() -> None:
    both = step("Check", action("capture", what=("kills",)), action("verify", expect="live"))
    house = await house_of(both, step("End"))
    await pressed(house, "check")
    await pressed(house, "check", 2)
    await marked(house, "undo", "check")

    await pressed(house, "check")

    assert run(house).mark("check").state == "open"
    await pressed(house, "check", 2)
    assert run(house).mark("check").state == "done"


async def test_a_button_of_an_older_revision_does_not_press_what_stands_there_now() -> None:
    house = await house_of(step("Look"), step("Stop", action("kill", workflow=COPILOT)))
    seen = run(house).version
    await renewed(house, step("Look"), step("Stop", action("kill", all="true")))

    with pytest.raises(StaleButton, match="newer revision since that was shown"):
        await pressed(house, "stop", seen=seen)
    with pytest.raises(StaleButton, match="newer revision"):
        await marked(house, "done", "look", seen=seen)

    assert not house.store.state.active_kills()
    await pressed(house, "stop", seen=run(house).version)
    assert house.store.state.active_kills()


async def test_a_guest_of_the_right_group_gives_no_yes() -> None:
    house = await walked_company(
        book(phase(step("Ask", action("approve", what="it", who="responder"))))
    )
    groups = frozenset({"S0RESPONDERS"})
    grants = (*policy().grants, Grant("responder", groups=groups))
    await house.declare(with_policy=replace(policy(), grants=grants))
    await started(house)
    await pressed(house, "ask")

    with pytest.raises(NotAllowed, match="Guests"):
        await house.bot.approve(
            ApproveRequest("A-1"), replace(GUS, groups=groups), request_id="yes"
        )

    assert run(house).mark("ask").state == "open"


async def test_free_words_do_not_choose_who_approves() -> None:
    params = (Param("note", "text"), Param("workflow", "workflow", required=True))
    house = await walked_company(
        book(phase(step("Ask", action("approve", what="it"))), params=params)
    )
    await started(house, params={"note": "coding-agent"})

    await pressed(house, "ask")

    assert house.store.state.approval("A-1").action["workflow"] == COPILOT


async def test_who_does_not_know_of_a_private_run_neither_is_asked_nor_approves() -> None:
    house = await house_of(step("Ask", action("approve", what="restoring for {{ incident.id }}")))
    await hidden(house)
    before = len(house.slack.told)
    await pressed(house, "ask")
    await settle(house)

    with pytest.raises(UnknownApproval):
        await house.bot.approve(ApproveRequest("A-1"), SAM, request_id="yes")

    assert isinstance(house.bot.procedures, Shelf)
    kept = dict(house.bot.procedures.versions)
    house.bot.procedures.versions.clear()  # what cannot be read says no more to them
    with pytest.raises(UnknownApproval):
        await house.bot.approve(ApproveRequest("A-1"), SAM, request_id="yes-again")
    house.bot.procedures.versions |= kept

    asked = {who for who, text in house.slack.told[before:] if "waits for your approval" in text}
    assert asked == {"U0LEAD"}
    await house.bot.approve(ApproveRequest("A-1"), INES, request_id="yes-ines")
    assert run(house).mark("ask").state == "done"


async def test_nothing_is_asked_where_nobody_of_a_private_incident_could_say_yes() -> None:
    house = await house_of(step("Ask", action("approve", what="it")))
    await hidden(house)

    with pytest.raises(NotAllowed, match="nobody who could say yes is part of it"):
        await pressed(house, "ask", by=INES)

    assert not run(house).acts


@pytest.mark.parametrize("reason", ["for {{ incident.title }}", "{{ incident.id }}", ""])
async def test_a_kill_names_its_private_incident_to_nobody(reason: str) -> None:
    given = {"reason": reason} if reason else {}
    stop = replace(step("Stop", action("kill", **given)), title="Stop {{ incident.title }}")
    house = await house_of(stop)
    await hidden(house)
    await settle(house)
    before = len(house.slack.posted)

    await pressed(house, "stop")
    await settle(house)

    public = [text for channel, text in house.slack.posted[before:] if channel == "C0SUPPORTAI"]
    (card,) = public
    assert "K-1" in card
    assert not any(word in card for word in ("refund", "INC-1", "RUN-1"))


async def test_a_kill_of_a_public_incident_says_which() -> None:
    house = await house_of(step("Stop", action("kill", reason="for {{ incident.title }}")))

    await pressed(house, "stop")
    await settle(house)

    assert any("for wrong refund answers (INC-1 RUN-1)" in text for _, text in house.slack.posted)


async def test_who_is_no_part_of_a_private_incident_is_told_nothing_of_its_run() -> None:
    house = await house_of(step("Look", time_s=60))
    await marked(house, "assign", "look", who="sam", by=INES)
    await marked(house, "accept", "look", by=SAM)
    await hidden(house)
    await settle(house)
    before = len(house.slack.told)

    house.clock.later(200)
    await house.outbox.fire_timers()
    await settle(house)

    assert {who for who, _ in house.slack.told[before:]} <= {"U0LEAD", "U0ONCALL"}
    assert aware(house.store.state, run(house), ("sam", "ines", "mara")) == ("ines", "mara")


async def test_a_drill_hands_nobody_the_command_of_a_real_incident() -> None:
    house = await walked_company()
    await started(house, mode="drill")
    await house.bot.runs.lead(LeadRun(RUN, "offer", "sam"), INES, request_id="offer")

    await house.bot.runs.lead(LeadRun(RUN, "accept"), SAM, request_id="accept")

    assert run(house).commander == "sam"
    assert house.store.state.incident("INC-1").roles["commander"] == "ines"


async def test_a_kill_that_was_there_before_is_not_taken_back_with_the_step() -> None:
    house = await walked_company(book(phase(step("Stop", action("kill")))))
    await killed(house, by=INES)
    house.clock.later(1)
    await started(house)
    await pressed(house, "stop")

    with pytest.raises(NeedsMoreWords, match="K-1 was there before"):
        await pressed(house, "stop", act="undo")

    assert house.store.state.active_kills()


async def test_a_blocked_step_that_a_newer_revision_dropped_is_not_asked_about() -> None:
    house = await house_of(step("Look"), step("Stop"))
    await marked(house, "block", "look", words="the legal team", for_s=60)
    await renewed(house, step("Stop"))

    house.clock.later(120)
    await house.outbox.fire_timers()
    await settle(house)

    assert not any("is blocked: look again" in text for _, text in house.slack.told)


async def test_an_answer_that_a_newer_revision_dropped_stops_nobody() -> None:
    house = await house_of(question("Ask", "mid", "end", "end"), step("Mid"), step("End"))
    await marked(house, "decide", "ask", option=3)
    await renewed(house, question("Ask", "mid", "end"), step("Mid"), step("End"))
    await marked(house, "back")

    await marked(house, "done", "ask")

    assert run(house).focus["ops"] == "end"
    assert (await looked(house, "steps")).lines


async def test_a_step_is_found_by_its_id_whatever_its_letters() -> None:
    house = await house_of(step("Look", id="stra\u00dfe"), step("End"))

    await marked(house, "done", "stra\u00dfe")

    assert run(house).focus["ops"] == "end"


async def test_an_answer_in_one_lane_goes_past_no_check_of_the_other() -> None:
    check = step("Check", action("verify", expect="stop"))
    house = await house_of(check, step("Go"), question("Say", "go", "check", who="comms"))
    await pressed(house, "check")
    await marked(house, "failed", "check", words="it did not stop")

    await marked(house, "decide", "say", option=1)

    assert run(house).focus == {"ops": "check", "comms": ""}


async def test_what_waits_for_a_second_person_is_looked_at_again_after_a_loss_of_data() -> None:
    house = await house_of(step("Stop", action("kill")), step("Back", action("restore")))
    await pressed(house, "stop")
    await pressed(house, "back")
    assert run(house).acts["back#1"].state == "waiting"

    timers = {
        str(one.effect.body["about"]): one.in_ms
        for one in effects.taken_up(run(house), house.clock.now_ms())
    }

    assert timers["back#1"] == 0


def test_words_that_a_command_takes_for_options_are_quoted() -> None:
    typed = on_terminal(("kill", "x --redis redis://evil.example:6379", "mode:stop"))

    assert typed == "opsbot kill 'x --redis redis://evil.example:6379' mode:stop"
    assert on_terminal(("kill", "support-copilot", "odd answers")) == (
        "opsbot kill support-copilot odd answers"
    )


@dataclass
class Racing(Shelf):
    """A shelf before which somebody else acts, while a runbook is read for the second time."""

    meanwhile: Callable[[], Awaitable[object]] | None = None
    reads: int = 0

    async def pinned(self, name: str, source: str) -> Runbook:
        """Return the version of that text."""
        self.reads += 1
        if self.reads == 2 and self.meanwhile is not None:
            await self.meanwhile()
        return await super().pinned(name, source)


async def test_who_asks_for_the_current_action_does_no_other_that_is_current_a_moment_later() -> (
    None
):
    keep, stop = step("Keep", action("capture", what=("kills",))), action("kill", all="true")
    house = await house_of(keep, step("Stop", stop), step("End"))
    shelf = house.bot.procedures
    assert isinstance(shelf, Shelf)
    racing = Racing(
        shelf.books,
        shelf.versions,
        meanwhile=lambda: marked(house, "skip", "keep", words="no access", by=INES),
    )
    house.bot = replace(house.bot, procedures=racing)

    with pytest.raises(StaleButton, match="Ines did this"):
        await house.bot.runs.do(RunAction(RUN), MARA, request_id="do")

    assert run(house).focus["ops"] == "stop"
    assert not house.store.state.active_kills()


async def test_what_is_being_taken_back_is_not_done_anew() -> None:
    house = await house_of(step("Stop", action("kill")), step("End"))
    await pressed(house, "stop")
    await marked(house, "done", "stop")
    await marked(house, "undo", "stop")
    read = await house.bot.runs.reader.book(run(house))
    back = Pressing(RunAction(RUN, "stop", act="undo", confirmed=True), MARA, read)
    await house.store.commit("back", lambda state, now_ms: decide_claim(state, now_ms, back))
    before = run(house)

    with pytest.raises(NeedsMoreWords, match="is being taken back"):
        await pressed(house, "stop", by=SAM)

    assert run(house) == before
