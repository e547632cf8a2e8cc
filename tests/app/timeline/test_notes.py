"""Lines that people put into a timeline, and what is to be done after: once, followed, retracted, never deleted."""

import pytest

from opsbot.app.incident.requests import (
    ActionItem,
    TimelineNote,
)
from opsbot.app.timeline.notes import IncidentNotes, MessageNow
from opsbot.domain.errors import (
    IllegalMove,
    NeedsMoreWords,
    NotAllowed,
    OpsbotError,
    UnknownIncident,
)
from tests.support.timeline import (
    INC,
    PINNED,
    PLACE,
    lines,
    opened,
    texts,
    world,
)
from tests.support.world import GUS, INES, MARA, NOOR, SAM, World

__all__ = ["world"]


async def test_a_line_stands_where_it_happened_and_not_where_it_was_noted(world: World) -> None:
    await opened(world)
    world.clock.later(600)

    said = await world.bot.incidents.note(PINNED, SAM, request_id="n1")

    found = await lines(world)
    assert said.title == "INC-1: noted 03:14:00 UTC in prod"
    assert [one.kind for one in found] == ["note", "incident"]
    line = found[0]
    assert (line.at_ms, line.source, line.permalink) == (
        1_795_230_840_000,
        "reaction",
        "https://slack.test/p1",
    )
    assert (line.who, line.noted_by, line.note) == (
        "someone outside the policy (U0NEW)",
        "Sam",
        "INC-1:n1",
    )


async def test_one_message_is_one_line_whoever_puts_it_there(world: World) -> None:
    await opened(world)
    await world.bot.incidents.note(PINNED, SAM, request_id="n1")

    said = await world.bot.incidents.note(PINNED, INES, request_id="n2")

    assert said.title == "INC-1: it stands there already: 03:14:00 UTC in prod"
    assert len(world.store.state.notes("INC-1")) == 1


async def test_a_repeated_command_is_one_line_and_answers_alike(world: World) -> None:
    await opened(world)
    note = TimelineNote(INC, "first complaint")

    first = await world.bot.incidents.note(note, MARA, request_id="n1")
    again = await world.bot.incidents.note(note, MARA, request_id="n1")
    other = await world.bot.incidents.note(note, MARA, request_id="n2")

    assert first.body["line"] == again.body["line"] == "INC-1:n1"
    assert other.body["line"] == "INC-1:n2"


async def test_a_line_is_retracted_and_never_deleted(world: World) -> None:
    await opened(world)
    await world.bot.incidents.note(PINNED, SAM, request_id="n1")

    said = await world.bot.incidents.retract("inc-1:N1", INES, request_id="r1")
    twice = await world.bot.incidents.retract("INC-1:n1", MARA, request_id="r2")

    line = (await lines(world))[0]
    assert said.title == "INC-1: INC-1:n1 is retracted in prod"
    assert twice.title == "INC-1: INC-1:n1 was retracted already in prod"
    assert line.retracted
    assert line.text == "customers get refunds they should not"
    assert world.store.state.notes("INC-1")[0].retracted_by == "ines"


async def test_what_a_person_retracted_comes_back_by_a_person_and_not_by_a_reaction(
    world: World,
) -> None:
    await opened(world)
    await world.bot.incidents.note(PINNED, SAM, request_id="n1")
    await world.bot.incidents.retract("INC-1:n1", INES, request_id="r1")

    told_twice = await world.bot.incidents.note(PINNED, SAM, request_id="n2")
    assert told_twice.body["stands"] is False
    assert "was retracted by somebody" in told_twice.title

    by_hand = TimelineNote(INC, PINNED.text, place=PLACE, source="shortcut")
    assert (await world.bot.incidents.note(by_hand, SAM, request_id="n3")).body["stands"] is True
    assert len(world.store.state.notes("INC-1")) == 1


async def test_an_edit_of_its_message_is_followed(world: World) -> None:
    await opened(world)
    notes = IncidentNotes(world.env)
    await world.bot.incidents.note(PINNED, SAM, request_id="n1")

    await notes.follow(MessageNow(PLACE, "212 customers got refunds"), request_id="e1")
    await notes.follow(MessageNow(PLACE, "212 customers got refunds"), request_id="e2")

    line = (await lines(world))[0]
    assert (line.text, line.edits, line.at_ms) == (
        "212 customers got refunds",
        1,
        1_795_230_840_000,
    )


@pytest.mark.parametrize(
    "now", [MessageNow(PLACE, None), MessageNow(PLACE, PINNED.text, pinned=False)]
)
async def test_a_message_that_is_gone_or_unpinned_is_retracted_until_it_is_back(
    world: World, now: MessageNow
) -> None:
    await opened(world)
    await world.bot.incidents.note(PINNED, SAM, request_id="n1")

    (gone,) = await IncidentNotes(world.env).follow(now, request_id="e1")
    assert not gone.stands
    back = await world.bot.incidents.note(PINNED, SAM, request_id="n2")

    assert back.body["stands"] is True
    assert len(world.store.state.notes("INC-1")) == 1


async def test_a_line_from_the_shortcut_stays_when_a_reaction_goes(world: World) -> None:
    await opened(world)
    by_hand = TimelineNote(INC, "seen", place=PLACE, source="shortcut")
    await world.bot.incidents.note(by_hand, SAM, request_id="n1")

    (note,) = await IncidentNotes(world.env).follow(
        MessageNow(PLACE, "seen", pinned=False), request_id="e1"
    )

    assert note.stands


async def test_what_was_erased_is_not_written_down_again_by_an_edit(world: World) -> None:
    await opened(world)
    await world.bot.incidents.note(PINNED, SAM, request_id="n1")
    await world.store.erase([world.store.state.notes("INC-1")[0].text])

    await IncidentNotes(world.env).follow(MessageNow(PLACE, "her name is Ann"), request_id="e1")

    assert (await lines(world))[0].text == "(erased)"


async def test_nothing_that_lies_ahead_and_nothing_without_words_is_noted(world: World) -> None:
    await opened(world)
    ahead = TimelineNote(INC, "will break", at_ms=world.clock.now_ms() + 3_600_000)

    with pytest.raises(IllegalMove):
        await world.bot.incidents.note(ahead, MARA, request_id="n1")
    with pytest.raises(NeedsMoreWords):
        await world.bot.incidents.note(TimelineNote(INC, "  "), MARA, request_id="n2")
    with pytest.raises(NotAllowed):
        await world.bot.incidents.note(PINNED, NOOR, request_id="n3")

    assert world.store.state.notes("INC-1") == ()


async def test_a_private_one_shows_outsiders_nothing(world: World) -> None:
    await opened(world, private=True)
    await world.bot.incidents.note(PINNED, MARA, request_id="n1")
    tries = (
        world.bot.incidents.timeline(INC, SAM),
        world.bot.incidents.note(PINNED, SAM, request_id="n2"),
        world.bot.incidents.retract("INC-1:n1", SAM, request_id="n3"),
        world.bot.incidents.action(ActionItem(INC, "x"), SAM, request_id="n4"),
        world.bot.incidents.timeline(INC, GUS),
    )

    for one in tries:
        with pytest.raises(OpsbotError) as no:
            await one
        assert "refund" not in f"{no.value.message} {no.value.hint}"
    with pytest.raises(UnknownIncident):
        await world.bot.incidents.timeline(INC, SAM)
    assert (await world.bot.incidents.timeline(INC, INES)).body["lines"]


async def test_what_is_to_do_has_an_owner_a_date_and_an_end(world: World) -> None:
    await opened(world)
    item = ActionItem(INC, "add a gate", owner="<@U0SUPPORT>", due="2026-12-01")

    await world.bot.incidents.action(item, MARA, request_id="a1")
    await world.bot.incidents.action(ActionItem(INC, done="act-1"), SAM, request_id="a2")

    (made,) = world.store.state.incident("INC-1").actions
    assert (made.id, made.owner, made.due, made.done_ms) == (
        "ACT-1",
        "sam",
        "2026-12-01",
        world.clock.now_ms(),
    )
    assert texts(await lines(world))[-2:] == [
        "Mara: to do ACT-1 (Sam): add a gate.",
        "Sam: ACT-1 done.",
    ]


@pytest.mark.parametrize(
    "item",
    [
        ActionItem(INC, ""),
        ActionItem(INC, "x", due="2026-02-30"),
        ActionItem(INC, "x", owner="nobody-here"),
        ActionItem(INC, done="ACT-9"),
    ],
)
async def test_what_cannot_be_written_down_is_refused(world: World, item: ActionItem) -> None:
    await opened(world)

    with pytest.raises(NeedsMoreWords):
        await world.bot.incidents.action(item, MARA, request_id="a1")

    assert world.store.state.incident("INC-1").actions == ()


async def test_what_is_to_do_stands_on_the_incident(world: World) -> None:
    await opened(world)
    ask = world.bot.incidents
    for number, owner in enumerate(("sam", "", "mara", "ines")):
        item = ActionItem(INC, f"thing {number}", owner=owner, due="2026-12-01" if owner else "")
        await ask.action(item, MARA, request_id=f"a{number}")
    said = await ask.action(ActionItem(INC, done="ACT-1"), MARA, request_id="d1")

    assert (
        "To do: ACT-2 thing 1 (nobody); ACT-3 thing 2 (Mara, by 2026-12-01);"
        " ACT-4 thing 3 (Ines, by 2026-12-01) (1 done)."
    ) in said.lines
    first = said.body["actions"][0]  # type: ignore[index]  # our own JSON
    assert isinstance(first, dict)
    assert (first["id"], first["text"], first["owner"]) == ("ACT-1", "thing 0", "sam")
