"""Probes over HTTP: to allowed places only, by the number that was checked, and who answered is told."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from opsbot.adapters.probe_http import http_prober
from opsbot.app.ports import ProbeAnswer
from opsbot.domain.change import Position
from opsbot.domain.probe_hosts import probe_hosts


@asynccontextmanager
async def point(heard: list[bytes], **said: object) -> AsyncIterator[int]:
    """Give the port of an enforcement point that answers as told, with the nonce it was sent."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        heard.append(request)
        headers = dict(line.split(b": ", 1) for line in request.split(b"\r\n")[1:] if line)
        nonce = headers[b"x-opsbot-probe"].decode()
        body = json.dumps({"workflow": "w", "nonce": nonce, **said}).encode()
        writer.write(b"HTTP/1.1 503 x\r\nconnection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def asked(url: str, *allowed: str) -> ProbeAnswer:
    """Send one probe."""
    async with http_prober(probe_hosts(allowed)) as prober:
        return await prober.ask(url, kind="httpx", workflow="w", tenant=None, tool=None)


async def test_an_answer_says_who_decided_and_when() -> None:
    heard: list[bytes] = []
    async with point(heard, mode="stop", instance="pod-1", epoch=7, revision=10) as port:
        answer = await asked(f"http://localhost:{port}/probe")

    assert (answer.mode, answer.status) == ("stop", 503)
    assert (answer.instance, answer.at) == ("pod-1", Position(7, 10))
    assert f"host: localhost:{port}".encode() in heard[0].lower()


async def test_an_answer_that_says_neither_names_nobody() -> None:
    async with point([], mode="stop", instance=None, epoch="7", revision=10) as port:
        answer = await asked(f"http://127.0.0.1:{port}/probe")

    assert (answer.instance, answer.at, answer.error) == (None, None, "")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://169.254.169.254/latest/meta-data/", "never probed"),
        ("http://[::ffff:169.254.169.254]/", "never probed"),
        ("http://2852039166/", "never probed"),
        ("http://93.184.216.34/probe", "not in a private network"),
        ("https://93.184.216.34/probe", "not in a private network"),
        ("ftp://127.0.0.1/probe", "only http and https"),
        ("file:///etc/passwd", "only http and https"),
        ("unix:///tmp/s", "only http and https"),
        ("127.0.0.1:80", "only http and https"),
        ("http://user:word@127.0.0.1/probe", "with a password"),
    ],
)
async def test_an_address_that_may_not_be_asked_is_refused_and_not_asked(
    url: str, why: str
) -> None:
    answer = await asked(url, "metadata.example")

    assert why in answer.refused
    assert (answer.status, answer.allowed, answer.error) == (0, None, "")


async def test_a_name_that_nobody_knows_could_not_be_asked() -> None:
    answer = await asked("http://nobody.invalid/probe")

    assert answer.error
    assert not answer.refused


@pytest.mark.parametrize("url", ["http://[", "http://a\x00b/", "http://" + "x" * 300 + "/", ""])
async def test_an_address_that_is_none_is_an_answer_all_the_same(url: str) -> None:
    answer = await asked(url)

    assert answer.error or answer.refused
