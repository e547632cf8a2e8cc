"""The page about a route that was taken back by itself, or could not be: somebody is called, exactly once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from opsbot.app.environment import Environment
from opsbot.app.incident.open import settings_of
from opsbot.app.incident.steps import declared
from opsbot.app.paging.alarm import PagerAlarm
from opsbot.app.paging.caller import Caller
from opsbot.app.paging.mirror import PAGERDUTY
from opsbot.app.paging.over import ROUTE, over
from opsbot.app.paging.port import PageOrder, Paging
from opsbot.app.ports import Delivery
from opsbot.domain.change import Change, Json, Record, Timer
from opsbot.domain.said import inert
from opsbot.domain.state import State
from opsbot.domain.workflow import Workflow

STUCK: Final = "stuck"
"""What went red serves on, because the last good revision may not serve."""

RINGS_MS: Final = 300_000
"""
A page is resolved by itself after so long at the earliest.

A way back is confirmed within seconds: resolved as soon as that, it would ring nowhere.
"""


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
        order, since_ms = self._order(state, workflow, body), int(str(body["at_ms"]))
        caller = Caller(self.env, self.paging, self.alarm)
        number = await caller.open_or_alert(order, delivery, since_ms=since_ms)
        await self._noted(order.key, body, number)

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

    async def _noted(self, key: str, body: Mapping[str, Json], number: int | None) -> None:
        """Write into the journal, once, that somebody was called; from then on it is looked whether it is over."""
        facts: Record = {
            "workflow": body["workflow"],
            "revision": body["revision"],
            "page": number,
        }
        change = Change(
            verb="route_paged",
            actor=PAGERDUTY,
            rule="system",
            facts=facts,
            timers=(Timer(f"page-over:{key}", RINGS_MS, over(ROUTE, key, facts)),),
        )
        await self.env.store.commit(f"route-paged:{key}", lambda state, now_ms: (change, None))


def _over(state: State, workflow: Workflow, body: Mapping[str, Json]) -> bool:
    """Return whether what could not be taken back serves no more: nobody is called for what is over."""
    routing = state.routing(workflow.name)
    return body["what"] == STUCK and (routing.id != body["revision"] or not routing.stuck)
