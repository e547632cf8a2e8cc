"""Pass on whole server-sent events only, and stop before one that calls a forbidden tool. Pure."""

from __future__ import annotations

import json
import re

from opsflags.decision import Tools
from opsflags.httpx import toolbox
from opsflags.httpx.toolbox import ToolCall
from opsflags.httpx.wire import RESPONSES

BOUNDARIES = (b"\n\n", b"\r\n\r\n", b"\r\r")
_SPLIT = re.compile(rb"(?<=\n\n)|(?<=\r\n\r\n)|(?<=\r\r)")
_HINTS = (b"tool", b"_call")
_SEQUENCE = re.compile(rb'"sequence_number"\s*:\s*(\d+)')


class Events:
    """
    Cuts a byte stream of *api* into whole events.

    An error frame then always lands between two events. Tool calls are remembered from the first
    byte on, so that a call which began before a tool was forbidden is refused before it is whole.
    """

    __slots__ = ("_api", "_seen", "_sequence", "_tail")

    def __init__(self, api: str) -> None:
        self._api = api
        self._tail = b""
        self._seen: dict[ToolCall, None] = {}
        self._sequence = -1

    @property
    def next_sequence(self) -> int:
        """Return the sequence number that comes after the events passed on so far."""
        return self._sequence + 1

    def feed(self, chunk: bytes) -> bytes:
        """Return the events that *chunk* completes; the rest is kept."""
        held = self._tail + chunk
        start = max(0, len(self._tail) - 3)
        end = max(_after(held, boundary, start) for boundary in BOUNDARIES)
        self._tail = held[end:]
        return held[:end]

    def rest(self) -> bytes:
        """Return what was kept when the stream ended without a last boundary."""
        held, self._tail = self._tail, b""
        return held

    def allowed(self, events: bytes, tools: Tools) -> tuple[bytes, str | None]:
        """Return the events that may pass, and the tool whose forbidden call stops the others."""
        if any(hint in events for hint in _HINTS):
            return self._judge(events, tools)
        tool = toolbox.refused(self._seen, tools) if self._seen else None
        if tool is not None:
            return b"", tool
        self._note(events)
        return events, None

    def _judge(self, events: bytes, tools: Tools) -> tuple[bytes, str | None]:
        passed = b""
        for event in _SPLIT.split(events):
            self._seen.update(dict.fromkeys(toolbox.calls(self._api, _data(event))))
            tool = toolbox.refused(self._seen, tools)
            if tool is not None:
                return passed, tool
            passed += event
        self._note(passed)
        return passed, None

    def _note(self, events: bytes) -> None:
        if self._api == RESPONSES and (found := _SEQUENCE.findall(events)):
            self._sequence = int(found[-1])


def _after(held: bytes, boundary: bytes, start: int) -> int:
    at = held.rfind(boundary, start)
    return 0 if at < 0 else at + len(boundary)


def _data(event: bytes) -> object:
    lines = [line[5:] for line in event.splitlines() if line.startswith(b"data:")]
    try:
        return json.loads(b"\n".join(lines)) if lines else None
    except (ValueError, RecursionError):
        return None  # no SDK can read a tool call in it either
