"""Deliveries from PagerDuty, and the look every five minutes for what never arrived."""

from dataclasses import dataclass
from typing import Final

from opsbot.app.environment import Environment
from opsbot.app.paging.mirror import READ, Told, decide_told
from opsbot.app.paging.port import Paged, Paging
from opsbot.app.ports import GiveUp, Outbox, RetryLater
from opsbot.domain.pager_event import PagerEvent
from opsbot.domain.roster import Roster
from opsbot.domain.said import inert

SEEN_S: Final = 72 * 3600.0
"""How long a delivery is remembered: PagerDuty sends one again for 48 hours."""


@dataclass(frozen=True, slots=True)
class PagerEvents:
    """The use cases."""

    env: Environment
    outbox: Outbox
    paging: Paging | None = None

    async def take(self, event: PagerEvent, *, delivery: str, roster: Roster | None = None) -> str:
        """
        Take one delivery over, once; return the incident that it is about, empty for none.

        It is remembered only after it was committed: a crash in between takes it again, and the
        commit's own id and moments make that nothing.

        Raises:
            StoreLost: it is not known whether it is stored; it has to be sent again.
        """
        text, sealed = self.env.sealed(inert(event.note, limit=2000))
        told = Told(event, text, sealed, by=_who(event, roster))
        await self.env.store.refresh()
        committed, incident = await self.env.store.commit(
            f"pager:{delivery}", lambda state, now_ms: decide_told(state, now_ms, told)
        )
        if committed is not None:
            await self.outbox.once(f"pager:{delivery}", ttl_s=SEEN_S)
        return incident

    async def reconcile(self) -> int:
        """
        Ask PagerDuty how every open page stands; return how many were not as they are mirrored.

        One replica asks for all (`pager_watch`). What cannot be asked is asked the next time.

        Raises:
            StoreLost: the next run tries again.
        """
        if self.paging is None:
            return 0
        state, changed = await self.env.store.refresh(), 0
        for incident in state.incidents():
            pager = incident.pager
            if pager is None or not pager.id or not (incident.open or pager.status != "resolved"):
                continue
            asked_ms = self.env.clock.now_ms()
            try:
                paged = await self.paging.get(pager.id)
            except (RetryLater, GiveUp):
                continue
            if paged.status == pager.status and paged.assignees == pager.assignees:
                continue
            await self._seen(paged, asked_ms)
            changed += 1
        return changed

    async def _seen(self, paged: Paged, asked_ms: int) -> None:
        """Mirror what was read, as of when it was asked: a webhook of a later moment still counts."""
        event = PagerEvent(
            id=f"read:{paged.id}:{asked_ms}",
            kind="other",
            type=READ,
            occurred_ms=asked_ms,
            pager_id=paged.id,
            key=paged.key,
            status=paged.status,
            assignees=paged.assignees,
            number=paged.number,
            url=paged.url,
        )
        await self.env.store.commit(
            f"pager:{event.id}", lambda state, now_ms: decide_told(state, now_ms, Told(event))
        )


def _who(event: PagerEvent, roster: Roster | None) -> str:
    if event.agent_name:
        return event.agent_name
    duties = roster.duties if roster is not None else ()
    return next((one.name for one in duties if one.pager == event.agent_id), "PagerDuty")
