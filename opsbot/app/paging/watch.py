"""The look at PagerDuty every five minutes: wake its webhooks, then read what they did not deliver."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from opsbot.app.paging.events import PagerEvents
from opsbot.app.paging.port import Paging, WebhookHealth
from opsbot.app.ports import GiveUp, Outbox, RetryLater

WATCH_S: Final = 300.0
"""How often one replica looks for all, in seconds; the first time as soon as one has started."""

TURN_S: Final = 2.0
"""How often each asks whether it is time."""

Found = Callable[[WebhookHealth], None]
"""Takes how deliveries to our address are set up, as they were before anything was woken."""


@dataclass(frozen=True, slots=True)
class PagerWatch:
    """
    The duty. *url* is where webhooks are delivered, empty where nobody said it.

    A subscription falls asleep for a day after three refusals, and what happens meanwhile is lost:
    it is woken first, so that nothing falls between the waking and the reading.
    """

    outbox: Outbox
    paging: Paging
    events: PagerEvents
    url: str
    found: Found

    async def __call__(self) -> int:
        """
        Look where it is time; return how many pages were not as they are mirrored.

        Raises:
            StoreLost: the next run tries again.
        """
        if not await self.outbox.once("pager:watch", ttl_s=WATCH_S):
            return 0
        if self.url:
            await self._wake()
        return await self.events.reconcile()

    async def _wake(self) -> None:
        """Wake what sleeps; what cannot be asked now is asked the next time."""
        try:
            health = await self.paging.webhooks_health(self.url)
            self.found(health)
            for one in health.asleep:
                await self.paging.enable_webhook(one)
        except (RetryLater, GiveUp):
            return
