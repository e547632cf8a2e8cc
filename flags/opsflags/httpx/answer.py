"""What both colours do alike with a provider's answer: its kind, its headers, its end. No I/O."""

from __future__ import annotations

from typing import Any, cast

from opsflags.decision import Decision
from opsflags.httpx import refusals
from opsflags.httpx.core import Guard, Plan, Reply, forbidden_tool
from opsflags.httpx.events import Events
from opsflags.httpx.library import Request, Response, without
from opsflags.httpx.wire import UNKNOWN

EVENTS = "text/event-stream"
WHOLE = ("application/json", "text/", "application/problem+json")
SWITCHING = 101


def streams_events(response: Response) -> bool:
    """Return whether the answer is a stream of server-sent events."""
    return response.headers.get("content-type", "").startswith(EVENTS)


def comes_whole(response: Response) -> bool:
    """Return whether the answer is to be held until it is complete: JSON and other small texts."""
    if response.status_code == SWITCHING or streams_events(response):
        return False
    kind = response.headers.get("content-type", "")
    return not kind or kind.startswith(WHOLE)


def is_json_request(request: Request) -> bool:
    """Return whether the request's body is JSON as it stands, so that it can be read and rewritten."""
    headers = request.headers
    kind = headers.get("content-type", "")
    return "json" in kind and not headers.get("content-encoding", "")


def own_response(library: Any, reply: Reply, request: Request) -> Response:
    """Return the guard's own answer as a response."""
    made = library.Response(
        reply.status, headers=reply.headers, content=reply.content, request=request
    )
    return cast("Response", made)


def whole_response(library: Any, plan: Plan, response: Response, content: bytes) -> Response:
    """Return the provider's complete answer, marked with the mode."""
    return cast(
        "Response",
        library.Response(
            response.status_code,
            headers=_marked(response, plan),
            content=content,
            extensions=response.extensions,
        ),
    )


def streamed_response(library: Any, plan: Plan, response: Response, stream: object) -> Response:
    """Return the provider's answer with *stream* as its body, marked with the mode."""
    return cast(
        "Response",
        library.Response(
            response.status_code,
            headers=_marked(response, plan),
            stream=stream,
            extensions=response.extensions,
        ),
    )


def judge_whole(guard: Guard, plan: Plan, content: bytes) -> Reply | None:
    """Return the refusal of a complete answer that calls a forbidden tool, or None."""
    decision = guard.decision_now(plan.arguments)
    tool = forbidden_tool(plan.call, content, decision.tools)
    return None if tool is None else guard.refuse_tool(tool, decision)


class Passage:
    """
    The way of a streamed body to the caller, as whole events where it has events.

    *over* is true once an error frame was made: nothing may follow it.
    """

    __slots__ = ("_api", "_events", "_guard", "_plan", "over")

    def __init__(self, guard: Guard, plan: Plan, *, has_events: bool) -> None:
        self._guard = guard
        self._plan = plan
        # An unknown API that streams events gets frames in the commonest shape.
        self._api = plan.call.api
        self._events = Events(self._api) if has_events else None
        self.over = False

    @property
    def has_events(self) -> bool:
        """Return whether an error frame can end this body."""
        return self._events is not None

    def pass_on(self, chunk: bytes) -> bytes:
        """Return what may go to the caller of *chunk*, with an error frame where a tool is refused."""
        if self._events is None:
            return chunk
        return self._judged(self._events.feed(chunk))

    def rest(self) -> bytes:
        """Return what is left at the provider's own end."""
        return b"" if self._events is None else self._judged(self._events.rest())

    def frame(self, decision: Decision) -> bytes:
        """Return the error frame of a cut."""
        return self._end(self._guard.error(decision))

    def _judged(self, events: bytes) -> bytes:
        if not events or self._events is None or self._api == UNKNOWN:
            return events
        decision = self._guard.decision_now(self._plan.arguments)
        passed, tool = self._events.allowed(events, decision.tools)
        if tool is None:
            return passed
        self._guard.count_refused(decision)
        return passed + self._end(self._guard.tool_error(tool, decision))

    def _end(self, error: dict[str, object]) -> bytes:
        self.over = True
        sequence = 0 if self._events is None else self._events.next_sequence
        return refusals.frame(self._api, error, sequence)


def _marked(response: Response, plan: Plan) -> list[tuple[str, str]]:
    headers = response.headers
    kept = headers.multi_items()
    if headers.get("content-encoding", ""):  # the body is passed on decoded
        kept = without(headers, "content-encoding", "content-length")
    return [*kept, *plan.marks.items()]
