"""One look for all who ask at the same moment: joined, heard alike, and no one's to cancel."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from opsbot.adapters.shared_fleet import LOW_KEPT_MS, SharedFleets
from opsbot.domain.change import Position
from opsbot.domain.errors import StoreLost
from opsbot.domain.fleet import Fleet, Instance
from tests.support.wait import eventually

NOON_MS = 1_795_262_400_000


@dataclass
class Held:
    """A fleet whose looks end when the test says so: with the number of the look, or with *ends*."""

    looks: int = 0
    reads: int = 0
    ends: BaseException | None = None
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def look(self) -> Fleet:
        """Wait for the test, then say which look this was."""
        self.looks += 1
        number = self.looks
        await self.go.wait()
        if self.ends is not None:
            raise self.ends
        return Fleet(number, (), Position(1, number))

    async def low(self, *, now_ms: int) -> Mapping[str, int]:
        """Say which read this was."""
        self.reads += 1
        return {"support-copilot": self.reads}

    async def sample(
        self, alive: Mapping[str, int], *, now_ms: int, models: Collection[str] = ()
    ) -> None:
        """Note nothing."""

    async def models(self, *, now_ms: int) -> frozenset[str]:
        """Know none."""
        return frozenset()

    async def emergencies(self, start: int) -> Sequence[str]:
        """Have none."""
        return ()

    async def forget(self, instances: Sequence[Instance]) -> None:
        """Forget nobody."""


async def asking(
    held: Held, fleets: SharedFleets, group: asyncio.TaskGroup, count: int
) -> "list[asyncio.Task[Fleet]]":
    """Ask *count* times, each in a task of its own, and return once the first one looks."""
    tasks = [group.create_task(fleets.look()) for _ in range(count)]
    await eventually(lambda: held.looks == 1)
    return tasks


async def test_all_who_ask_while_a_look_is_under_way_hear_that_look() -> None:
    held = Held()
    fleets = SharedFleets(held)

    async with asyncio.TaskGroup() as group:
        tasks = await asking(held, fleets, group, 50)
        held.go.set()

    assert {task.result().now_ms for task in tasks} == {1}
    assert held.looks == 1


async def test_who_asks_afterwards_gets_a_look_of_their_own() -> None:
    held = Held()
    held.go.set()
    fleets = SharedFleets(held)

    first, second = await fleets.look(), await fleets.look()

    assert (first.now_ms, second.now_ms) == (1, 2)


async def test_one_who_waits_and_is_cancelled_takes_nothing_from_the_others() -> None:
    held = Held()
    fleets = SharedFleets(held)

    async with asyncio.TaskGroup() as group:
        first, second, third = await asking(held, fleets, group, 3)
        second.cancel()
        await eventually(second.done)
        held.go.set()

    assert second.cancelled()
    assert (first.result().now_ms, third.result().now_ms) == (1, 1)
    assert held.looks == 1


async def test_where_who_looks_is_cancelled_one_of_the_others_looks_for_all() -> None:
    held = Held()
    fleets = SharedFleets(held)

    async with asyncio.TaskGroup() as group:
        first, *others = await asking(held, fleets, group, 4)
        first.cancel()
        await eventually(lambda: held.looks == 2)
        held.go.set()

    assert first.cancelled()
    assert [one.result().now_ms for one in others] == [2, 2, 2]
    assert held.looks == 2


async def test_a_store_that_is_lost_is_lost_for_all_who_waited_and_asked_anew_after() -> None:
    held = Held(ends=StoreLost("gone", hint="look later"))
    fleets = SharedFleets(held)

    tasks = [asyncio.ensure_future(fleets.look()) for _ in range(3)]
    await eventually(lambda: held.looks == 1)
    held.go.set()
    heard = await asyncio.gather(*tasks, return_exceptions=True)
    held.ends = None

    assert [(type(one), str(one), getattr(one, "hint", "")) for one in heard] == [
        (StoreLost, "gone", "look later")
    ] * 3
    assert len({id(one) for one in heard}) == 3
    assert (await fleets.look()).now_ms == 2


async def test_an_unexpected_error_is_only_of_who_looked() -> None:
    held = Held(ends=ZeroDivisionError())
    fleets = SharedFleets(held)

    first = asyncio.ensure_future(fleets.look())
    await eventually(lambda: held.looks == 1)
    second = asyncio.ensure_future(fleets.look())
    held.go.set()

    for one in (first, second):
        with pytest.raises(ZeroDivisionError):
            await one
    assert held.looks == 2


async def test_learned_sizes_are_read_again_after_a_while_at_another_hour_and_after_a_sample() -> (
    None
):
    held = Held()
    fleets = SharedFleets(held)

    reads = [
        (await fleets.low(now_ms=NOON_MS), held.reads),
        (await fleets.low(now_ms=NOON_MS + LOW_KEPT_MS), held.reads),
        (await fleets.low(now_ms=NOON_MS + LOW_KEPT_MS + 1), held.reads),
        (await fleets.low(now_ms=NOON_MS - 1), held.reads),
    ]
    await fleets.sample({}, now_ms=NOON_MS)
    await fleets.low(now_ms=NOON_MS - 1)

    assert [number for _, number in reads] == [1, 1, 2, 3]
    assert held.reads == 4
