"""The `ServedHistory` port: the same on the memory twin and on a real server, with two replicas."""

import asyncio

import pytest

from opsbot.adapters.bundle import StoreBundle
from opsbot.adapters.redis.store import open_store
from opsbot.app.environment import Environment
from opsbot.app.exposure_port import Keep
from opsbot.app.exposure_sample import Sampler
from opsbot.domain.served.served import HOUR_MS, SAMPLES, Base, Sample, Span
from opsbot.domain.workflow import as_record
from opsflags.keys import WORKFLOWS, Keys
from tests.contract.conftest import SERVICE, World
from tests.support.changes import put
from tests.support.served import COPILOT, acknowledgement, registration
from tests.support.store import Store
from tests.support.world import Counter, MovedClock, workflow

HOUR = 494_000
NOON = HOUR * HOUR_MS
KEEP = Keep()


def sample(number: int, at_ms: int, *spans: Span, **changes: object) -> Sample:
    """Return a sample of the copilot, a minute long."""
    return Sample(
        number=number,
        at_ms=at_ms,
        learned=changes.get("learned", {}),  # type: ignore[arg-type]  # as named
        dropped=changes.get("dropped", ()),  # type: ignore[arg-type]  # as named
        spans={SAMPLES: (Span(at_ms - 60_000, at_ms, 1),), **({COPILOT: spans} if spans else {})},
        over=changes.get("over"),  # type: ignore[arg-type]  # as named
        summary=changes.get("summary", {}),  # type: ignore[arg-type]  # as named
    )


def minute(nth: int, asked: int) -> Span:
    """Return the nth minute after noon."""
    return Span(NOON + (nth - 1) * 60_000, NOON + nth * 60_000, 1, asked)


async def test_an_empty_history_says_so(world: World) -> None:
    head, basis = await world.one.served.head(), await world.two.served.basis()

    assert (head.number, head.at_ms, head.due) == (0, None, True)
    assert (basis.number, basis.at_ms, basis.known) == (0, None, {})
    assert await world.one.served.hours(HOUR, HOUR + 3) == {}


async def test_samples_of_two_replicas_are_one_history(world: World) -> None:
    base = Base(0, {COPILOT: (5, 1, 0)}, {"u": 2})
    first = sample(0, NOON + 60_000, minute(1, 5), learned={"a/a/1": base, "b/b/1": Base()})
    second = sample(1, NOON + 120_000, minute(2, 7), dropped=("b/b/1",))

    added = await world.one.served.add(first, KEEP), await world.two.served.add(second, KEEP)

    basis = await world.one.served.basis()
    hours = await world.two.served.hours(HOUR - 1, HOUR + 1, (COPILOT, "other"))
    assert added == (True, True)
    assert (basis.number, basis.at_ms, basis.known) == (2, NOON + 120_000, {"a/a/1": base})
    assert hours == {
        HOUR: {
            SAMPLES: (
                Span(NOON, NOON + 60_000, 1),
                Span(NOON + 60_000, NOON + 120_000, 1),
            ),
            COPILOT: (minute(1, 5), minute(2, 7)),
        }
    }
    assert await world.two.served.hours(HOUR, HOUR) == hours


async def test_a_second_sample_of_the_same_number_is_nothing_at_all(world: World) -> None:
    first = sample(0, NOON + 60_000, minute(1, 5), learned={"a/a/1": Base()})
    other = sample(0, NOON + 61_000, minute(1, 5), learned={"x/x/1": Base()}, dropped=("a/a/1",))

    answers = await asyncio.gather(
        *(one.served.add(first, KEEP) for one in (world.one, world.two, world.one))
    )
    late = await world.two.served.add(other, KEEP)

    basis = await world.one.served.basis()
    hours = await world.one.served.hours(HOUR, HOUR)
    assert (sorted(answers), late) == ([False, False, True], False)
    assert (basis.number, basis.at_ms, set(basis.known)) == (1, NOON + 60_000, {"a/a/1"})
    assert hours[HOUR][COPILOT] == (minute(1, 5),)


async def test_of_an_hour_whose_minutes_are_gone_its_sum_is_left(world: World) -> None:
    brief, kept = Keep(hours=1, minutes_hours=0), {COPILOT: (minute(1, 9),), SAMPLES: ()}
    await world.one.served.add(sample(0, NOON + 60_000, minute(1, 4), minute(1, 5)), KEEP)

    later = sample(1, NOON + HOUR_MS, over=HOUR, summary=kept)
    await world.one.served.add(later, brief)

    assert (await world.one.served.hours(HOUR, HOUR))[HOUR] == kept


async def test_what_is_kept_for_no_longer_is_gone(world: World) -> None:
    await world.one.served.add(sample(0, NOON + 60_000, minute(1, 4)), Keep(0, 0))

    assert await world.one.served.hours(HOUR, HOUR) == {}


def sampler(bundle: StoreBundle) -> Sampler:
    """Return the duty of one replica; a claim is no part of what keeps a call from counting twice."""
    env = Environment(
        "prod", bundle.store, bundle.fleets, MovedClock(), Counter(), served=bundle.served
    )
    return Sampler(env, bundle.outbox)


async def test_two_replicas_at_once_take_one_sample(world: World) -> None:
    said = acknowledgement({COPILOT: (100, 4, 0)})
    world.checkin("api-1", registration("api-1"), said)

    taken = await asyncio.gather(sampler(world.one)(), sampler(world.two)())

    basis = await world.one.served.basis()
    assert sorted(taken) == [False, True]
    assert basis.number == 1
    assert basis.known[f"{SERVICE}/api-1/1"].counts == {COPILOT: (100, 4, 0)}


async def test_calls_between_two_samples_are_counted_once_whoever_samples(world: World) -> None:
    await world.one.store.commit("w", put((WORKFLOWS, COPILOT, as_record(workflow(COPILOT)))))
    await world.two.store.refresh()
    world.checkin("api-1", registration("api-1"), acknowledgement({COPILOT: (100, 4, 0)}))
    await sampler(world.one)()
    basis = await world.one.served.basis()
    assert basis.at_ms is not None
    before = Sample(1, basis.at_ms - 60_000, {}, (), {SAMPLES: ()})  # as if a minute had passed
    assert await world.one.served.add(before, KEEP)

    world.checkin("api-1", registration("api-1"), acknowledgement({COPILOT: (130, 6, 1)}))
    taken = await asyncio.gather(sampler(world.two)(), sampler(world.one)())

    hour = (await world.one.served.head()).at_ms or 0
    hours = await world.one.served.hours(hour // HOUR_MS - 1, hour // HOUR_MS, (COPILOT,))
    found = [one for kept in hours.values() for one in kept.get(COPILOT, ())]
    assert sorted(taken) == [False, True]
    assert [(one.asked, one.refused, one.cut) for one in found] == [(30, 2, 1)]


async def test_what_cannot_be_read_counts_as_not_kept(store: Store) -> None:
    keys = Keys(store.env)
    async with open_store(store.unix_url, env=store.env, state_dir=None) as bundle:
        await bundle.served.add(
            sample(0, NOON + 60_000, minute(1, 5), learned={"a/a/1": Base()}), KEEP
        )
        store.redis.hset(keys.served_base, "b/b/1", "no counters")
        store.redis.hset(keys.served_minutes(HOUR), SAMPLES, "no spans")

        assert set((await bundle.served.basis()).known) == {"a/a/1"}
        assert await bundle.served.hours(HOUR, HOUR) == {}


@pytest.mark.parametrize("over", [None, HOUR - 1])
async def test_every_hour_is_gone_by_itself(store: Store, over: int | None) -> None:
    keys = Keys(store.env)
    async with open_store(store.unix_url, env=store.env, state_dir=None) as bundle:
        ended = sample(0, NOON - 60_000, minute(-1, 5))
        await bundle.served.add(ended, KEEP)
        kept = {SAMPLES: (minute(-1, 0),)}
        again = sample(1, NOON + 60_000, minute(1, 5), over=over, summary=kept if over else {})
        await bundle.served.add(again, KEEP)

        left = store.redis.pttl(keys.served_minutes(HOUR))
        ended_left = store.redis.pttl(keys.served_minutes(HOUR - 1))
        hour_left = store.redis.pttl(keys.served_hour(HOUR - 1))

    day_ms = 24 * HOUR_MS
    assert 13 * day_ms < left <= 14 * day_ms
    assert (ended_left <= 3 * day_ms) is (over is not None)
    assert (13 * day_ms < hour_left) is (over is not None)
