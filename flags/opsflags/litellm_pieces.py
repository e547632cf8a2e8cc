"""The pieces of a stream as LiteLLM hands them to a plug-in: objects, events or bytes. Pure."""

from __future__ import annotations

from opsflags.decision import Tools
from opsflags.httpx import toolbox
from opsflags.httpx.events import Events
from opsflags.httpx.toolbox import ToolCall


class Pieces:
    """
    Looks for calls of forbidden tools in the pieces of one stream of *api*.

    Calls are remembered from the first piece on, so that one which began before its tool was
    forbidden is found. Bytes are passed on as whole events only.
    """

    __slots__ = ("_api", "_events", "_seen", "_sequence")

    def __init__(self, api: str) -> None:
        self._api = api
        self._events = Events(api)
        self._seen: dict[ToolCall, None] = {}
        self._sequence = -1

    @property
    def next_sequence(self) -> int:
        """Return the sequence number that comes after the events passed on so far."""
        return max(self._sequence + 1, self._events.next_sequence)

    def allowed(self, piece: object, tools: Tools) -> tuple[list[object], str | None]:
        """Return what may pass of *piece*, and the tool whose forbidden call ends the stream."""
        if isinstance(piece, bytes | str):
            raw = piece.encode() if isinstance(piece, str) else piece
            passed, tool = self._events.allowed(self._events.feed(raw), tools)
            whole: list[object] = [_like(piece, passed)] if passed else []
            return whole, tool
        event = as_json(piece)
        self._note(event)
        self._seen.update(dict.fromkeys(toolbox.calls(self._api, event)))
        tool = toolbox.refused(self._seen, tools) if self._seen else None
        return ([piece] if tool is None else []), tool

    def rest(self) -> list[bytes]:
        """Return what was kept when the stream ended without a last boundary."""
        kept = self._events.rest()
        return [kept] if kept else []

    def _note(self, event: object) -> None:
        number = event.get("sequence_number") if isinstance(event, dict) else None
        if isinstance(number, int):
            self._sequence = number


def as_json(value: object) -> object:
    """Return one of LiteLLM's objects as plain JSON; what is none stays as it is."""
    dump = getattr(value, "model_dump", None)
    # Python's objects all the way: LiteLLM's own serializers warn about what they do not expect.
    return dump(warnings=False) if callable(dump) else value


def _like(piece: object, raw: bytes) -> object:
    return raw.decode("utf-8", "replace") if isinstance(piece, str) else raw
