"""Wiring of the places to which messages to people are published: what is declared, with the secrets of this bot."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Final

import httpx

from opsbot.adapters.clock import SystemClock
from opsbot.adapters.pagerduty.link import Link, real
from opsbot.adapters.targets.http import Api, Client, Pace, Vendor
from opsbot.adapters.targets.pagerduty_page import Lexicons
from opsbot.adapters.targets.registry import Keys, Make, SlackWay, TargetPublishers, makers
from opsbot.adapters.targets.statuspage import PER_MINUTE
from opsbot.app.comms_rules import settings_of
from opsbot.app.environment import Environment
from opsbot.app.ports import Clock
from opsbot.bootstrap.paging_way import account_of
from opsbot.config import Settings
from opsbot.domain.addresses import on_loopback
from opsbot.domain.comms.settings import CommsSettings, TargetKind

CONNECT_S: Final = 5.0


class Clients:
    """
    HTTP clients, each made at its first use: most bots publish to one kind of place or to none.

    They follow no redirect: a key, or words that were checked for one place, go nowhere else.
    """

    def __init__(self) -> None:
        self._made: dict[bool, httpx.AsyncClient] = {}

    def of(self, url: str) -> Client:
        """Return how to get the client of an API; it goes through the machine's proxy, if that is elsewhere."""
        return self.direct if on_loopback(url) else self.proxied

    def proxied(self) -> httpx.AsyncClient:
        """Return the client of vendors' APIs; it goes through the proxy that the machine names."""
        return self._client(proxied=True)

    def direct(self) -> httpx.AsyncClient:
        """
        Return a client for the very address that it is given: without a proxy, without keeping connections.

        A connection that was opened for one name would answer for another at the same address.
        """
        return self._client(proxied=False)

    def _client(self, *, proxied: bool) -> httpx.AsyncClient:
        if proxied not in self._made:
            keep = 4 if proxied else 0
            self._made[proxied] = httpx.AsyncClient(
                timeout=httpx.Timeout(None, connect=CONNECT_S),
                follow_redirects=False,
                trust_env=proxied,
                limits=httpx.Limits(max_connections=8, max_keepalive_connections=keep),
            )
        return self._made[proxied]

    async def close(self) -> None:
        """Let their connections go."""
        for client in self._made.values():
            await client.aclose()


@asynccontextmanager
async def publishing_way(
    settings: Settings,
    env: Environment,
    slack: SlackWay | None,
    more: Mapping[TargetKind, Make] | None = None,
) -> AsyncGenerator[TargetPublishers]:
    """
    Give every target; *more* are those that are no place outside (`status-page`, `in-app`).

    What is declared is read from the state at each call: a changed `flags/comms.yaml` counts at once.
    """
    async with AsyncExitStack() as stack:
        clients = Clients()
        stack.push_async_callback(clients.close)
        link = Link(account_of(settings), real)
        stack.push_async_callback(link.close)
        made = makers(
            keys(settings, clients, link, env.clock), clients.direct, env.clock.now_ms, slack
        )
        yield TargetPublishers(lambda: settings_of(env.store.state), {**made, **(more or {})})


def problems(settings: Settings, comms: CommsSettings) -> Mapping[str, str]:
    """Return why something would never be published at a target, by its name; asks nobody."""
    clock, clients = SystemClock(), Clients()
    link = Link(account_of(settings), real)
    made = makers(keys(settings, clients, link, clock), clients.direct, clock.now_ms, None)
    elsewhere: tuple[TargetKind, ...] = ("status-page", "in-app")
    if settings.slack_transport != "off":
        elsewhere = (*elsewhere, "slack")
    outside = {name: one for name, one in comms.targets.items() if one.kind not in elsewhere}
    return TargetPublishers(lambda: replace(comms, targets=outside), made).problems()


def unready(settings: Settings, comms: CommsSettings) -> Mapping[str, str]:
    """Return what `problems` finds, save that a bot without Slack has no channels: that is somebody's choice."""
    found = problems(settings, comms)
    return {name: why for name, why in found.items() if comms.targets[name].kind != "slack"}


def keys(settings: Settings, clients: Clients, link: Link, clock: Clock) -> Keys:
    """Return what the settings give to targets; nothing is connected, and no client made."""
    return Keys(
        statuspage=_statuspage(settings, clients, clock),
        incident_io=_incident_io(settings, clients),
        pagerduty=Lexicons(link, clock.monotonic) if link.account.key else None,
        webhooks=settings.signs,
        hosts=settings.webhook_places,
        mail=settings.mail_server,
        sender=settings.mail_sender,
    )


def _statuspage(settings: Settings, clients: Clients, clock: Clock) -> Api | None:
    key, url = settings.statuspage_api_key.get_secret_value(), settings.statuspage_url
    name, setting = "Statuspage", "OPSBOT_STATUSPAGE_API_KEY"
    vendor = Vendor(name, url, f"OAuth {key}", key, setting, "OPSBOT_STATUSPAGE_URL")
    pace = Pace(clock.monotonic, most=PER_MINUTE, window_s=60.0)
    return Api(vendor, clients.of(url), pace=pace) if key else None


def _incident_io(settings: Settings, clients: Clients) -> Api | None:
    key, url = settings.incident_io_api_key.get_secret_value(), settings.incident_io_url
    name, setting = "incident.io", "OPSBOT_INCIDENT_IO_API_KEY"
    vendor = Vendor(name, url, f"Bearer {key}", key, setting, "OPSBOT_INCIDENT_IO_URL")
    return Api(vendor, clients.of(url)) if key else None
