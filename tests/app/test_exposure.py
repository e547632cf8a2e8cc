"""Sampling what is served: once for all replicas, whatever dies on the way; and reading it again."""

import contextlib
from dataclasses import replace

import pytest

from opsbot.adapters.memory.served import MemoryServed
from opsbot.adapters.memory.store import open_memory
from opsbot.app.exposure import Sampled, samples_since
from opsbot.app.exposure_port import Keep
from opsbot.app.exposure_sample import Sampler, owners
from opsbot.app.requests import KillRequest, Target
from opsbot.domain.errors import Misconfigured, StoreLost
from opsbot.domain.served.served import HOUR_MS, Head, Sample
from tests.app.test_crashes import Fuse, Killed, Mortal
from tests.support.served import COPILOT, Process, samples, spans
from tests.support.world import MARA, World, workflow

MINUTE_S = 60


def sampler(world: World) -> Sampler:
    """Return the duty of a replica of its own."""
    bundle = open_memory(world.server)
    return Sampler(replace(world.env, fleets=bundle.fleets), bundle.outbox)


async def total(world: World) -> tuple[int, int, int]:
    """Return all calls of the copilot that were counted."""
    found = await spans(world.served)
    return (
        sum(one.asked for one in found),
        sum(one.refused for one in found),
        sum(one.cut for one in found),
    )


async def test_a_minute_of_two_instances_is_their_sum(world: World) -> None:
    pods = [Process(world.server, f"pod-{n}").calls(1_000 * n).check_in() for n in (1, 2)]
    duty = sampler(world)
    await duty()

    world.clock.later(MINUTE_S)
    for pod in pods:
        pod.calls(10, 2, 1).check_in()
    await duty()

    (one,) = await spans(world.served)
    assert (one.heard, one.asked, one.refused, one.cut) == (2, 20, 4, 2)
    assert one.to_ms - one.from_ms == MINUTE_S * 1_000


async def test_one_sample_is_taken_in_a_minute_whatever_the_number_of_replicas(
    world: World,
) -> None:
    Process(world.server, "pod-1").check_in()
    duties = [sampler(world) for _ in range(3)]
    before = (await world.served.head()).now_ms // 60_000

    for _ in range(50):
        world.clock.later(5)
        for one in duties:
            await one()

    minutes = (await world.served.head()).now_ms // 60_000 - before + 1
    assert len(await samples(world.served)) == minutes


async def test_when_one_replica_is_gone_another_goes_on(world: World) -> None:
    pod = Process(world.server, "pod-1").check_in()
    one, two = sampler(world), sampler(world)
    await one()

    world.clock.later(MINUTE_S)
    assert await one.outbox.claim("served", ttl_s=15)  # and then it dies
    pod.calls(7).check_in()
    held = await two()
    world.clock.later(16)
    taken = await two()

    assert (held, taken) == (False, True)
    assert await total(world) == (7, 0, 0)


STEPS = 6


@pytest.mark.parametrize("steps", range(1, 2 * STEPS + 2))
async def test_a_replica_that_dies_between_any_two_steps_counts_nothing_twice(
    world: World, steps: int
) -> None:
    pod = Process(world.server, "pod-1").calls(100).check_in()
    await sampler(world)()
    fuse = Fuse(steps)
    healthy = sampler(world)
    dying = Sampler(
        replace(
            healthy.env,
            fleets=Mortal(healthy.env.fleets, fuse),
            served=Mortal(world.served, fuse),
        ),
        Mortal(healthy.outbox, fuse),
    )

    try:
        for minute in range(2):
            world.clock.later(HOUR_MS / 1_000 if minute else MINUTE_S)
            pod.calls(7, 1).check_in()
            await dying()
    except Killed:
        world.clock.later(16)
    world.clock.later(MINUTE_S)
    said = pod.calls(5).check_in().counts[COPILOT]
    await sampler(world)()

    assert await total(world) == (said[0] - 100, said[1], 0)


async def test_an_hour_that_ends_leaves_its_sum(world: World) -> None:
    pod = Process(world.server, "pod-1").check_in()
    duty = sampler(world)
    await duty()
    for _ in range(70):
        world.clock.later(MINUTE_S)
        pod.calls(3).check_in()
        await duty()

    history = world.served
    fine = await total(world)
    world.clock.later(80 * 3_600)

    assert fine == (210, 0, 0)
    assert sum(one.asked for one in await spans(history)) == 210
    assert len(await spans(history)) < 70


async def test_an_hour_is_kept_for_as_long_as_it_is_told(world: World) -> None:
    pod = Process(world.server, "pod-1").check_in()
    duty = replace(sampler(world), keep=Keep(hours=24, minutes_hours=72))
    await duty()
    world.clock.later(MINUTE_S)
    pod.calls(3).check_in()
    await duty()

    world.clock.later(23 * 3_600)
    kept = len(await spans(world.served))
    world.clock.later(2 * 3_600)

    assert kept == 1
    assert await spans(world.served) == ()


async def test_a_store_that_was_flushed_is_begun_anew(world: World) -> None:
    pod = Process(world.server, "pod-1").calls(500).check_in()
    await sampler(world)()
    world.server.served = type(world.server.served)()
    world.env = replace(world.env, served=MemoryServed(world.server.served, world.clock.now_ms))

    world.clock.later(MINUTE_S)
    pod.calls(9).check_in()
    await sampler(world)()

    assert len(await samples(world.env.served)) == 1  # type: ignore[arg-type]  # it is there
    assert await spans(world.env.served) == ()  # type: ignore[arg-type]  # it is there


async def test_without_a_history_nothing_is_sampled(world: World) -> None:
    duty = sampler(world)

    assert not await replace(duty, env=replace(duty.env, served=None))()


async def test_a_kill_of_one_workflow_owns_what_its_ramp_let_through(world: World) -> None:
    kill = KillRequest(Target("workflow", COPILOT))
    await world.bot.kill(kill, MARA, request_id="k")
    (uid,) = (one.uid for one in world.store.state.active_kills())
    pod = Process(world.server, "pod-1", eased={uid: 4, "other": 2}).calls(10).check_in()
    duty = sampler(world)
    await duty()

    world.clock.later(MINUTE_S)
    pod.eased[uid] += 3
    pod.calls(3).check_in()
    await duty()

    (one,) = await spans(world.served)
    assert (one.asked, one.eased) == (3, 3)
    assert owners(world.store.state, await world.fleets.look()) == {uid: COPILOT}


async def test_a_kill_of_more_than_one_workflow_owns_nothing(world: World) -> None:
    await world.bot.kill(
        KillRequest(Target("provider", "openai"), confirmed=True), MARA, request_id="k"
    )
    (uid,) = (one.uid for one in world.store.state.active_kills())
    Process(world.server, "pod-1", eased={uid: 4}).check_in()

    assert owners(world.store.state, await world.fleets.look()) == {}


async def test_what_was_sampled_is_read_from_a_moment_on(world: World) -> None:
    await world.declare(workflow("coding-agent"))
    pod = Process(world.server, "pod-1", serves=(COPILOT, "coding-agent")).check_in()
    duty = sampler(world)
    await duty()
    began = world.clock.now_ms()
    for _ in range(3):
        world.clock.later(MINUTE_S)
        pod.calls(5, 1).calls(2, of="coding-agent").check_in()
        await duty()

    found = await samples_since(world.served, (COPILOT, "coding-agent"), began)

    assert found is not None
    window = (began, world.clock.now_ms())
    assert (found.first_ms, found.last_ms) == window
    assert found.of(COPILOT, window).served == 12
    assert found.of("coding-agent", window).served == 6
    assert found.of("coding-agent", window, whole_end=True).served == 6


async def test_before_the_first_sample_there_is_nothing_to_read(world: World) -> None:
    found = await samples_since(world.served, (COPILOT,), 0)

    assert found == Sampled()
    assert found is not None
    assert (found.first_ms, found.last_ms) == (None, None)


class Refusing(MemoryServed):
    """A history whose store refuses to keep anything."""

    asked = 0

    async def add(self, sample: Sample, keep: Keep) -> bool:
        """Refuse."""
        self.asked += 1
        raise Misconfigured("The access list is old.")


async def test_a_store_that_refuses_is_asked_once_a_minute(world: World) -> None:
    history = Refusing(world.server.served, world.clock.now_ms)
    duty = sampler(world)
    duty = replace(duty, env=replace(duty.env, served=history))

    for _ in range(100):
        with contextlib.suppress(Misconfigured):
            await duty()
        world.clock.later(1)

    assert history.asked == 2


class Lost(MemoryServed):
    """A history whose store does not answer."""

    async def head(self) -> Head:
        """Know nothing."""
        raise StoreLost("The store did not answer.")


async def test_a_lost_store_says_nothing(world: World) -> None:
    lost = Lost(world.server.served, world.clock.now_ms)

    assert await samples_since(lost, (COPILOT,), 0) is None
