"""kill -9 between any two steps: whatever was begun is finished once, by whoever comes next."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from opsbot.app.ports import GiveUp
from opsbot.app.requests import KillRequest, RestoreRequest, Target
from opsbot.domain import journal
from opsbot.domain.change import Record
from opsbot.domain.errors import Refused
from tests.support.world import INES, MARA, NOOR, HandMoved, Slack, World, workflow

CONTRACTS = Target("workflow", "contract-summariser")


class Killed(BaseException):
    """The process is gone: nothing catches it."""


@dataclass
class Fuse:
    """Burns down by one with every step taken through a port; the process dies at its end."""

    left: int

    def burn(self) -> None:
        """Count one step."""
        self.left -= 1
        if self.left == 0:
            raise Killed


class Mortal:
    """A port behind a fuse: each call is done, and then the process may be gone."""

    def __init__(self, port: Any, fuse: Fuse) -> None:
        self._port = port
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        """Return the port's own, burning the fuse after each awaited call."""
        found = getattr(self._port, name)
        if not inspect.iscoroutinefunction(found):
            return found

        async def step(*arguments: Any, **named: Any) -> Any:
            done = await found(*arguments, **named)
            self._fuse.burn()
            return done

        return step


@dataclass
class Careful(Slack):
    """A chat that looks for the key before it says a thing again, as the port asks of it."""

    keys: dict[str, Record] = field(default_factory=dict)

    async def post(self, channel: str, blocks: Sequence[Record], text: str, *, key: str) -> Record:
        """Post once for each key."""
        if key not in self.keys:
            self.keys[key] = await super().post(channel, blocks, text, key=key)
        return self.keys[key]

    async def tell(self, person: str, blocks: Sequence[Record], text: str, *, key: str) -> Record:
        """Tell once for each key."""
        if key not in self.keys:
            self.keys[key] = await super().tell(person, blocks, text, key=key)
        return self.keys[key]


def mortal(world: World, steps: int) -> Fuse:
    """Put every port of the bot of *world* behind one fuse, and return it."""
    fuse = Fuse(steps)
    env = replace(world.env, store=Mortal(world.store, fuse), fleets=Mortal(world.fleets, fuse))
    world.bot = replace(
        world.bot,
        env=env,
        outbox=Mortal(world.outbox, fuse),
        chat=Mortal(world.slack, fuse),
        prober=Mortal(world.probes, fuse),
    )
    return fuse


async def life(world: World, pod: HandMoved) -> None:
    """Ask for a kill and its restore, and do all the work, as often as it is needed."""
    kill = KillRequest(CONTRACTS, break_glass=True)
    await world.bot.kill(kill, NOOR, request_id="kill")
    pod.follow()
    await work(world, pod)
    await world.bot.restore(RestoreRequest(Target("kill", "K-1")), MARA, request_id="ask")
    await work(world, pod)
    await world.bot.restore(RestoreRequest(Target("kill", "K-1")), INES, request_id="grant")
    pod.follow()
    await work(world, pod)


async def work(world: World, pod: HandMoved) -> None:
    """Work until the outbox is empty or a minute is over."""
    for _ in range(4):
        await world.work()
        world.clock.later(16)
        pod.check_in()
        await world.outbox.fire_timers()


async def company() -> World:
    """Return a company of its own, with a chat that never says a thing twice."""
    world = World()
    await world.declare(
        workflow("support-copilot", tier=1, safe_state="canned"),
        workflow("contract-summariser"),
    )
    world.slack = Careful()
    world.bot = replace(world.bot, chat=world.slack)
    return world


PARTS = 4
"""Every step is tried: each part takes every fourth, so that they can run beside each other."""


@pytest.mark.no_cover  # the same life, over and over
@pytest.mark.parametrize("part", range(PARTS))
async def test_one_effect_whatever_the_moment_of_death(part: int) -> None:
    steps = part + 1
    while await died_at(steps):
        steps += PARTS

    assert steps > 100, "a whole life is longer than that"


async def died_at(steps: int) -> bool:
    """Live, die after *steps*, be reborn; return false where life was over before that."""
    world = await company()
    pod = world.instance("pod-1", serves=("contract-summariser",), probe="http://pod-1/probe")
    reborn = world.bot
    fuse = mortal(world, steps)
    try:
        await life(world, pod)
    except Killed:
        world.bot = reborn
        await again(world, pod)

    once_each(world, f"dead after step {steps}")
    return fuse.left <= 0


def once_each(world: World, moment: str) -> None:
    """Everything is there, and nothing twice."""
    verbs = [journal.read_entry(line, index=n).verb for n, line in enumerate(world.server.lines)]
    said = [verb for verb in verbs if verb != "declare"]
    assert sorted(said) == ["ask_restore", "confirmed", "kill", "proved", "restore"], moment
    assert len([text for _, text in world.slack.posted]) == 1, moment
    assert len(world.slack.told) == len(set(world.slack.told)), moment
    assert {"U0SUPPORT", "U0ADMIN"} <= {person for person, _ in world.slack.told}, moment
    assert not world.server.dead, moment
    assert not [name for name in world.server.timers if not name.startswith("retry:")], moment


async def again(world: World, pod: HandMoved) -> None:
    """Say everything once more, as Slack and people do; what was done already is refused."""
    kill = KillRequest(CONTRACTS, break_glass=True)
    await refusable(world.bot.kill(kill, NOOR, request_id="kill"))
    pod.follow()
    await work(world, pod)
    asked = RestoreRequest(Target("kill", "K-1"))
    await refusable(world.bot.restore(asked, MARA, request_id="ask"))
    await work(world, pod)
    await refusable(world.bot.restore(asked, INES, request_id="grant"))
    pod.follow()
    await work(world, pod)


async def refusable(step: Any) -> None:
    """Do a step that may have been done."""
    try:
        await step
    except Refused:
        return


@dataclass
class Gone(Slack):
    """A chat whose channel is gone and where one person cannot be reached."""

    async def post(self, channel: str, blocks: Sequence[Record], text: str, *, key: str) -> Record:
        """Refuse for ever."""
        raise GiveUp("channel_not_found")

    async def tell(self, person: str, blocks: Sequence[Record], text: str, *, key: str) -> Record:
        """Reach everybody but the DRI."""
        if person == "U0SUPPORT":
            raise GiveUp("user_not_found")
        return await super().tell(person, blocks, text, key=key)


async def test_a_card_that_cannot_be_posted_keeps_nothing_from_being_proved(world: World) -> None:
    world.slack = Gone()
    world.bot = replace(world.bot, chat=world.slack)
    pod = world.instance("pod-1", probe="http://pod-1/probe")
    kill = KillRequest(Target("workflow", "support-copilot"), mode="stop", break_glass=True)
    await world.bot.kill(kill, NOOR, request_id="1")
    pod.follow()

    await world.work()

    held = world.store.state.kill("K-1")
    assert (held.probes, held.passed) == (1, 1)
    assert [person for person, _ in world.slack.told] == ["U0ADMIN"]
    status = await world.bot.status(None, MARA)
    assert "Not delivered: 2 messages; the newest:" in status.lines
    assert any(
        one.endswith("message about K-1 failed: U0SUPPORT: user_not_found") for one in status.lines
    )


async def test_a_restored_card_gives_up_on_an_instance_that_never_comes_back(world: World) -> None:
    await world.declare(workflow("contract-summariser"))
    pod = world.instance("pod-1", serves=("contract-summariser",))
    await world.bot.kill(KillRequest(CONTRACTS), MARA, request_id="1")
    await world.bot.restore(RestoreRequest(CONTRACTS), MARA, request_id="2")
    world.clock.later(601)

    for _ in range(3):
        await world.work()
        await world.outbox.fire_timers()

    assert pod.position == (0, 0)
    assert not world.server.items
    assert not [name for name in world.server.timers if name.startswith("retry:")]
