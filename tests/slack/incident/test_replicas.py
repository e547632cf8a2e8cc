"""Two replicas on one real store, each taking the other's work when it is slow: one of everything in Slack."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest

from opsbot.adapters.background import background
from opsbot.adapters.clock import SystemClock
from opsbot.adapters.redis.store import Tuning, open_store
from opsbot.adapters.scheduler import Duty, running
from opsbot.app.bot import Bot
from opsbot.app.declare import decide
from opsbot.app.deliver import Deliver
from opsbot.app.environment import Environment
from opsbot.app.incident.requests import EditIncident, MoveIncident, OpenIncident, RoleOrder, Which
from opsbot.domain.change import Lane
from opsbot.domain.declaration import Catalogue
from opsbot.slack.app import open_client, open_session
from opsbot.slack.blocks import render
from opsbot.slack.chat import SlackChat
from opsbot.slack.rooms import SlackRooms
from opsbot.workbench.slack import Message, Person, SlackStandIn
from tests.support.slack import BOT_TOKEN, slack_stand_in
from tests.support.store import Store, server, store
from tests.support.wait import eventually
from tests.support.world import INES, MARA, Loud, World, policy, workflow

__all__ = ["server", "store"]

pytestmark = pytest.mark.timeout(60)
COPILOT, HOME = "support-copilot", "C0SUPPORTAI"
LINKS = {"observability": "https://traces.example.com"}
LANES: tuple[Lane, ...] = ("page", "rest")
RECLAIM_MS = 150
"""So short that a slow call is always taken up by the other one too."""


@asynccontextmanager
async def replicas(mine: Store, slack: SlackStandIn) -> AsyncGenerator[tuple[Bot, Bot]]:
    """Give two bots at work."""
    async with AsyncExitStack() as stack:
        made = [await _replica(mine, slack, stack) for _ in range(2)]
        catalogue = Catalogue(
            {COPILOT: workflow(COPILOT, tier=1, dri="U0APPROVER", evidence=LINKS)}, policy(), "abc"
        )
        await made[0].env.store.commit(
            "declare", lambda state, now_ms: decide(state, now_ms, catalogue)
        )
        for bot in made:
            handlers = bot.handlers()
            for lane in LANES:
                worker = Deliver(bot.outbox, handlers, Loud(), lane)
                await stack.enter_async_context(background(worker.run(), name=lane))
            tick = Duty("tick", bot.outbox.fire_timers, every_s=0.1)
            await stack.enter_async_context(running((tick,)))
        yield made[0], made[1]


async def _replica(mine: Store, slack: SlackStandIn, stack: AsyncExitStack) -> Bot:
    clock = SystemClock()
    bundle = await stack.enter_async_context(
        open_store(
            mine.unix_url, env=mine.env, state_dir=None, tuning=Tuning(reclaim_ms=RECLAIM_MS)
        )
    )
    session = await stack.enter_async_context(open_session())
    client = open_client(BOT_TOKEN, session, api_url=slack.api_url)
    chat = SlackChat(client, bundle.outbox, clock)
    spare = World()
    env = Environment("prod", bundle.store, bundle.fleets, clock, spare.env.entropy)
    return replace(
        spare.bot,
        env=env,
        outbox=bundle.outbox,
        chat=chat,
        rooms=SlackRooms(client, chat),
        render=render,
    )


def rests(bot: Bot, store: Store) -> bool:
    """Return whether every step came to an end, and no work is left."""
    steps = bot.env.store.state.incident("INC-1").steps.values()
    late = waiting(store)  # before and after: what is tried again goes from there to the lanes
    busy = sum(int(str(store.redis.xlen(store.keys.lane(lane)))) for lane in LANES)
    return not (late or busy or waiting(store)) and all(step.state != "due" for step in steps)


def waiting(store: Store) -> list[str]:
    """Return what is to be tried again."""
    listed = store.redis.zrange(store.keys.due, 0, -1)
    assert isinstance(listed, list)
    return [str(name) for name in listed if str(name).startswith("retry:")]


def tops(slack: SlackStandIn, channel: str) -> list[Message]:
    """Return what stands in a channel, threads aside."""
    return [one for one in slack.workspace.messages.get(channel, []) if one.thread_ts is None]


async def test_two_replicas_leave_one_of_everything(store: Store) -> None:
    async with slack_stand_in() as slack:
        for user in ("U0LEAD", "U0SUPPORT"):
            slack.workspace.people[user] = Person(user, user.lower(), user, "")
        slack.rates.enforced = False
        slack.faults.fail("*", "latency", times=400, seconds=0.2)
        async with replicas(store, slack) as (one, other):
            asked = OpenIncident("wrong refunds", workflow=COPILOT, severity="SEV1")
            await one.incidents.open(asked, MARA, request_id="open")

            await eventually(lambda: rests(one, store), timeout_s=10)
            lead = RoleOrder(Which("INC-1"), "commander", "take")
            await other.incidents.role(lead, INES, request_id="lead")
            for number, bot in enumerate((one, other, one, other)):
                update = EditIncident(Which("INC-1"), update=f"part {number}")
                await bot.incidents.edit(update, INES, request_id=f"u{number}")
            over = MoveIncident(Which("INC-1"), "resolved")
            await other.incidents.move(over, INES, request_id="over")

            await eventually(lambda: rests(one, store), timeout_s=10)

        (room,) = [c for c in slack.workspace.channels.values() if c.name.startswith("inc-")]
        (card,), (announcement,) = tops(slack, room.id), tops(slack, HOME)
        assert card.pinned
        assert "resolved" in card.text
        assert "resolved" in announcement.text
        assert [one.title for one in room.bookmarks] == ["Dashboards"]
        said = [reply.text for reply in slack.workspace.replies(card)]
        assert len(said) == len(set(said)) == 6
