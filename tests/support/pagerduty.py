"""The PagerDuty stand-in on a real loopback port, the real clients for it, and a webhook receiver."""

import hashlib
import hmac
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2
import pagerduty
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from opsbot.workbench.pagerduty.clock import Clock
from opsbot.workbench.pagerduty.standin import PagerDutyStandIn
from tests.support.slack import loopback, serving

Json = dict[str, Any]
MARA, SAM, INES, OLA = "PMARA", "PSAM", "PINES", "POLA"
SUPPORT = "PSUPPORT"
FAST = 0.002
"""Waits between the attempts of a webhook, shortened: 5 s become 10 ms."""


@asynccontextmanager
async def pagerduty_stand_in(
    clock: Clock | None = None, *, time_scale: float = FAST, answer_s: float = 5.0
) -> AsyncGenerator[PagerDutyStandIn]:
    """Run a stand-in with the demo's company on a loopback port of its own."""
    listener, url = loopback()
    stand_in = PagerDutyStandIn.company(url, clock=clock, time_scale=time_scale, answer_s=answer_s)
    async with serving(stand_in.app, listener), stand_in:
        yield stand_in
    assert stand_in.failures == []


class _Loopback:
    """Let plain http through to this machine alone."""

    @property
    def url(self) -> str:
        return self._url

    @url.setter
    def url(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname != "127.0.0.1":
            raise pagerduty.UrlError("https only")
        self._url = url.rstrip("/")


class Rest(_Loopback, pagerduty.RestApiV2Client):  # type: ignore[misc]  # the package has no types
    """The real REST client; it does not try again by itself."""


class Events(_Loopback, pagerduty.EventsApiV2Client):  # type: ignore[misc]  # the package has no types
    """The real Events client; it does not try again by itself."""


def rest(stand_in: PagerDutyStandIn, who: str = "mara@example.com", key: str = "") -> Rest:
    """Return a REST client that writes as *who*; close it at the end."""
    client = Rest(key or stand_in.api_key, default_from=who, base_url=stand_in.base_url)
    return _patient(client)


def events(stand_in: PagerDutyStandIn, service: str = SUPPORT) -> Events:
    """Return an Events client for *service*; close it at the end."""
    client = Events(stand_in.routing_key(service), base_url=stand_in.base_url)
    client.retry.clear()
    return _patient(client)


C = TypeVar("C", Rest, Events)


def _patient(client: C) -> C:
    client.max_network_attempts = 0
    client.retry[429] = 1
    client.sleep_timer = 0.001
    client.timeout = httpx2.Timeout(5, connect=2)  # type: ignore[assignment]  # guessed from a number
    return client


def genuine(secret: str, header: str, body: bytes) -> bool:
    """Check a signature as PagerDuty's documentation says, in eight lines of our own."""
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    matched = False
    for part in header.split(","):
        version, _, digest = part.strip().partition("=")
        if version == "v1":
            matched |= hmac.compare_digest(digest.encode(), wanted.encode())
    return matched


@dataclass
class Receiver:
    """What a receiver of webhooks got; *answer* decides the status of each answer."""

    url: str
    answer: Callable[[], int] = lambda: 202
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def events(self) -> list[Json]:
        """The events, in the order they came in."""
        return [dict(json.loads(body)["event"]) for _, body in self.got]

    @property
    def types(self) -> list[str]:
        """Their types."""
        return [str(event["event_type"]) for event in self.events]

    @property
    def ids(self) -> list[str]:
        """The `X-Webhook-Id` of each."""
        return [headers["x-webhook-id"] for headers, _ in self.got]


@asynccontextmanager
async def webhook_receiver() -> AsyncGenerator[Receiver]:
    """Serve a receiver on a loopback port."""
    listener, url = loopback()
    receiver = Receiver(f"{url}/hooks")

    async def take(request: Request) -> Response:
        receiver.got.append((dict(request.headers), await request.body()))
        return Response(status_code=receiver.answer())

    app = Starlette(routes=[Route("/hooks", take, methods=["POST"])])
    async with serving(app, listener):
        yield receiver
