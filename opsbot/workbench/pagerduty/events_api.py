"""The Events API v2: alerts that make incidents, and changes that page nobody."""

import uuid
from collections.abc import Callable
from typing import Final

from opsbot.workbench.pagerduty.clock import moment
from opsbot.workbench.pagerduty.desk import Answer, Desk
from opsbot.workbench.pagerduty.fields import Fields
from opsbot.workbench.pagerduty.incidents import By, Opening
from opsbot.workbench.pagerduty.model import Alert, ChangeEvent, Json, Refusal, Service, invalid

MOST_BYTES = 512 * 1024
PER_MINUTE = 120
SUMMARY = 1024
THROTTLED: Final[Json] = {
    "status": "throttle exceeded",
    "message": "Requests for this service are arriving too quickly.  Please retry later.",
}
KEY = 255
SEVERITIES: Final = ("critical", "error", "warning", "info")
ACTIONS: Final = ("trigger", "acknowledge", "resolve")


def enqueue(desk: Desk, body: Json) -> Answer:
    """
    Take an event. What it names and does not find is dropped without a word.

    Raises:
        Refusal: the event itself is wrong; its errors are the sentences of the answer.
    """
    fields = Fields(body, "")
    service = _service(desk, fields)
    action = fields.one_of("event_action", ACTIONS)
    key = fields.text_or_none("dedup_key", most=KEY)
    if action != "trigger":
        for name in ("payload", "client", "client_url", "links", "images"):
            fields.skip(name)
        fields.done()
        _follow(desk, service, action, fields.text("dedup_key"))
        return _accepted(key)
    alert = Alert(
        desk.account.new_id("alr"), key or uuid.uuid4().hex, service.id, None,
        _payload(fields.inner("payload")), desk.clock(),
        client=fields.text_or_none("client"), client_url=fields.text_or_none("client_url"),
        links=_links(fields),
    )  # fmt: skip
    fields.done()
    _trigger(desk, service, alert)
    return _accepted(alert.key)


def change(desk: Desk, body: Json) -> Answer:
    """
    Take a change.

    Raises:
        Refusal: the event itself is wrong.
    """
    fields = Fields(body, "")
    service = _service(desk, fields)
    payload, links = fields.inner("payload"), _links(fields)
    payload.text("summary", most=SUMMARY)
    payload.text_or_none("source")
    _timestamp(payload)
    _details(payload)
    payload.done()
    fields.done()
    made = ChangeEvent(desk.account.new_id("chg"), service.id, payload.raw, links, desk.clock())
    desk.account.changes.append(made)
    return Answer({"status": "success", "message": "Change event processed"}, 202)


def refused(refusal: Refusal) -> Answer:
    """Spell a refusal as this API does."""
    errors = refusal.body["error"].get("errors", [])
    body = {"status": "invalid event", "message": "Event object is invalid", "errors": errors}
    return Answer(body, 400)


def _accepted(key: str | None) -> Answer:
    return Answer({"status": "success", "message": "Event processed", "dedup_key": key}, 202)


def _service(desk: Desk, fields: Fields) -> Service:
    key = fields.text("routing_key")
    found = desk.account.service_with(key)
    if found is None:
        raise invalid("Invalid routing key")
    return found


def _payload(fields: Fields) -> Json:
    fields.text("summary", most=SUMMARY)
    fields.text("source")
    fields.one_of("severity", SEVERITIES)
    for name in ("component", "group", "class"):
        fields.text_or_none(name)
    _timestamp(fields)
    _details(fields)
    fields.done()
    return fields.raw


def _details(fields: Fields) -> None:
    if fields.has("custom_details"):
        fields.inner("custom_details")
    fields.skip("custom_details")


def _timestamp(fields: Fields) -> None:
    text = fields.text_or_none("timestamp")
    if text is not None and moment(text) is None:
        raise invalid("Timestamp must be an ISO 8601 date.")


def _links(fields: Fields) -> list[Json]:
    rows = fields.rows("links") if fields.raw.get("links") else []
    for row in rows:
        row.text("href")
        row.text_or_none("text")
        row.done()
    for image in fields.rows("images") if fields.raw.get("images") else []:
        if not image.text("src").startswith("https://"):
            raise invalid("Images must be served via https.")
    fields.skip("links")
    fields.skip("images")
    return [row.raw for row in rows]


def _trigger(desk: Desk, service: Service, alert: Alert) -> None:
    account = desk.account
    by = By(service.ref, "api", alert.client)
    same = [one for one in account.alerts if one.service == service.id and one.key == alert.key]
    live = next((one for one in same if one.incident and one.status == "triggered"), None)
    if live is not None:
        live.payload = alert.payload
        return
    if holder := account.open_with(service.id, alert.key, by_alert=True):
        alert.incident = holder.id
        account.alerts.append(alert)
        return
    account.alerts.append(alert)
    urgency = service.urgency
    channel = {"service_key": service.routing_key[:4] + "...", "incident_key": alert.key}
    try:
        made = desk.incidents.open(
            by,
            Opening(alert.payload["summary"], service.id, None, urgency=urgency, channel=channel),
        )
    except Refusal:
        # Nobody is on call: the alert is kept, and no incident comes of it.
        return
    alert.incident = made.id


def _follow(desk: Desk, service: Service, action: str, key: str) -> None:
    account = desk.account
    incident = account.open_with(service.id, key, by_alert=True)
    if incident is None:
        return
    by = By(service.ref, "api")
    alerts = [one for one in account.alerts_of(incident) if one.key == key]
    if not alerts:
        return
    if action == "acknowledge":
        if incident.status == "triggered":
            desk.incidents.acknowledge(incident, by)
        return
    for alert in alerts:
        alert.status = "resolved"
    if all(one.status == "resolved" for one in account.alerts_of(incident)):
        desk.incidents.resolve(incident, by)


EVENTS: Final[dict[str, Callable[[Desk, Json], Answer]]] = {
    "/v2/enqueue": enqueue,
    "/v2/change/enqueue": change,
}
