"""The step `page`: call somebody, exactly once, and shout where nobody could be called."""

from dataclasses import dataclass, replace
from typing import Final

from opsbot.app.environment import Environment, policy_of
from opsbot.app.incident.change import changed
from opsbot.app.incident.open import settings_of
from opsbot.app.incident.steps import NOT_RUNG, declared, paged_anew, service_of, workflows_of
from opsbot.app.incident.words import lasted
from opsbot.app.paging.alarm import PagerAlarm
from opsbot.app.paging.mirror import PAGERDUTY
from opsbot.app.paging.oncall import OnCall, policy_of_workflow
from opsbot.app.paging.oncall_words import roster_age
from opsbot.app.paging.port import (
    AlertEvent,
    Paged,
    PageOrder,
    Paging,
    PagingUnauthorised,
    PagingUnreachable,
)
from opsbot.app.ports import Delivery, GiveUp, RetryLater
from opsbot.domain.change import Change
from opsbot.domain.errors import UnknownIncident
from opsbot.domain.incident.incident import Incident, Pager, Step
from opsbot.domain.incident.types import type_of
from opsbot.domain.policy.rules import shown
from opsbot.domain.roster import FIRST_LEVEL, Roster, person_on
from opsbot.domain.said import inert
from opsbot.domain.state import State

SHOUT_MS: Final = 30_000
"""After this long without success everybody reads whom to call instead."""

ALARM_MS: Final = 60_000
"""After this long the alarm is raised through the Events API, which is another part of PagerDuty."""

AGAIN_S: Final = (0.5, 1.0, 1.0, 2.0, 3.0, 5.0, 5.0, 10.0)
"""Pauses between attempts, in seconds; the last one stays: a page is never given up for silence."""

PRIORITY: Final = {"SEV1": "P1", "SEV2": "P2", "SEV3": "P3", "SEV4": "P4"}
SHOWN_PHONES: Final = 3

OLDER_MS: Final = 3_600_000
"""A page that was opened so long before its incident is another one's, whatever the clocks say."""


@dataclass(frozen=True, slots=True)
class PageIncident:
    """The handler of the step `page`."""

    env: Environment
    paging: Paging | None
    rota: OnCall | None = None
    alarm: PagerAlarm | None = None

    async def __call__(self, delivery: Delivery) -> None:
        """
        Open the page, or find that it was opened, and note its number.

        Raises:
            RetryLater: it could not be reached; it is tried until it is.
        """
        state = await self.env.store.refresh()
        try:
            incident = state.incident(str(delivery.effect.body["incident"]))
        except UnknownIncident:
            return
        step = incident.steps.get("page")
        if step is None or step.state != "due" or incident.pager is None:
            return
        if self.paging is None:
            await self._settled(
                incident, Step("failed", "PagerDuty is not connected", tries=step.tries)
            )
            return
        order = await self.order(state, incident, incident.pager)
        try:
            paged = await self._opened(self.paging, incident, incident.pager, order)
        except RetryLater as later:
            await self._unreached(self.paging, incident, later)
            pause = AGAIN_S[min(delivery.attempt, len(AGAIN_S)) - 1]
            raise RetryLater(str(later), after_s=later.after_s or pause) from later
        except GiveUp as no:
            await self._settled(
                incident, Step("failed", f"{no}. {await self.call_instead(state, incident)}")
            )
            return
        if self.alarm is not None:
            await self.alarm.accepted()
        if paged is None:
            over = f"it was {incident.status} before anybody was called"
            await self._settled(incident, Step("skipped", over, tries=step.tries))
            return
        await self._taken(incident, incident.pager, paged, rang=not order.assignees)

    async def _taken(self, incident: Incident, pager: Pager, paged: Paged, *, rang: bool) -> None:
        if _of_another(incident, pager, paged):
            await self._keyed_anew(incident, pager)
        else:
            await self._paged(incident, paged, rang=rang)

    async def _opened(
        self, paging: Paging, incident: Incident, pager: Pager, order: PageOrder
    ) -> Paged | None:
        """Return what was opened or found; nobody is called for what is over, and that is None."""
        if pager.adopted and pager.id:
            return await paging.get(pager.id)
        if not incident.open:
            return await paging.find(pager.key)
        return await paging.open(order)

    async def _keyed_anew(self, incident: Incident, pager: Pager) -> None:
        """
        Make the page due under the next key, as an older incident of the same name has this one.

        Names begin anew where a store was lost with every copy of its journal, and where two
        installations are called alike: adopted, the old page would call nobody.
        """

        def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
            now = state.incident(incident.id)
            if now.pager is None or now.pager.key != pager.key:
                return None, None
            after = paged_anew(now, now_ms)
            change, _ = changed(
                state, now_ms, now, after, PAGERDUTY, verb="incident_step", echo=True
            )
            return change, None

        await self.env.store.commit(f"page-keyed:{incident.uid}:{pager.key}", decide)

    async def order(self, state: State, incident: Incident, pager: Pager) -> PageOrder:
        """Return what is opened; of a private incident it says nothing but that it is one."""
        workflows = workflows_of(state, incident)
        title, summary = await self.env.unsealed(incident.title, incident.summary)
        policy = declared(workflows, "escalation_policy", wide=len(workflows) != 1)
        calm = incident.status == "triage"
        return PageOrder(
            key=pager.key,
            title=page_title(incident, title),
            details=_details(state, incident, self.env.name, summary),
            service=service_of(incident, settings_of(state), workflows),
            escalation_policy=policy or settings_of(state).escalation_policy,
            urgency="low" if calm else "high",
            priority="" if calm else PRIORITY[incident.severity],
            sender=email_of(state, incident.declared_by),
            assignees=self._awake(state, incident, policy or settings_of(state).escalation_policy),
        )

    def _awake(self, state: State, incident: Incident, policy: str) -> tuple[str, ...]:
        """
        Return the opener's id at PagerDuty where they are the very one who would be called.

        Somebody who has just killed something is awake; their phone must not ring for it. A page that
        is due later (a reopening, a higher severity, asked for by hand) rings.
        """
        if incident.steps["page"].tries:
            return ()
        roster, now_ms = None if self.rota is None else self.rota.roster, self.env.clock.now_ms()
        if roster is None or not roster.fresh(now_ms):
            return ()
        first = [one for one in roster.on((policy,), now_ms) if one.level == FIRST_LEVEL]
        if len(first) != 1:
            return ()
        person = person_on(policy_of(state), first[0])
        opened = person is not None and person.name == incident.declared_by
        return (first[0].pager,) if opened else ()

    async def _paged(self, incident: Incident, paged: Paged, *, rang: bool) -> None:
        left_out = "".join(f"; {one}" for one in paged.left_out)
        how = "adopted" if paged.adopted else "opened"
        quiet = "" if rang or paged.adopted else f"; {NOT_RUNG}"
        detail = f"PagerDuty #{paged.number} {how}{quiet}{left_out}"

        def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
            now = state.incident(incident.id)
            if now.pager is None:
                return None, None
            tries = now.steps["page"].tries
            known = replace(
                now.pager,
                id=paged.id,
                number=paged.number,
                url=paged.url,
                # A webhook may have come before this answer, and then it knows better.
                status=now.pager.status or paged.status,
                assignees=now.pager.assignees or paged.assignees,
                at_ms=now_ms,
            )
            after = replace(now, pager=known).stepped("page", Step("done", detail, now_ms, tries))
            change, _ = changed(
                state, now_ms, now, after, PAGERDUTY, verb="incident_paged", echo=True
            )
            return change, None

        await self.env.store.commit(f"paged:{incident.uid}:{paged.id}", decide)

    async def _unreached(self, paging: Paging, incident: Incident, why: RetryLater) -> None:
        """
        Say on the card, once, that nobody was called yet; and raise the alarm the other way.

        A refused key is said at once: nothing but a person makes it right.
        """
        refused = isinstance(why, PagingUnauthorised)
        waited_ms = self.env.clock.now_ms() - self._since_ms(incident)
        if waited_ms < SHOUT_MS and not refused:
            return
        step, state = incident.steps["page"], self.env.store.state
        if not step.detail:
            so = "PagerDuty refuses the key" if refused else f"not reached for {lasted(waited_ms)}"
            said = f"{so}. {await self.call_instead(state, incident)}"
            await self._settled(incident, replace(step, detail=said))
        if refused or (waited_ms >= ALARM_MS and isinstance(why, PagingUnreachable)):
            await self._alarm(paging, incident)
        if refused and self.alarm is not None:
            await self.alarm.refused()

    def _since_ms(self, incident: Incident) -> int:
        """Return since when somebody should have been called: its last [Retry], else its declaration."""
        return incident.steps["page"].at_ms or incident.times.declared

    async def _alarm(self, paging: Paging, incident: Incident) -> None:
        if not paging.can_alert or incident.pager is None:
            return
        (title,) = await self.env.unsealed(incident.title)
        event = AlertEvent(
            key=incident.pager.key,
            summary=page_title(incident, title),
            source=f"opsbot {self.env.name}",
        )
        try:
            await paging.trigger(event)
        except (RetryLater, GiveUp):
            return  # the next attempt raises it again: the same key is the same alert

    async def _settled(self, incident: Incident, step: Step) -> None:
        def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
            now = state.incident(incident.id)
            if now.steps["page"].state != "due":
                return None, None
            tries = now.steps["page"].tries
            at_ms = now.steps["page"].at_ms if step.state == "due" else now_ms
            after = now.stepped("page", replace(step, at_ms=at_ms, tries=tries))
            change, _ = changed(
                state, now_ms, now, after, PAGERDUTY, verb="incident_step", echo=True
            )
            return change, None

        tries = incident.steps["page"].tries
        await self.env.store.commit(f"page:{incident.uid}:{tries}:{step.state}", decide)

    async def call_instead(self, state: State, incident: Incident) -> str:
        """Return whom to call by hand, from the roster as it was last read by anybody, with its age."""
        if self.rota is not None:
            await self.rota.recall()
        roster = None if self.rota is None else self.rota.roster
        return call_instead(state, incident, roster, self.env.clock.now_ms())


def _of_another(incident: Incident, pager: Pager, paged: Paged) -> bool:
    """Return whether what was found by our key was there long before the incident was."""
    found = paged.adopted or not incident.open
    if not found or pager.adopted or paged.made_ms is None:
        return False
    return paged.made_ms < incident.times.declared - OLDER_MS


def call_instead(state: State, incident: Incident, roster: Roster | None, now_ms: int) -> str:
    """Return whom to call by hand; honest about how old that knowledge is, and where there is none."""
    policy = policy_of_workflow(state, incident.workflow)
    if roster is None:
        return "Call by hand: who is on call was never read"
    duties = [one for one in roster.on((policy,), now_ms) if one.phones or one.email]
    age = roster_age(roster, now_ms)
    if not duties:
        return f"Call by hand: nobody was on call as of {age}"
    named = [
        f"{_named(state, roster, one.pager, one.name)} {' or '.join(one.phones[:1]) or one.email}"
        + ("" if one.level == FIRST_LEVEL else f" (level {one.level})")
        for one in duties[:SHOWN_PHONES]
    ]
    return f"Call {', then '.join(named)} (on call as of {age})"


def _named(state: State, roster: Roster, pager: str, name: str) -> str:
    policy = policy_of(state)
    duty = next(one for one in roster.duties if one.pager == pager)
    person = person_on(policy, duty)
    return inert(person.shown if person is not None else name, limit=60)


def page_title(incident: Incident, title: str) -> str:
    """Return what a page is called; of a private incident it says nothing but that it is one."""
    drill = "DRILL " if incident.drill else ""
    if incident.private:
        return f"{drill}{incident.id} {incident.severity}: private incident"
    about = f" {incident.workflow}" if incident.workflow else ""
    return f"{drill}{incident.id} {incident.severity}{about}: {inert(title, limit=400)}"


def _details(state: State, incident: Incident, env: str, summary: str) -> str:
    if incident.private:
        return f"A private incident in {env}. opsbot names it to those who work on it."
    policy, kind = policy_of(state), type_of(incident.type)
    workflows = workflows_of(state, incident)
    lines = [
        f"{kind.title} in {env}, opened by {shown(policy, incident.declared_by)} with opsbot.",
        inert(summary, limit=1000),
        *(
            f"Workflow: {one.title} ({one.name}, tier {one.tier}, team {one.team})"
            for one in workflows
        ),
    ]
    for name in incident.kills:
        kill = state.kill(name)
        sure = "confirmed" if kill.confirmed_ms is not None else "not confirmed yet"
        lines.append(f"{kill.id}: {kill.mode}, {sure}")
    for one in workflows:
        lines += [f"{word}: {link}" for word, link in sorted(one.evidence.items())]
        if one.runbook:
            lines.append(f"Runbook: {one.runbook}")
    return "\n".join(line for line in lines if line)


def email_of(state: State, identity: str) -> str:
    """Return the e-mail by which PagerDuty may know somebody, empty where the policy has none."""
    person = policy_of(state).people.get(identity)
    if person is not None:
        return next(iter(person.email), "")
    kind, _, address = identity.partition(":")
    return address if kind == "email" else ""
