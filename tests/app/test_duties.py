"""What becomes due, and what is taken up: reviews, queues, emergencies, broken glass, anchors."""

import json

import pytest

from opsbot.app.requests import KillRequest, Target
from opsbot.domain.errors import NotAllowed, StaleButton
from tests.support.world import MARA, NOOR, SAM, World, workflow

COPILOT = Target("workflow", "support-copilot")
ALWAYS_OPEN = {"hours": "always", "text": "A person is taking over."}


async def test_after_four_hours_the_dri_is_asked_and_nothing_is_lifted(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")
    world.clock.later(4 * 3600 + 1)
    await world.outbox.fire_timers()

    await world.work("review")

    assert tuple(sorted((p for p, _ in world.slack.told), reverse=True)) == (
        "U0SUPPORT",
        "U0ONCALL",
    )
    assert "Should K-1 stay?" in world.slack.told[0][1]
    assert world.store.state.kill("K-1").active


async def test_for_2h_asks_then_and_never_resumes(world: World) -> None:
    said = await world.bot.kill(KillRequest(COPILOT, review_in_s=7200), MARA, request_id="1")
    world.clock.later(7201)
    await world.outbox.fire_timers()
    await world.work("review")

    assert "does not end by itself" in said.as_text()
    assert world.store.state.kill("K-1").active


async def test_human_becomes_the_approved_text_when_its_queue_closes(world: World) -> None:
    monday_1959 = 1_795_464_000_000 - 60_000
    world.clock.ms = monday_1959
    await world.bot.kill(KillRequest(COPILOT, mode="human"), MARA, request_id="1")
    before = world.store.state.kill("K-1").mode
    world.clock.later(61)
    await world.outbox.fire_timers()

    await world.work("queue_closed")

    assert (before, world.store.state.kill("K-1").mode) == ("human", "canned")


async def test_an_emergency_is_adopted_once_as_a_claimed_identity(world: World) -> None:
    record = {
        "s": 1,
        "scope": {"workflow": "support-copilot"},
        "mode": "stop",
        "uid": "ab",
        "claimed": "mara on her phone",
    }
    world.server.emergencies.append(json.dumps(record))

    await world.bot.tick()
    await world.bot.tick()

    (kill,) = world.store.state.active_kills()
    assert (kill.emergency, kill.actor) == ("E-1", "claimed:kill-only credential")
    assert kill.actor_name in (await world.store.texts([kill.actor_name]))


async def test_an_unreadable_emergency_is_passed_over_and_noted(world: World) -> None:
    world.server.emergencies += [
        "not json",
        json.dumps({"s": 1, "scope": {}, "mode": "stop", "uid": "x", "claimed": ""}),
    ]

    await world.bot.tick()

    assert [kill.emergency for kill in world.store.state.active_kills()] == ["E-2"]
    assert any("emergency_unreadable" in line for line in world.server.lines)


async def test_broken_glass_is_adopted_by_a_responder_once(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT, break_glass=True), NOOR, request_id="1")

    said = await world.bot.adopt("K-1", MARA, question=False, request_id="2")

    assert said.title == "K-1 adopted by Mara; it holds in prod"
    with pytest.raises(StaleButton):
        await world.bot.adopt("K-1", SAM, question=True, request_id="3")


async def test_who_broke_the_glass_cannot_adopt_it(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT, break_glass=True), NOOR, request_id="1")

    with pytest.raises(NotAllowed):
        await world.bot.adopt("K-1", NOOR, question=False, request_id="2")


async def test_glass_that_nobody_takes_up_is_shouted_after_15_minutes(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT, break_glass=True), NOOR, request_id="1")
    world.clock.later(15 * 60 + 1)
    await world.outbox.fire_timers()
    world.slack.told.clear()
    await world.work("tell")

    assert any("Nobody has adopted" in text for _, text in world.slack.told)


async def test_many_kills_by_one_account_raise_an_alarm(world: World) -> None:
    for tenant in "abcde":
        await world.bot.kill(KillRequest(COPILOT, tenant=tenant), MARA, request_id=tenant)

    await world.work("tell")

    assert [person for person, _ in world.slack.told] == ["U0ADMIN"]


async def test_the_alarm_is_raised_once_in_a_window_and_again_in_the_next(world: World) -> None:
    async def kill_each(tenants: str, every_s: float) -> int:
        world.slack.told.clear()
        for tenant in tenants:
            await world.bot.kill(KillRequest(COPILOT, tenant=tenant), MARA, request_id=tenant)
            world.clock.later(every_s)
        await world.work("tell")
        return len(world.slack.told)

    burst = await kill_each("abcdefgh", 1)
    steady = await kill_each("ijklm", 60)
    world.clock.later(3600)
    next_burst = await kill_each("nopqrst", 1)

    assert (burst, steady, next_burst) == (1, 0, 1)


async def test_a_reason_is_given_afterwards_once(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")

    await world.bot.give_reason("K-1", "wrong refunds", MARA, request_id="2")

    with pytest.raises(StaleButton):
        await world.bot.give_reason("K-1", "another", MARA, request_id="3")


async def test_a_truncated_journal_is_found_by_its_anchor(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")
    await world.bot.anchor()
    world.server.lines.pop()

    said = await world.bot.audit_verify(MARA)

    assert said.tone == "red"
    assert any("cut" in line for line in said.lines)


async def test_state_written_behind_the_journals_back_is_named(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")
    records = {kind: dict(of) for kind, of in world.server.state.records.items()}
    del records["kills"]["K-1"]
    object.__setattr__(world.server.state, "records", records)

    said = await world.bot.audit_verify(MARA)

    assert "Record kills/K-1 was removed behind the journal's back." in said.lines


async def test_status_names_a_workflow_that_a_service_misspells(world: World) -> None:
    world.instance("pod-1", serves=("suport-copilot",))

    said = await world.bot.status(None, MARA)

    assert any("did you mean `support-copilot`" in line for line in said.lines)


async def test_a_stop_button_on_a_weaker_kill_stops_completely(world: World) -> None:
    await world.declare(workflow("coding-agent"))
    target = Target("workflow", "coding-agent")
    await world.bot.kill(KillRequest(target, mode="read_only"), MARA, request_id="1")

    said = await world.bot.stop_completely("K-1", MARA, request_id="2")

    assert said.body["mode"] == "stop"


async def test_the_card_is_posted_once_and_edited_until_it_is_settled(world: World) -> None:
    pod = world.instance("pod-1", probe="http://pod-1/probe")
    await world.bot.kill(KillRequest(COPILOT, mode="stop"), MARA, request_id="1")
    await world.work("card")
    pod.follow()
    await world.work("follow")
    world.clock.later(31)
    pod.check_in()
    await world.outbox.fire_timers()

    await world.work("card")

    assert len(world.slack.posted) == 1
    assert "1/1 confirmed" in world.slack.updated[-1]
    assert "1/1 probes refused" in world.slack.updated[-1]
