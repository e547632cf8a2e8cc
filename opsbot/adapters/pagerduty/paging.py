"""The `Paging` port on the `pagerduty` package: its parts put together, opened and closed as one."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from opsbot.adapters.clock import SystemClock
from opsbot.adapters.pagerduty.account import Standing
from opsbot.adapters.pagerduty.events import EventStream
from opsbot.adapters.pagerduty.incidents import Incidents
from opsbot.adapters.pagerduty.link import Account, Link, Make, open_link, real
from opsbot.adapters.pagerduty.roster import Roster
from opsbot.app.paging.port import Duty, PagerPerson
from opsbot.app.ports import Clock


class PagerDuty(Incidents, EventStream, Standing):
    """One account; each part says what it does, the port what it means."""

    def __init__(self, link: Link, clock: Clock) -> None:
        roster = Roster(link, clock.monotonic)
        Incidents.__init__(self, link, roster)
        EventStream.__init__(self, link)
        Standing.__init__(self, link, roster, clock.now_ms)

    @property
    def can_page(self) -> bool:
        """Return whether people can be paged in a person's name."""
        return bool(self._link.account.key)

    @property
    def can_alert(self) -> bool:
        """Return whether machines can raise alerts and tell of changes."""
        return bool(self._link.account.routing_key)

    async def on_call(self, policies: Sequence[str]) -> Sequence[Duty]:
        """Return who is on call now; see the port."""
        return await self._roster.on_call(policies)

    async def people(self) -> Sequence[PagerPerson]:
        """Return everybody in the account; see the port."""
        return await self._roster.people()


@asynccontextmanager
async def open_pagerduty(
    account: Account, clock: Clock | None = None, *, make: Make = real
) -> AsyncGenerator[PagerDuty]:
    """
    Give the port for one account; one a process, because its client and its threads cost.

    Nothing is imported or connected before the first call; at the end, requests on their way are
    waited for.
    """
    async with open_link(account, make=make) as link:
        yield PagerDuty(link, clock or SystemClock())
