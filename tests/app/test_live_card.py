"""The card names who falls silent within the promise, and edits the rest no oftener than Slack allows."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import pytest

from opsbot.app.card import EDIT_S, FIRST_S, Card
from opsbot.app.ports import Store
from opsbot.app.requests import KillRequest, Target
from opsbot.domain.change import Record, Sealed
from opsbot.domain.fleet import ALIVE_MS, NAMED_WITHIN_MS
from tests.support.world import MARA, MovedClock, Slack, World, plain

KILL = KillRequest(Target("workflow", "support-copilot"), mode="stop")
AT_ONCE = replace(KILL, arrived_s=0.0)
"""So long ago that its answer waits for nobody."""


@dataclass
class Timed(Slack):
    """A chat that notes when each edit came, in milliseconds."""

    clock: MovedClock = field(default_factory=MovedClock)
    edits: list[tuple[int, str]] = field(default_factory=list)
    posts: list[tuple[int, str]] = field(default_factory=list)

    async def post(self, channel: str, blocks: Sequence[Record], text: str, *, key: str) -> Record:
        """Keep a message and its time."""
        self.posts.append((self.clock.now_ms(), text))
        return {"channel": channel, "ts": f"{len(self.posts)}.0"}

    async def update(self, handle: Record, blocks: Sequence[Record], text: str) -> None:
        """Keep an edit and its time."""
        self.edits.append((self.clock.now_ms(), "\n".join(map(str, blocks)) + text))


async def test_who_dies_at_the_kill_is_silent_on_the_card_within_the_promise(world: World) -> None:
    chat = Timed(clock=world.clock)
    world.bot = replace(world.bot, chat=chat)
    world.instance("pod-dead")
    died = world.clock.now_ms()
    await world.bot.kill(KILL, MARA, request_id="1")

    await world.work("card")

    seen = (*chat.posts, *chat.edits)
    first = next(at for at, text in seen if "`pod-dead` silent" in text)
    assert died < first <= died + NAMED_WITHIN_MS


@pytest.mark.parametrize("before_ms", [100, 900, 1_600, 1_790])
async def test_who_died_shortly_before_the_kill_is_named_within_the_promise_too(
    world: World, before_ms: int
) -> None:
    chat = Timed(clock=world.clock)
    world.bot = replace(world.bot, chat=chat)
    world.instance("pod-dead")
    died = world.clock.now_ms()
    world.clock.later(before_ms / 1000)
    await world.bot.kill(AT_ONCE, MARA, request_id="1")

    await world.work("card")

    seen = (*chat.posts, *chat.edits)
    first = next(at for at, text in seen if "`pod-dead` silent" in text)
    assert died + ALIVE_MS < first <= died + NAMED_WITHIN_MS


async def test_a_kill_that_is_soon_proved_is_one_message_and_no_edit(world: World) -> None:
    pod = world.instance("pod-1", probe="http://pod-1/x")
    await world.bot.kill(AT_ONCE, MARA, request_id="1")
    killed = world.clock.now_ms()
    pod.follow()
    happens = Once(world)
    chat = Timed(clock=world.clock)
    world.bot = replace(
        world.bot, chat=chat, env=replace(world.env, clock=Waiting(world.clock, happens))
    )

    await world.work("card")

    ((at, text),) = chat.posts
    assert "1/1 probes refused" in text
    assert at - killed < 1000 * FIRST_S
    assert chat.edits == []


async def test_a_kill_that_is_not_proved_soon_is_posted_as_it_is(world: World) -> None:
    world.instance("pod-1")
    chat = Timed(clock=world.clock)
    world.bot = replace(world.bot, chat=chat)
    await world.bot.kill(AT_ONCE, MARA, request_id="1")
    killed = world.clock.now_ms()

    await world.work("card")

    ((at, text),) = chat.posts
    assert at - killed == 1000 * FIRST_S
    assert "0/1" in text


async def test_an_older_kill_waits_no_more_before_it_is_posted(world: World) -> None:
    world.instance("pod-1")
    chat = Timed(clock=world.clock)
    world.bot = replace(world.bot, chat=chat)
    await world.bot.kill(KILL, MARA, request_id="1")
    world.clock.later(5)
    began = world.clock.now_ms()

    await world.work("card")

    assert chat.posts[0][0] == began


@dataclass
class Once:
    """Somebody who takes the follow-up of the kill, once."""

    world: World
    done: bool = False

    async def __call__(self) -> None:
        """Follow up."""
        if not self.done:
            self.done = True
            await self.world.work("follow")


@dataclass
class Waiting:
    """The world's clock, with something that is done during each sleep."""

    clock: MovedClock
    does: Callable[[], Awaitable[None]]

    def now_ms(self) -> int:
        """Return milliseconds since 1970."""
        return self.clock.now_ms()

    def monotonic(self) -> float:
        """Return seconds."""
        return self.clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Let it be done and move on."""
        await self.does()
        await self.clock.sleep(seconds)


@dataclass
class Busy:
    """The world's clock, with something that happens before each sleep."""

    clock: MovedClock
    happens: Callable[[], None]

    def now_ms(self) -> int:
        """Return milliseconds since 1970."""
        return self.clock.now_ms()

    def monotonic(self) -> float:
        """Return seconds."""
        return self.clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Let it happen and move on."""
        self.happens()
        await self.clock.sleep(seconds)


async def test_what_only_counts_on_is_edited_once_a_second(world: World) -> None:
    chat, counted = Timed(clock=world.clock), 0
    pod, other = world.instance("pod-1"), world.instance("pod-2")
    await world.bot.kill(KILL, MARA, request_id="1")
    uid = world.store.state.kill("K-1").uid

    def traffic() -> None:
        nonlocal counted
        counted += 1
        pod.follow(**{uid: {"let": 0, "refused": counted}})
        other.check_in()

    busy = Busy(world.clock, traffic)
    world.bot = replace(world.bot, chat=chat, env=replace(world.env, clock=busy))
    await world.work("card")

    times = [at for at, _ in chat.edits]
    assert counted > 100
    assert len(times) > 5
    assert min(after - before for before, after in pairwise(times)) >= 1000 * EDIT_S - 1


@dataclass
class Counted:
    """The store, which counts how often free texts are read."""

    store: Store
    texts_read: int = 0

    def __getattr__(self, name: str) -> Any:
        """Return what is the store's own."""
        return getattr(self.store, name)

    async def texts(self, commitments: Sequence[str]) -> Mapping[str, Sealed]:
        """Count, and read."""
        self.texts_read += 1
        return await self.store.texts(commitments)


async def test_while_nothing_moves_the_card_is_made_anew_once_a_second(world: World) -> None:
    await world.bot.kill(replace(AT_ONCE, reason="invents refunds"), MARA, request_id="1")
    reading, state, began = Counted(world.store), world.store.state, world.clock.monotonic()
    env = replace(world.env, store=reading)
    card = Card(env, world.slack, world.outbox, plain)
    await card.said(state.kill("K-1"), state, None)
    reads, reading.texts_read = reading.texts_read, 0
    world.bot = replace(world.bot, env=env)

    await world.work("card")

    seconds = world.clock.monotonic() - began
    assert seconds > 10
    assert seconds / 2 < reading.texts_read / reads <= seconds + 2
