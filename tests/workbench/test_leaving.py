"""A server whose pages listen for ever ends at once, and its streams end as whole answers."""

import asyncio
import logging
from collections.abc import AsyncGenerator

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from opsbot.workbench.leaving import Leaving
from tests.support.slack import loopback
from tests.support.wait import eventually


async def _for_ever() -> AsyncGenerator[bytes]:
    yield b"data: 1\n\n"
    await asyncio.Event().wait()


async def events(_: Request) -> Response:
    return StreamingResponse(_for_ever(), media_type="text/event-stream")


async def posted(request: Request) -> Response:
    return JSONResponse(await request.json())


async def test_an_open_stream_ends_whole_and_leaves_no_trace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Leaving(Starlette(routes=[Route("/events", events)]))
    listener, url = loopback()
    config = uvicorn.Config(app, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([listener]))
    await eventually(lambda: server.started)
    caplog.set_level(logging.INFO)

    async with (
        httpx.AsyncClient(trust_env=False) as http,
        http.stream("GET", f"{url}/events") as answer,
    ):
        chunks = answer.aiter_raw()
        first = await anext(chunks)
        app.end()
        server.should_exit = True
        rest = [one async for one in chunks]  # a cut connection would raise

    await asyncio.wait_for(serving, 60)
    assert (first, rest) == (b"data: 1\n\n", [])
    assert [one.message for one in caplog.records if one.levelno >= logging.WARNING] == []


async def test_what_is_no_stream_is_answered_as_ever() -> None:
    app = Leaving(Starlette(routes=[Route("/posted", posted, methods=["POST"])]))

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://here"
    ) as client:
        answer = await client.post("/posted", json={"a": 1})

    assert (answer.status_code, answer.json()) == (200, {"a": 1})
