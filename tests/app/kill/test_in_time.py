"""The time of an answer counts from the command, whatever took it: looking, storing, or the fleet."""

from collections.abc import Awaitable
from dataclasses import dataclass, replace
from typing import Any

from opsbot.app.kill.verb import PROOF_BY_S, PROOF_S
from opsbot.app.requests import ApproveRequest, KillRequest, RestoreRequest, Target
from opsbot.domain.said import Said
from opsbot.domain.state import State
from tests.support.world import MARA, SAM, HandMoved, World, workflow

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


@dataclass
class Followed:
    """
    The company's store; every instance follows what is committed at once.

    The proof comes *proof_s* seconds after somebody began to wait for it, None for never.
    """

    world: World
    pod: HandMoved
    proof_s: float | None
    takes_s: float = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.world.store, name)

    async def commit(self, request_id: str, decide: Any) -> Any:
        """Commit, later, and let the instance follow."""
        self.world.clock.later(self.takes_s)
        done = await self.world.store.commit(request_id, decide)
        self.pod.follow()
        return done

    async def wait_past(self, revision: int, *, timeout_s: float) -> State:
        """Wait, by the company's clock."""
        if self.proof_s is None or self.proof_s > timeout_s:
            self.world.clock.later(timeout_s)
        else:
            self.world.clock.later(self.proof_s)
            await self.world.work("follow")
        return self.world.store.state


async def followed(proof_s: float | None, *, takes_s: float = 0.0) -> tuple[Said, float]:
    """Return the answer to a kill that is confirmed at once, and how long it took."""
    world = World()
    await world.declare(workflow("support-copilot", tier=1))
    pod = world.instance("pod-1", probe="http://pod-1/x")
    env = replace(world.env, store=Followed(world, pod, proof_s, takes_s))
    began = world.clock.monotonic()
    said = await replace(world.bot, env=env).kill(REQUEST, MARA, request_id="r-1")
    return said, world.clock.monotonic() - began


async def test_a_proof_that_is_at_hand_is_in_the_answer() -> None:
    said, took_s = await followed(0.1)

    assert said.body["proved"] == {"probes": 1, "passed": 1}
    assert said.tone == "green"
    assert 0.09 < took_s < 0.12


async def test_a_confirmed_kill_is_answered_without_a_proof_that_is_far() -> None:
    said, took_s = await followed(None)

    assert said.body["proved"] is None
    assert "1/1 confirmed · proof pending" in said.as_text()
    assert said.tone == "amber"
    assert PROOF_S <= took_s < PROOF_S + 0.02


async def test_an_answer_that_is_late_already_is_not_kept_back_for_the_proof() -> None:
    said, took_s = await followed(0.1, takes_s=0.5)

    assert said.body["proved"] is None
    assert 0.49 < took_s < 0.52


async def test_an_answer_that_is_rather_late_waits_less_for_the_proof() -> None:
    _, took_s = await followed(None, takes_s=0.3)

    assert PROOF_BY_S - 0.01 < took_s < PROOF_BY_S + 0.02


async def restored_in_s(takes_s: float, *, arrived_ago_s: float | None = None) -> float:
    """Return how long the answer to a restore that nobody confirms takes, from its arrival."""
    world = World()
    await world.declare(workflow("contract-summariser", tier=3))
    world.instance("pod-1", serves=("contract-summariser",))
    target = Target("workflow", "contract-summariser")
    await world.bot.kill(KillRequest(target), MARA, request_id="r-1")
    env = replace(world.env, store=Slow(world, takes_s))
    began = arrived_s = world.clock.monotonic()
    if arrived_ago_s is not None:
        world.clock.later(arrived_ago_s)
    request = RestoreRequest(target, arrived_s=None if arrived_ago_s is None else arrived_s)
    said = await replace(world.bot, env=env).restore(request, MARA, request_id="r-2")

    assert said.body["restored"] is True
    assert "not confirmed by all" in said.title
    return world.clock.monotonic() - began


async def test_a_restores_answer_counts_from_the_command_too() -> None:
    assert 0.79 < await restored_in_s(0.0) < 0.85
    assert 0.79 < await restored_in_s(0.5) < 0.85
    assert 1.99 < await restored_in_s(2.0) < 2.05
    assert 0.79 < await restored_in_s(0.1, arrived_ago_s=0.4) < 0.85


async def test_an_approvals_answer_counts_from_the_press() -> None:
    world = World()
    await world.declare(workflow("support-copilot", tier=1))
    world.instance("pod-1")
    await world.bot.kill(REQUEST, MARA, request_id="r-1")
    await world.bot.restore(RestoreRequest(REQUEST.target), MARA, request_id="r-2")
    arrived_s = world.clock.monotonic()
    world.clock.later(0.3)

    said = await world.bot.approve(
        ApproveRequest("A-1", arrived_s=arrived_s), SAM, request_id="r-3"
    )

    assert said.body["restored"] is True
    assert 0.79 < world.clock.monotonic() - arrived_s < 0.85
