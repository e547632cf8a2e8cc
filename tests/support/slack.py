"""Fixtures: the Slack stand-in on a real loopback port, with a small company in it."""

import socket
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import ASGIApp

from opsbot.workbench.slack import Channel, Person, SlackStandIn, UserGroup, Workspace
from tests.support.wait import eventually

BOT_TOKEN = "xoxb-workbench"
APP_TOKEN = "xapp-workbench"
SIGNING_SECRET = "workbench-signing-secret"
GRACE_S = 1


class MovableClock:
    """A monotonic clock that tests may push forward."""

    def __init__(self) -> None:
        self._pushed = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self._pushed

    def push(self, seconds: float) -> None:
        """Let *seconds* pass at once."""
        self._pushed += seconds


def company() -> Workspace:
    """Build a workspace with an on-call, an approver, a guest, a foreigner and five channels."""
    people = [
        Person("U0BOT", "opsbot", "opsbot", "", is_bot=True),
        Person("U0ONCALL", "oncall", "Olga On-Call", "olga@example.com"),
        Person("U0APPROVER", "approver", "Adam Approver", "adam@example.com"),
        Person("U0GUEST", "guest", "Gus Guest", "gus@example.com", is_restricted=True),
        Person("U0FOREIGN", "foreign", "Fay Foreign", "fay@other.example", team_id="T0OTHER"),
    ]
    everyone = {"U0BOT", "U0ONCALL", "U0APPROVER"}
    channels = [
        Channel("C0SUPPORTAI", "support-ai", {*everyone, "U0GUEST"}),
        Channel("C0SHARED", "shared", {*everyone, "U0FOREIGN"}, is_ext_shared=True),
        Channel("C0NOBOT", "no-bot", {"U0ONCALL"}),
        Channel("G0SECRET", "secret", {"U0BOT", "U0ONCALL"}, is_private=True),
        Channel("G0CLOSED", "closed", {"U0ONCALL"}, is_private=True),
    ]
    groups = [UserGroup("S0RESPONDERS", "responders", "Responders", ["U0ONCALL"])]
    return Workspace(people, channels, groups)


class Server(uvicorn.Server):
    """Uvicorn that ends as soon as nobody is served, where it would look ten times a second."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take nobody in, let everybody out for `GRACE_S`, and send away who is left."""
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        state = self.server_state
        for connection in list(state.connections):
            connection.shutdown()
        ends = time.monotonic() + GRACE_S
        await eventually(
            lambda: not (state.connections or state.tasks) or time.monotonic() > ends,
            timeout_s=2 * GRACE_S,
        )
        for task in state.tasks:
            task.cancel()
        for listening in self.servers:
            await listening.wait_closed()


@asynccontextmanager
async def serving(app: ASGIApp, listener: socket.socket) -> AsyncGenerator[None]:
    """Serve *app* with uvicorn on *listener*, in this loop, until the block ends."""
    config = uvicorn.Config(app, log_level="error", lifespan="off", ws="websockets-sansio")
    config.load()
    server = Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    try:
        yield
    finally:
        await server.shutdown(sockets=[listener])


def loopback() -> tuple[socket.socket, str]:
    """Open a listening socket on a free loopback port; return it and its URL."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    return listener, f"http://127.0.0.1:{listener.getsockname()[1]}"


@asynccontextmanager
async def slack_stand_in(
    clock: MovableClock | None = None, scopes: frozenset[str] | None = None
) -> AsyncGenerator[SlackStandIn]:
    """Run a stand-in with the small company on a loopback port of its own."""
    listener, url = loopback()
    stand_in = SlackStandIn(
        company(),
        base_url=url,
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        signing_secret=SIGNING_SECRET,
        scopes=scopes,
        now=clock or MovableClock(),
    )
    async with serving(stand_in.app, listener):
        try:
            yield stand_in
        finally:
            await stand_in.close()


@pytest.fixture
def clock() -> MovableClock:
    """The clock of `slack`, to be pushed forward."""
    return MovableClock()


@pytest.fixture
async def slack(clock: MovableClock) -> AsyncGenerator[SlackStandIn]:
    """A running stand-in."""
    async with slack_stand_in(clock) as stand_in:
        yield stand_in
