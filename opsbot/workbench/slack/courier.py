"""Bring payloads to the bot by socket or by HTTP, with Slack's deadlines and retries."""

import asyncio
import json
from dataclasses import dataclass
from json import JSONDecodeError
from typing import Literal

import httpx

from opsbot.workbench.slack.desk import Desk
from opsbot.workbench.slack.model import Json
from opsbot.workbench.slack.signed import SignedPost
from opsbot.workbench.slack.sockets import Sockets
from opsbot.workbench.slack.waiting import Background, done_within, pause

DEADLINE_S = 3.0
RETRIES_AFTER_S = (0.0, 60.0, 300.0)
Problem = Literal["", "operation_timeout", "dispatch_failed", "http_service_error"]
REASONS = {
    "operation_timeout": "http_timeout",
    "dispatch_failed": "connection_failed",
    "http_service_error": "http_error",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot answered to one delivery; *problem* is "" where it acknowledged in time."""

    problem: Problem
    body: Json
    no_retry: bool = False


@dataclass(slots=True)
class Courier:
    """Deliver; *by* says which way, and may be changed at any moment."""

    desk: Desk
    sockets: Sockets
    signed: SignedPost
    background: Background
    by: Literal["socket", "http"] = "socket"

    async def deliver(self, kind: str, payload: Json, retry: Json | None = None) -> Answer:
        """
        Deliver one payload, as often as the faults say, and return the first good answer.

        Three seconds are the limit for each.
        """
        once = [
            self.background.spawn(self._once(kind, payload, retry or {}))
            for _ in range(self.desk.faults.deliveries)
        ]
        answers = await asyncio.gather(*once)
        return next((answer for answer in answers if not answer.problem), answers[0])

    async def event(self, payload: Json) -> None:
        """Deliver an event; what was not acknowledged comes again at once, after 1 and 5 minutes."""
        answer = await self.deliver("events_api", payload)
        for attempt, wait_s in enumerate(RETRIES_AFTER_S, start=1):
            if not answer.problem or answer.no_retry:
                return
            await pause(self.desk.now, wait_s)
            reason = REASONS[answer.problem]
            retry = {"retry_attempt": attempt, "retry_reason": reason}
            answer = await self.deliver("events_api", payload, retry)

    async def _once(self, kind: str, payload: Json, retry: Json) -> Answer:
        if self.by == "http":
            return await self._by_http(kind, payload, retry)
        envelope_retry = {"retry_attempt": 0, "retry_reason": "", **retry}
        waiting = await self.sockets.send(kind, payload, envelope_retry)
        if waiting is None:
            return Answer("dispatch_failed", {})
        if not await done_within(self.desk.now, DEADLINE_S, waiting):
            return Answer("operation_timeout", {})
        if waiting.cancelled():
            return Answer("dispatch_failed", {})
        return Answer("", waiting.result())

    async def _by_http(self, kind: str, payload: Json, retry: Json) -> Answer:
        sending = self.background.spawn(self._posted(kind, payload, retry))
        if await done_within(self.desk.now, DEADLINE_S, sending):
            return sending.result()
        sending.cancel()
        return Answer("operation_timeout", {})

    async def _posted(self, kind: str, payload: Json, retry: Json) -> Answer:
        try:
            response = await self.signed.send(kind, payload, retry)
        except httpx.TransportError:
            return Answer("dispatch_failed", {})
        if not response.is_success:
            no_retry = response.headers.get("x-slack-no-retry") == "1"
            return Answer("http_service_error", {}, no_retry)
        return Answer("", read(response))


def read(response: httpx.Response) -> Json:
    """Read an acknowledgement: nothing, plain text, or a JSON object."""
    if not response.content:
        return {}
    if not response.headers.get("content-type", "").startswith("application/json"):
        return {"text": response.text}
    try:
        body = json.loads(response.content)
    except JSONDecodeError:
        return {"text": response.text}
    return body if isinstance(body, dict) else {}
