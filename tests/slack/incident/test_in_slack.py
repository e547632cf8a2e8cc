"""A whole incident in a workspace: real client, real handlers, and Slack failing at every call in turn."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from opsbot.app.incident.requests import (
    EditIncident,
    MoveIncident,
    OpenIncident,
    RetryStep,
    RoleOrder,
    Which,
)
from opsbot.app.requests import KillRequest, Target
from opsbot.domain.errors import NotAllowed
from opsbot.domain.incident.incident import AT_FIRST, Incident
from opsbot.slack.app import open_client, open_session
from opsbot.slack.blocks import render
from opsbot.slack.chat import SlackChat
from opsbot.slack.manifest import scopes
from opsbot.slack.rooms import SlackRooms
from opsbot.workbench.slack import Channel, Message, Person, SlackStandIn
from tests.support.slack import BOT_TOKEN, MovableClock, slack_stand_in
from tests.support.world import INES, MARA, SAM, World, workflow

COPILOT, HOME = "support-copilot", "C0SUPPORTAI"
OPEN = OpenIncident("wrong refund answers", workflow=COPILOT, severity="SEV1")
ASKED = frozenset(scopes("incident"))


@dataclass
class Town:
    """A company whose bot speaks to a workspace; *clock* is the workspace's."""

    world: World
    slack: SlackStandIn
    clock: MovableClock

    async def settle(self, rounds: int = 10) -> None:
        """Work until the outbox rests, letting seconds pass on both clocks."""
        for _ in range(rounds):
            await self.world.work()
            self.world.clock.later(1.1)
            self.clock.push(1.1)
            await self.world.outbox.fire_timers()

    def incident(self) -> Incident:
        """Return the incident as it is now."""
        return self.world.store.state.incident("INC-1")

    def room(self) -> Channel:
        """Return its channel; fails the test where there is not one."""
        (found,) = [c for c in self.slack.workspace.channels.values() if c.name.startswith("inc-")]
        return found

    def tops(self, channel: str) -> list[Message]:
        """Return what stands in a channel, threads aside."""
        said = self.slack.workspace.messages.get(channel, [])
        return [one for one in said if one.thread_ts is None]

    def thread(self) -> list[str]:
        """Return what was said under the card."""
        (card,) = self.tops(self.room().id)
        return [reply.text for reply in self.slack.workspace.replies(card)]


@asynccontextmanager
async def town(granted: frozenset[str] = ASKED) -> AsyncGenerator[Town]:
    """Give a company in a workspace that granted these scopes, one person of it missing."""
    clock, world = MovableClock(), World()
    declared = workflow(
        COPILOT, tier=1, dri="U0APPROVER", evidence={"observability": "https://traces.example.com"}
    )
    await world.declare(declared)
    async with slack_stand_in(clock, granted) as slack, open_session() as session:
        for user in ("U0LEAD", "U0SUPPORT"):
            slack.workspace.people[user] = Person(user, user.lower(), user, "")
        client = open_client(BOT_TOKEN, session, api_url=slack.api_url)
        chat = SlackChat(client, world.outbox, world.clock)
        rooms = SlackRooms(client, chat)
        world.bot = replace(world.bot, chat=chat, rooms=rooms, render=render)
        yield Town(world, slack, clock)


async def story(place: Town) -> None:
    """Live through a SEV1, from the kill to its end."""
    world, verbs = place.world, place.world.bot.incidents
    pod = world.instance("pod-1")
    await world.bot.kill(KillRequest(Target("workflow", COPILOT)), MARA, request_id="k1")
    await verbs.open(replace(OPEN, severity="SEV2"), MARA, request_id="open")
    await place.settle()
    await verbs.edit(EditIncident(Which(), severity="SEV1"), MARA, request_id="1")
    await verbs.role(RoleOrder(Which(), "commander", "take"), INES, request_id="2")
    await verbs.role(RoleOrder(Which(), "comms", "offer", "sam"), INES, request_id="3")
    await verbs.role(RoleOrder(Which(), "comms", "accept"), SAM, request_id="4")
    for number in range(3):
        update = EditIncident(Which(), update=f"part {number}")
        await verbs.edit(update, INES, request_id=f"u{number}")
        await place.settle(3)
    for _ in range(8):
        pod.follow()
        await place.settle(1)
    over = MoveIncident(Which(), "resolved", stays_off=True)
    await verbs.move(over, INES, request_id="5")
    await place.settle()


async def test_a_whole_sev1_stays_within_six_messages_in_shared_channels() -> None:
    async with town() as place:
        await story(place)

        room, one = place.room(), place.incident()
        shared = [
            message
            for channel in place.slack.workspace.channels
            if channel != room.id and not channel.startswith("D")
            for message in place.tops(channel)
        ]
        assert (one.status, one.times.contained is not None) == ("resolved", True)
        assert len(shared) <= 6, "the promise"
        assert [message.channel for message in shared] == [HOME, HOME], "the kill, the announcement"
        assert "INC-1 · SEV1 · `support-copilot` · resolved in prod" in shared[-1].text
        assert str(shared[-1].blocks[-1]).count(f"<#{room.id}>") == 1
        (card,) = place.tops(room.id)
        assert card.pinned
        assert "resolved" in card.text
        assert room.topic == "[SEV1] INC-1 · IC @Ines · resolved · wrong refund answers"
        assert [one.title for one in room.bookmarks] == ["Dashboards"]
        assert room.members == {"U0BOT", "U0ONCALL", "U0APPROVER", "U0LEAD", "U0SUPPORT"}
        assert len(place.thread()) == len(set(place.thread())) == 9
        dead = {item.effect.kind for item, _ in place.world.server.dead.values()}
        assert dead <= {"pager_sync"}


METHODS = (
    "conversations.create",
    "conversations.setPurpose",
    "conversations.setTopic",
    "conversations.invite",
    "bookmarks.list",
    "bookmarks.add",
    "chat.postMessage",
    "chat.update",
    "pins.add",
)


@pytest.mark.parametrize("kind", ["429", "drop", "drop_after_effect", "500"])
@pytest.mark.parametrize("method", METHODS)
async def test_one_call_that_goes_wrong_leaves_one_of_everything(method: str, kind: str) -> None:
    async with town() as place:
        place.slack.faults.fail(method, kind, times=2)  # type: ignore[arg-type]  # a parameter
        await place.world.bot.incidents.open(OPEN, MARA, request_id="open")
        await place.settle()
        lead = RoleOrder(Which(), "commander", "take")
        await place.world.bot.incidents.role(lead, INES, request_id="r1")
        await place.settle()

        room, one = place.room(), place.incident()
        assert {s.state for name, s in one.steps.items() if name != "page"} == {"done"}
        (card,), (announcement,) = place.tops(room.id), place.tops(HOME)
        assert card.pinned
        assert "Commander: Ines" in card.text
        assert "Commander: Ines." in announcement.text
        assert len(place.thread()) == 1
        assert [one.title for one in room.bookmarks] == ["Dashboards"]
        assert room.topic.startswith("[SEV1] INC-1 · IC @Ines")
        assert room.members >= {"U0ONCALL", "U0APPROVER", "U0LEAD"}


@pytest.mark.parametrize(
    ("lacking", "failed"),
    [
        ("pins:write", "card"),
        ("bookmarks:write", "bookmarks"),
        ("bookmarks:read", "bookmarks"),
        ("channels:manage", "channel"),
    ],
)
async def test_a_permission_that_lacks_fails_its_own_step_and_retry_does_it(
    lacking: str, failed: str
) -> None:
    async with town(ASKED - {lacking}) as place:
        await place.world.bot.incidents.open(OPEN, MARA, request_id="open")
        await place.settle()

        one = place.incident()
        assert [name for name in AT_FIRST if one.steps[name].state == "failed"] == [failed]
        card = next(m for m in place.slack.workspace.messages[one.room.channel] if not m.thread_ts)
        assert "the Slack app lacks a permission (missing_scope)" in card.text
        assert f"INC-1:{failed}" in str(card.blocks)

        place.slack.desk.scopes = ASKED
        retry = RetryStep(Which(), failed)  # type: ignore[arg-type]  # a step by name
        await place.world.bot.incidents.retry(retry, MARA, request_id="again")
        await place.settle()

        states = {s.state for name, s in place.incident().steps.items() if name != "page"}
        assert states <= {"done", "skipped"}
        assert place.tops(place.room().id)[0].pinned


async def test_a_restricted_workspace_has_its_card_in_the_workflows_channel() -> None:
    async with town() as place:
        place.slack.workspace.creation_restricted = True
        await place.world.bot.incidents.open(OPEN, MARA, request_id="open")
        await place.settle()

        (card,) = place.tops(HOME)
        assert card.text.startswith("\U0001f534 INC-1")
        assert "failed" not in {step.state for step in place.incident().steps.values()}
        assert place.slack.workspace.channels[HOME].topic == ""


async def test_a_private_one_is_read_by_those_who_work_on_it_alone() -> None:
    async with town() as place:
        leak = OpenIncident("leaked addresses", workflow=COPILOT, type="data_leak_pii")
        await place.world.bot.incidents.open(leak, MARA, request_id="open")
        await place.settle()

        room = place.room()
        assert (room.name, room.is_private) == ("inc-1", True)
        assert room.members == {"U0BOT", "U0ONCALL"}
        assert place.tops(HOME) == []
        assert len(place.tops(room.id)) == 1


async def test_a_deleted_card_is_posted_anew_and_pinned() -> None:
    async with town() as place:
        await place.world.bot.incidents.open(OPEN, MARA, request_id="open")
        await place.settle()
        room = place.room()
        place.slack.workspace.drop(place.tops(room.id)[0])

        update = EditIncident(Which(), update="still at it")
        await place.world.bot.incidents.edit(update, MARA, request_id="r1")
        await place.settle()

        (card,) = place.tops(room.id)
        assert card.pinned
        assert len(place.thread()) == 1


async def test_a_channel_is_archived_at_its_end_and_comes_back_by_a_persons_hand() -> None:
    async with town() as place:
        await story(place)
        verbs, room = place.world.bot.incidents, place.room()
        await verbs.move(MoveIncident(Which("INC-1"), "reviewed"), INES, request_id="6")
        await place.settle()
        place.world.clock.later(7 * 86_400)
        await place.settle()
        assert room.is_archived
        assert len([one for one in place.tops(HOME) if "INC-1 \u00b7" in one.text]) == 1

        again = MoveIncident(Which("INC-1"), "active", "it is back")
        await verbs.move(again, INES, request_id="7")
        await place.settle()
        said = (await verbs.show(Which("INC-1"), INES)).as_text()
        assert "Unarchive #inc-1-support-copilot in Slack and invite the bot there" in said
        elsewhere = place.tops(HOME)[-1]
        assert any("it is back" in one.text for one in place.slack.workspace.replies(elsewhere))

        place.slack.gestures.unarchive("U0LEAD", room.id)
        place.slack.gestures.invite("U0LEAD", room.id, place.slack.workspace.bot.id)
        await verbs.edit(EditIncident(Which("INC-1"), update="we look"), INES, request_id="8")
        await place.settle()

        assert place.incident().room.live
        (card,) = [one for one in place.tops(room.id) if one.pinned]
        assert "active" in card.text
        assert len(place.tops(room.id)) == 1
        assert "goes on in its own channel" in elsewhere.text


@pytest.mark.parametrize("kind", ["500", "drop", "drop_after_effect"])
async def test_slack_failing_at_the_archiving_archives_all_the_same(kind: str) -> None:
    async with town() as place:
        await story(place)
        move = MoveIncident(Which("INC-1"), "reviewed")
        await place.world.bot.incidents.move(move, INES, request_id="6")
        place.slack.faults.fail("conversations.archive", kind)  # type: ignore[arg-type]  # a parameter
        place.world.clock.later(7 * 86_400)
        await place.settle()

        assert place.room().is_archived
        assert place.incident().steps["archive"].state == "done"


@pytest.mark.parametrize("role", ["comms", "responder"])
async def test_a_guest_of_the_workspace_is_offered_nothing(role: str) -> None:
    async with town() as place:
        guest = Person("U0GIL", "gil", "Gil Guest", "", is_ultra_restricted=True)
        place.slack.workspace.people["U0GIL"] = guest
        place.slack.workspace.people["U0TESS"] = Person("U0TESS", "tess", "Tess", "")
        verbs = place.world.bot.incidents
        await verbs.open(OPEN, MARA, request_id="open")

        to_guest = RoleOrder(Which(), role, "offer", "<@U0GIL>")  # type: ignore[arg-type]  # a parameter

        with pytest.raises(NotAllowed, match=r"gil \(`U0GIL`\) is a guest in Slack"):
            await verbs.role(to_guest, MARA, request_id="guest")

        await verbs.role(replace(to_guest, who="<@U0TESS>"), MARA, request_id="member")
        one = place.incident()
        assert "slack:U0TESS" in (*one.offers.values(), *one.responders)
