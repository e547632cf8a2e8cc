"""A run's messages on the twin: one of each, edited no more than needed, where they belong and nowhere else."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from opsbot.app.incident.requests import EditIncident, OpenIncident, Which
from opsbot.app.ports import Delivery, Document, GiveUp, RetryLater
from opsbot.app.room.run_place import run_place, told_directly
from opsbot.app.room.run_room import RunRoom, card_key, message_key, step_key
from opsbot.app.runs.effects import CARD, card, file
from opsbot.app.runs.requests import EndRun, StartRun
from opsbot.domain.change import Effect, Record
from opsbot.domain.runbook import Phase
from tests.support.incident_life import settle
from tests.support.runs import (
    RUN,
    Shelf,
    action,
    book,
    marked,
    pressed,
    run,
    shelved,
    started,
    step,
    view,
    walked_company,
)
from tests.support.world import INES, MARA, Slack, World, workflow

HOME = "C0SUPPORTAI"


class Closed(Slack):
    """A chat in which one channel cannot be written to."""

    def __init__(self, channel: str) -> None:
        super().__init__()
        self.channel = channel

    async def post(self, channel: str, blocks: Sequence[Record], text: str, *, key: str) -> Record:
        """Refuse that channel."""
        if channel == self.channel:
            raise GiveUp("the bot is not in that channel")
        return await super().post(channel, blocks, text, key=key)


class NoFiles(Slack):
    """A chat that takes no files."""

    asked = 0

    async def share(self, thread: Record, document: Document, *, key: str) -> Record | None:
        """Refuse."""
        self.asked += 1
        raise GiveUp("invite the bot: files need it")


async def walking() -> World:
    """Give a company with a run whose messages stand."""
    world = await walked_company()
    await started(world)
    await settle(world)
    return world


def texts(world: World, channel: str) -> list[str]:
    """Return what was posted into a channel, first lines only."""
    return [text.partition("\n")[0] for where, text in world.slack.posted if where == channel]


def room_of(world: World) -> RunRoom:
    """Return the handler by itself."""
    return RunRoom(
        env=world.env, reader=world.bot.runs.reader, chat=world.slack, rooms=world.rooms,
        outbox=world.outbox, render=world.bot.render,
    )  # fmt: skip


def handed(world: World, attempt: int = 1, version: int | None = None) -> Delivery:
    """Return a delivery of the effect of a run's messages."""
    effect = card(run(world) if version is None else replace(run(world), version=version))
    return Delivery("i", "rest", effect, attempt)


async def test_a_run_goes_on_in_its_incidents_channel() -> None:
    world = await walking()

    room = world.store.state.incident("INC-1").room.channel
    posted = texts(world, room)[-3:]

    assert posted[0].startswith("RUN-1 \u00b7 Wrong or harmful answers")
    assert posted[1:] == ["Keep the evidence", "Tell the users"]
    (thread, file, _), *more = world.slack.shared
    assert more == []
    assert thread["channel"] == room
    assert file.name == "run-1-wrong-answers.txt"
    assert b"Stop the harm" in file.data


async def test_nothing_is_said_twice_by_a_delivery_that_comes_again_or_late() -> None:
    world = await walking()
    before = list(world.slack.posted), list(world.slack.updated)
    room = room_of(world)

    await room.keep(handed(world))
    await room.keep(handed(world, version=0))

    assert (world.slack.posted, world.slack.updated) == before


async def test_many_changes_at_once_are_one_edit() -> None:
    world = await walking()
    before = len(world.slack.updated)
    for box in ("b1", "b2", "b1", "b2", "b1"):
        await marked(world, "box", "keep-the-evidence", box=box)

    await settle(world)

    step = [text for text in world.slack.updated[before:] if text.startswith("Keep")]
    assert len(step) == 1


async def test_two_deliveries_do_not_work_on_it_at_once() -> None:
    world = await walking()
    await marked(world, "take", "keep-the-evidence")
    room = room_of(world)

    async with room._alone.on(f"run-room:{run(world).uid}"):
        with pytest.raises(RetryLater):
            await room.keep(handed(world))


async def test_a_step_that_is_current_again_is_posted_again() -> None:
    world = await walking()
    room = world.store.state.incident("INC-1").room.channel
    await marked(world, "done", "keep-the-evidence")
    await settle(world)
    await marked(world, "back", "stop-the-harm")
    await settle(world)

    assert texts(world, room)[-2:] == ["Stop the harm", "Keep the evidence"]


async def test_each_message_is_remembered_by_its_step() -> None:
    world = await walking()
    left = await world.outbox.left(step_key(run(world), "ops"))
    assert left is not None

    kept = await world.outbox.left(message_key(str(left["channel"]), str(left["ts"])))

    assert kept == {"run": "RUN-1", "step": "keep-the-evidence"}


async def test_in_a_shared_channel_the_steps_stand_in_the_thread_of_one_card() -> None:
    world = World()
    world.rooms.restricted = True
    await world.declare(workflow("support-copilot", tier=1), workflow("coding-agent"))
    shelved(world)
    opening = OpenIncident("wrong", workflow="support-copilot", severity="SEV2")
    await world.bot.incidents.open(opening, MARA, request_id="open")
    await settle(world)
    await started(world)
    await settle(world)

    top = [text for text in texts(world, HOME) if "RUN-1" in text or text == "Keep the evidence"]
    assert len(top) == 1
    assert [text.partition("\n")[0] for text in world.rooms.thread()][-2:] == [
        "Keep the evidence",
        "Tell the users",
    ]


async def test_a_run_that_was_begun_nowhere_is_told_to_who_leads_it() -> None:
    world = await walked_company()
    request = StartRun("wrong-answers", params={"workflow": "coding-agent"})
    await world.bot.runs.start(request, MARA, request_id="s")

    await settle(world)

    assert [person for person, text in world.slack.told if text.startswith("RUN-1")] == ["U0ONCALL"]
    assert texts(world, "DU0ONCALL") == ["Keep the evidence", "Tell the users"]


async def test_a_channel_that_the_bot_may_not_write_to_is_replaced_by_a_direct_message() -> None:
    world = await walked_company()
    world.bot = replace(world.bot, chat=Closed("G0CLOSED"))
    request = StartRun("wrong-answers", channel="G0CLOSED", params={"workflow": "coding-agent"})
    await world.bot.runs.start(request, MARA, request_id="s")

    await settle(world)

    chat = world.bot.chat
    assert isinstance(chat, Closed)
    assert [where for where, _ in chat.posted] == ["DU0ONCALL", "DU0ONCALL"]
    assert [person for person, text in chat.told if text.startswith("RUN-1")] == ["U0ONCALL"]


async def test_where_a_run_goes_on_in_the_channel_of_its_new_incident_its_file_goes_along() -> None:
    opens = step("Name one", action("incident", title="AI answers are wrong"))
    world = await walked_company(book(Phase("one", "One", 1, steps=(opens, step("Go on")))))
    request = StartRun("wrong-answers", channel=HOME, params={"workflow": "coding-agent"})
    await world.bot.runs.start(request, MARA, request_id="s")
    await settle(world)

    await pressed(world, "name-one")
    await settle(world, rounds=8)
    await room_of(world).keep(handed(world))

    room = world.store.state.incident("INC-2").room.channel
    assert [thread["channel"] for thread, _, _ in world.slack.shared] == [HOME, room]
    card_ = await world.outbox.left(card_key(run(world)))
    assert card_ is not None
    assert world.slack.shared[-1][0]["ts"] == card_["ts"]


async def test_a_channel_that_takes_no_file_is_not_asked_at_every_turn() -> None:
    world = await walking()
    key, chat = file(run(world)).key, NoFiles()
    left = await world.outbox.left(key)
    assert left is not None
    await world.outbox.leave(key, {**left, "channel": "C0BEFORE"})
    room = replace(room_of(world), chat=chat)

    await room.keep(handed(world))
    await room.keep(handed(world))

    assert chat.asked == 1


async def test_one_of_a_private_incident_without_a_channel_leaves_every_channel() -> None:
    world = World()
    world.rooms.restricted = True
    await world.declare(workflow("support-copilot", tier=1))
    shelved(world)
    opening = OpenIncident("wrong", workflow="support-copilot", severity="SEV2")
    await world.bot.incidents.open(opening, MARA, request_id="open")
    await settle(world)
    await started(world)
    await settle(world)

    await world.bot.incidents.edit(
        EditIncident(Which("INC-1"), private=True), MARA, request_id="private"
    )
    await settle(world)

    hidden = [text for text in world.slack.updated if text == "RUN-1 is private now"]
    assert len(hidden) == 3
    assert texts(world, "DU0ONCALL")[-2:] == ["Keep the evidence", "Tell the users"]


async def test_a_version_that_cannot_be_read_any_more_says_so_and_leaves_the_file() -> None:
    world = await walking()
    shelf = world.bot.procedures
    assert isinstance(shelf, Shelf)
    shelf.versions.clear()

    await room_of(world).keep(handed(world))

    assert "cannot be shown step by step" in world.slack.updated[-1]


async def test_without_a_person_and_a_channel_it_is_given_up_in_words() -> None:
    world = await walking()
    one = replace(run(world), incident="", channel="", commander="", begun_by="service:ci")

    assert run_place(world.store.state, one, "").person == ""
    with pytest.raises(GiveUp, match="nobody leads it whom Slack knows"):
        await told_directly(world.slack, "", ([], ""), "k")


async def test_an_effect_of_a_run_that_is_not_there_is_settled() -> None:
    world = await walking()
    effect = Effect(CARD, "run-card:x", {"run": "RUN-99", "version": 1})

    await room_of(world).keep(Delivery("i", "rest", effect, 1))

    assert await world.outbox.left(card_key(run(world))) is not None


async def test_when_it_ends_every_step_is_one_line() -> None:
    world = await walking()
    await world.bot.runs.end(EndRun(RUN, "abandon", words="a drill"), INES, request_id="e")
    await settle(world)

    last = world.slack.updated[-3:]
    assert any("abandoned" in text for text in last)
    assert sum("was open when RUN-1 ended" in text for text in last) == 2
    assert (await view(world)).lanes[0].step is None
