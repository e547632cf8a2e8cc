"""Slack over Socket Mode: two sockets on one app, a watchdog over both, and gauges."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from opsbot.app.ports import Clock
from opsbot.domain.errors import Misconfigured
from opsbot.slack.guard import plausible

log = structlog.get_logger(__name__)
DOWN_S: Final = 2.0
LOOK_S: Final = 0.25
PING_S: Final = 2.0


async def probe(client: AsyncWebClient, app_token: str) -> None:
    """
    Open one connection ticket and leave it unused, because bolt retries a wrong token in silence.

    When Slack does not answer, that is logged: the bot starts, and connects when Slack is back.

    Raises:
        Misconfigured: Slack refuses the app token.
    """
    try:
        await client.apps_connections_open(app_token=app_token)
    except SlackApiError as error:
        if error.response.status_code != 200 or error.response["error"] in _SLACKS_FAULT:  # noqa: PLR2004 - Slack refuses with 200
            log.warning("slack_socket_probe_failed", error=str(error.response.status_code))
            return
        raise Misconfigured(
            f"Slack refused the app token ({error.response['error']}).",
            hint="OPSBOT_SLACK_APP_TOKEN is an app-level token (xapp-\u2026) with connections:write.",
        ) from error
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        log.warning("slack_socket_probe_failed", error=repr(error))


_SLACKS_FAULT: Final = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "ratelimited"}
)


class _Handler(AsyncSocketModeHandler):
    """Bolt's, that acknowledges what bolt cannot read: unacknowledged, it would come again."""

    async def handle(  # type: ignore[explicit-override, override]  # as bolt's own; 3.12 has it
        self, client: SocketModeClient, req: SocketModeRequest
    ) -> None:
        if plausible(req.payload):
            await super().handle(client, req)
            return
        log.warning("slack_payload_put_aside", kind="unreadable")
        await client.send_socket_mode_response(SocketModeResponse(envelope_id=req.envelope_id))


@dataclass(slots=True)
class _Socket:
    handler: AsyncSocketModeHandler
    down_since: float | None = None


class SocketSupervisor:
    """
    Keep *sockets* connections up.

    `connected`, `hello_num_connections` and `last_envelope_age_s` are gauges. Slack counts
    connections of all replicas; more of them than there are sockets are ghosts that eat commands.
    """

    def __init__(
        self,
        app: AsyncApp,
        *,
        app_token: str,
        clock: Clock,
        sockets: int = 2,
        down_s: float = DOWN_S,
    ) -> None:
        self._app = app
        self._token = app_token
        self._clock = clock
        self._wanted = sockets
        self._down_s = down_s
        self._sockets: list[_Socket] = []
        self._last_envelope_s: float | None = None
        self.connected = 0
        self.hello_num_connections = 0

    @property
    def wanted(self) -> int:
        """How many sockets there should be."""
        return self._wanted

    @property
    def last_envelope_age_s(self) -> float | None:
        """Seconds since Slack last sent anything to act on, None before the first."""
        if self._last_envelope_s is None:
            return None
        return self._clock.monotonic() - self._last_envelope_s

    async def run(self) -> None:
        """
        Connect and keep connected until cancelled; then close the sockets properly.

        Raises:
            Misconfigured: Slack refuses the app token.
        """
        await probe(self._app.client, self._token)
        self._sockets = [_Socket(self._handler()) for _ in range(self._wanted)]
        try:
            async with asyncio.TaskGroup() as group:
                for socket in self._sockets:
                    group.create_task(
                        socket.handler.connect_async()  # type: ignore[no-untyped-call]  # bolt leaves it so
                    )
                group.create_task(self._watch())
        finally:
            await self._close()

    def _handler(self) -> AsyncSocketModeHandler:
        handler = _Handler(self._app, self._token, ping_interval=PING_S)
        handler.client.message_listeners.append(self._heard)
        return handler

    async def _heard(self, client: Any, message: dict[str, Any], raw: str | None) -> None:
        if message.get("type") == "hello":
            self.hello_num_connections = int(message.get("num_connections") or 0)
        elif message.get("envelope_id"):
            self._last_envelope_s = self._clock.monotonic()

    async def _watch(self) -> None:
        while True:
            up = [await self._look(socket) for socket in self._sockets]
            self.connected = sum(up)
            await self._clock.sleep(LOOK_S)

    async def _look(self, socket: _Socket) -> bool:
        """Return whether a socket is up; one that stays down gets a new ticket, the old may be spent."""
        client = socket.handler.client
        if await client.is_connected():
            socket.down_since = None
            return True
        now = self._clock.monotonic()
        if socket.down_since is None:
            socket.down_since = now
        elif now - socket.down_since >= self._down_s:
            log.warning("slack_socket_down", seconds=round(now - socket.down_since, 1))
            client.wss_uri = None
            socket.down_since = now
        return False

    async def _close(self) -> None:
        self.connected = 0
        for socket in self._sockets:
            try:
                await socket.handler.close_async()  # type: ignore[no-untyped-call]  # bolt leaves it so
            except (aiohttp.ClientError, OSError) as error:
                log.warning("slack_socket_not_closed", error=repr(error))
        self._sockets = []
