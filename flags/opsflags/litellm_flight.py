"""One call that LiteLLM was let make, and its stream on the way to the caller."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

from opsflags import streams
from opsflags.decision import Decision, WorkflowKilled
from opsflags.guard_async import GuardedAsyncIterator
from opsflags.httpx import refusals
from opsflags.httpx.wire import RESPONSES, Call
from opsflags.litellm_gate import Gate
from opsflags.litellm_pieces import Pieces
from opsflags.litellm_settings import Caller
from opsflags.model import NO_MODEL
from opsflags.switch import Arguments


class Flight:
    """
    One call that was let in. *arguments* are those of its latest attempt; *counted* its attempts.

    *is_ours* where it was not let in, and LiteLLM streams the approved text instead. *task* makes
    the call, known once it is *tried*.
    """

    __slots__ = (
        "arguments",
        "call",
        "caller",
        "counted",
        "gate",
        "is_ours",
        "marks",
        "task",
        "tried",
    )

    def __init__(self, gate: Gate, caller: Caller, call: Call, arguments: Arguments) -> None:
        self.gate = gate
        self.caller = caller
        self.call = call
        self.arguments = arguments
        self.counted: set[tuple[str, object]] = set()
        self.marks: dict[str, str] = {}
        self.is_ours = False
        self.task: asyncio.Task[object] | None = None
        self.tried = asyncio.Event()

    @property
    def can_be_cancelled(self) -> bool:
        """Return whether this call's answer comes whole, from attempts that are seen."""
        return self.call.understood and not self.call.streamed and not self.is_ours

    def take_off(self) -> None:
        """Say that the current task is the one that asks the provider; the first one counts."""
        if self.task is None:
            self.task = asyncio.current_task()
            self.tried.set()


TAKE_OFF_S = 2.0
"""How long a call may take to reach its first attempt and still be cancelled in flight, in seconds."""


async def cut_of(flight: Flight) -> Decision | None:
    """
    Wait until the call in flight is over; return the decision that is to end it before, if one does.

    Whoever calls this must end *flight* then, by cancelling its task.
    """
    try:
        async with asyncio.timeout(TAKE_OFF_S):
            await flight.tried.wait()
    except TimeoutError:
        return None  # it never was tried, or LiteLLM does it another way now: nothing to cancel
    task, loop = flight.task, asyncio.get_running_loop()
    while task is not None and not task.done():
        ended = asyncio.Event()
        token = streams.open(flight.gate.handle, flight.arguments, _waker(loop, ended))
        was_late = token.cut is not None
        try:
            if not was_late:
                await _first_of(task, ended)
        finally:
            token.close()
        # A kill of what an earlier attempt went to does not end the one that goes elsewhere.
        if token.cut is not None and flight.gate.decision_now(flight.arguments).mode in NO_MODEL:
            if was_late:  # it was never in flight, so it was not counted as cut
                flight.gate.count_refused(token.cut)
            return token.cut
    return None


def _waker(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> Callable[[Decision], None]:
    def wake(decision: Decision) -> None:
        if not loop.is_closed():  # as everything that was in flight on it then is
            loop.call_soon_threadsafe(ended.set)

    return wake


async def _first_of(task: asyncio.Task[object], ended: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(ended.wait())
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()


async def pass_on(flight: Flight, response: AsyncIterator[object]) -> AsyncIterator[object]:
    """Pass a stream on until a kill comes or a forbidden tool is called; then end it in words."""
    gate, pieces = flight.gate, Pieces(flight.call.api)
    was_late = gate.decision_now(flight.arguments).mode in NO_MODEL
    guarded = GuardedAsyncIterator(gate.handle, response, flight.arguments, raises=True)
    try:
        async with aclosing(guarded):
            async for piece in guarded:
                decision = gate.decision_now(flight.arguments)
                passed, tool = pieces.allowed(piece, decision.tools)
                for one in passed:
                    yield one
                if tool is not None:
                    yield _refused(flight, tool, decision, pieces)
                    return
            for one in pieces.rest():
                yield one
    except WorkflowKilled as killed:
        if was_late:  # it never began, so it was not counted as cut
            gate.count_refused(killed.decision)
        yield _frame(flight, gate.error(killed.decision), pieces)


def _refused(flight: Flight, tool: str, decision: Decision, pieces: Pieces) -> object:
    flight.gate.count_refused(decision)
    return _frame(flight, flight.gate.tool_error(tool, decision), pieces)


def _frame(flight: Flight, error: dict[str, object], pieces: Pieces) -> object:
    """
    Return the event that ends a stream, as LiteLLM passes it on.

    It adds what it misses before and after; an event with a name goes through whole only as bytes,
    save on the path of Anthropic's messages, where text does.
    """
    frame = refusals.frame(flight.call.api, error, pieces.next_sequence).lstrip(b"\n")
    return frame if flight.call.api == RESPONSES else frame.decode()
