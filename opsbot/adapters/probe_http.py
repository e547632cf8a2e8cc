"""Probes over HTTP: asks an enforcement point for its own current decision, never the bot."""

import asyncio
import json
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx

from opsbot.app.ports import ProbeAnswer
from opsbot.domain.said import inert

DEADLINE_S = 1.0
LARGEST_ANSWER = 65_536
LONGEST_MODE = 40
PROBE_HEADER = "x-opsbot-probe"


class HttpProber:
    """The `Prober` port over one pooled client."""

    def __init__(self, client: httpx.AsyncClient, *, deadline_s: float) -> None:
        self._client = client
        self._deadline_s = deadline_s

    async def ask(
        self, url: str, *, kind: str, workflow: str, tenant: str | None, tool: str | None
    ) -> ProbeAnswer:
        """Send one tagged request; the nonce must come back, so that no cache can answer."""
        nonce = secrets.token_hex(8)
        asked = {"workflow": workflow, "tenant": tenant, "tool": tool}
        try:
            async with asyncio.timeout(self._deadline_s):
                async with self._client.stream(
                    "GET",
                    url,
                    params={name: value for name, value in asked.items() if value is not None},
                    headers={PROBE_HEADER: nonce, "accept-encoding": "identity"},
                ) as response:
                    body = await _limited(response)
            return _answer(response.status_code, body, workflow=workflow, nonce=nonce)
        except (TimeoutError, httpx.TimeoutException):
            return ProbeAnswer(error=f"no answer within {self._deadline_s:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return ProbeAnswer(error=f"{type(error).__name__}: could not be asked")


@asynccontextmanager
async def http_prober(*, deadline_s: float = DEADLINE_S) -> AsyncGenerator[HttpProber]:
    """Give a prober; no proxy, no redirect: it must reach the very process it names."""
    async with httpx.AsyncClient(
        timeout=deadline_s, follow_redirects=False, trust_env=False
    ) as client:
        yield HttpProber(client, deadline_s=deadline_s)


async def _limited(response: httpx.Response) -> bytes:
    """
    Return the answer's bytes as they came, nothing where there are too many.

    The address is an instance's own word: it may send without end, or a packed gigabyte.
    """
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > LARGEST_ANSWER:
            return b""
    return bytes(body)


def _answer(status: int, body: bytes, *, workflow: str, nonce: str) -> ProbeAnswer:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or said.get("workflow") != workflow:
        return ProbeAnswer(status=status, error="the answer is not a probe's")
    if said.get("nonce") != nonce:
        return ProbeAnswer(status=status, error="the answer is not for this probe (nonce)")
    return ProbeAnswer(
        mode=inert(str(said.get("mode", "")), limit=LONGEST_MODE),
        allowed=bool(said.get("allowed")),
        answered=bool(said.get("answered", False)),
        target=str(said.get("target") or ""),
        tools_only=_tools(said.get("tools")),
        kill=None if said.get("kill") is None else str(said["kill"]),
        status=status,
    )


def _tools(said: object) -> tuple[str, ...] | None:
    only = said.get("only") if isinstance(said, dict) else None
    return tuple(str(name) for name in only) if isinstance(only, list) else None
