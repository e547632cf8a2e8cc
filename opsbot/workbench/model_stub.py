"""A local model server that speaks the OpenAI and Anthropic APIs, for tests and the demo; no model is in it."""

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from opsbot.workbench import model_shapes as shapes
from opsbot.workbench.model_shapes import Json

DEFAULT_TEXT = "Good news: I can refund that for you today, in full, no questions asked."


@dataclass(slots=True)
class ModelStub:
    """
    What the stub says and how fast, and what it saw; change the fields while it runs.

    *reply* makes the text from the request's body. *pace_s* is the pause between two words of a
    stream, in seconds. With *silent_after* a stream sends that many words and then nothing until
    the caller hangs up. *hold* keeps every unstreamed answer back until it is false again.
    *call_tool* makes the answer a call of that tool. *calls* counts requests by API and *models*
    by model; *bodies* keeps the last requests; *open* counts the answers in progress and
    *hung_up* those whose caller left early.
    """

    reply: Callable[[Json], str] = lambda body: DEFAULT_TEXT
    pace_s: float = 0.0
    silent_after: int | None = None
    hold: bool = False
    call_tool: str | None = None
    calls: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    bodies: list[Json] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    open: int = 0
    hung_up: int = 0

    @property
    def total(self) -> int:
        """Return the number of calls that reached the model."""
        return self.calls.total()


KEPT = 50
"""How many requests the stub remembers whole."""

LOOK_S = 0.005
"""How often a held or silent answer looks whether it may go on, in seconds."""


def create_app(stub: ModelStub) -> Starlette:
    """Return the ASGI app: `/v1/chat/completions`, `/v1/responses`, `/v1/messages`, `/v1/embeddings`."""
    routes = [
        Route(f"/v1/{path}", _endpoint(stub, api), methods=["POST"]) for path, api in PATHS.items()
    ]
    return Starlette(routes=[*routes, Route("/stub", _counts(stub)), Route("/v1/models", _models)])


PATHS = {
    "chat/completions": shapes.CHAT,
    "responses": shapes.RESPONSES,
    "messages": shapes.MESSAGES,
    "embeddings": shapes.EMBEDDINGS,
    "audio/speech": shapes.SPEECH,
}


def _endpoint(stub: ModelStub, api: str) -> Callable[[Request], object]:
    async def answer(request: Request) -> Response:
        body: Json = await request.json()
        _note(stub, api, body, request)
        if body.get("stream") is True:
            events = shapes.events(api, body, stub.reply(body), stub.call_tool)
            paced = _counted(stub, _paced(stub, events, request))
            return StreamingResponse(paced, media_type="text/event-stream")
        if api == shapes.SPEECH:
            noise = itertools.repeat(b"\x00" * 64, 200)
            return StreamingResponse(
                _counted(stub, _paced(stub, noise, request)), media_type="audio/mpeg"
            )
        return await _whole(stub, api, body, request)

    return answer


def _counts(stub: ModelStub) -> Callable[[Request], object]:
    async def counts(request: Request) -> Response:
        seen = {"calls": dict(stub.calls), "models": dict(stub.models)}
        return JSONResponse({**seen, "open": stub.open, "hung_up": stub.hung_up})

    return counts


async def _models(request: Request) -> Response:
    return JSONResponse({"object": "list", "data": []})


def _note(stub: ModelStub, api: str, body: Json, request: Request) -> None:
    stub.calls[api] += 1
    stub.models[str(body.get("model"))] += 1
    stub.bodies.append(body)
    stub.headers.append(dict(request.headers))
    del stub.bodies[:-KEPT], stub.headers[:-KEPT]


async def _whole(stub: ModelStub, api: str, body: Json, request: Request) -> Response:
    stub.open += 1
    try:
        while stub.hold:
            if await request.is_disconnected():
                stub.hung_up += 1
                return Response(status_code=499)
            await asyncio.sleep(LOOK_S)
    finally:
        stub.open -= 1
    return JSONResponse(shapes.whole(api, body, stub.reply(body), stub.call_tool))


async def _paced(
    stub: ModelStub, pieces: Iterable[bytes], request: Request
) -> AsyncGenerator[bytes]:
    for number, piece in enumerate(pieces):
        while stub.silent_after is not None and number >= stub.silent_after:  # noqa: ASYNC110  # set from other threads
            await asyncio.sleep(LOOK_S)  # until the caller hangs up, which cancels this answer
        yield piece
        await asyncio.sleep(stub.pace_s)


async def _counted(stub: ModelStub, pieces: AsyncGenerator[bytes]) -> AsyncIterator[bytes]:
    stub.open += 1
    whole = False
    try:
        async for piece in pieces:
            yield piece
        whole = True
    finally:
        stub.open -= 1
        stub.hung_up += not whole


def parse_events(raw: bytes) -> list[Json]:
    """Return the JSON of every `data:` line of a stream, for whoever looks at raw bytes."""
    lines = [line[6:] for line in raw.decode().splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]
