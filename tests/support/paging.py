"""The real PagerDuty adapter over answers that a test writes down: no account, no network."""

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import httpx2

from opsbot.adapters.clock import SystemClock
from opsbot.adapters.pagerduty import client as pagerduty_client
from opsbot.adapters.pagerduty.link import Account, Door, Kind
from opsbot.adapters.pagerduty.paging import PagerDuty, open_pagerduty

KEY, ROUTING_KEY = "u+secretkey0123456789", "R0123456789ABCDEF0123456789ABCDEF"[1:]
ACCOUNT = Account(key=KEY, sender="bot@example.com", routing_key=ROUTING_KEY)
Reply = httpx2.Response | Exception | Callable[["Heard"], "httpx2.Response"]


@dataclass(frozen=True, slots=True)
class Heard:
    """One request as it arrived."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    sender: str
    headers: Mapping[str, str]
    said: dict[str, object]


@dataclass
class Script:
    """
    Answers by method and path, in order; the last of a list is said again and again.

    A request that nobody wrote an answer for is a failure of the test, by its own 418.
    """

    replies: dict[str, list[Reply]] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)

    def answer(self, route: str, *replies: Reply) -> "Script":
        """Write down what `METHOD /path` is answered."""
        self.replies[route] = list(replies)
        return self

    def calls(self, route: str) -> list[Heard]:
        """Return the requests of one route, in order."""
        return [one for one in self.heard if f"{one.method} {one.path}" == route]

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request."""
        heard = Heard(
            method=request.method,
            path=request.url.path,
            query=parse_qs(request.url.query.decode()),
            sender=request.headers.get("from", ""),
            headers=request.headers,
            said=json.loads(request.content or b"{}"),
        )
        self.heard.append(heard)
        left = self.replies.get(f"{heard.method} {heard.path}")
        if not left:
            return httpx2.Response(418, text=f"nothing is written down for {heard.path}")
        reply = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(reply, Exception):
            raise reply
        return _fresh(reply) if isinstance(reply, httpx2.Response) else reply(heard)

    def make(self, account: Account, kind: Kind) -> Door:
        """Return the real client over this script."""
        transport = httpx2.MockTransport(self.handle)
        if kind == "events":
            return pagerduty_client.events(
                account.routing_key, url=account.events_url, transport=transport
            )
        return pagerduty_client.rest(
            account.key, sender=account.sender, url=account.url, transport=transport
        )


def _fresh(reply: httpx2.Response) -> httpx2.Response:
    """Return the same answer anew: one object is read once."""
    return httpx2.Response(reply.status_code, headers=reply.headers, content=reply.content)


def said(status: int, body: object = None, **headers: str) -> httpx2.Response:
    """Return an answer; underscores in a header's name stand for dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(status, headers=named, json=body)


def error(status: int, message: str = "", *errors: str, code: int = 0) -> httpx2.Response:
    """Return a refusal in PagerDuty's envelope."""
    return said(status, {"error": {"message": message, "code": code, "errors": list(errors)}})


def incident(number: int = 1, key: str = "opsbot:test:INC-1", **more: object) -> dict[str, object]:
    """Return an incident as PagerDuty says it."""
    return {
        "id": f"PINC{number}",
        "type": "incident",
        "incident_number": number,
        "html_url": f"https://acme.pagerduty.com/incidents/PINC{number}",
        "status": "triggered",
        "incident_key": key,
        "assignments": [{"at": "x", "assignee": {"id": "PMARA", "type": "user_reference"}}],
        **more,
    }


@asynccontextmanager
async def paging(script: Script, account: Account = ACCOUNT) -> AsyncGenerator[PagerDuty]:
    """Give the port over a script."""
    async with open_pagerduty(account, SystemClock(), make=script.make) as port:
        yield port
