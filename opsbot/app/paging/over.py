"""The end of a page that is no incident's: resolved by itself once its cause is known to be over, never before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from opsbot.app import route_state
from opsbot.app.approvals import over_words
from opsbot.app.environment import Environment, policy_of
from opsbot.app.paging.alarm import PagerAlarm
from opsbot.app.paging.caller import Caller
from opsbot.app.paging.mirror import OWN_MARK, PAGERDUTY
from opsbot.app.paging.port import Paging
from opsbot.app.ports import Delivery, RetryLater
from opsbot.domain.change import Change, Effect, Record
from opsbot.domain.errors import UnknownApproval, UnknownRevision, UnknownWorkflow
from opsbot.domain.route import Number
from opsbot.domain.state import State

KIND: Final = "page_over"
ROUTE, APPROVAL = "route", "approval"

LOOK_S: Final = 10.0
"""How often it is looked, in seconds: nobody's phone should ring long for what is settled."""

How = Callable[[State, int, Record], str]
"""From a state, its time and what the page is about to how that ended; empty while it is not known to be over."""


def over(about: str, key: str, facts: Record) -> Effect:
    """Return the effect that resolves the page of *key* once what *facts* name is over."""
    return Effect(KIND, f"page-over:{key}", {**facts, "about": about, "key": key}, lane="page")


@dataclass(frozen=True, slots=True)
class PageOver:
    """The effect handler `page_over`."""

    env: Environment
    paging: Paging | None
    alarm: PagerAlarm | None = None

    async def __call__(self, delivery: Delivery) -> None:
        """
        Resolve the page of what is over; of what is known no more it is left to people.

        Raises:
            RetryLater: it is not over, or PagerDuty could not be reached. GiveUp: from the port.
        """
        body, state = delivery.effect.body, await self.env.store.refresh()
        if self.paging is None:
            return
        try:
            how = _HOW[str(body["about"])](state, self.env.clock.now_ms(), body)
        except (UnknownWorkflow, UnknownRevision, UnknownApproval):
            return
        if not how:
            raise RetryLater("what it is about is not over yet", after_s=LOOK_S)
        key = str(body["key"])
        why = f"{OWN_MARK}{body.get('approval') or body.get('revision')}] {how}"
        taken = {one.pager.id for one in state.open_incidents() if one.pager is not None}
        caller = Caller(self.env, self.paging, self.alarm)
        if not await caller.resolve(key, delivery, why=why, but=taken):
            return
        facts = {name: value for name, value in body.items() if name != "key"} | {"why": how}
        change = Change(verb="pager_over", actor=PAGERDUTY, rule="system", facts=facts)
        await self.env.store.commit(f"page-over:{key}", lambda state, now_ms: (change, None))


def _route(state: State, now_ms: int, body: Record) -> str:
    workflow = str(body["workflow"])
    if workflow not in state.workflows():
        raise UnknownWorkflow(workflow)
    number = Number(int(str(body["revision"]).removeprefix("r")))
    return route_state.settled(state, workflow, number, now_ms)


def _approval(state: State, now_ms: int, body: Record) -> str:
    approval = state.approval(str(body["approval"]))
    if approval.requested_ms != body["asked_ms"]:
        raise UnknownApproval(approval.id)
    if approval.standing == "pending":
        return ""
    return f"{approval.id} is over: {over_words(policy_of(state), approval, now_ms)}"


_HOW: Final[Mapping[str, How]] = {ROUTE: _route, APPROVAL: _approval}
