"""What is said of an incident whose channel is archived: never lost, and back in the channel once it is open."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import pytest

from opsbot.app.incident.requests import EditIncident, MoveIncident, RetryStep
from opsbot.app.ports import GiveUp
from opsbot.app.room.archive import BY_SOMEBODY, LOST
from opsbot.domain.incident.incident import Room
from tests.support.archived import IT, act, later, move, over, room, step, strict_company
from tests.support.incident_life import HOME, OPEN, incident, opened, settle, tops
from tests.support.rooms import Rooms
from tests.support.world import INES, MARA, SAM, World


@pytest.fixture
async def world() -> World:
    return await strict_company()


async def test_the_archiving_itself_says_nothing_anywhere(world: World) -> None:
    await over(world)
    posted, said = len(world.slack.posted), len(world.rooms.replies)

    await later(world, 7.1)

    assert (len(world.slack.posted), len(world.rooms.replies)) == (posted, said)


async def test_what_is_said_after_it_stands_under_the_announcement(world: World) -> None:
    await over(world)
    await later(world, 7.1)
    posted = len(world.slack.posted)

    await act(world)

    place, text = list(world.rooms.replies.values())[-1]
    assert place["channel"] == HOME
    assert "tell the customers" in text
    assert len(world.slack.posted) == posted


async def test_its_review_goes_there_too(world: World) -> None:
    await over(world)
    await later(world, 7.1)

    await world.bot.incidents.share(IT, MARA, request_id="share")
    await settle(world)

    assert world.slack.shared[-1][0]["channel"] == HOME


async def test_what_has_no_other_place_is_kept_as_undelivered(world: World) -> None:
    await over(world, replace(OPEN, private=True))
    await later(world, 7.1)

    await act(world)

    seen = (await world.bot.status(None, INES)).as_text()
    blind = (await world.bot.status(None, SAM)).as_text()
    assert "archived, and it has no other place" in seen
    assert "INC-1" not in blind


async def test_a_reopened_incident_says_what_a_person_has_to_do(world: World) -> None:
    await over(world)
    await later(world, 7.1)

    await move(world, "active")

    state, detail = step(world)
    assert state == "failed"
    assert "Slack lets no bot open a channel again" in detail
    assert "Unarchive #inc-1-support-copilot in Slack and invite the bot there" in detail


async def test_until_then_its_card_stands_where_it_is_read(world: World) -> None:
    await over(world)
    await later(world, 7.1)
    before = len(tops(world, HOME))

    await move(world, "active")
    await act(world)

    assert len(tops(world, HOME)) == before + 1
    place, text = list(world.rooms.replies.values())[-1]
    assert place["channel"] == HOME
    assert "tell the customers" in text


async def test_a_channel_that_a_person_opened_again_is_taken_back_by_itself(world: World) -> None:
    await over(world)
    await later(world, 7.1)
    await move(world, "active")
    channel = incident(world).room.channel
    posted = len(world.slack.posted)
    world.rooms.reopen(channel)
    world.rooms.members[channel].clear()

    await act(world)
    await act(world, "and the regulator")

    assert incident(world).room == Room(channel, "inc-1-support-copilot", own=True)
    assert step(world) == ("done", "it is open again")
    assert len(world.slack.posted) == posted, "its old card there is edited, none is posted anew"
    assert list(world.rooms.replies.values())[-1][0]["channel"] == channel
    assert "U0ONCALL" in world.rooms.members[channel]


async def test_retry_opens_it_where_the_bot_may_enter(world: World) -> None:
    await over(world)
    await later(world, 7.1)
    await move(world, "active")
    channel = incident(world).room.channel
    found = world.rooms.channels[channel]
    world.rooms.channels[channel] = replace(found, archived=False, member=False)

    await world.bot.incidents.retry(RetryStep(IT, "archive"), MARA, request_id="retry")
    await settle(world)

    assert incident(world).room.live
    assert room(world).member


async def test_a_channel_that_somebody_archives_meanwhile_loses_no_message(world: World) -> None:
    await opened(world)
    channel = incident(world).room.channel
    world.rooms.close(channel)

    await act(world)

    assert incident(world).room.archived
    assert step(world)[1].startswith(BY_SOMEBODY)
    place, text = list(world.rooms.replies.values())[-1]
    assert place["channel"] == HOME
    assert "tell the customers" in text


async def test_a_private_channel_that_is_gone_says_so_on_every_surface(world: World) -> None:
    await opened(world, replace(OPEN, private=True))
    world.rooms.close(incident(world).room.channel)

    await act(world)

    view = (await world.bot.incidents.show(IT, MARA)).as_text()
    assert f"Archiving failed: {LOST}." in view
    assert tops(world, HOME) == []


async def test_what_somebody_archived_after_its_end_is_not_archived_again(world: World) -> None:
    await over(world)
    world.rooms.close(incident(world).room.channel)
    await world.bot.incidents.edit(EditIncident(IT, title="wrong sums"), MARA, request_id="e")
    await settle(world)
    assert step(world) == ("done", BY_SOMEBODY)
    world.rooms.break_("archive", GiveUp("nobody asks"))

    await later(world, 8)

    assert step(world) == ("done", BY_SOMEBODY)


@dataclass
class Meanwhile(Rooms):
    """Somebody does something while a channel is being archived."""

    then: Callable[[], Awaitable[object]] | None = None

    async def archive(self, channel: str) -> None:
        """Archive, and let it happen."""
        await super().archive(channel)
        if self.then is not None:
            await self.then()


async def test_a_reopening_that_the_archiving_crosses_is_not_left_without_a_place() -> None:
    rooms = Meanwhile()
    world = await strict_company(rooms)
    await over(world)
    back = MoveIncident(IT, "active")
    rooms.then = lambda: world.bot.incidents.move(back, MARA, request_id="back")

    await later(world, 7.1)
    await act(world)

    assert step(world)[0] == "failed"
    assert incident(world).room.archived
    assert list(world.rooms.replies.values())[-1][0]["channel"] == HOME
