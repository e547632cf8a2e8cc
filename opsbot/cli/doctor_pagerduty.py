"""`opsbot doctor pagerduty`: compares the account with settings and declarations; reads only."""

import asyncio

from opsbot.adapters.catalog import read as catalog
from opsbot.adapters.clock import SystemClock
from opsbot.adapters.pagerduty.link import Account
from opsbot.adapters.pagerduty.paging import open_pagerduty
from opsbot.app import check as checking
from opsbot.app.paging.check import Expected, examine, expected
from opsbot.app.paging.port import Finding
from opsbot.bootstrap.paging_way import account_of
from opsbot.config import Settings


def findings(settings: Settings) -> tuple[Finding, ...]:
    """Return what the account and the declarations say about each other; asks PagerDuty."""
    account = account_of(settings)
    loaded = checking.examined(catalog.load(settings.flags_dir, settings.runbooks_dir))
    if loaded.catalogue is None:
        says = "the declarations cannot be read (`opsbot check` says why): only the account is"
        broken = (Finding("declarations", ok=False, says=says),)
        return (*broken, *asyncio.run(_asked(account, Expected())))
    wanted = expected(
        loaded.catalogue,
        public_url=settings.public_url,
        webhooks=bool(settings.webhook_secrets),
    )
    return asyncio.run(_asked(account, wanted))


async def _asked(account: Account, wanted: Expected) -> tuple[Finding, ...]:
    async with open_pagerduty(account, SystemClock()) as paging:
        return await examine(paging, wanted)
