"""Fixtures: the real bolt app behind the Slack stand-in, over either transport."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from opsbot.slack.app import SlackApp, build_app, open_client, open_session
from opsbot.slack.deps import Deps
from opsbot.slack.inbound import Invocation
from opsbot.slack.manifest import manifest
from opsbot.slack.people import People
from opsbot.slack.transport_http import SlackEndpoint
from opsbot.slack.transport_socket import SocketSupervisor
from opsbot.workbench.slack import SlackStandIn
from tests.support.awake import Awake
from tests.support.slack import (
    APP_TOKEN,
    BOT_TOKEN,
    SIGNING_SECRET,
    loopback,
    serving,
    slack_stand_in,
)
from tests.support.verbs import PlainMemory, RecordingVerbs
from tests.support.wait import eventually
from tests.support.world import World

TEAM = "T0WORKBENCH"


class Attentive(Awake):
    """Rests for a fiftieth of a second at most: who looks now and then sees at once what came."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(min(seconds, 0.02))


@dataclass(slots=True)
class House:
    """A running bot in a small company."""

    slack: SlackStandIn
    verbs: RecordingVerbs
    memory: PlainMemory
    app: SlackApp
    supervisor: SocketSupervisor | None = None


@asynccontextmanager
async def house_over(
    transport: str,
    *,
    world: World | None = None,
    prefix: str = "ai",
) -> AsyncGenerator[House]:
    """Run bot and stand-in, connected by *transport*; *world* lends its verbs, memory and clock."""
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(slack_stand_in())
        slack.manifest = manifest(prefix)
        session = await stack.enter_async_context(open_session())
        client = open_client(BOT_TOKEN, session, api_url=slack.api_url)
        verbs, memory = RecordingVerbs(), PlainMemory()
        clock = Awake(world.clock.now_ms) if world else Awake()
        home = frozenset({slack.workspace.person("U0ONCALL").team_id})
        acting, shared = (world.bot, world.outbox) if world else (verbs, memory)
        people = People(client, clock)
        deps = Deps(acting, shared, clock, client, session, people, home, prefix=prefix)
        app = build_app(deps, signing_secret=SIGNING_SECRET)
        house = House(slack, verbs, memory, app)
        if transport == "http":
            endpoint = SlackEndpoint(app.bolt, signing_secret=SIGNING_SECRET, memory=shared)
            route = Route("/slack/events", endpoint.handle, methods=["POST"])
            listener, url = loopback()
            await stack.enter_async_context(serving(Starlette(routes=[route]), listener))
            slack.request_url = f"{url}/slack/events"
            slack.deliver_by = "http"
        else:
            house.supervisor = SocketSupervisor(app.bolt, app_token=APP_TOKEN, clock=Attentive())
            running = asyncio.create_task(house.supervisor.run())
            stack.push_async_callback(_ended, running)
            await eventually(
                lambda: house.supervisor is not None and house.supervisor.connected == 2
            )
        yield house
        await app.deps.tasks.drain(timeout_s=5)


async def known(house: House, user: str) -> None:
    """Let Slack describe an account beforehand: on a busy machine a kill would not wait for it."""
    act = Invocation(kind="command", name="", user=user, key=f"known:{user}")
    await house.app.deps.people.actor(act, sure=True)


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.wait({task})


@pytest.fixture(params=["http", "socket"])
async def house(request: pytest.FixtureRequest) -> AsyncGenerator[House]:
    """The bot over each transport in turn."""
    async with house_over(request.param) as running:
        yield running


@pytest.fixture
async def http_house() -> AsyncGenerator[House]:
    """The bot over signed HTTP."""
    async with house_over("http") as running:
        yield running


@pytest.fixture
async def socket_house() -> AsyncGenerator[House]:
    """The bot over Socket Mode."""
    async with house_over("socket") as running:
        yield running
