"""Wiring of PagerDuty: one client a process, who is on call, and the door for its webhooks."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from opsbot.adapters.pagerduty import webhook
from opsbot.adapters.pagerduty.link import Account
from opsbot.adapters.pagerduty.paging import open_pagerduty
from opsbot.adapters.pulse import Pulse
from opsbot.adapters.scheduler import Duty
from opsbot.app.change_feed import FEED_S, ChangeFeed
from opsbot.app.environment import Environment
from opsbot.app.paging.events import PagerEvents
from opsbot.app.paging.oncall import OnCall
from opsbot.app.paging.port import Paging, WebhookHealth
from opsbot.app.paging.watch import TURN_S, PagerWatch
from opsbot.app.ports import Outbox
from opsbot.config import Settings
from opsbot.domain.pager_event import PagerEvent
from opsbot.web.pagerduty import PATH, PagerDutyHook, entry
from opsbot.web.routing import Entry

ROTA_S = 5.0
"""How often a replica looks whether another read the roster; it is read once a minute."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PagingWay:
    """What the bot has of PagerDuty; *paging* is None where none is connected."""

    paging: Paging | None
    rota: OnCall
    events: PagerEvents
    routes: list[Entry]
    watch: PagerWatch | None = None
    changes: ChangeFeed | None = None

    def duties(self, pulse: Pulse) -> tuple[Duty, ...]:
        """Return what is done again and again; none where no PagerDuty is connected."""
        watch, changes = self.watch, self.changes
        if watch is None or changes is None:
            return ()
        return (
            Duty("oncall", lambda: pulse.quietly(self.rota.refresh), every_s=ROTA_S),
            Duty("pager", lambda: pulse.quietly(watch), every_s=TURN_S),
            Duty("changes", lambda: pulse.quietly(changes), every_s=FEED_S),
        )


def account_of(settings: Settings) -> Account:
    """Return the account that the settings name."""
    return Account(
        key=settings.pagerduty_api_key.get_secret_value(),
        sender=settings.pagerduty_from,
        routing_key=settings.pagerduty_routing_key.get_secret_value(),
        url=settings.pagerduty_url,
        events_url=settings.pagerduty_events_url,
    )


@asynccontextmanager
async def paging_way(
    settings: Settings, env: Environment, outbox: Outbox
) -> AsyncGenerator[PagingWay]:
    """Give everything about PagerDuty; where it is not set up, a way on which nothing happens."""
    account = account_of(settings)
    if not (account.key or account.routing_key):
        yield _way(settings, env, outbox, None)
        return
    async with open_pagerduty(account) as paging:
        way = _way(settings, env, outbox, paging)
        await way.rota.recall()
        yield way


def _way(settings: Settings, env: Environment, outbox: Outbox, paging: Paging | None) -> PagingWay:
    rota = OnCall(env, outbox, paging)
    events = PagerEvents(env, outbox, paging)
    secrets = settings.webhook_secrets

    async def take(event: PagerEvent, delivery: str) -> str:
        return await events.take(event, delivery=delivery, roster=rota.roster)

    hook = PagerDutyHook(lambda header, raw: webhook.verify(secrets, header, raw), _read, take)
    routes = [entry(hook)] if secrets else []
    if paging is None:
        return PagingWay(None, rota, events, routes)
    url = f"{settings.public_url}{PATH}" if settings.public_url and secrets else ""
    return PagingWay(
        paging,
        rota,
        events,
        routes,
        watch=PagerWatch(outbox, paging, events, url, _found),
        changes=ChangeFeed(env, outbox, paging, _refused),
    )


def _found(health: WebhookHealth) -> None:
    if not health.well:
        _log.warning(
            "pagerduty_webhooks",
            subscriptions=len(health.ids),
            asleep=len(health.asleep),
            inactive=len(health.inactive),
            missing=list(health.missing),
        )


def _refused(revision: int, why: str) -> None:
    _log.error("pagerduty_change_refused", revision=revision, why=why)


def _read(raw: bytes) -> PagerEvent | None:
    """Return the event, None where it says nothing; that is logged, because sending it again changes nothing."""
    try:
        return webhook.parse(raw)
    except webhook.BadDelivery as bad:
        _log.error("pagerduty_unreadable", why=f"{type(bad).__name__}: {bad}", size=len(raw))
        return None
