"""Wiring of HTTP: one listener, whose end waits for requests in hand."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette

from opsbot.adapters.background import background
from opsbot.config import Settings
from opsbot.domain.errors import Misconfigured


class _Server(uvicorn.Server):
    """Leaves signals to `serve`: intake stops first, then work drains."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:  # type: ignore[explicit-override]  # typing.override came with 3.12
        yield


@asynccontextmanager
async def listening(settings: Settings, app: Starlette) -> AsyncGenerator[str]:
    """
    Serve *app* and give its address; the end waits for requests in hand.

    Raises:
        Misconfigured: the address is taken, or not of this machine.
    """
    ended = asyncio.Event()
    with _listener(settings.host, settings.port) as listener:
        server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
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
