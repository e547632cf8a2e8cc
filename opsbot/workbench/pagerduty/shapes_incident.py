"""Incidents and what hangs on them as PagerDuty's answers and webhooks spell them."""

from dataclasses import dataclass

from opsbot.workbench.pagerduty.account import Account
from opsbot.workbench.pagerduty.clock import precise, stamp
from opsbot.workbench.pagerduty.model import (
    Alert,
    Happened,
    Incident,
    Json,
    LogEntry,
    Note,
    Responder,
    StatusUpdate,
)
from opsbot.workbench.pagerduty.shapes import Shapes

WEB = "The PagerDuty website or APIs"


@dataclass(frozen=True, slots=True)
class IncidentShapes:
    """Spell incidents with the help of *shapes*."""

    account: Account
    shapes: Shapes

    def incident(self, one: Incident, include: frozenset[str] = frozenset()) -> Json:
        """Spell an incident as REST does; *include* as its parameter `include[]`."""
        shapes, account = self.shapes, self.account
        service, policy = account.services[one.service], account.policies[one.policy]
        whole = "services" in include
        return {
            **shapes.ref(one.ref),
            "type": "incident",
            "incident_number": one.number,
            "title": one.title,
            "created_at": stamp(one.created_at),
            "updated_at": stamp(one.updated_at),
            "status": one.status,
            "incident_key": one.key,
            "service": shapes.service(service) if whole else shapes.ref(service.ref),
            "assignments": self._assignments(one, "assignees" in include),
            "assigned_via": "direct_assignment" if one.directly else "escalation_policy",
            "acknowledgements": self._acknowledgements(one),
            "last_status_change_at": stamp(one.status_at),
            "last_status_change_by": shapes.ref(one.changed_by),
            "resolved_at": None if one.resolved_at is None else stamp(one.resolved_at),
            "first_trigger_log_entry": self._first(one),
            "incident_type": {"name": one.type},
            "escalation_policy": shapes.policy(policy)
            if "escalation_policies" in include
            else shapes.ref(policy.ref),
            "teams": shapes.refs("team", service.teams),
            "priority": self._priority(one),
            "urgency": one.urgency,
            "alert_counts": self._alert_counts(one),
            "is_mergeable": one.is_open,
            "pending_actions": self._pending(one),
            "resolve_reason": self._merged(one),
            "conference_bridge": one.bridge,
            "body": None if one.body is None else {"type": "incident_body", "details": one.body},
        }

    def _assignments(self, one: Incident, whole: bool) -> list[Json]:  # noqa: FBT001 - told by include[]
        shapes, users = self.shapes, self.account.users
        spell = shapes.user if whole else lambda user: shapes.ref(user.ref)
        return [{"at": stamp(at), "assignee": spell(users[user])} for user, at in one.assigned]

    def _acknowledgements(self, one: Incident) -> list[Json]:
        return [
            {"at": stamp(at), "acknowledger": self.shapes.ref(self.account.ref("user", user))}
            for user, at in one.acknowledged
        ]

    def _first(self, one: Incident) -> Json:
        return self.log_entry_ref(one, one.log[0])

    def log_entry_ref(self, one: Incident, entry: LogEntry) -> Json:
        """Name a log entry."""
        base = self.shapes.base_url
        return {
            "id": entry.id,
            "type": f"{entry.kind}_log_entry_reference",
            "summary": entry.summary,
            "self": f"{base}/log_entries/{entry.id}?incident_id={one.id}",
            "html_url": f"{base}/#/incidents/{one.id}/log_entries/{entry.id}",
        }

    def _priority(self, one: Incident) -> Json | None:
        if one.priority is None:
            return None
        return self.shapes.ref(self.account.ref("priority", one.priority))

    def _alert_counts(self, one: Incident) -> Json:
        alerts = self.account.alerts_of(one)
        resolved = sum(alert.status == "resolved" for alert in alerts)
        return {"all": len(alerts), "triggered": len(alerts) - resolved, "resolved": resolved}

    def _pending(self, one: Incident) -> list[Json]:
        soon = {"unacknowledge": one.snoozed_until, "escalate": one.escalates_at}
        return [{"type": kind, "at": stamp(at)} for kind, at in soon.items() if at is not None]

    def _merged(self, one: Incident) -> Json | None:
        if one.merged_into is None:
            return None
        target = self.account.incidents[one.merged_into]
        return {"type": "merge_resolve_reason", "incident": self.shapes.ref(target.ref)}

    def note(self, note: Note) -> Json:
        """Spell a note."""
        return {
            "id": note.id,
            "user": self.shapes.ref(note.user),
            "channel": {"summary": WEB},
            "content": note.content,
            "created_at": stamp(note.at),
            "updated_at": stamp(note.at),
        }

    def update(self, update: StatusUpdate) -> Json:
        """Spell a status update."""
        extra = {"subject": update.subject, "html_message": update.html_message}
        return {
            "id": update.id,
            "message": update.message,
            "sender": self.shapes.ref(update.sender),
            "created_at": stamp(update.at),
            **{name: value for name, value in extra.items() if value is not None},
        }

    def responder(self, one: Incident, asked: Responder) -> Json:
        """Spell one person who was asked for help."""
        user, requester = (self.account.ref("user", id_) for id_ in (asked.user, asked.requester))
        return {
            "state": asked.state,
            "user": self.shapes.ref(user),
            "incident": self.shapes.ref(one.ref),
            "updated_at": stamp(asked.at),
            "message": asked.message,
            "requester": self.shapes.ref(requester),
            "requested_at": stamp(asked.at),
        }

    def alert(self, alert: Alert) -> Json:
        """Spell an alert."""
        service = self.account.services[alert.service]
        incident = self.account.incidents[alert.incident] if alert.incident else None
        base = self.shapes.base_url
        details = alert.payload.get("custom_details") or {}
        return {
            "id": alert.id,
            "type": "alert",
            "summary": alert.payload["summary"],
            "self": f"{base}/incidents/{alert.incident}/alerts/{alert.id}",
            "html_url": f"{base}/#/alerts/{alert.id}",
            "created_at": stamp(alert.at),
            "status": alert.status,
            "alert_key": alert.key,
            "service": self.shapes.ref(service.ref),
            "body": {
                "type": "alert_body",
                "contexts": [{"type": "link", **link} for link in alert.links],
                "details": details,
            },
            "incident": self.shapes.ref(incident.ref) if incident else None,
            "suppressed": False,
            "severity": alert.payload["severity"],
        }

    def log_entry(self, entry: LogEntry, include: frozenset[str] = frozenset()) -> Json:
        """Spell a log entry; the whole channel only where *include* asks for it."""
        one = self.account.incidents[entry.incident]
        short = {"type": entry.channel["type"]}
        service = self.account.services[one.service]
        return {
            **self.log_entry_ref(one, entry),
            "type": f"{entry.kind}_log_entry",
            "created_at": stamp(entry.at),
            "agent": self.shapes.ref(entry.agent),
            "channel": entry.channel if "channels" in include else short,
            "incident": self.shapes.ref(one.ref),
            "service": self.shapes.ref(service.ref),
            "teams": self.shapes.refs("team", service.teams),
            "contexts": [],
            **entry.more,
        }

    def hook_incident(self, one: Incident) -> Json:
        """Spell an incident as webhooks do: other names, fewer fields."""
        account, shapes = self.account, self.shapes
        users = [shapes.ref(account.ref("user", user)) for user, _ in one.assigned]
        return {
            **{key: shapes.ref(one.ref)[key] for key in ("id", "self", "html_url")},
            "type": "incident",
            "number": one.number,
            "status": one.status,
            "incident_key": one.key,
            "created_at": stamp(one.created_at),
            "title": one.title,
            "incident_type": {"name": one.type},
            "service": shapes.ref(account.services[one.service].ref),
            "assignees": users,
            "escalation_policy": shapes.ref(account.policies[one.policy].ref),
            "teams": shapes.refs("team", account.services[one.service].teams),
            "priority": self._priority(one),
            "urgency": one.urgency,
            "conference_bridge": one.bridge,
            "resolve_reason": self._merged(one),
        }

    def envelope(self, what: Happened) -> Json:
        """Spell what a webhook carries."""
        return {
            "event": {
                "id": what.id,
                "event_type": what.type,
                "resource_type": what.type.partition(".")[0],
                "occurred_at": precise(what.at),
                "agent": self.shapes.ref(what.agent) if what.agent else None,
                "client": {"name": what.client} if what.client else None,
                "data": what.data,
            }
        }
