"""The end of an incident's own channel: archived once, in its time, and never one that others need."""

from dataclasses import replace

import pytest

from opsbot.app.incident.ending import DECLARED, IN_USE
from opsbot.app.incident.requests import MoveIncident, OpenIncident, RetryStep, Which
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.app.room.archive import LOST
from opsbot.app.room.port import Channel, NotSeen
from opsbot.domain.incident.flow import Status
from tests.support.archived import (
    DAY_S,
    IT,
    later,
    move,
    over,
    room,
    settings,
    step,
    strict_company,
)
from tests.support.incident_life import OPEN, incident, opened, settle
from tests.support.world import MARA, World, workflow


@pytest.fixture
async def world() -> World:
    return await strict_company()


async def test_a_week_after_its_review_its_channel_is_archived(world: World) -> None:
    await over(world)
    await later(world, 6.9)
    assert not room(world).archived

    await later(world, 0.2)

    assert room(world).archived
    assert incident(world).room.archived
    assert step(world)[0] == "done"


async def test_a_resolved_incident_that_nobody_reviewed_keeps_its_channel(world: World) -> None:
    await opened(world)
    await move(world, "resolved", "fixed")

    await later(world, 30)

    assert not room(world).archived


@pytest.mark.parametrize("to", ["cancelled", "duplicate"])
async def test_what_was_none_is_archived_too(world: World, to: Status) -> None:
    await opened(world)
    beside = OpenIncident("the same", workflow="coding-agent", severity="SEV4")
    await world.bot.incidents.open(beside, MARA, request_id="two")

    await move(world, to, "it was none", "INC-2" if to == "duplicate" else "")
    await later(world, 7.1)

    assert room(world).archived


async def test_the_settings_say_when(world: World) -> None:
    await settings(world, archive_after_ms=3_600_000)
    await over(world)

    await later(world, 0.05)

    assert room(world).archived


async def test_never_is_never(world: World) -> None:
    await settings(world, archive_after_ms=None)
    await over(world)

    await later(world, 400)

    assert not room(world).archived
    assert "archive" not in incident(world).steps


async def test_never_counts_for_what_is_waiting_already(world: World) -> None:
    await over(world)
    await settings(world, archive_after_ms=None)

    await later(world, 8)

    assert not room(world).archived


async def test_a_replica_more_or_a_restart_archives_once(world: World) -> None:
    await over(world)
    world.clock.later(8 * DAY_S)
    await world.outbox.fire_timers()
    [name] = [n for n, one in world.server.items.items() if one.effect.kind == "incident_archive"]
    handler, again = world.bot.handlers()["incident_archive"], world.delivery(name)

    await handler(again)
    await handler(again)
    await settle(world)
    await handler(again)
    await settle(world)

    assert room(world).archived
    assert world.rooms.calls.count("archive") == 1


async def test_a_reopening_before_its_time_leaves_the_channel(world: World) -> None:
    await over(world)
    await later(world, 6)

    await move(world, "active")
    await later(world, 30)

    assert not room(world).archived
    assert incident(world).open


async def test_a_reopening_while_it_is_being_archived_brings_it_back_or_says_so(
    world: World,
) -> None:
    await over(world)
    world.clock.later(8 * DAY_S)
    await world.outbox.fire_timers()
    await world.work("incident_archive")

    await move(world, "active")

    assert not room(world).archived
    assert step(world) == ("skipped", "it was reopened before")


async def test_the_end_after_a_reopening_counts_anew(world: World) -> None:
    await over(world)
    await later(world, 6)
    await move(world, "active")
    await move(world, "resolved", "again")
    await move(world, "reviewed")

    await later(world, 6)
    assert not room(world).archived
    await later(world, 1.1)

    assert room(world).archived


async def test_an_adopted_channel_is_never_archived(world: World) -> None:
    world.rooms.channels["C0WAR"] = Channel("C0WAR", "war-room", member=True)
    await over(world, replace(OPEN, channel="C0WAR"))

    await later(world, 30)

    assert not world.rooms.channels["C0WAR"].archived


async def test_a_channel_that_another_open_incident_uses_waits_for_it(world: World) -> None:
    one = await over(world)
    await world.declare(workflow("coding-agent"))
    beside = OpenIncident("beside", workflow="coding-agent", channel=one.room.channel)
    await world.bot.incidents.open(beside, MARA, request_id="two")
    await settle(world)

    await later(world, 7.1)
    assert step(world) == ("skipped", IN_USE)
    assert not room(world).archived

    over_ = MoveIncident(Which("INC-2"), "cancelled", "a test")
    await world.bot.incidents.move(over_, MARA, request_id="end2")
    await later(world, 1.1)
    assert room(world).archived


async def test_a_channel_that_was_declared_since_is_never_archived(world: World) -> None:
    one = await over(world)
    await world.declare(workflow("coding-agent", slack_channel=one.room.channel))

    await later(world, 30)

    assert step(world) == ("skipped", DECLARED)
    assert not room(world).archived


async def test_a_failure_is_shown_and_done_again_by_hand(world: World) -> None:
    world.rooms.break_("archive", GiveUp("the Slack app lacks a permission (missing_scope)"))
    await over(world)
    await later(world, 7.1)
    view = (await world.bot.incidents.show(IT, MARA)).as_text()
    assert "Archiving failed: the Slack app lacks a permission (missing_scope)" in view

    retry = RetryStep(IT, "archive")
    await world.bot.incidents.retry(retry, MARA, request_id="retry")
    await settle(world)

    assert room(world).archived
    assert step(world)[0] == "done"


async def test_an_answer_that_was_lost_is_no_failure(world: World) -> None:
    await over(world, replace(OPEN, private=True))
    channel = incident(world).room.channel
    world.rooms.break_("archive", RetryLater("Slack did not answer"))
    world.clock.later(7.1 * DAY_S)
    await world.outbox.fire_timers()
    await world.work()
    world.rooms.close(channel)

    await later(world, 0.01)

    assert step(world) == ("done", LOST)
    assert incident(world).room.archived


async def test_a_channel_that_the_bot_was_put_out_of_is_not_said_to_be_archived(
    world: World,
) -> None:
    await over(world, replace(OPEN, private=True))
    world.rooms.break_("archive", NotSeen("Slack knows no such channel"))

    await later(world, 7.1)

    assert step(world) == ("failed", "Slack knows no such channel")
    assert not incident(world).room.archived


async def test_slack_being_away_is_waited_for(world: World) -> None:
    await over(world)
    world.rooms.break_("archive", RetryLater("Slack did not answer"), times=2)

    await later(world, 7.1)
    await later(world, 0.01)

    assert room(world).archived
