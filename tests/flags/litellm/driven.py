"""What drives the handler's hooks as LiteLLM does, for tests that have no LiteLLM."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.flags.litellm.conftest import Proxy

TOOLS = [
    {"type": "function", "function": {"name": name}}
    for name in ("search_kb", "issue_refund", "undeclared")
]


class Piece:
    """One of LiteLLM's objects."""

    def __init__(self, **fields: Any) -> None:
        self._fields = fields

    def model_dump(self, *, warnings: bool = True) -> dict[str, Any]:
        """Return it as JSON."""
        return self._fields


def calling(tool: str) -> Piece:
    """Return a chat answer that calls *tool*."""
    call = {"id": "1", "type": "function", "function": {"name": tool}}
    return Piece(choices=[{"message": {"tool_calls": [call]}}])


def gate(proxy: Proxy, name: str = "support-copilot") -> Any:
    """Return the gate of a workflow."""
    return proxy.handler._gates[name]


def counts(proxy: Proxy, name: str = "support-copilot") -> Any:
    """Return asked, let, refused and cut of a workflow."""
    return gate(proxy, name).handle._report()["counts"]


async def refused(work: Any) -> Any:
    """Return the refusal that *work* ends in."""
    with pytest.raises(Exception, match=r"are refused|is refused") as raised:
        await work
    return raised.value


async def ask(proxy: Proxy, data: dict[str, Any], *, forever: bool) -> None:
    await proxy.attempt(data)
    if forever:
        await asyncio.Event().wait()


async def pieces(*pieces: Any) -> AsyncIterator[Any]:
    for piece in pieces:
        yield piece


class Silent:
    """A stream that says its pieces and then nothing, until it is cancelled."""

    def __init__(self, *pieces: Any) -> None:
        self.pieces = list(pieces)
        self.closed = False

    def __aiter__(self) -> "Silent":
        return self

    async def __anext__(self) -> Any:
        if self.pieces:
            return self.pieces.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    async def aclose(self) -> None:
        """Hang up."""
        self.closed = True
