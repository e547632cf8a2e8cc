"""The page to the secondary: what waits for a second person too long calls who counts as approver by then."""

from dataclasses import dataclass

from opsbot.app.approvals import ramp_of
from opsbot.app.environment import Environment, policy_of
from opsbot.app.fleet.words import clock
from opsbot.app.incident.open import settings_of
from opsbot.app.incident.steps import declared
from opsbot.app.paging.alarm import PagerAlarm
from opsbot.app.paging.caller import Caller
from opsbot.app.paging.check import match
from opsbot.app.paging.mirror import PAGERDUTY
from opsbot.app.paging.over import APPROVAL, over
from opsbot.app.paging.page import email_of
from opsbot.app.paging.port import PageOrder, Paging
from opsbot.app.ports import Delivery, RetryLater
from opsbot.app.restore.waits import ramp_words
from opsbot.app.target import touched
from opsbot.domain.approval import Approval
from opsbot.domain.change import Change, Record
from opsbot.domain.errors import UnknownApproval
from opsbot.domain.policy.rules import shown
from opsbot.domain.said import inert
from opsbot.domain.state import State
from opsbot.domain.workflow import Workflow


@dataclass(frozen=True, slots=True)
class PageApprover:
    """The effect handler `approver_page`; whom PagerDuty does not know is asked in the chat alone."""

    env: Environment
    paging: Paging | None
    alarm: PagerAlarm | None = None

    async def __call__(self, delivery: Delivery) -> None:
        """
        Call every secondary whom PagerDuty knows, or find that they were called; nobody for what is settled.

        Raises:
            RetryLater: it could not be reached; it is tried until it is, or the approval is over.
            GiveUp: it was refused.
        """
        state = await self.env.store.refresh()
        try:
            approval = state.approval(str(delivery.effect.body["approval"]))
        except UnknownApproval:
            return
        wanted = self.paging is not None and self.paging.can_page and settings_of(state).paging
        if self.paging is None or not wanted or approval.standing != "pending":
            return
        caller = Caller(self.env, self.paging, self.alarm)
        called = await self._known(self.paging, caller, state, approval, delivery)
        order = self._order(state, approval, tuple(called.values()))
        if order.service and called:
            number = await caller.open(order, delivery)
            await self._noted(order.key, approval, number, tuple(called))

    async def _known(
        self,
        paging: Paging,
        caller: Caller,
        state: State,
        approval: Approval,
        delivery: Delivery,
    ) -> dict[str, str]:
        """Return the ids at PagerDuty of who may approve by now, by their names in the policy."""
        policy = policy_of(state)
        people = [
            policy.people[name]
            for name in policy.secondary
            if name != approval.requester and name in policy.people
        ]
        try:
            known = await paging.people()
        except RetryLater as later:
            raise await caller.later(later, delivery) from later
        found = ((one.name, match(one, known)) for one in people)
        return {name: pager.id for name, pager in found if pager is not None}

    def _order(self, state: State, approval: Approval, people: tuple[str, ...]) -> PageOrder:
        workflows, env = _touched(state, approval), self.env.name
        what = _what(approval, workflows)
        by = shown(policy_of(state), approval.requester)
        until = clock(approval.expires_ms)
        details = (
            f"Asked by {inert(by, limit=60)}; open until {until}. Nobody approved it so far.",
            f"Approve or refuse it in Slack, or in a terminal: opsbot approve {approval.id}.",
            *(f"Workflow: {one.title} ({one.name}, tier {one.tier})" for one in workflows),
        )
        return PageOrder(
            key=f"opsbot:{env}:approval:{approval.id}:{approval.requested_ms}",
            title=f"{approval.id} in {env} waits for your approval: {what}",
            details="\n".join(details),
            service=declared(workflows, "service", wide=len(workflows) != 1)
            or settings_of(state).service,
            # A change can wait until its approver is awake; a workflow that is switched off cannot.
            urgency="low" if ramp_of(approval) else "high",
            sender=email_of(state, approval.requester),
            assignees=people,
        )

    async def _noted(
        self, key: str, approval: Approval, number: int, called: tuple[str, ...]
    ) -> None:
        """Write into the journal, once, who was called; from then on it is looked whether it is over."""
        facts: Record = {
            "approval": approval.id,
            "asked_ms": approval.requested_ms,
            "page": number,
            "called": list(called),
            **({"kill": approval.kills[0]} if approval.kills else {}),
        }
        change = Change(
            verb="pager_called",
            actor=PAGERDUTY,
            rule="system",
            facts=facts,
            effects=(over(APPROVAL, key, facts),),
        )
        await self.env.store.commit(f"pager-called:{key}", lambda state, now_ms: (change, None))


def _touched(state: State, approval: Approval) -> tuple[Workflow, ...]:
    ramped = (one for name, one in state.workflows().items() if name == ramp_of(approval))
    return (*touched(state, tuple(state.kill(name) for name in approval.kills)), *ramped)


def _what(approval: Approval, workflows: tuple[Workflow, ...]) -> str:
    if ramp_of(approval):
        return ramp_words(approval).replace("`", "")
    names = ", ".join(one.name for one in workflows[:3])
    more = f" and {len(workflows) - 3} more" if workflows[3:] else ""
    return f"restore of {', '.join(approval.kills)} ({names}{more})"
