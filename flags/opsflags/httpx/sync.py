"""The synchronous guarded transport."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import Any, Self

from opsflags import streams
from opsflags.decision import Decision
from opsflags.httpx import answer, sockets
from opsflags.httpx.aside import LEFT, Aside, Left
from opsflags.httpx.core import Guard, Plan, Reply
from opsflags.httpx.library import (
    Request,
    Response,
    Transport,
    subclass,
    upstream_request,
)

_END = b""


class GuardedTransport:
    """
    Asks the switchboard before every attempt and ends what is in flight when a kill comes.

    A refusal is an answer, never an exception. What the inner transport raises passes through.
    """

    def __init__(self, library: Any, guard: Guard, inner: Transport) -> None:
        self._library = library
        self._guard = guard
        self._inner = inner

    def handle_request(self, request: Request) -> Response:
        """Answer one attempt."""
        content = request.read() if answer.is_json_request(request) else None
        url = request.url
        plan = self._guard.plan(request.method, url.host, url.path, _lower(request), content)
        if plan.reply is not None:
            return answer.own_response(self._library, plan.reply, request)
        flight = Flight(self._guard, plan)
        if (cut := flight.token.cut) is not None:
            return answer.own_response(self._library, self._guard.refuse(cut), request)
        try:
            reply = self._fly(flight, plan, request)
        except BaseException:
            flight.close()
            raise
        if isinstance(reply, Reply):
            flight.close()
            return answer.own_response(self._library, reply, request)
        return reply

    def close(self) -> None:
        """Close the inner transport."""
        self._inner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _fly(self, flight: Flight, plan: Plan, request: Request) -> Response | Reply:
        upstream = upstream_request(self._library, request, plan.content, flight.trace)
        fetched = flight.fetch(self._inner, upstream)
        if isinstance(fetched, Left):
            return self._guard.cut(flight.decision)
        response, content = fetched
        if content is not None:
            refused = answer.judge_whole(self._guard, plan, content)
            if (cut := flight.token.ended()) is not None:
                refused = self._guard.cut(cut)
            flight.token.delivered()
            flight.close()
            return refused or answer.whole_response(self._library, plan, response, content)
        passage = answer.Passage(self._guard, plan, has_events=answer.streams_events(response))
        body = subclass(GuardedBody, self._library, "SyncByteStream")(
            flight, response, passage, self._library.ReadError
        )
        return answer.streamed_response(self._library, plan, response, body)


Fetched = tuple[Response, "bytes | None"]
"""A response, and its content where it was read whole."""


class TooLate(Exception):
    """The cut came before the request was sent."""


class Flight:
    """
    One attempt in flight: its token, and what to do to end it.

    The lock keeps a cut from shutting down a connection that was already given back.
    """

    __slots__ = ("_aside", "_closed", "_lock", "_socket", "_waiting", "token")

    def __init__(self, guard: Guard, plan: Plan) -> None:
        self._lock = Lock()
        self._aside: Aside[Any] | None = None
        self._socket: object = None
        self._waiting: tuple[object, object] | None = None
        self._closed = False
        self.token = streams.open(guard.handle, plan.arguments, self._on_cut)

    @property
    def decision(self) -> Decision:
        """Return the decision that ended this flight; only after it did."""
        assert self.token.cut is not None
        return self.token.cut

    def fetch(self, inner: Transport, request: Request) -> Fetched | Left:
        """Return the provider's answer, whole where it is not streamed, or `LEFT` after a cut."""
        aside: Aside[Fetched] = Aside(lambda: _fetch(inner, request), _dispose)
        self._waiting = (inner, request.extensions)
        self._aside = aside
        if self.token.ended() is not None:
            return LEFT
        try:
            fetched = aside.wait()
        except Exception:
            if self.token.ended() is None:
                raise
            return LEFT  # the cut itself broke the connection
        self._aside = self._waiting = None
        if isinstance(fetched, Left) or fetched[1] is not None:
            return fetched
        with self._lock:
            self._socket = sockets.under_response(fetched[0].extensions)
        if self.token.ended() is not None:
            _dispose(fetched)
            return LEFT
        return fetched

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """
        Stop an attempt that still waited for its connection when the cut came, before it is sent.

        Raises:
            TooLate: in the thread whose caller has left, which nobody sees.
        """
        if event.endswith("send_request_headers.started") and self.token.ended() is not None:
            raise TooLate

    def next(self, pieces: Iterator[bytes], response: Response) -> bytes | Left:
        """
        Return the next piece, `b""` at the end, or `LEFT` after a cut.

        A socket of its own can be shut down under the read. Where there is none (HTTP/2 shares
        one, other transports show none) each read happens aside, at the price of a thread.
        """
        if self._socket is not None:
            return next(pieces, _END)
        aside: Aside[bytes] = Aside(lambda: next(pieces, _END), lambda late: response.close())
        self._aside = aside
        if self.token.ended() is not None:
            return LEFT
        piece = aside.wait()
        if not isinstance(piece, Left):
            self._aside = None
        return piece

    @property
    def reads_aside(self) -> bool:
        """Return whether another thread may still be reading from the response."""
        return self._aside is not None

    def close(self) -> None:
        """Say that the attempt is over; nothing is shut down after this."""
        with self._lock:
            self._closed = True
        self.token.close()

    def _on_cut(self, decision: Decision) -> None:
        with self._lock:
            if self._closed:
                return
            if self._socket is not None:
                sockets.shut(self._socket)
            aside, waiting = self._aside, self._waiting
            if aside is not None:
                aside.release()
            if waiting is not None:
                sockets.shut(sockets.under_request(*waiting))


class GuardedBody:
    """A streamed body that ends with an error frame when a kill comes."""

    def __init__(
        self, flight: Flight, response: Response, passage: answer.Passage, broken: type[Exception]
    ) -> None:
        self._flight = flight
        self._response = response
        self._passage = passage
        self._broken = broken

    def __iter__(self) -> Iterator[bytes]:
        pieces = self._response.iter_bytes()
        token = self._flight.token
        while not self._passage.over:
            piece = self._next(pieces)
            if (cut := token.ended()) is not None:
                yield self._last(cut)
                break
            passed = self._passage.pass_on(piece) if piece else self._passage.rest()
            if passed:
                token.delivered()
                yield passed
            if not piece:
                break
        self.close()

    def _next(self, pieces: Iterator[bytes]) -> bytes:
        try:
            piece = self._flight.next(pieces, self._response)
        except Exception:
            if self._flight.token.ended() is None:
                raise
            return _END  # the cut itself broke the connection
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
        self.close()
        raise self._broken(f"ai_workflow_killed: cut by {cut.kill or cut.reason}")

    def close(self) -> None:
        """End the attempt and give the connection back, or leave that to the thread that reads."""
        self._flight.close()
        if not self._flight.reads_aside:
            self._response.close()


def _fetch(inner: Transport, request: Request) -> Fetched:
    response = inner.handle_request(request)
    if not answer.comes_whole(response):
        return response, None
    try:
        return response, response.read()
    finally:
        response.close()


def _dispose(fetched: Fetched | None) -> None:
    if fetched is not None:
        fetched[0].close()


def _lower(request: Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.multi_items()}
