"""What is said of a store that goes and comes back: once each, and only by who asked it."""

from structlog.testing import capture_logs

from opsbot.adapters.memory.store import MemoryStore
from opsbot.adapters.pulse import Pulse
from opsbot.domain.errors import StoreLost
from tests.support.world import World


class Moody(MemoryStore):
    """A store that answers, or does not."""

    gone = False

    async def ready(self) -> float:
        """Answer, if it does."""
        if self.gone:
            raise StoreLost("The store did not answer.")
        return 0.0


async def idle() -> None:
    """Ask nothing of any store."""


async def test_a_duty_that_asks_nothing_of_the_store_does_not_call_it_back() -> None:
    world = World()
    store = Moody(world.server)
    pulse = Pulse(store, world.clock)

    with capture_logs() as said:
        store.gone = True
        await pulse.quietly(store.ready)
        await pulse.quietly(idle)
        await pulse.beat()
        await pulse.quietly(idle)
        store.gone = False
        await pulse.quietly(idle)
        before = [one["event"] for one in said]
        await pulse.beat()
        await pulse.beat()

    assert before == ["store_lost"]
    assert [one["event"] for one in said] == ["store_lost", "store_back"]


async def test_its_age_is_that_of_the_last_beat_that_was_answered() -> None:
    world = World()
    store = Moody(world.server)
    pulse = Pulse(store, world.clock)
    await pulse.beat()

    world.clock.later(3)
    store.gone = True
    await pulse.beat()
    lost_s = pulse.age_s()
    store.gone = False
    await pulse.beat()

    assert lost_s == 3
    assert pulse.age_s() == 0
