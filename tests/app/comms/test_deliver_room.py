"""Targets that never answer, or became public on the way: others are not kept waiting, and nobody reads too much."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from opsbot.app.comms.deliver import AT_ONCE, PublishTo
from opsbot.app.comms.port import Post, Posted, Publisher
from opsbot.app.ports import Handler, RetryLater
from opsbot.domain.change import Json
from opsbot.domain.errors import Unpublishable
from tests.support.comms import (
    LEADS,
    Telling,
    declare_comms,
    telling,
)
from tests.support.wait import eventually

PAGE = "status-page"


@dataclass
class Dead:
    """Targets that take a connection and never answer."""

    waiting: int = 0
    answer: asyncio.Event = field(default_factory=asyncio.Event)

    def to(self, target: str) -> Publisher:
        """Return a target."""
        return self

    async def publish(self, post: Post, *, attempt: int) -> Posted:
        """Wait."""
        self.waiting += 1
        await self.answer.wait()
        return Posted()


async def test_targets_that_never_answer_leave_room_for_other_work() -> None:
    names = [f"mail-{nth}" for nth in range(AT_ONCE + 10)]
    mail: Json = {"kind": "email", "where": {"to": ["press@example.com"]}}
    one = await telling(settings={"targets": dict.fromkeys(names, mail)})
    dead = Dead()
    one.world.bot = replace(one.world.bot, publishers=dead)
    await one.new(targets=(*names, PAGE))
    await one.publish()
    await one.approve()
    handler = one.world.bot.handlers()["comms_publish"]

    async with asyncio.TaskGroup() as group:
        ways = [group.create_task(_tried(handler, one, name)) for name in names]
        await eventually(lambda: dead.waiting == AT_ONCE and sum(w.done() for w in ways) == 10)
        ours = group.create_task(_tried(handler, one, PAGE))
        await eventually(lambda: dead.waiting == AT_ONCE + 1)
        dead.answer.set()

    assert sum(way.result() for way in ways) == AT_ONCE
    assert ours.result()


async def _tried(handler: Handler, one: Telling, target: str) -> bool:
    """Return whether one target was written to, False where it came later."""
    items = one.world.server.items.items()
    name = next(name for name, it in items if it.effect.body.get("target") == target)
    try:
        await handler(one.world.delivery(name))
    except RetryLater:
        return False
    return True


async def test_one_effect_that_is_handed_out_twice_at_once_is_sent_once() -> None:
    one = await telling()
    dead = Dead()
    one.world.bot = replace(one.world.bot, publishers=dead)
    await one.new()
    await one.publish()
    await one.approve()
    handler = one.world.bot.handlers()["comms_publish"]

    async with asyncio.TaskGroup() as group:
        ways = [group.create_task(_tried(handler, one, PAGE)) for _ in range(2)]
        await eventually(lambda: any(one.done() for one in ways))
        dead.answer.set()

    assert dead.waiting == 1


async def test_words_for_clients_leave_room_in_the_way_of_kills() -> None:
    one = await telling()
    dead = Dead()
    await one.new()
    await one.publish()
    await one.approve()
    world = one.world
    handler = PublishTo(world.env, world.outbox, dead, _clients=asyncio.Semaphore(1))

    async with asyncio.TaskGroup() as group:
        ways = [group.create_task(_tried(handler, one, "in-app")) for _ in range(2)]
        await eventually(lambda: dead.waiting == 1 and any(way.done() for way in ways))
        dead.answer.set()

    assert sorted(way.result() for way in ways) == [False, True]


OPEN_NOW: Json = {"mail": {"kind": "statuspage", "where": {"page": "p1"}}}


async def test_words_for_few_go_to_no_target_that_was_made_public_on_the_way() -> None:
    one = await telling()
    await one.new(LEADS, targets=("mail",))
    await one.publish()
    await declare_comms(one.world, targets=OPEN_NOW)

    await one.settle()

    assert one.places["mail"].said == []
    sent = one.message().sent["mail"]
    assert (sent.state, sent.detail) == (
        "failed",
        "it is read by everybody now, and this is for stakeholders",
    )


async def test_words_for_few_are_not_let_go_to_a_target_that_became_public() -> None:
    one = await telling()
    await one.new(LEADS, targets=("mail",))
    await declare_comms(one.world, targets=OPEN_NOW)

    with pytest.raises(Unpublishable, match="read by everybody now"):
        await one.publish()

    assert one.message().standing == "draft"
