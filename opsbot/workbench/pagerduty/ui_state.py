"""What the page shows: incidents, who is on call, webhooks, faults."""

from collections.abc import Iterable
from typing import get_args

from opsbot.workbench.pagerduty.clock import stamp
from opsbot.workbench.pagerduty.desk import Desk
from opsbot.workbench.pagerduty.model import Incident, Json, Policy, Status
from opsbot.workbench.pagerduty.oncall import duties

RECENT = 30


def state(desk: Desk, me: str, seq: int) -> Json:
    """Describe everything; *me* is who looks."""
    account = desk.account
    order = list(get_args(Status))
    incidents = sorted(
        account.incidents.values(), key=lambda one: (order.index(one.status), -one.number)
    )
    return {
        "me": me,
        "seq": seq,
        "now": stamp(desk.clock()),
        "pushed_s": desk.clock.pushed_s,
        "people": [
            {"id": user.id, "name": user.name, "email": user.email, "title": user.job_title}
            for user in account.users.values()
        ],
        "services": [{"id": one.id, "name": one.name} for one in account.services.values()],
        "incidents": [incident(desk, one, me) for one in incidents],
        "on_call": [_on_call(desk, policy) for policy in account.policies.values()],
        "paged": sum(page.user == me for page in account.pages),
        "subscriptions": [
            desk.subscriptions.spelled(one) for one in desk.subscriptions.rows.values()
        ],
        "webhooks": webhooks(desk),
        "faults": desk.faults.described(),
    }


def incident(desk: Desk, one: Incident, me: str) -> Json:
    """Describe an incident with its notes and history, newest first."""
    account = desk.account
    priority = account.priorities[one.priority].name if one.priority else None
    asked = any(row.user == me and row.state == "pending" for row in one.responders)
    return {
        "id": one.id,
        "number": one.number,
        "title": one.title,
        "status": one.status,
        "urgency": one.urgency,
        "priority": priority,
        "service": account.services[one.service].name,
        "policy": account.policies[one.policy].name,
        "level": one.level,
        "levels": len(account.policies[one.policy].levels),
        "key": one.key,
        "body": one.body,
        "created_at": stamp(one.created_at),
        "assigned": _names(desk, (user for user, _ in one.assigned)),
        "acknowledged": _names(desk, (user for user, _ in one.acknowledged)),
        "mine": any(user == me for user, _ in one.assigned),
        "asked": asked,
        "snoozed_until": stamp(one.snoozed_until) if one.snoozed_until else None,
        "responders": [
            {"name": account.users[row.user].name, "state": row.state} for row in one.responders
        ],
        "notes": [
            {"by": note.user.summary, "at": stamp(note.at), "content": note.content}
            for note in reversed(one.notes)
        ],
        "updates": [
            {"by": row.sender.summary, "at": stamp(row.at), "content": row.message}
            for row in reversed(one.updates)
        ],
        "log": [
            {"at": stamp(row.at), "kind": row.kind, "summary": row.summary}
            for row in reversed(one.log)
        ],
    }


def webhooks(desk: Desk) -> Json:
    """Describe the newest deliveries, and how many wait."""
    sender = desk.sender
    recent = [one.described() for one in sender.deliveries[: -RECENT - 1 : -1]]
    return {"waiting": len(sender.waiting), "sent": len(sender.deliveries), "recent": recent}


def _on_call(desk: Desk, policy: Policy) -> Json:
    now = desk.clock()
    rows = [
        {
            "level": duty.level,
            "id": duty.user,
            "name": desk.account.users[duty.user].name,
            "until": stamp(duty.end) if duty.end is not None else None,
        }
        for duty in duties(desk.account, policy, now, now)
    ]
    return {"id": policy.id, "name": policy.name, "levels": len(policy.levels), "people": rows}


def _names(desk: Desk, ids: Iterable[str]) -> list[str]:
    return [desk.account.users[id_].name for id_ in ids]
