"""The page about a route that was taken back by itself, or could not be: somebody is called, exactly once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from opsbot.app.environment import Environment
from opsbot.app.incident.open import settings_of
from opsbot.app.incident.steps import declared
from opsbot.app.paging.alarm import PagerAlarm
from opsbot.app.paging.mirror import PAGERDUTY
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
from opsbot.domain.change import Change, Json
from opsbot.domain.said import inert
from opsbot.domain.state import State
from opsbot.domain.workflow import Workflow

STUCK: Final = "stuck"
"""What went red serves on, because the last good revision may not serve."""


@dataclass(frozen=True, slots=True)
class PageRoute:
    """The effect handler `route_page`; with nothing connected people are told in the chat alone."""

    env: Environment
    paging: Paging | None
    alarm: PagerAlarm | None = None

    async def __call__(self, delivery: Delivery) -> None:
        """
        Call whoever is on call for the workflow, or find that they were called.

        Raises:
            RetryLater: it could not be reached; it is tried until it is.
            GiveUp: nobody can be called: nothing is declared or set for it, or it was refused.
        """
        body, state = delivery.effect.body, await self.env.store.refresh()
        workflow = state.workflows().get(str(body["workflow"]))
        wanted = self.paging is not None and settings_of(state).paging
        if self.paging is None or workflow is None or not wanted or _over(state, workflow, body):
            return
        order = self._order(state, workflow, body)
        try:
            number = await self._called(self.paging, order)
        except RetryLater as later:
            await self._unreached(self.paging, order, later, int(str(body["at_ms"])))
            pause = AGAIN_S[min(delivery.attempt, len(AGAIN_S)) - 1]
            raise RetryLater(str(later), after_s=later.after_s or pause) from later
        await self._noted(order.key, body, number)

    async def _called(self, paging: Paging, order: PageOrder) -> int | None:
        """Return the number of what was opened or found; None where it went out as a machine's alert."""
        if not (paging.can_page and order.service):
            if not paging.can_alert:
                raise PagingOff("no `pagerduty.service` is declared for it")
            await paging.trigger(self._event(order))
            return None
        try:
            paged = await paging.open(order)
        except GiveUp:
            if not paging.can_alert:
                raise
            await paging.trigger(self._event(order))
            return None
        if self.alarm is not None:
            await self.alarm.accepted()
        return paged.number

    async def _unreached(
        self, paging: Paging, order: PageOrder, why: RetryLater, since_ms: int
    ) -> None:
        """Raise the alarm the other way, under the same key: at once for a refused key, else after a while."""
        refused = isinstance(why, PagingUnauthorised)
        late = self.env.clock.now_ms() - since_ms >= ALARM_MS
        if refused and self.alarm is not None:
            await self.alarm.refused()
        if not paging.can_alert or not (refused or (late and isinstance(why, PagingUnreachable))):
            return
        try:
            await paging.trigger(self._event(order))
        except (RetryLater, GiveUp):
            return  # the next attempt raises it again: the same key is the same alert

    def _order(self, state: State, workflow: Workflow, body: Mapping[str, Json]) -> PageOrder:
        settings, revision = settings_of(state), str(body["revision"])
        name, env, why = workflow.name, self.env.name, inert(str(body["why"]), limit=400)
        serves = f"{state.routing(name).id} serves everybody now."
        title = f"{revision} of {name} in {env} was taken back by itself: {why}"
        if body["what"] == STUCK:
            title = f"{revision} of {name} in {env} is bad and still serves: {why}"
            serves = (
                f"{serves} Nothing goes back by itself: kill it, or give it a route that may serve."
            )
        details = (
            serves,
            f"Workflow: {workflow.title} ({name}, tier {workflow.tier}, team {workflow.team})",
            *(f"{word}: {link}" for word, link in sorted(workflow.evidence.items())),
            *([f"Runbook: {workflow.runbook}"] if workflow.runbook else []),
        )
        return PageOrder(
            key=f"opsbot:{env}:route:{name}:{revision}:{body['uid']}",
            title=title,
            details="\n".join(details),
            service=declared((workflow,), "service") or settings.service,
            escalation_policy=declared((workflow,), "escalation_policy")
            or settings.escalation_policy,
        )

    def _event(self, order: PageOrder) -> AlertEvent:
        return AlertEvent(key=order.key, summary=order.title, source=f"opsbot {self.env.name}")

    async def _noted(self, key: str, body: Mapping[str, Json], number: int | None) -> None:
        """Write into the journal, once, that somebody was called."""
        facts = {"workflow": body["workflow"], "revision": body["revision"], "page": number}
        change = Change(verb="route_paged", actor=PAGERDUTY, rule="system", facts=facts)
        await self.env.store.commit(f"route-paged:{key}", lambda state, now_ms: (change, None))


def _over(state: State, workflow: Workflow, body: Mapping[str, Json]) -> bool:
    """Return whether what could not be taken back serves no more: nobody is called for what is over."""
    routing = state.routing(workflow.name)
    return body["what"] == STUCK and (routing.id != body["revision"] or not routing.stuck)
