"""One message in its place: never twice, never older than it was, moved without a gap, posted anew when deleted."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from opsbot.adapters.memory.store import open_memory
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.app.room.message import Make, Standing
from opsbot.domain.change import Record
from opsbot.domain.errors import Gone
from opsbot.domain.said import Said
from tests.support.world import Slack, World, plain

KEY, HERE, THERE = "card", "C0HERE", "C0THERE"
MOVED = Said("plain", "It goes on elsewhere")


@dataclass
class Board(Slack):
    """A chat that knows what stands where now, by key and place; *gone* makes an edit find nothing."""

    keys: dict[str, Record] = field(default_factory=dict)
    now: dict[tuple[str, str], str] = field(default_factory=dict)
    lost: bool = False

    async def post(self, channel: str, blocks: Sequence[Record], text: str, *, key: str) -> Record:
        """Post once for each key."""
        if key not in self.keys:
            self.keys[key] = await super().post(channel, blocks, text, key=key)
            self.now[channel, str(self.keys[key]["ts"])] = text
        if self.lost:
            self.lost = False
            raise RetryLater("Slack did not answer")
        return self.keys[key]

    async def update(self, handle: Record, blocks: Sequence[Record], text: str) -> None:
        """Edit what is there."""
        place = (str(handle["channel"]), str(handle["ts"]))
        if place not in self.now:
            raise Gone("deleted")
        await asyncio.sleep(0)
        self.updated.append(text)
        self.now[place] = text


@pytest.fixture(name="board")
def _board() -> Board:
    return Board()


def standing(world: World, board: Board) -> Standing:
    """Return the messages of one more replica."""
    return Standing(board, open_memory(world.server).outbox, plain)


def saying(text: str) -> Make:
    """Return what makes a message."""

    async def make() -> Said:
        return Said("plain", text)

    return make


async def test_it_is_posted_once_and_edited_when_its_words_change(
    world: World, board: Board
) -> None:
    one = standing(world, board)

    for text in ("a", "a", "b", "b"):
        world.clock.later(2)
        await one.put(KEY, HERE, saying(text))

    assert (board.posted, board.updated) == ([(HERE, "a")], ["b"])


async def test_edits_come_a_second_apart(world: World, board: Board) -> None:
    one = standing(world, board)
    await one.put(KEY, HERE, saying("a"))
    await one.put(KEY, HERE, saying("b"))

    with pytest.raises(RetryLater) as later:
        await one.put(KEY, HERE, saying("c"))

    assert later.value.after_s == 1.0
    world.clock.later(1.1)
    await one.put(KEY, HERE, saying("c"))
    assert board.updated == ["b", "c"]


async def test_a_lost_answer_posts_no_second(world: World, board: Board) -> None:
    one, board.lost = standing(world, board), True
    with pytest.raises(RetryLater):
        await one.put(KEY, HERE, saying("a"))

    await one.put(KEY, HERE, saying("a"))

    assert board.posted == [(HERE, "a")]


async def test_two_replicas_take_turns_and_the_next_waits_for_no_time_to_run_out(
    world: World, board: Board
) -> None:
    one, other = standing(world, board), standing(world, board)
    await one.put(KEY, HERE, saying("a"))
    world.clock.later(0.01)

    await other.put(KEY, HERE, saying("b"))

    assert list(board.now.values()) == ["b"]


async def test_while_one_works_on_it_nobody_else_does(world: World, board: Board) -> None:
    one, other = standing(world, board), standing(world, board)
    refused: list[str] = []

    async def make() -> Said:
        for replica in (one, other):
            with pytest.raises(RetryLater) as later:
                await replica.put(KEY, HERE, saying("older"))
            refused.append(str(later.value))
        return Said("plain", "newer")

    await one.put(KEY, HERE, make)

    assert board.posted == [(HERE, "newer")]
    assert refused == ["it is being done"] * 2


async def test_a_deleted_one_is_posted_anew_once(world: World, board: Board) -> None:
    one = standing(world, board)
    await one.put(KEY, HERE, saying("a"))
    board.now.clear()
    world.clock.later(2)

    left = await one.put(KEY, HERE, saying("b"))
    await one.put(KEY, HERE, saying("b"))

    assert board.posted == [(HERE, "a"), (HERE, "b")]
    assert left["ts"] == "2.0"


async def test_a_moved_one_says_where_it_went(world: World, board: Board) -> None:
    one = standing(world, board)
    await one.put(KEY, HERE, saying("a"))

    await one.put(KEY, THERE, saying("a"), moved=MOVED)
    await one.put(KEY, THERE, saying("a"), moved=MOVED)

    assert board.now == {(HERE, "1.0"): MOVED.title, (THERE, "2.0"): "a"}
    assert board.updated == [MOVED.title]


async def test_a_move_that_broke_off_is_finished(world: World, board: Board) -> None:
    one = standing(world, board)
    await one.put(KEY, HERE, saying("a"))
    board.lost = True
    with pytest.raises(RetryLater):
        await one.put(KEY, THERE, saying("a"), moved=MOVED)

    await one.put(KEY, THERE, saying("a"), moved=MOVED)

    assert board.now == {(HERE, "1.0"): MOVED.title, (THERE, "2.0"): "a"}
    assert len(board.posted) == 2


async def test_an_old_place_that_is_gone_holds_up_no_move(world: World, board: Board) -> None:
    one = standing(world, board)
    await one.put(KEY, HERE, saying("a"))
    board.now.clear()

    left = await one.put(KEY, THERE, saying("a"), moved=MOVED)

    assert left["channel"] == THERE
    assert "old" not in left


async def test_without_a_word_for_its_old_place_it_stays(world: World, board: Board) -> None:
    one = standing(world, board)
    await one.put(KEY, HERE, saying("a"))

    left = await one.put(KEY, THERE, saying("b"))

    assert (left["channel"], board.now) == (HERE, {(HERE, "1.0"): "b"})


async def test_what_can_never_be_posted_leaves_it_free_for_others(
    world: World, board: Board
) -> None:
    one, other = standing(world, board), standing(world, board)

    async def never() -> Said:
        raise GiveUp("no")

    with pytest.raises(GiveUp):
        await one.put(KEY, HERE, never)
    world.clock.later(0.01)
    await other.put(KEY, HERE, saying("a"))

    assert board.posted == [(HERE, "a")]


async def test_a_message_that_comes_back_is_edited_where_it_stood(
    world: World, board: Board
) -> None:
    one = standing(world, board)
    await one.put(KEY, HERE, saying("a"), moved=MOVED)
    await one.put(KEY, THERE, saying("b"), moved=MOVED)

    left = await one.put(KEY, HERE, saying("c"), moved=MOVED)

    assert left["channel"] == HERE
    assert [where for where, _ in board.posted] == [HERE, THERE]
    assert sorted(board.now.values()) == ["It goes on elsewhere", "c"]


async def test_one_that_was_deleted_there_meanwhile_is_posted_anew(
    world: World, board: Board
) -> None:
    one = standing(world, board)
    first = await one.put(KEY, HERE, saying("a"), moved=MOVED)
    await one.put(KEY, THERE, saying("b"), moved=MOVED)
    del board.now[HERE, str(first["ts"])]

    await one.put(KEY, HERE, saying("c"), moved=MOVED)

    assert [where for where, _ in board.posted] == [HERE, THERE, HERE]
    assert sorted(board.now.values()) == ["It goes on elsewhere", "c"]
