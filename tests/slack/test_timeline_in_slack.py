"""Timelines from Slack: reactions, edits and the shortcut, over bolt, the real client and a strict stand-in."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from opsbot.adapters.clock import SystemClock
from opsbot.app.incident.requests import OpenIncident, Which
from opsbot.domain.incident.note import Note
from opsbot.slack.app import build_app, installed, open_client, open_session
from opsbot.slack.blocks import render
from opsbot.slack.chat import SlackChat
from opsbot.slack.deps import Deps
from opsbot.slack.manifest import Profile, manifest, scopes
from opsbot.slack.people import People
from opsbot.slack.rooms import SlackRooms
from opsbot.slack.timeline import DONE, PIN
from opsbot.slack.transport_http import SlackEndpoint
from opsbot.workbench.slack import Message, Person, SlackStandIn
from opsbot.workbench.slack.model import View
from tests.support.incident_life import settle
from tests.support.runs import shelved
from tests.support.slack import BOT_TOKEN, SIGNING_SECRET, loopback, serving, slack_stand_in
from tests.support.wait import eventually
from tests.support.world import MARA, World, workflow

COPILOT = "support-copilot"
WRONG = OpenIncident("wrong refund answers", workflow=COPILOT, severity="SEV2")
INC = Which("INC-1")
SHORTCUT = "timeline_from_message"
MARAS, OUTSIDER = "U0ONCALL", "U0APPROVER"


@dataclass
class Town:
    """A company in a workspace, with an incident and its channel."""

    world: World
    slack: SlackStandIn
    deps: Deps

    @property
    def room(self) -> str:
        """Return the incident's channel."""
        return self.world.store.state.incident("INC-1").room.channel

    def notes(self) -> tuple[Note, ...]:
        """Return what people put into the timeline."""
        return self.world.store.state.notes("INC-1")

    def marks(self, message: Message) -> list[str]:
        """Return whose ✅ a message has."""
        return message.reactions.get(DONE, [])

    async def said(self, text: str, who: str = MARAS) -> Message:
        """Write into the incident's channel."""
        self.slack.workspace.channels[self.room].members.add(who)
        return await self.slack.say(who, self.room, text)

    def whispers(self, who: str) -> list[Message]:
        """Return what only one person sees in the incident's channel."""
        seen = self.slack.seen_by(who, self.room)
        return [message for message in seen if message.ephemeral_for == who]

    async def modal(self) -> View:
        """Return the modal that Mara sees, as soon as she does."""
        await eventually(lambda: self.slack.workspace.top(MARAS) is not None)
        found = self.slack.workspace.top(MARAS)
        assert found is not None
        return found

    async def quiet(self) -> None:
        """Wait until everything that Slack told is done."""
        await eventually(lambda: not self.slack.background.running)
        await self.deps.tasks.drain(timeout_s=5)


@asynccontextmanager
async def town(profile: Profile = "capture", *, capture: bool = True) -> AsyncGenerator[Town]:
    """Give the company, with one incident open."""
    async with AsyncExitStack() as stack:
        asked = frozenset(scopes(profile))
        slack = await stack.enter_async_context(slack_stand_in(scopes=asked))
        slack.manifest = manifest("ai", profile=profile)
        slack.workspace.people["U0LEAD"] = Person("U0LEAD", "ines", "Ines", "")
        session = await stack.enter_async_context(open_session())
        client = open_client(BOT_TOKEN, session, api_url=slack.api_url)
        clock, world = SystemClock(), World()
        await world.declare(workflow(COPILOT, tier=1), workflow("coding-agent"))
        shelved(world)
        chat = SlackChat(client, world.outbox, world.clock)
        rooms = SlackRooms(client, chat)
        world.bot = replace(world.bot, chat=chat, rooms=rooms, render=render)
        people, home = People(client, clock), frozenset({"T0HOME"})
        deps = Deps(world.bot, world.outbox, clock, client, session, people, home, capture=capture)
        app = build_app(deps, signing_secret=SIGNING_SECRET, bot=await installed(client))
        endpoint = SlackEndpoint(app.bolt, signing_secret=SIGNING_SECRET, memory=world.outbox)
        route = Route("/slack/events", endpoint.handle, methods=["POST"])
        listener, url = loopback()
        await stack.enter_async_context(serving(Starlette(routes=[route]), listener))
        slack.request_url, slack.deliver_by = f"{url}/slack/events", "http"
        place = Town(world, slack, deps)
        await world.bot.incidents.open(WRONG, MARA, request_id="open")
        await settle(world)
        # The lines are of now, and nothing lies ahead of the store.
        world.clock.ms = clock.now_ms()
        yield place
        await deps.tasks.drain(timeout_s=5)


async def test_a_pinned_message_is_a_line_answered_by_a_mark_and_nothing_else() -> None:
    async with town() as place:
        message = await place.said("customers get <refunds> & more")
        before = len(place.slack.workspace.messages[place.room])

        await place.slack.react(MARAS, message.ts, PIN)
        await eventually(lambda: place.marks(message))

        (note,) = place.notes()
        (text,) = await place.world.env.unsealed(note.text)
        assert text == "customers get <refunds> & more"
        assert note.at_ms == int(float(message.ts) * 1000)
        assert (note.author, note.noted_by, note.source) == ("mara", "mara", "reaction")
        assert note.permalink.endswith(f"p{message.ts.replace('.', '')}")
        assert len(place.slack.workspace.messages[place.room]) == before


async def test_taking_the_pin_off_retracts_it_and_putting_it_back_brings_it_back() -> None:
    async with town() as place:
        message = await place.said("seen at 03:10")
        await place.slack.react(MARAS, message.ts, PIN)
        await eventually(lambda: place.marks(message))

        await place.slack.unreact(MARAS, message.ts, PIN)
        await eventually(lambda: not place.marks(message))
        assert [note.stands for note in place.notes()] == [False]

        await place.slack.react(MARAS, message.ts, PIN)
        await eventually(lambda: place.marks(message))
        assert [note.stands for note in place.notes()] == [True]


async def test_edits_and_deletions_are_followed() -> None:
    async with town() as place:
        message = await place.said("210 customers")
        await place.slack.react(MARAS, message.ts, PIN)
        await eventually(lambda: place.marks(message))

        await place.slack.edit(MARAS, message.ts, "212 customers")
        await eventually(lambda: place.notes()[0].edits == 1)
        assert await place.world.env.unsealed(place.notes()[0].text) == ("212 customers",)

        await place.slack.delete(MARAS, message.ts)
        await eventually(lambda: not place.notes()[0].stands)
        assert len(place.notes()) == 1


async def test_two_pins_are_one_line_and_stay_until_both_are_off() -> None:
    async with town() as place:
        message = await place.said("one line")
        place.slack.workspace.channels[place.room].members.add("U0LEAD")

        await place.slack.react(MARAS, message.ts, PIN)
        await place.slack.react("U0LEAD", message.ts, PIN)
        await eventually(lambda: place.marks(message))
        await place.quiet()
        await place.slack.unreact(MARAS, message.ts, PIN)
        await place.quiet()
        assert [note.stands for note in place.notes()] == [True]

        await place.slack.unreact("U0LEAD", message.ts, PIN)
        await eventually(lambda: not place.notes()[0].stands)


async def test_who_may_not_add_is_told_alone_and_nothing_is_noted() -> None:
    async with town() as place:
        message = await place.said("let me help")
        place.slack.workspace.channels[place.room].members.add(OUTSIDER)

        await place.slack.react(OUTSIDER, message.ts, PIN)
        await eventually(lambda: place.whispers(OUTSIDER))

        (whisper,) = place.whispers(OUTSIDER)
        assert "You may read INC-1, and not change it" in whisper.text
        assert place.notes() == ()
        assert not place.marks(message)


async def test_what_people_write_and_other_reactions_are_not_looked_into() -> None:
    async with town() as place:
        message = await place.said("just talking")
        asked = len(place.slack.calls)

        await place.said("and talking")
        await place.slack.react(MARAS, message.ts, "tada")
        await place.slack.edit(MARAS, message.ts, "just talking.")
        elsewhere = await place.slack.say(MARAS, "C0SUPPORTAI", "in another channel")
        await place.slack.react(MARAS, elsewhere.ts, PIN)
        await place.quiet()

        called = {one.method for one in place.slack.calls[asked:]}
        assert called <= {"users.info"}, "no message was asked for"
        assert place.notes() == ()


@pytest.mark.parametrize(("profile", "capture"), [("incident", True), ("capture", False)])
async def test_it_is_off_unless_both_the_manifest_and_the_setting_have_it(
    profile: Profile, *, capture: bool
) -> None:
    async with town(profile, capture=capture) as place:
        message = await place.said("customers get refunds")

        await place.slack.react(MARAS, message.ts, PIN)
        await place.quiet()

        assert place.notes() == ()
        assert not place.marks(message)


async def test_the_shortcut_adds_a_message_from_anywhere_where_one_incident_is_open() -> None:
    async with town("incident", capture=False) as place:
        message = await place.slack.say(MARAS, "C0SUPPORTAI", "first complaint")

        await place.slack.shortcut(MARAS, SHORTCUT, message.ts)
        shown = await place.modal()

        (note,) = place.notes()
        assert (note.source, note.place) == ("shortcut", f"C0SUPPORTAI:{message.ts}")
        assert "INC-1: noted" in str(shown.body)


async def test_where_several_are_open_the_shortcut_asks_which() -> None:
    async with town("incident", capture=False) as place:
        other = OpenIncident("loops", workflow="coding-agent")
        await place.world.bot.incidents.open(other, MARA, request_id="other")
        message = await place.slack.say(MARAS, "C0SUPPORTAI", "first complaint")

        await place.slack.shortcut(MARAS, SHORTCUT, message.ts)
        asked = await place.modal()
        done = await place.slack.submit(MARAS, asked.id, {"incident": {"value": "INC-1"}})

        assert [note.place for note in place.notes()] == [f"C0SUPPORTAI:{message.ts}"]
        assert place.world.store.state.notes("INC-2") == ()
        assert "INC-1: noted" in str(done.view and done.view.body)


@pytest.mark.parametrize("pinned", [True, False])
async def test_deliveries_twice_and_in_any_order_come_to_what_the_message_is(
    *, pinned: bool
) -> None:
    async with town() as place:
        message = await place.said("again and again")
        item = {"type": "message", "channel": place.room, "ts": message.ts}
        told = [
            {
                "type": kind,
                "user": MARAS,
                "reaction": PIN,
                "item": item,
                "event_ts": place.slack.desk.ts(),
            }
            for kind in ("reaction_removed", "reaction_added", "reaction_added", "reaction_removed")
        ]
        message.reactions[PIN] = [MARAS]
        payloads = [place.slack.payloads.event(one) for one in told]
        for payload in (*payloads, *payloads[2:], payloads[0]):
            await place.slack.courier.event(payload)
        await eventually(lambda: place.marks(message))

        if not pinned:
            message.reactions.pop(PIN)
            for payload in map(place.slack.payloads.event, reversed(told)):
                await place.slack.courier.event(payload)
        await place.quiet()

        await eventually(lambda: [note.stands for note in place.notes()] == [pinned])
        await eventually(lambda: bool(place.marks(message)) == pinned)


@pytest.mark.parametrize("kind", ["500", "drop"])
async def test_a_pin_is_not_lost_while_slack_does_not_answer(kind: str) -> None:
    async with town() as place:
        message = await place.said("seen at 03:10")
        place.slack.faults.fail("reactions.get", kind)  # type: ignore[arg-type]  # a parameter

        await place.slack.react(MARAS, message.ts, PIN)
        await eventually(lambda: place.marks(message), timeout_s=8)

        assert [note.stands for note in place.notes()] == [True]


async def test_export_puts_the_review_and_its_picture_into_the_thread() -> None:
    async with town("incident", capture=False) as place:
        await place.slack.slash(MARAS, "C0SUPPORTAI", "/ai-incident export INC-1")
        for _ in range(4):
            await place.world.work()
            place.world.clock.later(70)
            await place.world.outbox.fire_timers()

        said = place.slack.workspace.messages[place.room]
        files = [file for message in said for file in message.files]
        assert [file.name.rpartition(".")[2] for file in files] == ["md", "png"]
        assert files[0].name.startswith("INC-1-review-")
        assert files[0].data.startswith(b"# INC-1: wrong refund answers")
        assert all(message.thread_ts for message in said if message.files)
        assert files[1].alt.startswith("Timeline of INC-1 in prod")
