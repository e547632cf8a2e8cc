"""Promises of the next word on two replicas: counted once by whoever fires the due time, kept in the store."""

import asyncio
from dataclasses import replace

from opsbot.adapters.bundle import StoreBundle
from opsbot.adapters.clock import SystemClock, SystemEntropy
from opsbot.app.comms.promise.due import Due
from opsbot.app.environment import Environment
from opsbot.app.incident.promises import DUE, with_rhythms, written
from opsbot.app.ports import Delivery
from opsbot.domain import journal
from opsbot.domain.actor import SCHEDULER
from opsbot.domain.change import Change, Write
from opsbot.domain.comms.cadence import told
from opsbot.domain.comms.told import Rhythm
from opsbot.domain.incident.incident import as_record
from opsbot.domain.state import INCIDENTS, State
from tests.contract.conftest import World
from tests.support.incidents import incident
from tests.support.world import plain

INC = incident()
HOUR_MS = 3_600_000


def due(bundle: StoreBundle) -> Due:
    """Return the handler of one replica, without Slack."""
    env = Environment("prod", bundle.store, bundle.fleets, SystemClock(), SystemEntropy())
    return Due(env, None, plain)


async def promise(world: World, in_ms: int) -> None:
    """Promise users a word in so many milliseconds, which may be over."""

    def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
        was = state.comms(INC.id)
        now = with_rhythms(was, {"users": Rhythm(due_ms=now_ms + in_ms)})
        made = written(was, now, INC, now_ms)
        opened = Write(INCIDENTS, INC.id, as_record(INC))
        return Change("test", SCHEDULER, (opened, *made.writes), timers=made.timers), None

    await world.one.store.commit("promise", decide)
    await world.two.store.refresh()


async def delivered(bundle: StoreBundle) -> Delivery:
    """Return the first due time that is handed out."""
    async with asyncio.timeout(10):
        async for delivery in bundle.outbox.deliveries("rest"):
            if delivery.effect.kind == DUE:
                return delivery
    raise AssertionError("nothing became due")


async def test_a_broken_promise_is_counted_once_by_two_replicas_at_once(world: World) -> None:
    await promise(world, -1_000)
    await asyncio.gather(world.one.outbox.fire_timers(), world.two.outbox.fire_timers())
    delivery = await delivered(world.one)

    await asyncio.gather(*(due(each)(delivery) for each in (world.one, world.two, world.one)))

    state = await world.two.store.refresh()
    assert (state.comms(INC.id).rhythm("users").broken, delivery.effect.body["what"]) == (1, "due")
    replayed = journal.verify(await world.one.store.journal())
    assert journal.differences(replayed, state) == ()


async def test_a_word_and_its_due_time_at_once_count_one_of_both(world: World) -> None:
    await promise(world, -1_000)
    await world.one.outbox.fire_timers()
    delivery = await delivered(world.one)

    def publish(state: State, now_ms: int) -> tuple[Change | None, None]:
        was = state.comms(INC.id)
        users = told(
            was.rhythm("users"), "MSG-1", "investigating", at_ms=now_ms, next_ms=now_ms + HOUR_MS
        )
        made = written(was, with_rhythms(was, {"users": users}), INC, now_ms)
        return Change("test", SCHEDULER, made.writes, timers=made.timers), None

    await asyncio.gather(due(world.two)(delivery), world.one.store.commit("publish", publish))

    users = (await world.two.store.refresh()).comms(INC.id).rhythm("users")
    assert (users.kept, users.broken, users.overdue_ms) == (0, 1, None)


async def test_what_was_moved_meanwhile_is_left_alone(world: World) -> None:
    await promise(world, -1_000)
    await world.one.outbox.fire_timers()
    delivery = await delivered(world.one)

    def move(state: State, now_ms: int) -> tuple[Change | None, None]:
        was = state.comms(INC.id)
        later = replace(was.rhythm("users"), due_ms=now_ms + HOUR_MS)
        made = written(was, with_rhythms(was, {"users": later}), INC, now_ms)
        return Change("test", SCHEDULER, made.writes, timers=made.timers), None

    await world.two.store.commit("move", move)
    await due(world.one)(delivery)

    users = (await world.one.store.refresh()).comms(INC.id).rhythm("users")
    assert (users.broken, users.overdue_ms) == (0, None)
