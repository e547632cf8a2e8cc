"""The live card where somebody deletes it: posted anew once, its place remembered, never two."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from opsbot.app.ports import RetryLater
from opsbot.app.requests import KillRequest, Target
from opsbot.domain.change import Record
from opsbot.domain.errors import Gone
from tests.support.world import MARA, Slack, World

COPILOT = Target("workflow", "support-copilot")


@dataclass
class Channel(Slack):
    """A chat in which messages can be deleted; *drops* answers to posts are lost after the effect."""

    there: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    drops: int = 0

    async def post(self, channel: str, blocks: Sequence[Record], text: str, *, key: str) -> Record:
        """Post, unless a message of that key is there."""
        found = next((ts for ts, of in self.keys.items() if of == key and ts in self.there), None)
        ts = found or f"{len(self.keys) + 1}.0"
        self.there[ts], self.keys[ts] = text, key
        if self.drops:
            self.drops -= 1
            raise RetryLater("no answer from Slack", after_s=1.0)
        return {"channel": channel, "ts": ts}

    async def update(self, handle: Record, blocks: Sequence[Record], text: str) -> None:
        """Edit what is there."""
        if str(handle["ts"]) not in self.there:
            raise Gone("deleted")
        self.there[str(handle["ts"])] = text


@pytest.fixture(name="channel")
async def _channel(world: World) -> Channel:
    channel = Channel()
    world.bot = replace(world.bot, chat=channel)
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")
    await world.work("card")
    return channel


async def again(world: World, what: str) -> None:
    """Let the card change, and be worked on until nothing of it waits that is due."""
    await world.bot.give_reason("K-1", what, MARA, request_id=what)
    await world.work("card")
    for _ in range(3):
        world.clock.later(5)
        await world.outbox.fire_timers()
        await world.work("card")


async def test_a_deleted_card_is_posted_anew_with_what_is_so_now(
    world: World, channel: Channel
) -> None:
    channel.there.clear()

    await again(world, "wrong refunds")

    ((ts, text),) = channel.there.items()
    assert ts == "2.0"
    assert "wrong refunds" in text
    assert not world.server.dead


async def test_the_new_place_is_remembered(world: World, channel: Channel) -> None:
    channel.there.clear()
    await again(world, "wrong refunds")

    await world.bot.stop_completely("K-1", MARA, request_id="2")
    await again_without_a_reason(world)

    assert list(channel.there) == ["2.0"]
    assert "`stop`" in channel.there["2.0"] or "· stop ·" in channel.there["2.0"]


async def again_without_a_reason(world: World) -> None:
    world.clock.later(31)
    await world.outbox.fire_timers()
    await world.work("card")


async def test_a_lost_answer_to_the_new_post_makes_no_second_one(
    world: World, channel: Channel
) -> None:
    channel.there.clear()
    channel.drops = 1

    await again(world, "wrong refunds")

    assert list(channel.there) == ["2.0"]
    assert not world.server.dead


async def test_a_card_deleted_twice_comes_back_twice(world: World, channel: Channel) -> None:
    channel.there.clear()
    await again(world, "wrong refunds")
    channel.there.clear()

    await world.bot.stop_completely("K-1", MARA, request_id="2")
    await again_without_a_reason(world)

    assert list(channel.there) == ["3.0"]
