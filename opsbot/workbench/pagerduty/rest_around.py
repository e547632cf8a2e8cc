"""Routes around an incident: notes, alerts, history, status updates, subscribers, responders."""

import math

from opsbot.workbench.pagerduty.desk import Answer, Asked, Desk, Route, user_ref
from opsbot.workbench.pagerduty.fields import Fields
from opsbot.workbench.pagerduty.model import Incident, Json, LogEntry, Ref, Responder, not_found
from opsbot.workbench.pagerduty.paging import MOST, paged, when

ACCOUNT = "PACCOUNT"


def notes(desk: Desk, asked: Asked) -> Answer:
    """List the notes, newest first."""
    one = _incident(desk, asked)
    return Answer({"notes": [desk.incident_shapes.note(note) for note in reversed(one.notes)]})


def add_note(desk: Desk, asked: Asked) -> Answer:
    """Write a note; nothing makes the same request twice one note."""
    one = _incident(desk, asked)
    fields = asked.fields("note")
    content = fields.text("content", most=65_535)
    fields.done()
    note = desk.talk.note(one, content, asked.by)
    return Answer({"note": desk.incident_shapes.note(note)})


def alerts(desk: Desk, asked: Asked) -> Answer:
    """List the alerts."""
    one, key = _incident(desk, asked), asked.query.get("alert_key")
    wanted = asked.many("statuses")
    rows = [
        alert
        for alert in desk.account.alerts_of(one)
        if (not key or alert.key == key) and (not wanted or alert.status in wanted)
    ]
    return paged(asked, "alerts", rows, desk.incident_shapes.alert)


def log_entries(desk: Desk, asked: Asked) -> Answer:
    """List the history, newest first; `is_overview` leaves out the small things."""
    return _history(desk, asked, _incident(desk, asked).log)


def all_log_entries(desk: Desk, asked: Asked) -> Answer:
    """List the history of every incident."""
    rows = [entry for one in desk.account.incidents.values() for entry in one.log]
    return _history(desk, asked, sorted(rows, key=lambda entry: entry.at))


def log_entry(desk: Desk, asked: Asked) -> Answer:
    """Show one line of a history."""
    for one in desk.account.incidents.values():
        for entry in one.log:
            if entry.id == asked.ids["id"]:
                return Answer({"log_entry": desk.incident_shapes.log_entry(entry, asked.include)})
    raise not_found()


def related_changes(desk: Desk, asked: Asked) -> Answer:
    """List the changes of the incident's service, newest first."""
    one = _incident(desk, asked)
    rows = [change for change in reversed(desk.account.changes) if change.service == one.service]

    def reasons(at: int) -> Json:
        return {"correlation_reason": {"reason": "most_recent" if at == 0 else "related_service"}}

    spelled = [{**desk.shapes.change(row), **reasons(at)} for at, row in enumerate(rows)]
    return Answer(
        {"change_events": spelled, "limit": None, "offset": None, "total": None, "more": False}
    )


def update(desk: Desk, asked: Asked) -> Answer:
    """Tell the subscribers; a subject and HTML go together."""
    one = _incident(desk, asked)
    fields = Fields(asked.body, "status update")
    message = fields.text("message")
    subject, html = fields.text_or_none("subject"), fields.text_or_none("html_message")
    fields.done()
    made = desk.talk.update(one, message, asked.by, subject, html)
    return Answer({"status_update": desk.incident_shapes.update(made)})


def subscribers(desk: Desk, asked: Asked) -> Answer:
    """List who is told."""
    one = _incident(desk, asked)
    rows = [
        {
            "subscriber_id": id_,
            "subscriber_type": kind,
            "has_indirect_subscription": False,
            "subscribed_via": None,
        }
        for kind, id_ in one.subscribers
    ]
    return Answer(
        {
            "subscribers": rows,
            "account_id": ACCOUNT,
            "limit": MOST,
            "offset": 0,
            "more": False,
            "total": len(rows),
        }
    )


def subscribe(desk: Desk, asked: Asked) -> Answer:
    """Add people and teams who are told; each says whether it worked."""
    one = _incident(desk, asked)
    fields = Fields(asked.body, "")
    rows = fields.rows("subscribers")
    fields.done()
    wanted = [
        (row.one_of("subscriber_type", ["user", "team"]), row.text("subscriber_id"))
        for row in rows
    ]  # fmt: skip
    for kind, id_ in wanted:
        desk.account.ref(kind, id_)
    answers = []
    for pair in wanted:
        result = "duplicate" if pair in one.subscribers else "success"
        if result == "success":
            one.subscribers.append(pair)
        answers.append(
            {
                "account_id": ACCOUNT,
                "subscribable_id": one.id,
                "subscribable_type": "incident",
                "subscriber_id": pair[1],
                "subscriber_type": pair[0],
                "result": result,
            }
        )
    return Answer({"subscriptions": answers})


def call(desk: Desk, asked: Asked) -> Answer:
    """Ask for help; 402 where the plan has no coordinated responding."""
    desk.account.need("coordinated_responding")
    one = _incident(desk, asked)
    fields = Fields(asked.body, "responder request")
    requester, message = user_ref(desk, fields.text("requester_id")), fields.text("message")
    targets = [
        row.ref("responder_request_target", desk.account, "user", "escalation_policy")
        for row in fields.rows("responder_request_targets")
    ]
    fields.done()
    called = desk.talk.call(one, requester, message, targets)
    spelled = [
        {"responder_request_target": _target(desk, one, target, called)} for target in targets
    ]
    return Answer(
        {
            "responder_request": {
                "id": desk.account.new_id("req"),
                "incident": desk.shapes.ref(one.ref),
                "requester": desk.shapes.ref(requester),
                "requested_at": desk.incident_shapes.responder(one, called[0])["requested_at"],
                "message": message,
                "responder_request_targets": spelled,
            }
        }
    )


def cancel(desk: Desk, asked: Asked) -> Answer:
    """Take back calls for help that nobody answered."""
    desk.account.need("coordinated_responding")
    one = _incident(desk, asked)
    fields = Fields(asked.body, "responder request")
    user_ref(desk, fields.text("requester_id"))
    targets = [
        row.as_ref(desk.account, "user", "escalation_policy")
        for row in fields.rows("responder_request_targets")
    ]
    fields.done()
    return Answer({"responder_request_targets": [_cancelled(one, target) for target in targets]})


def _cancelled(one: Incident, target: Ref) -> Json:
    asked = [row for row in one.responders if row.target == target and row.state == "pending"]
    for row in asked:
        row.state = "user_cancelled"
    result = "cancelled" if asked else "not_found"
    return {"type": f"{target.kind}_reference", "id": target.id, "result": result}


def _target(desk: Desk, one: Incident, target: Ref, called: list[Responder]) -> Json:
    rows = [desk.incident_shapes.responder(one, row) for row in called if row.target == target]
    return {
        "type": target.kind,
        "id": target.id,
        "summary": target.summary,
        "incidents_responders": rows,
    }


def _history(desk: Desk, asked: Asked, rows: list[LogEntry]) -> Answer:
    overview = asked.query.get("is_overview") == "true"
    since, until = when(asked, "since", 0.0), when(asked, "until", math.inf)
    found = [
        entry
        for entry in reversed(rows)
        if (entry.overview or not overview) and since <= entry.at < until
    ]
    return paged(
        asked, "log_entries", found,
        lambda entry: desk.incident_shapes.log_entry(entry, asked.include),
    )  # fmt: skip


def _incident(desk: Desk, asked: Asked) -> Incident:
    return desk.account.incident(asked.ids["id"])


ROUTES = (
    Route("GET", "/incidents/{id}/notes", notes),
    Route("POST", "/incidents/{id}/notes", add_note, from_header=True),
    Route("GET", "/incidents/{id}/alerts", alerts),
    Route("GET", "/incidents/{id}/log_entries", log_entries),
    Route("GET", "/log_entries", all_log_entries),
    Route("GET", "/log_entries/{id}", log_entry),
    Route("GET", "/incidents/{id}/related_change_events", related_changes),
    Route("POST", "/incidents/{id}/status_updates", update, from_header=True),
    Route("GET", "/incidents/{id}/status_updates/subscribers", subscribers),
    Route("POST", "/incidents/{id}/status_updates/subscribers", subscribe),
    Route("POST", "/incidents/{id}/responder_requests", call),
    Route("PUT", "/incidents/{id}/responder_requests/cancel", cancel),
)
