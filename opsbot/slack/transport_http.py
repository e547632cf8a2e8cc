"""Slack over signed HTTP: one Starlette endpoint; forged, malformed and replayed requests stop here."""

import asyncio
import json
from typing import Final
from urllib.parse import parse_qsl

import structlog
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from opsbot.domain.errors import StoreLost
from opsbot.slack.deps import Memory
from opsbot.slack.guard import plausible

log = structlog.get_logger(__name__)
BODY_LIMIT: Final = 2_000_000
REPLAY_S: Final = 660.0
"""Longer than the ten minutes in which bolt accepts a timestamp, five on each side."""
GUARD_WITHIN_S: Final = 0.3


class SlackEndpoint:
    """
    The request URL: commands, events and clicks.

    A signature is accepted once. When the store that remembers them is away, a replay passes: what
    it could do is one effect anyway, by its request id, and a kill must not wait for the store.
    """

    def __init__(self, app: AsyncApp, *, signing_secret: str, memory: Memory) -> None:
        if not signing_secret:
            raise ValueError("HTTP needs a signing secret")
        self._handler = AsyncSlackRequestHandler(app)
        self._verifier = SignatureVerifier(signing_secret)
        self._memory = memory

    async def handle(self, request: Request) -> Response:
        """Answer one request from Slack; mount it for POST."""
        body = await _limited(request)
        if body is None:
            return _refused("too_large", status=413)
        signature = request.headers.get("x-slack-signature", "")
        if not self._genuine(body, request.headers.get("x-slack-request-timestamp", ""), signature):
            return _refused("forged")
        if not plausible(_payload(body, request.headers.get("content-type", ""))):
            return _refused("malformed", status=400)
        if await self._replayed(signature):
            return _refused("replayed")
        return await self._handler.handle(request)

    def _genuine(self, body: bytes, timestamp: str, signature: str) -> bool:
        if not (timestamp.isascii() and timestamp.isdigit()) or len(timestamp) > 12:  # noqa: PLR2004 - seconds until the year 33658
            return False
        if not signature.isascii():
            return False
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            return False
        return self._verifier.is_valid(body, timestamp, signature)

    async def _replayed(self, signature: str) -> bool:
        try:
            async with asyncio.timeout(GUARD_WITHIN_S):
                return not await self._memory.once(f"signature:{signature}", ttl_s=REPLAY_S)
        except (StoreLost, TimeoutError):
            log.warning("slack_replay_guard_away")
            return False


def _payload(body: bytes, content_type: str) -> object:
    """Return what the body says, as bolt will read it; None where it says nothing."""
    text = body.decode("utf-8")
    try:
        if content_type.startswith("application/json"):
            return json.loads(text)
        form = dict(parse_qsl(text, keep_blank_values=True))
        return json.loads(form["payload"]) if "payload" in form else form
    except (ValueError, RecursionError):
        return None


async def _limited(request: Request) -> bytes | None:
    """Return the body, None where it is larger than anything Slack sends."""
    declared = request.headers.get("content-length", "0")
    if not declared.isdigit() or int(declared[:12]) > BODY_LIMIT:
        return None
    body = await request.body()
    return body if len(body) <= BODY_LIMIT else None


def _refused(why: str, *, status: int = 401) -> Response:
    log.warning("slack_request_refused", why=why)
    return JSONResponse({"error": why}, status_code=status, headers={"x-slack-no-retry": "1"})
