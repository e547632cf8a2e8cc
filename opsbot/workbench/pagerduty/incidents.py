"""What may be done to an incident's life: open, acknowledge, resolve, escalate, hand on; and time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from opsbot.workbench.pagerduty.account import Account
from opsbot.workbench.pagerduty.model import (
    Happened,
    Incident,
    Json,
    LogEntry,
    Page,
    Priority,
    Ref,
    Refusal,
    Urgency,
    invalid,
)
from opsbot.workbench.pagerduty.oncall import first_level, people
from opsbot.workbench.pagerduty.shapes_incident import IncidentShapes

DUPLICATE = "Open incident with matching dedup key already exists on this service"
Tell = Callable[[Happened], None]
_PLACES = {"api": "API", "website": "website"}


@dataclass(frozen=True, slots=True)
class By:
    """Who does something, and by what: the API, the website, an event, or time itself."""

    agent: Ref
    channel: str = "api"
    client: str | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """What a new incident is to be."""

    title: str
    service: str
    key: str | None
    urgency: Urgency | None = None
    priority: str | None = None
    body: str | None = None
    policy: str | None = None
    assignees: tuple[str, ...] = ()
    bridge: Json | None = None
    type: str = "incident_default"
    by_hand: bool = False
    channel: Json = field(default_factory=dict)


@dataclass(slots=True)
class Incidents:
    """Change incidents; each change is logged, and told to *tell* for the webhooks."""

    account: Account
    shapes: IncidentShapes
    tell: Tell

    def open(self, by: By, new: Opening) -> Incident:
        """
        Open an incident and page who is on call.

        Raises:
            Refusal: the key is taken, or nobody is on call.
        """
        account, now = self.account, self.account.clock()
        if new.key and account.open_with(new.service, new.key, by_alert=False):
            raise Refusal(400, 2002, "Arguments Caused Error", DUPLICATE)
        service = account.services[new.service]
        policy = account.policies[new.policy or service.policy]
        level = first_level(account, policy)
        if level is None and not new.assignees:
            raise Refusal(
                400, 1015, "Incident Cannot Be Created",
                "The escalation policy has nobody on call",
            )  # fmt: skip
        one = Incident(
            account.new_id("inc"), account.next_number(), new.title, service.id, policy.id,
            new.key, now, by.agent, level or 1, urgency=new.urgency or service.urgency,
            priority=new.priority, body=new.body, type=new.type, bridge=new.bridge,
            directly=bool(new.assignees), status_at=now, by_hand=new.by_hand,
        )  # fmt: skip
        account.incidents[one.id] = one
        through = "an event" if by.agent.kind == "service" else f"the {_PLACES[by.channel]}"
        summary = f"Triggered through {through}"
        self.log(one, "trigger", by, summary, channel={**new.channel, "summary": new.title})
        users = self._given(one, list(new.assignees) or people(account, policy, one.level))
        self.happened(one, "triggered", by)
        self.call(one, users, by)
        return one

    def call(self, one: Incident, users: Sequence[str], by: By) -> None:
        """Page *users*, unless one of them took it: who knows needs no page."""
        if one.directly and by.agent.kind == "user" and by.agent.id in users:
            self.acknowledge(one, by)
            return
        self._count_down(one)
        for user in users:
            self.page(one, user)

    def page(self, one: Incident, user: str) -> None:
        """Notify one person of the incident."""
        now = self.account.clock()
        self.account.pages.append(Page(one.id, user, now))
        ref = self.account.ref("user", user)
        service = self.account.services[one.service].ref
        self.log(
            one, "notify", By(service, "auto"), f"Notified {ref.summary}",
            channel={"type": "auto", "notification": {"type": "push_notification", "status": "success"}},
            more={"user": self.shapes.shapes.ref(ref)},
        )  # fmt: skip

    def acknowledge(self, one: Incident, by: By) -> None:
        """
        Say that somebody is at it.

        Raises:
            Refusal: it is resolved (1001), or acknowledged already (1002).
        """
        self._open(one)
        if one.status == "acknowledged":
            raise Refusal(400, 1002, "Incident Already Acknowledged")
        one.status, one.escalates_at, one.snoozed_until = "acknowledged", None, None
        if by.agent.kind == "user":
            one.acknowledged = [(by.agent.id, self.account.clock())]
        self._turned(one, by)
        self.log(one, "acknowledge", by, f"Acknowledged by {by.agent.summary}")
        self.happened(one, "acknowledged", by)

    def resolve(self, one: Incident, by: By) -> None:
        """
        Close it, and its alerts with it.

        Raises:
            Refusal: it is resolved already.
        """
        self._open(one)
        one.status, one.escalates_at, one.snoozed_until = "resolved", None, None
        one.resolved_at = self.account.clock()
        one.assigned, one.acknowledged = [], []
        for alert in self.account.alerts_of(one):
            alert.status = "resolved"
        self._turned(one, by)
        self.log(one, "resolve", by, f"Resolved by {by.agent.summary}")
        self.happened(one, "resolved", by)

    def reopen(self, one: Incident, by: By) -> None:
        """
        Trigger it again, from resolved (reopened) or from acknowledged.

        Raises:
            Refusal: it is triggered.
        """
        if one.status == "triggered":
            raise invalid("Incident is already triggered")
        event = "reopened" if one.status == "resolved" else "unacknowledged"
        one.status, one.resolved_at, one.snoozed_until, one.merged_into = (
            "triggered", None, None, None,
        )  # fmt: skip
        one.acknowledged = []
        self._turned(one, by)
        self.log(one, "unacknowledge", by, f"{event.capitalize()} by {by.agent.summary}")
        policy = self.account.policies[one.policy]
        assigned = [user for user, _ in one.assigned]
        users = self._given(one, assigned or people(self.account, policy, one.level))
        self.happened(one, event, by)
        self.call(one, users, by)

    def escalate(self, one: Incident, level: int, by: By) -> None:
        """
        Page another level of its policy.

        Raises:
            Refusal: it is resolved, or there is no such level, or nobody on it.
        """
        self._open(one)
        policy = self.account.policies[one.policy]
        if not 1 <= level <= len(policy.levels):
            raise invalid(f"Escalation level {level} does not exist")
        found = people(self.account, policy, level)
        if not found:
            raise Refusal(400, 1015, "Nobody On Call", f"Nobody is on call at level {level}")
        one.level, one.directly = level, False
        self._again(one, by)
        said = f"Escalated to level {level} by {by.agent.summary}"
        self.log(one, "escalate", by, said, more=self._to(found))
        self._given(one, found)
        self.happened(one, "escalated", by)
        self.call(one, found, by)

    def reassign(self, one: Incident, users: Sequence[str], by: By) -> None:
        """
        Give it to these people.

        Raises:
            Refusal: it is resolved.
        """
        self._open(one)
        one.directly = True
        self._again(one, by)
        names = ", ".join(self.account.users[user].name for user in users)
        said = f"Assigned to {names} by {by.agent.summary}"
        self.log(one, "assign", by, said, more=self._to(users))
        self._given(one, users)
        self.happened(one, "reassigned", by)
        self.call(one, users, by)

    def delegate(self, one: Incident, policy_id: str, by: By) -> None:
        """
        Hand it to another escalation policy.

        Raises:
            Refusal: it is resolved, or nobody is on call by that policy.
        """
        self._open(one)
        policy = self.account.policies[policy_id]
        level = first_level(self.account, policy)
        if level is None:
            raise Refusal(400, 1015, "Nobody On Call", "Nobody is on call by that policy")
        one.policy, one.level, one.directly = policy_id, level, False
        self._again(one, by)
        found = people(self.account, policy, level)
        said = f"Delegated to {policy.name} by {by.agent.summary}"
        self.log(one, "delegate", by, said, more=self._to(found))
        self._given(one, found)
        self.happened(one, "delegated", by)
        self.call(one, found, by)

    def prioritise(self, one: Incident, priority: Priority | None, by: By) -> None:
        """Set or clear its priority."""
        one.priority = priority.id if priority else None
        self._touched(one)
        name = priority.name if priority else "none"
        self.log(one, "field_value_change", by, f"Priority set to {name}")
        self.happened(one, "priority_updated", by)

    def edit(self, one: Incident, by: By, **changed: str) -> None:
        """Change its title, urgency, type or service; only the latter two are told."""
        told = {"type": "incident_type.changed", "service": "service_updated"}
        for name, value in changed.items():
            setattr(one, name, value)
            kind = "urgency_change" if name == "urgency" else "field_value_change"
            self.log(one, kind, by, f"{name.capitalize()} changed to {value}")
            if name in told:
                self.happened(one, told[name], by)
        self._touched(one)

    def bridge(self, one: Incident, bridge: Json, by: By) -> None:
        """Set its conference bridge."""
        one.bridge = bridge
        self._touched(one)
        number = bridge.get("conference_number")
        data = {
            "incident": self.shapes.shapes.ref(one.ref),
            "conference_numbers": [{"label": "", "number": number}] if number else [],
            "conference_url": bridge.get("conference_url"),
            "type": "incident_conference_bridge",
        }
        self.happened(one, "conference_bridge.updated", by, data)

    def lapse(self) -> None:
        """Do what time does: a snooze ends, a level that did not answer is passed over."""
        now = self.account.clock()
        for one in list(self.account.incidents.values()):
            by = By(self.account.services[one.service].ref, "timeout")
            if one.snoozed_until is not None and one.snoozed_until <= now:
                self.reopen(one, by)
            elif one.escalates_at is not None and one.escalates_at <= now:
                level = first_level(self.account, self.account.policies[one.policy], one.level + 1)
                one.escalates_at = None
                if level is not None:
                    self.escalate(one, level, by)

    def happened(self, one: Incident, event: str, by: By, data: Json | None = None) -> None:
        """Tell the webhooks."""
        service = self.account.services[one.service]
        self.tell(
            Happened(
                self.account.new_id("evt"), f"incident.{event}", self.account.clock(), by.agent,
                by.client, self.shapes.hook_incident(one) if data is None else data, one.id,
                service.id, service.teams,
            )
        )  # fmt: skip

    def log(
        self,
        one: Incident,
        kind: str,
        by: By,
        summary: str,
        *,
        channel: Json | None = None,
        more: Json | None = None,
    ) -> None:
        """Add a line to its history."""
        through = {"type": by.channel, "summary": summary, **(channel or {})}
        entry = LogEntry(
            self.account.new_id("log"), kind, one.id, by.agent, through, summary,
            self.account.clock(), more or {},
        )  # fmt: skip
        one.log.append(entry)
        self._touched(one)

    def _given(self, one: Incident, users: Sequence[str]) -> Sequence[str]:
        # Before it is told: a webhook names those whom the incident has now.
        one.assigned = [(user, self.account.clock()) for user in users]
        return users

    def _to(self, users: Sequence[str]) -> Json:
        return {"assignees": self.shapes.shapes.refs("user", users)}

    def _open(self, one: Incident) -> None:
        if not one.is_open:
            raise Refusal(400, 1001, "Incident Already Resolved")

    def _again(self, one: Incident, by: By) -> None:
        if one.status == "acknowledged":
            one.status, one.acknowledged, one.snoozed_until = "triggered", [], None
            self._turned(one, by)

    def _turned(self, one: Incident, by: By) -> None:
        one.status_at, one.changed_by = self.account.clock(), by.agent
        self._touched(one)

    def _touched(self, one: Incident) -> None:
        one.updated_at = self.account.clock()

    def _count_down(self, one: Incident) -> None:
        levels = self.account.policies[one.policy].levels
        one.escalates_at = None
        if not one.directly and one.level < len(levels):
            delay_s = levels[one.level - 1].delay_min * 60.0
            one.escalates_at = self.account.clock() + delay_s
