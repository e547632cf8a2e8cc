"""Wiring of Slack: the client, the bolt app, and the ways payloads reach it."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from opsbot.adapters.background import background
from opsbot.adapters.clock import SystemClock
from opsbot.app.bot import Bot
from opsbot.app.ports import Outbox
from opsbot.config import Settings
from opsbot.slack import app as slack_app
from opsbot.slack.deps import Deps
from opsbot.slack.manifest import EVENTS_PATH
from opsbot.slack.people import People
from opsbot.slack.transport_http import SlackEndpoint
from opsbot.slack.transport_socket import SocketSupervisor
from opsbot.web.auth import Access
from opsbot.web.routing import Entry
from opsbot.web.surroundings import SlackHealth

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SlackClient:
    """The one session and client for everything that is said to Slack."""

    session: aiohttp.ClientSession
    client: AsyncWebClient


@dataclass(frozen=True, slots=True)
class SlackWay:
    """How Slack reaches this replica: routes to mount, sockets to count."""

    transport: str
    routes: list[Entry]
    sockets: SocketSupervisor | None

    def health(self) -> SlackHealth:
        """Return how many sockets are open of those wanted."""
        if self.sockets is None:
            return SlackHealth(ok=True, transport=self.transport)
        up, wanted = self.sockets.connected, self.sockets.wanted
        return SlackHealth(ok=up > 0, transport=self.transport, sockets=up, wanted=wanted)


@asynccontextmanager
async def slack_client(settings: Settings) -> AsyncGenerator[SlackClient | None]:
    """Give a client of Slack, None where Slack is switched off."""
    if settings.slack_transport == "off":
        yield None
        return
    api_url = f"{settings.slack_api_url}/" if settings.slack_api_url else ""
    async with slack_app.open_session() as session:
        token = settings.slack_bot_token.get_secret_value()
        yield SlackClient(session, slack_app.open_client(token, session, api_url=api_url))


async def slack_way(
    settings: Settings, slack: SlackClient, bot: Bot, outbox: Outbox, stack: AsyncExitStack
) -> SlackWay:
    """
    Build the bolt app and open the ways to it.

    A Slack that does not answer now is no reason not to start: terminal and HTTP work without it.

    Raises:
        Misconfigured: Slack refuses the token.
    """
    clock = SystemClock()
    try:
        known = await slack_app.installed(slack.client)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        _log.warning("slack_does_not_answer", why=repr(error))
        known = None
    home = settings.slack_team_id or (known.team if known is not None else "")
    deps = Deps(
        verbs=bot,
        memory=outbox,
        clock=clock,
        client=slack.client,
        session=slack.session,
        people=People(slack.client, clock),
        teams=frozenset({home} - {""}),
        prefix=settings.command_prefix,
        capture=settings.slack_capture,
    )
    secret = settings.slack_signing_secret.get_secret_value()
    app = slack_app.build_app(deps, signing_secret=secret, bot=known)
    stack.push_async_callback(deps.tasks.drain, timeout_s=settings.drain_s)
    routes: list[Entry] = []
    if settings.slack_transport in ("http", "workbench"):
        endpoint = SlackEndpoint(app.bolt, signing_secret=secret, memory=outbox)
        said = "Commands, events and clicks from Slack"
        routes = [Entry("POST", EVENTS_PATH, Access.SIGNED, said, anybody=endpoint.handle)]
    sockets = None
    if settings.slack_transport in ("socket", "workbench"):
        token = settings.slack_app_token.get_secret_value()
        sockets = SocketSupervisor(app.bolt, app_token=token, clock=clock)
        await stack.enter_async_context(background(sockets.run(), name="slack-sockets"))
    return SlackWay(settings.slack_transport, routes, sockets)
