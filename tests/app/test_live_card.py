"""The card names who falls silent within the promise, and edits the rest no oftener than Slack allows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from opsbot.app.card import EDIT_S
from opsbot.app.requests import KillRequest, Target
from opsbot.domain.change import Record
from opsbot.domain.fleet import NAMED_WITHIN_MS
from tests.support.world import MARA, MovedClock, Slack, World

KILL = KillRequest(Target("workflow", "support-copilot"), mode="stop")


@dataclass
class Timed(Slack):
    """A chat that notes when each edit came, in milliseconds."""

    clock: MovedClock = field(default_factory=MovedClock)
    edits: list[tuple[int, str]] = field(default_factory=list)

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

    first = next(at for at, text in chat.edits if "`pod-dead` silent" in text)
    assert died < first <= died + NAMED_WITHIN_MS


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
