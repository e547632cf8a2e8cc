"""Callers that never finish what they began: the others are answered, and the slow ones are cut in time."""

import logging
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from opsbot.bootstrap.listening import listening
from opsbot.config import Settings
from opsbot.web import app as web
from tests.support.wait import PATIENCE, eventually
from tests.support.web import opened

PATIENCE_S = 1
IDLE, DRIPPING, ENDLESS = 200, 20, 20
HEADERS = (
    "POST /v1/kills HTTP/1.1\r\nhost: opsbot\r\nauthorization: Bearer mara-token\r\n"
    "content-type: application/json\r\n"
)
ASKED = HEADERS + "content-length: 4000\r\n\r\n"
WHOLE = HEADERS + "content-length: 2\r\n\r\n{}"
KILL = {"workflow": "summariser", "mode": "stop"}


@pytest.fixture(name="url")
async def _url(tmp_path: Path) -> AsyncIterator[str]:
    door = await opened()
    settings = Settings(port=0, state_dir=tmp_path)
    async with listening(settings, web.create(door.around()), patience_s=PATIENCE_S) as url:
        yield url


class Slow:
    """One connection that says something at first and then at most a byte at a time."""

    def __init__(self, url: str, first: str = "", then: str = "") -> None:
        where = urlsplit(url)
        self._socket = socket.create_connection((where.hostname, where.port), timeout=5)
        self._socket.setblocking(False)
        self._then = iter(then)
        self.heard = b""
        self.cut = False
        if first:
            self._socket.send(first.encode())

    def drip(self) -> None:
        """Say one byte more, and see whether the other end is still there."""
        try:
            self._socket.send(next(self._then, "").encode())
            heard = self._socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            self.cut = True
            return
        self.heard += heard
        self.cut = not heard

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


@contextmanager
def crowd(*slow: Slow) -> Iterator[list[Slow]]:
    """Hang all of them up at the end."""
    with ExitStack() as stack:
        for one in slow:
            stack.callback(one.close)
        yield list(slow)


def all_cut(slow: list[Slow]) -> bool:
    """Let each that is still there say one byte more; return whether none is."""
    for one in slow:
        if not one.cut:
            one.drip()
    return all(one.cut for one in slow)


async def test_slow_callers_hold_nobody_up_and_are_cut(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    began = time.monotonic()
    with crowd(
        *(Slow(url) for _ in range(IDLE)),
        *(Slow(url, then=HEADERS * 1000) for _ in range(DRIPPING)),
        *(Slow(url, ASKED, then=" " * 100_000) for _ in range(ENDLESS)),
        *(Slow(url, WHOLE + ASKED) for _ in range(ENDLESS)),
    ) as slow:
        async with httpx.AsyncClient(trust_env=False) as client:
            killed = await client.post(
                f"{url}/v1/kills", json=KILL, headers={"authorization": "Bearer mara-token"}
            )
        answered_s = time.monotonic() - began
        await eventually(lambda: all_cut(slow), timeout_s=2 * PATIENCE_S)
        cut_s = time.monotonic() - began

    assert killed.status_code == 201
    assert answered_s < PATIENCE_S * PATIENCE
    assert PATIENCE_S <= cut_s < 2 * PATIENCE_S * PATIENCE
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]


async def test_a_connection_is_kept_for_the_next_request(url: str) -> None:
    callers, answers = set(), []

    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in range(2):
            async with client.stream("GET", f"{url}/healthz") as answer:
                callers.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
                await answer.aread()
                answers.append(answer.status_code)

    assert answers == [200, 200]
    assert len(callers) == 1


async def test_work_may_take_longer_than_a_request_may_take_to_arrive(tmp_path: Path) -> None:
    async def work(request: Request) -> Response:
        ends = time.monotonic() + 1.3 * PATIENCE_S
        await eventually(lambda: time.monotonic() > ends)
        return PlainTextResponse("done")

    settings = Settings(port=0, state_dir=tmp_path)
    app = Starlette(routes=[Route("/", work)])
    async with (
        listening(settings, app, patience_s=PATIENCE_S) as url,
        httpx.AsyncClient(trust_env=False, timeout=20) as client,
    ):
        answer = await client.get(url)

    assert answer.text == "done"
