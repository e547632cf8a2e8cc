"""What changes here and PagerDuty should know: acknowledged, resolved, severity, a note; each once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from opsbot.app.environment import Environment, policy_of
from opsbot.app.incident.change import changed
from opsbot.app.incident.steps import Wish, again_due
from opsbot.app.paging.alarm import PagerAlarm
from opsbot.app.paging.mirror import OWN_MARK, PAGERDUTY
from opsbot.app.paging.page import PRIORITY, email_of, page_title
from opsbot.app.paging.port import Paging, PagingUnauthorised
from opsbot.app.ports import Delivery, GiveUp, RetryLater
from opsbot.domain.change import Change
from opsbot.domain.errors import UnknownIncident
from opsbot.domain.incident.incident import Incident, Pager
from opsbot.domain.policy.rules import shown
from opsbot.domain.said import inert
from opsbot.domain.state import State

SECOND_LEVEL: Final = 2
"""Who is called when the first level should not be alone with it."""

WAIT_S: Final = 2.0
"""How long is waited, in seconds, for the page itself to be opened."""

AGAIN_S: Final = (0.5, 1.0, 2.0, 3.0, 5.0, 5.0, 5.0, 10.0, 10.0, 10.0, 30.0)
"""Pauses between attempts, in seconds; the last one stays: an outage of hours loses nothing."""

MOST_TRIES: Final = 2900
"""About a day of such attempts; after that it is shown as what could not be said outside."""

Sentence = Callable[[int, Incident], Awaitable[str]]
"""From a revision of the store to what changed then, as one sentence; empty where it is nobody's business."""


@dataclass(frozen=True, slots=True)
class PagerSync:
    """The effect handler `pager_sync`; what came from PagerDuty never reaches it."""

    env: Environment
    paging: Paging | None
    sentence: Sentence
    alarm: PagerAlarm | None = None

    async def __call__(self, delivery: Delivery) -> None:
        """
        Tell PagerDuty one thing.

        Raises:
            RetryLater: it is tried again, for a day; or the page is not opened yet. GiveUp: from
                the port.
        """
        state = await self.env.store.refresh()
        try:
            incident = state.incident(str(delivery.effect.body["incident"]))
        except UnknownIncident:
            return
        pager, step = incident.pager, incident.steps.get("page")
        if self.paging is None or pager is None:
            return
        if not pager.id:
            if step is not None and step.state == "due":
                raise RetryLater("the page is not opened yet", after_s=WAIT_S)
            return
        try:
            await self._tell(self.paging, incident, pager.id, delivery)
        except GiveUp as no:
            await self._refused(incident, delivery, str(no))
            raise
        except RetryLater as later:
            if self.alarm is not None and isinstance(later, PagingUnauthorised):
                await self.alarm.refused()
            raise _patient(later, delivery.attempt) from later

    async def _tell(
        self, paging: Paging, incident: Incident, page: str, delivery: Delivery
    ) -> None:
        what, sender = str(delivery.effect.body["what"]), self._sender(incident)
        pager = incident.pager
        assert pager is not None
        if what == "acknowledge" and pager.status in ("", "triggered"):
            await paging.acknowledge(page, sender=sender)
        elif what == "resolve" and not incident.open:
            await self._resolve(paging, incident, pager, sender)
            await self._over(incident, page)
        elif what == "accepted" and incident.open:
            await self._accepted(paging, incident, page, sender)
        elif what == "severity":
            await paging.reprioritise(page, PRIORITY[incident.severity], sender=sender)
        elif what == "escalate":
            await paging.escalate(page, SECOND_LEVEL, sender=sender)
        elif what == "add":
            await self._add(paging, incident, page, delivery)
        elif what == "note":
            await self._note(paging, incident, page, delivery)

    async def _accepted(self, paging: Paging, incident: Incident, page: str, sender: str) -> None:
        """Make a soft page loud; one that was resolved there before anybody here heard of it calls anew."""
        if (await paging.get(page)).status != "resolved":
            priority = PRIORITY[incident.severity]
            await paging.reprioritise(page, priority, sender=sender, urgency="high")
            return

        def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
            now = state.incident(incident.id)
            if now.pager is None or now.pager.id != page or not now.open:
                return None, None
            over = replace(now, pager=replace(now.pager, status="resolved"))
            after = again_due(state, now_ms, replace(over, status="triage"), over, Wish())
            change, _ = changed(
                state, now_ms, now, after, PAGERDUTY, verb="pager_resolved", echo=True
            )
            return change, None

        at = f"{incident.at.epoch}:{incident.at.revision}"
        await self.env.store.commit(f"page-anew:{incident.uid}:{page}:{at}", decide)

    async def _resolve(self, paging: Paging, incident: Incident, pager: Pager, sender: str) -> None:
        """Resolve its page, and what else has its key: an alert that was raised while nobody was reached."""
        if pager.status != "resolved":
            why = "" if incident.private else (await self.env.unsealed(incident.why))[0]
            how = f"{OWN_MARK}{incident.id}] {why}" if why else ""
            await paging.resolve(pager.id, sender=sender, resolution=how)
        for other in await paging.find_all(pager.key) if pager.key else ():
            if other.id != pager.id and other.status != "resolved":
                await paging.resolve(other.id, sender=sender)

    async def _over(self, before: Incident, page: str) -> None:
        """Note that its page is resolved, however late PagerDuty tells it: who reopens it needs a new one."""

        def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
            now = state.incident(before.id)
            if now.pager is None or now.pager.id != page or now.pager.status == "resolved":
                return None, None
            after = replace(now, pager=replace(now.pager, status="resolved", at_ms=now_ms))
            after = again_due(state, now_ms, before, after, Wish())
            change, _ = changed(
                state, now_ms, now, after, PAGERDUTY, verb="pager_resolved", echo=True
            )
            return change, None

        at = f"{before.at.epoch}:{before.at.revision}"
        await self.env.store.commit(f"page-over:{before.uid}:{page}:{at}", decide)

    async def _refused(self, incident: Incident, delivery: Delivery, why: str) -> None:
        """Say where people read it that PagerDuty refused for good what was said to be under way."""
        what, who = str(delivery.effect.body["what"]), str(delivery.effect.body.get("who", ""))
        if what == "note":
            return  # nobody waits for one

        def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
            now = state.incident(incident.id)
            change, _ = changed(
                state, now_ms, now, now, PAGERDUTY, verb="pager_refused", echo=True, said=True
            )
            if change is None:
                return None, None
            facts = {**change.facts, "what": what, "who": who, "refusal": inert(why)}
            return replace(change, facts=facts), None

        await self.env.store.commit(f"pager-refused:{delivery.effect.key}", decide)

    async def _add(self, paging: Paging, incident: Incident, page: str, delivery: Delivery) -> None:
        """Ask somebody in by the id that the policy has for them at PagerDuty, else by their e-mail."""
        who = str(delivery.effect.body["who"])
        known = policy_of(self.env.store.state).people.get(who)
        ids = () if known is None else known.pagerduty[:1]
        if not ids:
            address = email_of(self.env.store.state, who).casefold()
            people = await paging.people() if address else ()
            ids = tuple(one.id for one in people if one.email == address)[:1]
        if not ids:
            name = shown(policy_of(self.env.store.state), who)
            raise GiveUp(f"{inert(name, limit=60)} is not known to PagerDuty; ask them in by hand")
        (why,) = await self.env.unsealed(str(delivery.effect.body.get("why", "")))
        about = page_title(incident, f"help is wanted{f': {why}' if why else ''}")
        await paging.add_responders(page, ids, about, sender=self._sender(incident))

    async def _note(
        self, paging: Paging, incident: Incident, page: str, delivery: Delivery
    ) -> None:
        """Write what changed; the mark of its revision keeps it from being written twice."""
        if incident.private:
            return
        revision = int(str(delivery.effect.body["revision"]))
        text = await self.sentence(revision, incident)
        if text:
            mark = f"{OWN_MARK}{incident.id} r{revision}]"
            await paging.note(page, text, marker=mark, sender=self._sender(incident))

    def _sender(self, incident: Incident) -> str:
        state = self.env.store.state
        return email_of(state, incident.roles.get("commander", incident.declared_by))


def _patient(later: RetryLater, attempt: int) -> RetryLater:
    if later.after_s is not None or attempt >= MOST_TRIES:
        return later
    return RetryLater(str(later), after_s=AGAIN_S[min(attempt, len(AGAIN_S)) - 1])
