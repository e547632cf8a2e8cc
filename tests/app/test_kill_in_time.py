"""The time of an answer counts from the command, whatever took it: looking, storing, or the fleet."""

from collections.abc import Awaitable
from dataclasses import dataclass, replace
from typing import Any

from opsbot.app.requests import KillRequest, Target
from tests.support.world import MARA, World, workflow

REQUEST = KillRequest(Target("workflow", "support-copilot"))


@dataclass
class Slow:
    """The company's store, on a disk that takes its time."""

    world: World
    takes_s: float

    def __getattr__(self, name: str) -> Any:
        return getattr(self.world.store, name)

    async def commit(self, request_id: str, decide: Any) -> Any:
        """Commit, later."""
        done: Awaitable[Any] = self.world.store.commit(request_id, decide)
        self.world.clock.later(self.takes_s)
        return await done


async def killed_in_s(takes_s: float) -> float:
    """Return how long a kill that nobody confirms takes to be answered."""
    world = World()
    await world.declare(workflow("support-copilot", tier=1))
    world.instance("pod-1")
    env = replace(world.env, store=Slow(world, takes_s))
    began = world.clock.monotonic()

    said = await replace(world.bot, env=env).kill(REQUEST, MARA, request_id="r-1")

    assert "0/1 instances" in said.title
    return world.clock.monotonic() - began


async def test_a_slow_store_leaves_less_time_to_wait_for_the_fleet() -> None:
    assert 0.79 < await killed_in_s(0.0) < 0.85
    assert 0.79 < await killed_in_s(0.5) < 0.85


async def test_a_store_slower_than_the_limit_is_answered_at_once_with_the_truth() -> None:
    assert 1.99 < await killed_in_s(2.0) < 2.05


async def test_what_a_surface_did_before_counts_too() -> None:
    world = World()
    await world.declare(workflow("support-copilot", tier=1))
    world.instance("pod-1")
    arrived_s = world.clock.monotonic()
    world.clock.later(0.4)

    await world.bot.kill(replace(REQUEST, arrived_s=arrived_s), MARA, request_id="r-1")

    assert 0.79 < world.clock.monotonic() - arrived_s < 0.85
