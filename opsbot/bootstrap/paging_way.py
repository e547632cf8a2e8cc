"""Wiring of PagerDuty: one client a process, who is on call, and the door for its webhooks."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from opsbot.adapters import pagerduty_webhook
from opsbot.adapters.pagerduty_link import Account
from opsbot.adapters.pagerduty_paging import open_pagerduty
from opsbot.adapters.pulse import Pulse
from opsbot.adapters.scheduler import Duty
from opsbot.app.environment import Environment
from opsbot.app.oncall import OnCall
from opsbot.app.pager_events import PagerEvents
from opsbot.app.paging_port import Paging
from opsbot.app.ports import Outbox
from opsbot.config import Settings
from opsbot.domain.pager_event import PagerEvent
from opsbot.web.pagerduty import PagerDutyHook, entry
from opsbot.web.routing import Entry

ROTA_S = 5.0
"""How often a replica looks whether another read the roster; it is read once a minute."""

RECONCILE_CRON = "*/5 * * * *"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PagingWay:
    """What the bot has of PagerDuty; *paging* is None where none is connected."""

    paging: Paging | None
    rota: OnCall
    events: PagerEvents
    routes: list[Entry]

    def duties(self, pulse: Pulse) -> tuple[Duty, ...]:
        """Return what is done again and again; none where no PagerDuty is connected."""
        if self.paging is None:
            return ()
        return (
            Duty("oncall", lambda: pulse.quietly(self.rota.refresh), every_s=ROTA_S),
            Duty("pager", lambda: pulse.quietly(self.events.reconcile), cron=RECONCILE_CRON),
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
        yield _way(settings, env, outbox, paging)


def _way(settings: Settings, env: Environment, outbox: Outbox, paging: Paging | None) -> PagingWay:
    rota = OnCall(env, outbox, paging)
    events = PagerEvents(env, outbox, paging)
    secrets = settings.webhook_secrets

    async def take(event: PagerEvent, delivery: str) -> str:
        return await events.take(event, delivery=delivery, roster=rota.roster)

    hook = PagerDutyHook(
        lambda header, raw: pagerduty_webhook.verify(secrets, header, raw), _read, take
    )
    return PagingWay(paging, rota, events, [entry(hook)] if secrets else [])


def _read(raw: bytes) -> PagerEvent | None:
    """Return the event, None where it says nothing; that is logged, because sending it again changes nothing."""
    try:
        return pagerduty_webhook.parse(raw)
    except pagerduty_webhook.BadDelivery as bad:
        _log.error("pagerduty_unreadable", why=f"{type(bad).__name__}: {bad}", size=len(raw))
        return None
