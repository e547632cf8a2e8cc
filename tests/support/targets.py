"""Targets of messages on stand-ins: each on a loopback port of its own, with the real publisher for it."""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.types import ASGIApp

from opsbot.adapters.pagerduty.link import Account, open_link
from opsbot.adapters.targets.http import Api, Pace, Vendor
from opsbot.adapters.targets.incident_io import IncidentIo
from opsbot.adapters.targets.pagerduty_page import Lexicons, PagerDutyPage
from opsbot.adapters.targets.places import Page
from opsbot.adapters.targets.statuspage import Statuspage
from opsbot.adapters.targets.webhook import Hook, Webhook
from opsbot.app.comms.port import Post
from opsbot.domain.webhook_rules import webhook_hosts, webhook_secrets
from opsbot.workbench.pagerduty.standin import PagerDutyStandIn
from opsbot.workbench.targets import incident_io, receiver, statuspage
from opsbot.workbench.trust import trusted
from tests.support.pagerduty import pagerduty_stand_in
from tests.support.slack import loopback, serving
from tests.support.wait import eventually

DEADLINE_S = 1.0
"""How long an answer is waited for, where tests take it away."""

BEGAN_MS = time.time_ns() // 1_000_000 - 100_000
"""Servers compare what they are told with their own clocks."""

NAMES = {"support": "Support assistant", "refunds": "Refund helper"}


def post(nth: int = 1, **given: Any) -> Post:
    """Return a message as it goes to a target: the *nth* of one incident."""
    usual = {
        "key": f"comms:u-{nth}:there",
        "message": f"MSG-{nth}",
        "incident": "inc-1",
        "audience": "users",
        "stage": "investigating",
        "impact": "major",
        "headline": "Wrong answers about refunds",
        "texts": {"en": f"Some answers about refunds are wrong. Update {nth}."},
        "at_ms": BEGAN_MS + nth * 1_000,
        "components": {"refunds": "Refund helper"},
    }
    return Post(**{**usual, **given})


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncGenerator[str]:
    """Give the address at which *app* answers."""
    listener, url = loopback()
    async with serving(app, listener):
        yield url


@dataclass
class Heard:
    """What a server heard, and where it is."""

    url: str = ""
    requests: list[bytes] = field(default_factory=list)


async def whole(reader: asyncio.StreamReader) -> bytes:
    """Read a request with its body: a connection that is closed on unread bytes is cut."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    return head + (await reader.readexactly(int(length[1])) if length else b"")


@asynccontextmanager
async def saying(pieces: Sequence[bytes], pause_s: float = 0.0) -> AsyncGenerator[Heard]:
    """Give the address of a server that answers everything with these bytes, and what it heard."""
    heard, busy, over = Heard(), set[asyncio.StreamWriter](), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        busy.add(writer)
        with suppress(ConnectionError):
            heard.requests.append(await whole(reader))
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                with suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), pause_s)
                if over.is_set():
                    break
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        busy.discard(writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        heard.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield heard
        over.set()
        await eventually(lambda: not busy)


@asynccontextmanager
async def client() -> AsyncGenerator[httpx.AsyncClient]:
    """Give a client as the bot makes it."""
    async with httpx.AsyncClient(trust_env=False, follow_redirects=False, verify=trusted()) as made:
        yield made


@dataclass
class AtStatuspage:
    """A page and what writes there."""

    there: statuspage.StatuspageStandIn
    publisher: Statuspage
    url: str

    @property
    def only(self) -> Mapping[str, Any]:
        """The one incident that there is."""
        (one,) = self.there.incidents.values()
        return one

    @property
    def told(self) -> list[tuple[str, str]]:
        """Status and text of each of its updates, the first one first."""
        return [(u["status"], u["body"]) for u in reversed(self.only["incident_updates"])]


def statuspage_api(url: str, made: httpx.AsyncClient, *, key: str = "", most: int = 10_000) -> Api:
    """Return the way to a stand-in."""
    key = key or statuspage.KEY
    vendor = Vendor(
        *("Statuspage", f"{url}/v1", f"OAuth {key}", key),
        *("OPSBOT_STATUSPAGE_API_KEY", "OPSBOT_STATUSPAGE_URL"),
    )
    pace = Pace(time.monotonic, most=most, window_s=60.0)
    return Api(vendor, lambda: made, pace=pace, deadline_s=DEADLINE_S)


@asynccontextmanager
async def at_statuspage(
    *,
    key: str = "",
    page: str = statuspage.PAGE,
    per_minute: int = 10_000,
    most: int = 10_000,
    notify: bool = True,
) -> AsyncGenerator[AtStatuspage]:
    """Give a page at Statuspage."""
    there = statuspage.StatuspageStandIn("https://status.example.com", per_minute=per_minute)
    components = {"refunds": "cmprefunds01", "Support assistant": "cmpsupport01"}
    async with served(there.app) as url, client() as made:
        api = statuspage_api(url, made, key=key, most=most)
        where = Page("status", page, components, notify=notify)
        yield AtStatuspage(there, Statuspage(api, where), url)


def incident_io_api(url: str, made: httpx.AsyncClient, *, key: str = incident_io.KEY) -> Api:
    """Return the way to a stand-in."""
    vendor = Vendor(
        *("incident.io", url, f"Bearer {key}", key),
        *("OPSBOT_INCIDENT_IO_API_KEY", "OPSBOT_INCIDENT_IO_URL"),
    )
    return Api(vendor, lambda: made, deadline_s=DEADLINE_S)


@dataclass
class AtIncidentIo:
    """A page and what writes there."""

    there: incident_io.IncidentIoStandIn
    publisher: IncidentIo

    @property
    def only(self) -> Mapping[str, Any]:
        """The one incident that there is."""
        (one,) = self.there.incidents.values()
        return one

    @property
    def told(self) -> list[tuple[str, str]]:
        """Status and text of each of its updates."""
        return [(u["incident_status"], u["message"]) for u in self.only["updates"]]


@asynccontextmanager
async def at_incident_io(*, key: str = incident_io.KEY) -> AsyncGenerator[AtIncidentIo]:
    """Give a page at incident.io."""
    there = incident_io.IncidentIoStandIn()
    components = {"refunds": incident_io.COMPONENTS[1], "support": incident_io.COMPONENTS[0]}
    page = Page("status", incident_io.PAGE, components, url="https://status.example.com")
    async with served(there.app) as url, client() as made:
        yield AtIncidentIo(there, IncidentIo(incident_io_api(url, made, key=key), page))


@dataclass
class AtPagerDuty:
    """A status page and what writes there."""

    there: PagerDutyStandIn
    publisher: PagerDutyPage

    @property
    def posts(self) -> list[Mapping[str, Any]]:
        """Every post."""
        return list(self.there.account.status_pages["PSTATUS1"].posts.values())

    @property
    def told(self) -> list[tuple[str, str]]:
        """Status and text of each update of the one post that there is."""
        page = self.there.account.status_pages["PSTATUS1"]
        (updates,) = page.updates.values()
        return [(page.statuses[u["status"]["id"]], u["message"]) for u in updates]


@asynccontextmanager
async def at_pagerduty(
    *, key: str = "", names: Mapping[str, str] | None = None
) -> AsyncGenerator[AtPagerDuty]:
    """Give a status page of PagerDuty's."""
    async with pagerduty_stand_in() as there:
        account = Account(
            key=key or there.api_key, sender="opsbot@example.com", url=there.base_url,
            events_url=there.base_url,
        )  # fmt: skip
        page = Page("status", "PSTATUS1", {"refunds": "PSERV2"}, names=names or {})
        async with open_link(account) as link:
            yield AtPagerDuty(there, PagerDutyPage(Lexicons(link), page))


@dataclass
class AtReceiver:
    """A receiver of webhooks and what writes there."""

    there: receiver.Receiver
    publisher: Webhook


@asynccontextmanager
async def at_receiver(*secrets: str, allowed: str = "127.0.0.1") -> AsyncGenerator[AtReceiver]:
    """Give a receiver of webhooks."""
    there = receiver.Receiver()
    async with served(there.app) as url, client() as made:
        yield AtReceiver(there, hook(f"{url}/hook", made, *secrets, allowed=allowed))


def hook(url: str, made: httpx.AsyncClient, *secrets: str, allowed: str = "127.0.0.1") -> Webhook:
    """Return what sends to *url*."""
    keys = webhook_secrets(f"partner={one}" for one in secrets or (receiver.SECRET,))
    where = Hook("partner", url, keys["partner"], webhook_hosts([allowed] if allowed else []))
    return Webhook(where, lambda: made, lambda: time.time_ns() // 1_000_000, deadline_s=DEADLINE_S)
