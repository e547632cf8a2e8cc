"""A restore in steps that people hold and let go on; a queue that closes meanwhile changes nothing of it."""

from dataclasses import replace

import pytest

from opsbot.app.comms.requests import HoldEvidence
from opsbot.app.incident.requests import OpenIncident, Which
from opsbot.app.ramp.steps import EVIDENCE, UNCONFIRMED
from opsbot.app.requests import KillRequest, RestoreRequest
from opsbot.domain.errors import NotAllowed, StaleButton
from tests.support.restores import (
    COPILOT,
    K1,
    NAME,
    approved,
    card_of,
    killed,
    later,
    measured,
    percent,
    pod,
    ramp_of,
    ramping,
    report,
    rules,
    seen,
    stepped,
    world,
)
from tests.support.world import (
    GUS,
    MARA,
    OLA,
    SAM,
    HandMoved,
    World,
)

__all__ = ["pod", "ramping", "world"]


async def test_it_is_held_and_goes_on_by_people(ramping: World, pod: HandMoved) -> None:
    held = await ramping.bot.hold_restore("K-1", OLA, hold=True, request_id="hold")
    for _ in range(3):
        await later(ramping, pod)
    stayed = percent(ramping)
    with pytest.raises(NotAllowed):
        await ramping.bot.hold_restore("K-1", GUS, hold=False, request_id="gus")
    on = await ramping.bot.hold_restore("k-1", SAM, hold=False, request_id="on")
    await later(ramping, pod, 1)

    assert held.title.startswith("Held by Ola: 5 % of sticky keys")
    assert "Held by Ola; then 25 %." in held.as_text()
    assert [one.act for one in held.buttons] == ["stop_completely", "restore_go_on"]
    assert on.title.startswith("Let go on by Sam")
    assert (stayed, percent(ramping)) == (5, 25)


async def test_a_leak_holds_the_next_step_until_its_evidence_is_held(
    ramping: World, pod: HandMoved
) -> None:
    leak = OpenIncident("names were seen", workflow=NAME, type="data_leak_pii", anyway=True)
    await ramping.bot.incidents.open(leak, MARA, request_id="leak")
    for _ in range(3):
        await later(ramping, pod)
    stayed = percent(ramping)
    held = ramp_of(ramping).held
    where = HoldEvidence(Which("INC-1"), "bucket evidence")
    await ramping.bot.comms.evidence(where, MARA, request_id="evidence")
    for _ in range(2):
        await later(ramping, pod)

    assert (stayed, held) == (5, EVIDENCE)
    assert percent(ramping) > stayed


async def test_who_asked_for_the_restore_does_not_end_a_hold_of_it(ramping: World) -> None:
    await ramping.bot.hold_restore("K-1", SAM, hold=True, request_id="hold")

    with pytest.raises(NotAllowed) as no:
        await ramping.bot.hold_restore("K-1", MARA, hold=False, request_id="go")

    assert ramp_of(ramping).held == "held by Sam"
    assert "Mara asked for this restore" in no.value.message
    assert "Sam" in no.value.hint
    assert "Mara" not in no.value.hint


async def test_who_restored_it_alone_does_not_end_a_hold_of_it_either(
    world: World, pod: HandMoved
) -> None:
    alone = replace(rules(), one_person_modes=frozenset({"stop"}))
    await world.declare(stepped(), with_policy=alone)
    await killed(world, pod)
    await world.bot.restore(RestoreRequest(K1), SAM, request_id="alone")
    await world.bot.hold_restore("K-1", MARA, hold=True, request_id="hold")

    with pytest.raises(NotAllowed):
        await world.bot.hold_restore("K-1", SAM, hold=False, request_id="go")

    assert ramp_of(world).approval == ""
    assert ramp_of(world).held_by_person


async def test_held_and_let_go_on_at_once_leaves_one_look_that_goes_on(
    ramping: World, pod: HandMoved
) -> None:
    await measured(ramping, 0.5, n=3)
    await later(ramping, pod)
    for n in range(3):
        await ramping.bot.hold_restore("K-1", MARA, hold=True, request_id=f"h{n}")
        await ramping.bot.hold_restore("K-1", SAM, hold=False, request_id=f"g{n}")
        await later(ramping, pod, 31)

    effects = [one.effect for one in ramping.server.items.values()]
    effects += [one.effect for one in ramping.server.timers.values()]

    assert percent(ramping) == 5
    assert [one.kind for one in effects].count("restore_ramp") == 1


async def test_what_holds_for_hours_is_noted_once(ramping: World, pod: HandMoved) -> None:
    await measured(ramping, 0.5, n=3)
    await later(ramping, pod)
    noted = ramping.store.state.position

    for _ in range(5):
        await later(ramping, pod, 61)

    assert "too few cases" in ramp_of(ramping).held
    assert ramping.store.state.position == noted


async def test_holding_twice_changes_nothing(ramping: World) -> None:
    await ramping.bot.hold_restore("K-1", MARA, hold=True, request_id="a")
    before = ramping.store.state.position

    said = await ramping.bot.hold_restore("K-1", SAM, hold=True, request_id="b")

    assert said.title.startswith("Nothing was changed")
    assert ramping.store.state.position == before


async def test_what_is_held_is_still_taken_back_when_it_goes_red(
    ramping: World, pod: HandMoved
) -> None:
    await ramping.bot.hold_restore("K-1", MARA, hold=True, request_id="hold")
    await report(ramping, 0.5)

    await ramping.work("restore_ramp")

    assert percent(ramping) == 0


async def test_there_is_nothing_to_hold_where_no_step_is_to_come(
    world: World, pod: HandMoved
) -> None:
    await killed(world, pod)

    with pytest.raises(StaleButton):
        await world.bot.hold_restore("K-1", MARA, hold=True, request_id="hold")


async def test_a_queue_that_closes_in_the_middle_keeps_what_is_let_through(
    world: World, pod: HandMoved
) -> None:
    world.clock.later(2.5 * 86_400)
    await killed(world, pod, "human")
    assert world.store.state.kill("K-1").mode == "human"
    await approved(world)
    await seen(world, pod)
    await world.bot.hold_restore("K-1", MARA, hold=True, request_id="h")
    world.clock.later(12 * 3600)
    pod.check_in()
    await world.outbox.fire_timers()
    await world.work("queue_closed")
    kill = world.store.state.kill("K-1")
    await world.bot.hold_restore("K-1", SAM, hold=False, request_id="g")
    await seen(world, pod)
    await later(world, pod)

    assert (kill.mode, kill.ramp and kill.ramp.percent) == ("canned", 5)
    assert percent(world) == 25


async def test_what_held_it_is_taken_off_its_card_as_soon_as_it_is_over(
    world: World, pod: HandMoved
) -> None:
    await killed(world, pod)
    await approved(world)
    world.clock.later(601)
    pod.check_in()
    await world.outbox.fire_timers()
    await world.work("restore_ramp")
    before = ramp_of(world).held

    await seen(world, pod)

    assert before == UNCONFIRMED
    assert (percent(world), ramp_of(world).held) == (5, "")


async def test_why_it_is_held_is_said_until_it_goes_on(ramping: World) -> None:
    hold = ramping.bot.hold_restore
    said = await hold("K-1", MARA, hold=True, request_id="hold", reason="odd diffs")
    again = await hold("K-1", SAM, hold=True, request_id="again", reason="me too")
    status = await ramping.bot.status(NAME, SAM)
    card = await card_of(ramping)
    await hold("K-1", SAM, hold=False, request_id="on")

    words = "Held by Mara: odd diffs. Somebody else lets it go on: `opsbot restore K-1 go-on`."
    for one in (said, again, status, card):
        assert words in one.as_text()
    assert "odd diffs" not in (await card_of(ramping)).as_text()
    assert ramp_of(ramping).note == ""


async def test_let_go_on_after_its_watch_the_next_step_is_due_now(
    ramping: World, pod: HandMoved
) -> None:
    await ramping.bot.hold_restore("K-1", OLA, hold=True, request_id="hold")
    await later(ramping, pod)

    said = await ramping.bot.hold_restore("K-1", SAM, hold=False, request_id="on")

    assert "its watch is over: 25 % now, if nothing holds it." in said.as_text()


async def test_a_kill_that_is_lifted_says_so_to_who_would_hold_it(
    ramping: World, pod: HandMoved
) -> None:
    for _ in range(3):
        await later(ramping, pod)

    with pytest.raises(StaleButton, match=r"^K-1 was lifted at \d\d:\d\d:\d\d UTC\. Nothing"):
        await ramping.bot.hold_restore("K-1", MARA, hold=True, request_id="hold")


async def test_a_kill_beside_it_is_named_with_its_mode_as_it_is_written(
    ramping: World, pod: HandMoved
) -> None:
    await ramping.bot.kill(KillRequest(COPILOT, "canned", tenant="acme"), MARA, request_id="t")
    await later(ramping, pod)

    assert "Held: K-2 (`canned`) restricts it since; then" in (await card_of(ramping)).as_text()
