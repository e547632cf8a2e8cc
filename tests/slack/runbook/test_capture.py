"""What people write beneath a step and mark in the channel, kept with the run where the profile listens."""

from opsbot.app.incident.requests import Which
from opsbot.app.runs.requests import StartRun, WhichRun
from opsbot.app.runs.view import StepView
from opsbot.domain.run import Attached
from opsbot.slack.runbook.capture import is_reply
from opsbot.slack.timeline import PIN
from opsbot.workbench.slack import Message
from tests.slack.test_timeline_in_slack import MARAS, OUTSIDER, Town, town
from tests.support.incident_life import settle
from tests.support.wait import eventually
from tests.support.world import MARA


async def walked(place: Town) -> tuple[Message, Message, Message]:
    """Begin a run, and return its card and the steps of both lanes."""
    await place.world.bot.runs.start(StartRun("wrong-answers", "INC-1"), MARA, request_id="start")
    await settle(place.world)
    place.slack.workspace.channels[place.room].members |= {MARAS, OUTSIDER}
    said = [m for m in place.slack.workspace.messages[place.room] if m.thread_ts is None]
    first = ("RUN-1 \u00b7", "Keep the evidence", "Tell the users")
    card, ops, comms = (next(m for m in said if m.text.startswith(words)) for words in first)
    return card, ops, comms


def kept(place: Town) -> tuple[Attached, ...]:
    """Return what is kept with the run."""
    return place.world.store.state.run("RUN-1").attached


async def texts(place: Town) -> list[str]:
    """Return what was kept, in words."""
    return list(await place.world.env.unsealed(*(one.text for one in kept(place))))


async def shown(place: Town) -> StepView:
    """Return the step that the replies are beneath, as it is shown."""
    view = await place.world.bot.runs.view(WhichRun("RUN-1"), MARA)
    step = view.step("keep-the-evidence")
    assert step is not None
    return step


async def test_a_reply_beneath_a_step_is_a_note_of_that_step() -> None:
    async with town() as place:
        _, _, comms = await walked(place)

        said = await place.slack.say(MARAS, place.room, "status page <@U0LEAD> & draft", comms.ts)
        await place.quiet()

        (note,) = kept(place)
        assert (note.kind, note.step) == ("note", "tell-the-users")
        assert note.place == f"{place.room}:{said.ts}"
        assert note.url.endswith(said.ts.replace(".", ""))
        assert await texts(place) == ["status page <@U0LEAD> & draft"]


async def test_a_reply_in_the_cards_thread_is_a_note_of_the_current_step() -> None:
    async with town() as place:
        card, _, _ = await walked(place)

        await place.slack.say(MARAS, place.room, "looks like the index", card.ts)
        await place.quiet()

        assert [one.step for one in kept(place)] == ["keep-the-evidence"]


async def test_a_pushpin_makes_evidence_and_a_note_becomes_it() -> None:
    async with town() as place:
        _, ops, _ = await walked(place)
        reply = await place.slack.say(MARAS, place.room, "trace 4711", ops.ts)
        other = await place.said("the first complaint")
        await place.quiet()

        await place.slack.react(MARAS, reply.ts, PIN)
        await place.slack.react(MARAS, other.ts, PIN)
        await place.quiet()

        assert [(one.kind, one.step) for one in kept(place)] == [
            ("evidence", "keep-the-evidence"),
            ("evidence", "keep-the-evidence"),
        ]
        assert await texts(place) == ["trace 4711", "the first complaint"]


async def test_an_edit_of_a_reply_stands_in_its_place_and_what_it_said_first_is_kept() -> None:
    async with town() as place:
        _, ops, _ = await walked(place)
        reply = await place.slack.say(MARAS, place.room, "trace 4711", ops.ts)
        await place.quiet()

        await place.slack.edit(MARAS, reply.ts, "trace 4712")
        await place.quiet()

        assert await texts(place) == ["trace 4711", "trace 4712"]
        first, second = kept(place)
        assert (second.supersedes, second.place, second.step) == (first.id, first.place, first.step)
        run = place.world.store.state.run("RUN-1")
        assert [one.id for one in run.kept] == [second.id]
        (note,) = (await shown(place)).notes
        assert (note.text, note.so) == ("trace 4712", " (edited)")


async def test_a_deleted_reply_is_marked_and_its_note_stays() -> None:
    async with town() as place:
        _, ops, _ = await walked(place)
        reply = await place.slack.say(MARAS, place.room, "trace 4711", ops.ts)
        await place.quiet()

        await place.slack.delete(MARAS, reply.ts)
        await place.quiet()

        (note,) = (await shown(place)).notes
        assert (note.text, note.so) == ("trace 4711", " (its message was deleted)")
        assert len(kept(place)) == 1


async def test_the_same_edit_told_twice_is_one_note_and_its_evidence_stays_evidence() -> None:
    async with town() as place:
        _, ops, _ = await walked(place)
        reply = await place.slack.say(MARAS, place.room, "trace 4711", ops.ts)
        await place.slack.react(MARAS, reply.ts, PIN)
        await place.quiet()

        await place.slack.edit(MARAS, reply.ts, "trace 4712")
        await place.quiet()
        await place.slack.edit(MARAS, reply.ts, "trace 4712")
        await place.quiet()

        assert [(one.kind, one.supersedes) for one in kept(place)] == [
            ("evidence", ""),
            ("evidence", "a1"),
        ]


async def test_where_slack_does_not_say_what_a_message_is_it_is_not_taken_for_deleted() -> None:
    async with town() as place:
        _, ops, _ = await walked(place)
        reply = await place.slack.say(MARAS, place.room, "trace 4711", ops.ts)
        await place.quiet()
        place.slack.faults.fail("reactions.get", "429", times=8, seconds=0.05)

        await place.slack.edit(MARAS, reply.ts, "trace 4712")
        await place.quiet()

        (note,) = kept(place)
        assert note.gone_ms is None


async def test_an_edit_is_told_in_the_timeline_of_the_incident() -> None:
    async with town() as place:
        _, ops, _ = await walked(place)
        reply = await place.slack.say(MARAS, place.room, "trace 4711", ops.ts)
        await place.quiet()
        await place.slack.edit(MARAS, reply.ts, "trace 4712")
        await place.quiet()
        await place.slack.delete(MARAS, reply.ts)
        await place.quiet()

        told = await place.world.bot.incidents.timeline(Which("INC-1"), MARA)

        assert "changed the message of a note on \u201cKeep the evidence\u201d: trace 4712" in (
            told.as_text()
        )
        assert (
            "The message was deleted of a note on \u201cKeep the evidence\u201d" in told.as_text()
        )


async def test_what_is_written_elsewhere_or_by_strangers_is_not_kept() -> None:
    async with town() as place:
        _, ops, _ = await walked(place)
        top = await place.said("lunch?")

        await place.slack.say(MARAS, place.room, "pizza", top.ts)
        await place.slack.say(OUTSIDER, place.room, "hello", ops.ts)
        await place.quiet()

        assert [text for text in await texts(place) if text == "pizza"] == []


async def test_a_reply_is_asked_for_again_while_slack_says_later() -> None:
    async with town() as place:
        _, ops, _ = await walked(place)
        place.slack.faults.fail("reactions.get", "500")

        await place.slack.say(MARAS, place.room, "trace 4711", ops.ts)

        assert await eventually(lambda: kept(place))


async def test_without_the_profile_nothing_is_read() -> None:
    async with town("incident", capture=False) as place:
        _, ops, _ = await walked(place)

        await place.slack.say(MARAS, place.room, "looks like the index", ops.ts)
        await place.quiet()

        assert kept(place) == ()


def test_only_what_people_reply_is_a_reply() -> None:
    reply = {"type": "message", "ts": "2.0", "thread_ts": "1.0", "user": "U1"}

    assert is_reply(reply)
    assert not is_reply({**reply, "thread_ts": "2.0"})
    assert not is_reply({**reply, "bot_id": "B1"})
    assert not is_reply({**reply, "subtype": "message_changed"})
    assert not is_reply({"type": "message", "ts": "2.0"})
