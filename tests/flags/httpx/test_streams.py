"""Streams on hard ground: transports without a socket, idle callers, many at once, compressed, leased."""

import asyncio
import gzip
import threading
from collections.abc import AsyncIterator, Iterator
from time import monotonic
from typing import Any

import httpx2
import pytest

import opsflags.httpx as guard
from opsbot.workbench.model_stub import parse_events
from opsflags.testing import FakeFlags
from opsflags.workflow import Workflow
from tests.flags.httpx.callers import aside
from tests.support.model_stub import RunningStub
from tests.support.wait import eventually, eventually_sync

CHAT = {"model": "gpt-5.2", "messages": [], "stream": True}
PIECE = b'data: {"choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n'
SSE = {"content-type": "text/event-stream"}
URL = "http://model/v1/chat/completions"


def killed(raw: bytes) -> bool:
    """Return whether the last event of a stream is the guard's error frame."""
    error = parse_events(raw)[-1].get("error")
    return isinstance(error, dict) and error["code"] == "ai_workflow_killed"


class Silent(httpx2.SyncByteStream):
    """A body that says one thing and then nothing until it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        yield PIECE
        self.let_go.wait(10)

    def close(self) -> None:
        self.closed.set()


def test_without_a_socket_a_silent_stream_is_left_and_closed_later(
    copilot: Workflow, flags: FakeFlags
) -> None:
    body = Silent()
    inner = httpx2.MockTransport(lambda request: httpx2.Response(200, headers=SSE, stream=body))
    raw = b""

    with (
        httpx2.Client(transport=guard.transport(copilot, inner)) as client,
        client.stream("POST", URL, json=CHAT) as answer,
    ):
        for chunk in answer.iter_raw():
            raw += chunk
            killer = threading.Timer(0.02, flags.kill, ["support-copilot"], {"mode": "stop"})
            killer.start()

    assert killed(raw)
    assert not body.closed.is_set()  # its thread still waits for the provider
    body.let_go.set()
    assert body.closed.wait(5)


def test_a_stream_that_nobody_reads_is_ended_at_the_provider(
    copilot: Workflow, model: RunningStub, flags: FakeFlags
) -> None:
    model.stub.silent_after = 3
    url = f"{model.url}/v1/chat/completions"

    with guard.client(copilot) as client, client.stream("POST", url, json=CHAT) as answer:
        eventually_sync(lambda: model.stub.open == 1)
        flags.kill("support-copilot", mode="stop")
        eventually_sync(lambda: model.stub.open == 0)
        raw = b"".join(answer.iter_bytes())

    assert killed(raw)
    assert copilot._cuttable() == 0


async def test_an_asynchronous_stream_that_nobody_reads_is_ended_at_the_provider(
    copilot: Workflow, model: RunningStub, flags: FakeFlags
) -> None:
    model.stub.silent_after = 3
    url = f"{model.url}/v1/chat/completions"

    async with (
        guard.async_client(copilot) as client,
        client.stream("POST", url, json=CHAT) as answer,
    ):
        await eventually(lambda: model.stub.open == 1)
        await asyncio.to_thread(flags.kill, "support-copilot", mode="stop")
        await eventually(lambda: model.stub.open == 0)
        raw = b"".join([chunk async for chunk in answer.aiter_bytes()])

    assert killed(raw)
    assert copilot._cuttable() == 0


async def test_fifty_silent_streams_end_together(
    copilot: Workflow, model: RunningStub, flags: FakeFlags
) -> None:
    model.stub.silent_after = 2
    url = f"{model.url}/v1/chat/completions"

    begun: list[object] = []

    async def read(client: Any) -> bytes:
        async with client.stream("POST", url, json=CHAT) as answer:
            begun.append(answer)
            return b"".join([chunk async for chunk in answer.aiter_bytes()])

    async with guard.async_client(copilot) as client:
        reading = asyncio.gather(*(read(client) for _ in range(50)))
        await eventually(lambda: len(begun) == 50, timeout_s=15)
        await asyncio.to_thread(flags.kill, "support-copilot", mode="stop")
        raws = await asyncio.wait_for(reading, 15)

    assert all(killed(raw) for raw in raws)
    assert copilot._report()["counts"]["cut"] == 50


async def test_a_cancelled_caller_is_cancelled_and_not_told_of_a_kill(
    copilot: Workflow, model: RunningStub
) -> None:
    model.stub.hold = True
    url = f"{model.url}/v1/chat/completions"

    async with guard.async_client(copilot) as client:
        asking = asyncio.ensure_future(client.post(url, json={**CHAT, "stream": False}))
        await eventually(lambda: model.stub.open == 1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    await eventually(lambda: model.stub.open == 0)
    assert copilot._cuttable() == 0


def test_a_call_that_waits_for_a_connection_is_never_sent_after_the_kill(
    copilot: Workflow, model: RunningStub, flags: FakeFlags
) -> None:
    model.stub.hold = True
    url = f"{model.url}/v1/chat/completions"
    body = {**CHAT, "stream": False}
    statuses: list[int] = []
    steps: list[str] = []

    with guard.client(copilot, limits=httpx2.Limits(max_connections=1)) as client:

        def ask() -> None:
            traced = {"trace": lambda event, info: steps.append(event)}
            statuses.append(client.post(url, json=body, extensions=traced).status_code)

        first = aside(ask)
        eventually_sync(lambda: model.stub.open == 1)
        second = aside(ask)
        eventually_sync(lambda: copilot._cuttable() == 2)
        flags.kill("support-copilot", mode="stop")
        first.join(10)
        second.join(10)
        eventually_sync(lambda: steps.count("connection.connect_tcp.complete") == 2)
        eventually_sync(lambda: steps.count("http11.response_closed.complete") == 2)

    assert statuses == [503, 503]
    assert model.stub.total == 1


def test_what_the_provider_does_wrong_passes_through(copilot: Workflow) -> None:
    def breaks(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    with (
        httpx2.Client(transport=guard.transport(copilot, httpx2.MockTransport(breaks))) as client,
        pytest.raises(httpx2.ConnectError),
    ):
        client.post(URL, json=CHAT)

    assert copilot._cuttable() == 0


def test_an_error_frame_follows_a_stream_that_was_compressed_anyway(
    copilot: Workflow, flags: FakeFlags
) -> None:
    packed = gzip.compress(PIECE * 3)

    def body() -> Iterator[bytes]:
        yield packed
        flags.kill("support-copilot", mode="stop")
        yield b""

    zipped = {**SSE, "content-encoding": "gzip"}
    inner = httpx2.MockTransport(lambda r: httpx2.Response(200, headers=zipped, content=body()))

    with httpx2.Client(transport=guard.transport(copilot, inner)) as client:
        answer = client.post(URL, json=CHAT)

    assert "content-encoding" not in answer.headers
    assert killed(answer.content)


def test_a_frozen_process_wakes_into_an_ended_stream(copilot: Workflow, flags: FakeFlags) -> None:
    flags.declare("support-copilot", {"on_store_loss": "stop", "stale_after_s": 6})

    def body() -> Iterator[bytes]:
        yield PIECE
        copilot._renew(monotonic() - 1)
        yield PIECE

    inner = httpx2.MockTransport(lambda r: httpx2.Response(200, headers=SSE, content=body()))

    with httpx2.Client(transport=guard.transport(copilot, inner)) as client:
        answer = client.post(URL, json=CHAT)

    assert len(parse_events(answer.content)) == 2
    assert killed(answer.content)


def test_a_milder_kill_refuses_a_tool_call_in_a_stream_that_already_runs(
    copilot: Workflow, flags: FakeFlags
) -> None:
    call = b'data: {"choices":[{"delta":{"tool_calls":[{"function":{"name":"pay"}}]}}]}\n\n'

    def body() -> Iterator[bytes]:
        yield PIECE
        flags.kill("support-copilot", mode="no_tools")
        yield PIECE
        yield call
        yield PIECE

    inner = httpx2.MockTransport(lambda r: httpx2.Response(200, headers=SSE, content=body()))

    with httpx2.Client(transport=guard.transport(copilot, inner)) as client:
        answer = client.post(URL, json=CHAT)

    assert killed(answer.content)
    assert len(parse_events(answer.content)) == 3
    assert b"pay" in answer.content
    assert call not in answer.content


async def test_drafts_only_passes_marked_and_without_write_tools(
    flags: FakeFlags, model: RunningStub
) -> None:
    handle = flags.workflow("support-copilot", modes={"drafts_only"})
    flags.kill("support-copilot", mode="drafts_only")
    tools = [{"type": "function", "function": {"name": name}} for name in ("search_kb", "pay")]
    url = f"{model.url}/v1/chat/completions"

    async with guard.async_client(handle) as client:
        answer = await client.post(url, json={**CHAT, "stream": False, "tools": tools})

    assert answer.headers["x-opsbot-mode"] == "drafts_only"
    assert model.stub.bodies[0]["tools"] == tools[:1]


async def test_an_asynchronous_body_of_another_library_passes(
    copilot: Workflow, model: RunningStub
) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b'{"model": "gpt-5.2", '
        yield b'"messages": []}'

    url = f"{model.url}/v1/chat/completions"

    async with guard.async_client(copilot, library="httpx") as client:
        answer = await client.post(
            url, content=body(), headers={"content-type": "application/json"}
        )

    assert answer.status_code == 200
    assert model.stub.bodies == [{"model": "gpt-5.2", "messages": []}]
