"""Law of served calls: whatever starts, ends, falls silent or samples, the sum is what was really counted."""

import asyncio
import itertools
import json
from collections.abc import Coroutine
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from opsbot.adapters.memory.store import open_memory
from opsbot.app.environment import Environment
from opsbot.app.exposure_port import Keep
from opsbot.app.exposure_sample import Sampler
from opsbot.domain.served.served import Sample, sampled
from tests.support.served import COPILOT, Process, samples, spans
from tests.support.world import Counter, World, workflow

Total = tuple[int, int, int]
WHO = st.integers(0, 5)
SMALL = st.integers(0, 50)


class Law(RuleBasedStateMachine):
    """Processes count and come and go; two replicas sample, at once, late and twice."""

    @initialize()
    def open(self) -> None:
        """Open the company, with two replicas."""
        self.loop = asyncio.new_event_loop()
        self.world = World()
        self.run(self.world.declare(workflow(COPILOT)))
        self.samplers = [self.sampler() for _ in range(2)]
        self.processes: list[Process] = []
        self.listed: dict[str, Process] = {}  # by the name under which the store knows one
        self.heard: dict[tuple[str, int], Total] = {}  # what each had said at the last sample
        self.expected: Total = (0, 0, 0)
        self.begun: tuple[Sample, dict[tuple[str, int], Total]] | None = None
        self.number = self.started = 0

    def sampler(self) -> Sampler:
        """Return another replica's sampler."""
        bundle = open_memory(self.world.server)
        env = Environment(
            "prod", bundle.store, bundle.fleets, self.world.clock, Counter(), served=bundle.served
        )
        return Sampler(env, bundle.outbox)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run to the end."""
        return self.loop.run_until_complete(work)

    @rule(asked=SMALL)
    def start(self, asked: int) -> None:
        """Start a process under a name of its own; it may serve before it is heard."""
        self.begin(Process(self.world.server, f"pod-{self.started}").calls(asked))

    def begin(self, process: Process) -> None:
        """Let a process be heard for the first time."""
        self.started += 1
        self.processes.append(process.check_in())
        self.listed[process.id] = process

    @rule(who=WHO, asked=SMALL)
    def take_over(self, who: int, asked: int) -> None:
        """Start a process under the name of another one that has died."""
        if who < len(self.processes):
            died = self.processes.pop(who)
            pid = 100 + self.started
            self.begin(Process(self.world.server, died.id, pid).calls(asked))

    @rule(who=WHO, asked=SMALL, refused=SMALL, cut=SMALL, say=st.booleans())
    def call(self, who: int, asked: int, refused: int, cut: int, *, say: bool) -> None:
        """Serve calls; say so or stay silent for now."""
        if who < len(self.processes):
            process = self.processes[who].calls(asked + refused, refused, cut)
            if say:
                self.say(process)

    def say(self, process: Process) -> None:
        """Check in, where the name is still this one's."""
        process.check_in()
        self.listed[process.id] = process

    @rule()
    def say_all(self) -> None:
        """Let everybody check in."""
        for process in self.processes:
            self.say(process)

    @rule(who=WHO)
    def crash(self, who: int) -> None:
        """End without a word: what was said before stays on record."""
        if who < len(self.processes):
            self.processes.pop(who)

    @rule(who=WHO)
    def leave(self, who: int) -> None:
        """End in order: what was said since the last sample is gone with it."""
        if who < len(self.processes):
            process = self.processes.pop(who)
            process.goodbye()
            self.listed.pop(process.id, None)

    @rule(seconds=st.sampled_from((0.5, 1.0, 5.0, 61.0, 3_599.0)))
    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.world.clock.later(seconds)

    @rule(seconds=st.sampled_from((30.0, 61.0)), who=st.integers(0, 1))
    def sample(self, seconds: float, who: int) -> None:
        """Let a replica take its turn."""
        self.world.clock.later(seconds)
        said = self.said()
        if self.run(self.samplers[who]()):
            self.credit(said)

    @rule()
    def sample_at_once(self) -> None:
        """Let both replicas take their turn at the same moment."""
        self.world.clock.later(61)
        said = self.said()

        async def both() -> list[bool]:
            return list(await asyncio.gather(*(one() for one in self.samplers)))

        assert sum(self.run(both())) == 1
        self.credit(said)

    @rule()
    def begin_one(self) -> None:
        """Count, and be stopped before it is stored."""
        basis = self.run(self.world.served.basis())
        fleet = self.run(self.world.fleets.look())
        sample = sampled(basis, fleet, (COPILOT,), {})
        if sample is not None:
            self.begun = sample, self.said()

    @rule(twice=st.booleans())
    def finish_one(self, *, twice: bool) -> None:
        """Store what was counted before, late; perhaps twice, as after a lost answer."""
        if self.begun is None:
            return
        sample, said = self.begun
        self.begun = None
        if self.run(self.world.served.add(sample, Keep())):
            self.credit(said)
        if twice:
            assert not self.run(self.world.served.add(sample, Keep()))

    def said(self) -> dict[tuple[str, int], Total]:
        """Return what the store knows each listed process to have counted."""
        known = {}
        for name, process in self.listed.items():
            raw = self.world.server.services["support-api"].acks[name]
            known[process.id, process.pid] = self.counted(raw)
        return known

    def counted(self, raw: str) -> Total:
        """Return the counters of an acknowledgement."""
        said = json.loads(raw)["counts"].get(COPILOT, {"asked": 0, "refused": 0, "cut": 0})
        return said["asked"], said["refused"], said["cut"]

    def credit(self, said: dict[tuple[str, int], Total]) -> None:
        """Note a sample: what everybody said, less what the one before knew."""
        if self.number:
            for who, now in said.items():
                before = self.heard.get(who, (0, 0, 0))
                self.expected = tuple(  # type: ignore[assignment]  # of three
                    total + new - old
                    for total, new, old in zip(self.expected, now, before, strict=True)
                )
        self.heard |= said
        self.number += 1

    @invariant()
    def the_sum_is_what_was_counted(self) -> None:
        """Compare."""
        if not hasattr(self, "number"):
            return
        found = self.run(spans(self.world.served))
        total = tuple(
            sum(getattr(one, what) for one in found) for what in ("asked", "refused", "cut")
        )
        assert total == self.expected

    @invariant()
    def samples_follow_each_other_without_a_gap(self) -> None:
        """Compare the ends."""
        if not hasattr(self, "number"):
            return
        found = self.run(samples(self.world.served))
        assert len(found) == self.number
        assert all(one.to_ms == two.from_ms for one, two in itertools.pairwise(found))

    def teardown(self) -> None:
        """Close the loop."""
        if hasattr(self, "loop"):
            self.loop.close()


Law.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestLaw = Law.TestCase
