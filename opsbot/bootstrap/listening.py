"""Wiring of HTTP: one listener, whose end waits for requests in hand."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from opsbot.adapters.background import background
from opsbot.config import Settings
from opsbot.domain.errors import Misconfigured

PATIENCE_S = 10
"""
Seconds within which a request has to have arrived whole, and for which a connection may be idle.

Without it a client that sends its headers byte by byte, or a body without end, keeps its place for
ever; some hundreds of them would take every file that this process may open.
"""


class _Hasty(H11Protocol):
    """Cuts a connection that keeps the bot waiting; how long a request is worked on is not its business."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[explicit-override, override]  # typing.override came with 3.12; as the base has it
        super().connection_made(transport)
        self._watch()

    def handle_events(self) -> None:  # type: ignore[explicit-override]  # typing.override came with 3.12
        super().handle_events()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:  # type: ignore[explicit-override]  # typing.override came with 3.12
        self._rest()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Count from the end of one request to the end of the next; a byte more wins no time."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.more_body and not cycle.response_complete:
            self._rest()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.timeout_keep_alive, self.transport.abort)

    def _rest(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class _Forgiving:
    """The app, to whom a caller that is gone before its request was whole is no error of its own."""

    def __init__(self, app: Starlette) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        whole = False

        async def arriving() -> Message:
            nonlocal whole
            message = await receive()
            if message["type"] == "http.disconnect" and not whole:
                raise HTTPException(408)
            whole = whole or not message.get("more_body", False)
            return message

        await self._app(scope, arriving, send)


class _Server(uvicorn.Server):
    """Leaves signals to `serve`: intake stops first, then work drains."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:  # type: ignore[explicit-override]  # typing.override came with 3.12
        yield


@asynccontextmanager
async def listening(
    settings: Settings, app: Starlette, *, patience_s: int = PATIENCE_S
) -> AsyncGenerator[str]:
    """
    Serve *app* and give its address; the end waits for requests in hand.

    Who keeps it waiting for *patience_s* seconds with an open connection or half a request is cut.

    Raises:
        Misconfigured: the address is taken, or not of this machine.
    """
    ended = asyncio.Event()
    with _listener(settings.host, settings.port) as listener:
        server = _Server(
            uvicorn.Config(
                _Forgiving(app),
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                http=_Hasty,
                timeout_keep_alive=patience_s,
                timeout_graceful_shutdown=max(1, int(settings.drain_s)),
            )
        )

        async def run() -> None:
            try:
                await server.serve(sockets=[listener])
            finally:
                ended.set()

        async with background(run(), name="http"):
            while not server.started and not ended.is_set():  # noqa: ASYNC110  uvicorn has no event for it
                await asyncio.sleep(0.01)
            try:
                yield _address(settings.host, listener)
            finally:
                server.should_exit = True
                await ended.wait()


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise Misconfigured(
            f"Cannot listen on {host} port {port}: {error.strerror}.",
            hint="Set OPSBOT_HOST and OPSBOT_PORT; port 0 takes a free one.",
        ) from error
    # Connections inherit it. asyncio sets it only where a socket names its protocol, which this one
    # does not; without it an answer's body waits 40 ms for the acknowledgement of its headers.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _address(host: str, listener: socket.socket) -> str:
    """Return how a terminal on this machine reaches the listener."""
    near = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104  read, not bound
    shown = f"[{near}]" if ":" in near else near
    return f"http://{shown}:{listener.getsockname()[1]}"
