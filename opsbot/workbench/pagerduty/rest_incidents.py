"""Routes of incidents themselves: list, show, open, change, merge, snooze."""

from collections.abc import Callable
from typing import Final, get_args

from opsbot.workbench.pagerduty.desk import Answer, Asked, Desk, Route, user_ref
from opsbot.workbench.pagerduty.fields import Fields
from opsbot.workbench.pagerduty.incidents import By, Opening
from opsbot.workbench.pagerduty.model import (
    Incident,
    Json,
    Refusal,
    Status,
    Urgency,
    invalid,
)
from opsbot.workbench.pagerduty.paging import paged, when

MONTH_S = 31 * 86_400.0
TITLE = 1024
KEY = 255
BULK = 250
TYPES: Final = ("incident_default", "major_incident")
STATUSES: Final = get_args(Status)
URGENCIES: Final[tuple[Urgency, ...]] = get_args(Urgency)
SORTS: Final = {
    "incident_number": lambda one: one.number,
    "created_at": lambda one: one.created_at,
    "resolved_at": lambda one: one.resolved_at or 0.0,
    "urgency": lambda one: URGENCIES.index(one.urgency),
}


def listed(desk: Desk, asked: Asked) -> Answer:
    """
    List incidents of the last month, or between since and until, or all by `date_range=all`.

    `incident_key` also finds those whose alerts hold it; an empty one finds everything.
    """
    for name, allowed in (("statuses", STATUSES), ("urgencies", URGENCIES)):
        if unknown := set(asked.many(name)) - set(allowed):
            raise invalid(f"{name.capitalize()} are among {', '.join(allowed)}, not {unknown}.")
    rows = [one for one in desk.account.incidents.values() if _listed(desk, asked, one)]
    for sort in reversed((asked.query.get("sort_by") or "incident_number").split(",")):
        name, _, way = sort.partition(":")
        if name not in SORTS or way not in ("", "asc", "desc"):
            raise invalid(f"Sort by {sort} is unknown.")
        rows.sort(key=SORTS[name], reverse=way == "desc")
    return paged(
        asked, "incidents", rows, lambda one: desk.incident_shapes.incident(one, asked.include)
    )


def _listed(desk: Desk, asked: Asked, one: Incident) -> bool:
    key = asked.query.get("incident_key")
    wanted: dict[str, set[str]] = {
        "statuses": {one.status},
        "urgencies": {one.urgency},
        "service_ids": {one.service},
        "team_ids": set(desk.account.services[one.service].teams),
        "user_ids": {user for user, _ in one.assigned},
    }
    if any(asked.many(name) and not has & set(asked.many(name)) for name, has in wanted.items()):
        return False
    return (not key or key in desk.account.keys_of(one)) and _in_range(desk, asked, one)


def _in_range(desk: Desk, asked: Asked, one: Incident) -> bool:
    if asked.query.get("date_range") == "all":
        return True
    until = when(asked, "until", desk.clock())
    since = when(asked, "since", until - MONTH_S)
    return since <= one.created_at <= until


def show(desk: Desk, asked: Asked) -> Answer:
    """Show one."""
    return _answer(desk, desk.account.incident(asked.ids["id"]), asked)


def create(desk: Desk, asked: Asked) -> Answer:
    """Open one; of two with the same key the second is refused while the first is open."""
    fields = asked.fields("incident")
    fields.one_of("type", ["incident"])
    service = fields.ref("service", desk.account, "service")
    if fields.has("assignments") and fields.has("escalation_policy"):
        raise invalid("Assignments and escalation policy cannot both be given.")
    opening = Opening(
        title=fields.text("title", most=TITLE),
        service=service.id,
        key=fields.text_or_none("incident_key", most=KEY) or desk.account.new_id("key").lower(),
        urgency=_urgency(fields),
        priority=_reference(desk, fields, "priority"),
        body=_details(fields),
        policy=_reference(desk, fields, "escalation_policy"),
        assignees=tuple(_assignees(desk, fields)) if fields.has("assignments") else (),
        bridge=_bridge(fields),
        type=_type(fields),
    )
    for name in ("assignments", "urgency", "priority", "escalation_policy", "body"):
        fields.skip(name)
    for name in ("conference_bridge", "incident_type"):
        fields.skip(name)
    fields.done()
    one = desk.incidents.open(asked.by, opening)
    return Answer({"incident": desk.incident_shapes.incident(one)}, 201)


def change(desk: Desk, asked: Asked) -> Answer:
    """Acknowledge, resolve, escalate, hand on, or edit one."""
    one = desk.account.incident(asked.ids["id"])
    _apply(desk, one, asked.fields("incident"), asked.by)
    return _answer(desk, one, asked)


def change_many(desk: Desk, asked: Asked) -> Answer:
    """Change several; the first that cannot be changed ends it, with those before it done."""
    rows = Fields(asked.body, "").rows("incidents")
    if len(rows) > BULK:
        raise Refusal(413, 2001, "Payload Too Large", f"At most {BULK} incidents at a time")
    pairs = [(desk.account.incident(row.text("id")), row) for row in rows]
    for one, row in pairs:
        _apply(desk, one, row, asked.by)
    return Answer({"incidents": [desk.incident_shapes.incident(one) for one, _ in pairs]})


def merge(desk: Desk, asked: Asked) -> Answer:
    """Merge others into this one."""
    one = desk.account.incident(asked.ids["id"])
    whole = Fields(asked.body, "")
    rows = whole.rows("source_incidents")
    whole.done()
    for row in rows:
        row.one_of("type", ["incident_reference", "incident"])
    sources = [desk.account.incident(row.text("id")) for row in rows]
    desk.talk.merge(one, sources, asked.by)
    return Answer({"incident": desk.shapes.ref(one.ref)})


def snooze(desk: Desk, asked: Asked) -> Answer:
    """Let it rest for 1 s to 7 days."""
    one = desk.account.incident(asked.ids["id"])
    whole = Fields(asked.body, "")
    seconds = whole.whole("duration", 1, 604_800)
    whole.done()
    desk.talk.snooze(one, seconds, asked.by)
    return Answer({"incident": desk.incident_shapes.incident(one)}, 201)


def _answer(desk: Desk, one: Incident, asked: Asked) -> Answer:
    return Answer({"incident": desk.incident_shapes.incident(one, asked.include)})


def _apply(desk: Desk, one: Incident, fields: Fields, by: By) -> None:
    # Read all before anything is done: a body that is wrong in one field changes nothing.
    fields.one_of("type", ["incident", "incident_reference"])
    fields.skip("id")
    doing = [
        read(desk, one, fields, by)
        for name, read in _CHANGES.items()
        if name in fields.raw
    ]  # fmt: skip
    resolution = fields.text_or_none("resolution")
    if resolution is not None and fields.raw.get("status") != "resolved":
        raise invalid("Resolution is only for resolving.")
    fields.done()
    if {"assignments", "escalation_policy"} <= fields.raw.keys():
        raise invalid("Assignments and escalation policy cannot both be given.")
    for do in doing:
        do()
    if resolution is not None:
        desk.talk.note(one, f"Resolution Note: {resolution}", by)


Do = Callable[[], object]


def _status(desk: Desk, one: Incident, fields: Fields, by: By) -> Do:
    verbs = {
        "acknowledged": desk.incidents.acknowledge,
        "resolved": desk.incidents.resolve,
        "triggered": desk.incidents.reopen,
    }
    verb = verbs[fields.one_of("status", STATUSES)]
    return lambda: verb(one, by)


def _level(desk: Desk, one: Incident, fields: Fields, by: By) -> Do:
    level = fields.whole("escalation_level", 1, 100)
    return lambda: desk.incidents.escalate(one, level, by)


def _hand_on(desk: Desk, one: Incident, fields: Fields, by: By) -> Do:
    users = _assignees(desk, fields)
    return lambda: desk.incidents.reassign(one, users, by)


def _delegate(desk: Desk, one: Incident, fields: Fields, by: By) -> Do:
    policy = fields.ref("escalation_policy", desk.account, "escalation_policy")
    return lambda: desk.incidents.delegate(one, policy.id, by)


def _prioritise(desk: Desk, one: Incident, fields: Fields, by: By) -> Do:
    desk.account.need("priorities")
    fields.skip("priority")
    value, table = fields.raw["priority"], desk.account.priorities
    if isinstance(value, str):
        named = next((row for row in table.values() if row.name == value), None)
        if named is None:
            raise invalid(f"Priority not found: {value}")
        return lambda: desk.incidents.prioritise(one, named, by)
    found = None if value is None else table[fields.ref("priority", desk.account, "priority").id]
    return lambda: desk.incidents.prioritise(one, found, by)


def _title(desk: Desk, one: Incident, fields: Fields, by: By) -> Do:
    title = fields.text("title", most=TITLE)
    return lambda: desk.incidents.edit(one, by, title=title)


def _urge(desk: Desk, one: Incident, fields: Fields, by: By) -> Do:
    urgency = fields.one_of("urgency", URGENCIES)
    return lambda: desk.incidents.edit(one, by, urgency=urgency)


def _retype(desk: Desk, one: Incident, fields: Fields, by: By) -> Do:
    kind = _type(fields)
    return lambda: desk.incidents.edit(one, by, type=kind)


def _move(desk: Desk, one: Incident, fields: Fields, by: By) -> Do:
    service = fields.ref("service", desk.account, "service")
    return lambda: desk.incidents.edit(one, by, service=service.id)


def _rebridge(desk: Desk, one: Incident, fields: Fields, by: By) -> Do:
    bridge = _bridge(fields) or {}
    return lambda: desk.incidents.bridge(one, bridge, by)


_CHANGES: Final = {
    "title": _title,
    "urgency": _urge,
    "priority": _prioritise,
    "incident_type": _retype,
    "conference_bridge": _rebridge,
    "service": _move,
    "escalation_policy": _delegate,
    "escalation_level": _level,
    "assignments": _hand_on,
    "status": _status,
}
"""In this order; the status last, so that resolving and renaming at once does both."""


def _urgency(fields: Fields) -> Urgency | None:
    if not fields.has("urgency"):
        return None
    word = fields.one_of("urgency", URGENCIES)
    return next(one for one in URGENCIES if one == word)


def _reference(desk: Desk, fields: Fields, name: str) -> str | None:
    if not fields.has(name):
        return None
    if name == "priority":
        desk.account.need("priorities")
    return fields.ref(name, desk.account, name).id


def _details(fields: Fields) -> str | None:
    if not fields.has("body"):
        return None
    body = fields.inner("body")
    body.one_of("type", ["incident_body"])
    details = body.text("details")
    body.done()
    return details


def _assignees(desk: Desk, fields: Fields) -> list[str]:
    found = []
    for row in fields.rows("assignments"):
        found.append(row.ref("assignee", desk.account, "user").id)
        row.skip("at")
        row.done()
    return [user_ref(desk, one).id for one in dict.fromkeys(found)]


def _bridge(fields: Fields) -> Json | None:
    if not fields.has("conference_bridge"):
        return None
    bridge = fields.inner("conference_bridge")
    found = {
        name: bridge.text_or_none(name) for name in ("conference_number", "conference_url")
    }  # fmt: skip
    bridge.done()
    return {name: value for name, value in found.items() if value is not None}


def _type(fields: Fields) -> str:
    if not fields.has("incident_type"):
        return TYPES[0]
    kind = fields.inner("incident_type")
    name = kind.one_of("name", TYPES)
    kind.skip("id")
    kind.done()
    return name


ROUTES = (
    Route("GET", "/incidents", listed),
    Route("POST", "/incidents", create, from_header=True),
    Route("PUT", "/incidents", change_many, from_header=True),
    Route("GET", "/incidents/{id}", show),
    Route("PUT", "/incidents/{id}", change, from_header=True),
    Route("PUT", "/incidents/{id}/merge", merge, from_header=True),
    Route("POST", "/incidents/{id}/snooze", snooze, from_header=True),
)
