"""A page about something that is no incident: opened once, shouted the other way, and resolved when it is over."""

from collections.abc import Collection
from dataclasses import dataclass

from opsbot.app.environment import Environment
from opsbot.app.paging.alarm import PagerAlarm
from opsbot.app.paging.page import AGAIN_S, ALARM_MS
from opsbot.app.paging.port import (
    AlertEvent,
    PageOrder,
    Paging,
    PagingOff,
    PagingUnauthorised,
    PagingUnreachable,
)
from opsbot.app.ports import Delivery, GiveUp, RetryLater


@dataclass(frozen=True, slots=True)
class Caller:
    """What calls people and calls it off; the key refused is told to the administrators."""

    env: Environment
    paging: Paging
    alarm: PagerAlarm | None = None

    async def open(self, order: PageOrder, delivery: Delivery) -> int:
        """
        Open it, or find that it was opened; return its number.

        Raises:
            RetryLater: it could not be reached. GiveUp: from the port.
        """
        try:
            return await self._opened(order)
        except RetryLater as later:
            raise await self.later(later, delivery) from later

    async def open_or_alert(
        self, order: PageOrder, delivery: Delivery, *, since_ms: int
    ) -> int | None:
        """
        Open it; where it cannot be, raise it as a machine's alert: None, as that has no number.

        Silence and a refused key are waited out, with the alert raised meanwhile: for a refused key
        at once, else once it has been silent for a while since *since_ms*.

        Raises:
            RetryLater: it could not be reached. GiveUp: it can be done neither way.
        """
        paging = self.paging
        if not (paging.can_page and order.service):
            if not paging.can_alert:
                raise PagingOff("no `pagerduty.service` is declared for it")
            await self._alerted(order, delivery)
            return None
        try:
            return await self._opened(order)
        except GiveUp:
            if not paging.can_alert:
                raise
            await self._alerted(order, delivery)
            return None
        except RetryLater as later:
            await self._shout(order, later, since_ms)
            raise await self.later(later, delivery) from later

    async def resolve(
        self, key: str, delivery: Delivery, *, why: str, but: Collection[str]
    ) -> bool:
        """
        Resolve whatever has that key and is open still: pages, and the alert that was raised instead.

        Nothing, and False, where one of them is of *but*: an incident was opened from it, and ends it.

        Raises:
            RetryLater: it could not be reached. GiveUp: from the port.
        """
        try:
            found = await self.paging.find_all(key) if self.paging.can_page else ()
            if any(one.id in but for one in found):
                return False
            for one in found:
                if one.status != "resolved":
                    await self.paging.resolve(one.id, sender="", resolution=why)
            if self.paging.can_alert:
                await self.paging.resolve_alert(key)
        except RetryLater as later:
            raise await self.later(later, delivery) from later
        return True

    async def _opened(self, order: PageOrder) -> int:
        paged = await self.paging.open(order)
        if self.alarm is not None:
            await self.alarm.accepted()
        return paged.number

    async def _alerted(self, order: PageOrder, delivery: Delivery) -> None:
        try:
            await self.paging.trigger(self._event(order))
        except RetryLater as later:
            raise await self.later(later, delivery) from later

    async def later(self, why: RetryLater, delivery: Delivery) -> RetryLater:
        """Return when to try again, for as long as it takes; a refused key is told at once. Raises StoreLost."""
        if self.alarm is not None and isinstance(why, PagingUnauthorised):
            await self.alarm.refused()
        pause = AGAIN_S[min(delivery.attempt, len(AGAIN_S)) - 1]
        return RetryLater(str(why), after_s=why.after_s or pause)

    async def _shout(self, order: PageOrder, why: RetryLater, since_ms: int) -> None:
        """Raise the alarm the other way, under the same key: the same key again is the same alert."""
        late = self.env.clock.now_ms() - since_ms >= ALARM_MS
        refused = isinstance(why, PagingUnauthorised)
        if not self.paging.can_alert or not (
            refused or (late and isinstance(why, PagingUnreachable))
        ):
            return
        try:
            await self.paging.trigger(self._event(order))
        except (RetryLater, GiveUp):
            return  # the next attempt raises it again

    def _event(self, order: PageOrder) -> AlertEvent:
        return AlertEvent(key=order.key, summary=order.title, source=f"opsbot {self.env.name}")
