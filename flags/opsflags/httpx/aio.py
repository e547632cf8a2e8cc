"""The asynchronous guarded transport, for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Any, Self, TypeVar

from opsflags import streams
from opsflags.decision import Decision
from opsflags.httpx import answer, sockets
from opsflags.httpx.aside import LEFT, Left
from opsflags.httpx.core import Guard, Plan, Reply
from opsflags.httpx.library import (
    AsyncTransport,
    Request,
    Response,
    subclass,
    upstream_request,
)

T = TypeVar("T")
_END = b""


class GuardedAsyncTransport:
    """
    Asks the switchboard before every attempt and ends what is in flight when a kill comes.

    A refusal is an answer, never an exception. What the inner transport raises passes through.
    """

    def __init__(self, library: Any, guard: Guard, inner: AsyncTransport) -> None:
        self._library = library
        self._guard = guard
        self._inner = inner

    async def handle_async_request(self, request: Request) -> Response:
        """Answer one attempt."""
        content = await request.aread() if answer.is_json_request(request) else None
        url = request.url
        headers = {name.lower(): value for name, value in request.headers.multi_items()}
        plan = self._guard.plan(request.method, url.host, url.path, headers, content)
        if plan.reply is not None:
            return answer.own_response(self._library, plan.reply, request)
        flight = AsyncFlight(self._guard, plan)
        if (cut := flight.token.cut) is not None:
            return answer.own_response(self._library, self._guard.refuse(cut), request)
        try:
            reply = await self._fly(flight, plan, request)
        except BaseException:
            flight.token.close()
            raise
        if isinstance(reply, Reply):
            flight.token.close()
            return answer.own_response(self._library, reply, request)
        return reply

    async def aclose(self) -> None:
        """Close the inner transport."""
        await self._inner.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    async def _fly(self, flight: AsyncFlight, plan: Plan, request: Request) -> Response | Reply:
        upstream = upstream_request(self._library, request, plan.content)
        fetched = await flight.race(_fetch(self._inner, upstream))
        if isinstance(fetched, Left):
            return self._guard.cut(flight.decision)
        response, content = fetched
        if content is not None:
            refused = answer.judge_whole(self._guard, plan, content)
            if (cut := flight.token.ended()) is not None:
                refused = self._guard.cut(cut)
            flight.token.delivered()
            flight.token.close()
            return refused or answer.whole_response(self._library, plan, response, content)
        if (cut := flight.token.ended()) is not None:
            await response.aclose()
            return self._guard.cut(cut)
        flight.response = response
        passage = answer.Passage(self._guard, plan, has_events=answer.streams_events(response))
        body = subclass(GuardedAsyncBody, self._library, "AsyncByteStream")(
            flight, passage, self._library.ReadError
        )
        return answer.streamed_response(self._library, plan, response, body)


Fetched = tuple[Response, "bytes | None"]
"""A response, and its content where it was read whole."""


class AsyncFlight:
    """
    One attempt in flight: its token, and what to do to end it.

    A cut arrives on the client's thread. From that moment `token.cut` lets nothing pass; the loop
    is then woken, and there the wait for the provider is cancelled or the idle connection closed.
    """

    __slots__ = ("_closing", "_limit", "_loop", "response", "token")

    def __init__(self, guard: Guard, plan: Plan) -> None:
        self._loop = asyncio.get_running_loop()
        self._limit: asyncio.Timeout | None = None
        self._closing: asyncio.Task[None] | None = None
        self.response: Response | None = None
        self.token = streams.open(guard.handle, plan.arguments, self._on_cut)

    @property
    def decision(self) -> Decision:
        """Return the decision that ended this flight; only after it did."""
        assert self.token.cut is not None
        return self.token.cut

    async def race(self, work: Awaitable[T]) -> T | Left:
        """Return what *work* gives, or `LEFT` when a cut comes first; *work* is then cancelled."""
        limit = asyncio.timeout(None)
        try:
            async with limit:
                self._limit = limit
                if self.token.ended() is not None:
                    limit.reschedule(self._loop.time())
                return await work
        except TimeoutError:
            if limit.expired() and self.token.cut is not None:
                return LEFT
            raise
        finally:
            self._limit = None

    async def close(self) -> None:
        """End the attempt and give the connection back."""
        self.token.close()
        if self.response is not None:
            await self.response.aclose()

    def _on_cut(self, decision: Decision) -> None:
        try:
            self._loop.call_soon_threadsafe(self._end)
        except RuntimeError:
            return  # the loop is closed, and everything that was in flight on it with it

    def _end(self) -> None:
        if self._limit is not None:
            self._limit.reschedule(self._loop.time())
        elif self.response is not None and self._closing is None:
            if self.response.status_code == answer.SWITCHING:
                sockets.shut(sockets.under_response(self.response.extensions))
            # Nobody reads at the moment: the provider is to hear of it all the same.
            self._closing = self._loop.create_task(self.response.aclose())


class GuardedAsyncBody:
    """A streamed body that ends with an error frame when a kill comes."""

    def __init__(
        self, flight: AsyncFlight, passage: answer.Passage, broken: type[Exception]
    ) -> None:
        self._flight = flight
        self._passage = passage
        self._broken = broken

    async def __aiter__(self) -> AsyncIterator[bytes]:
        response = self._flight.response
        assert response is not None
        pieces = response.aiter_bytes()
        token = self._flight.token
        while not self._passage.over:
            piece = await self._next(pieces)
            if (cut := token.ended()) is not None:
                await self.aclose()
                yield self._last(cut)
                break
            passed = self._passage.pass_on(piece) if piece else self._passage.rest()
            if passed:
                token.delivered()
                yield passed
            if not piece:
                break
        await self.aclose()

    async def _next(self, pieces: AsyncIterator[bytes]) -> bytes:
        try:
            piece = await self._flight.race(anext(pieces, _END))
        except Exception:
            if self._flight.token.ended() is None:
                raise
            return _END  # the cut itself closed the connection
        return _END if isinstance(piece, Left) else piece

    def _last(self, cut: Decision) -> bytes:
        """
        Return the error frame.

        Raises:
            ReadError: the body has no shape for an error; a body that merely ended early would
                look whole.
        """
        if self._passage.has_events:
            return self._passage.frame(cut)
        raise self._broken(f"ai_workflow_killed: cut by {cut.kill or cut.reason}")

    async def aclose(self) -> None:
        """End the attempt and give the connection back."""
        await self._flight.close()


async def _fetch(inner: AsyncTransport, request: Request) -> Fetched:
    response = await inner.handle_async_request(request)
    if not answer.comes_whole(response):
        return response, None
    try:
        return response, await response.aread()
    finally:
        await response.aclose()
