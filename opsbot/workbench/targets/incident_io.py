"""A local stand-in for incident.io's status page API: one page, its components and incidents."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from opsbot.workbench.pagerduty.clock import Clock, precise
from opsbot.workbench.targets.play import Call, Json, Play, Refused

KEY: Final = "incident-io-workbench-key"
PAGE: Final = "01WORKBENCHPAGE00000000001"
COMPONENTS: Final = ("01WORKBENCHSUPPORT00000001", "01WORKBENCHREFUNDS00000001")
STATUSES: Final = ("investigating", "identified", "monitoring", "resolved")
STATES: Final = (
    *("operational", "under_maintenance", "degraded_performance"),
    *("partial_outage", "full_outage"),
)
NAME, MESSAGE, UPDATES = 200, 4_096, 100
AT: Final = "/v2/status_page_incidents"
CREATE: Final = frozenset(
    {
        *("idempotency_key", "status_page_id", "name", "message", "incident_status"),
        *("notify_subscribers", "component_statuses"),
    }
)
UPDATE: Final = frozenset(
    {
        *("status_page_incident_id", "message", "incident_status"),
        *("notify_subscribers", "component_statuses"),
    }
)


@dataclass(slots=True)
class IncidentIoStandIn:
    """The page. *answers* are those that a repeated idempotency key is given again."""

    key: str = KEY
    clock: Clock = field(default_factory=Clock)
    incidents: dict[str, Json] = field(default_factory=dict)
    answers: dict[str, Json] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=lambda: dict.fromkeys(COMPONENTS, "operational"))
    app: Play = field(init=False)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.app = Play(
            {
                f"POST {AT}": self._create,
                f"GET {AT}/{{id}}": lambda call: (200, {"status_page_incident": self._one(call)}),
                "POST /v2/status_page_incident_updates": self._update,
            },
            authorization=f"Bearer {self.key}",
            unauthorised={"type": "authentication_error", "status": 401, "errors": []},
            clock=self.clock,
        )

    def _one(self, call: Call) -> Json:
        return self._named(call.ids["id"])

    def _named(self, id_: object) -> Json:
        found = self.incidents.get(str(id_))
        if found is None:
            raise Refused(404, {"type": "not_found", "status": 404, "errors": []})
        return found

    def _create(self, call: Call) -> tuple[int, Json]:
        given = _checked(call.body, CREATE, CREATE - {"component_statuses"})
        if given["idempotency_key"] in self.answers:
            return 201, self.answers[given["idempotency_key"]]
        if given["status_page_id"] != PAGE:
            raise _invalid("status_page_id", "no such status page")
        if len(given["name"]) > NAME:
            raise _invalid("name", f"length must be lesser or equal than {NAME}")
        id_ = f"01INCIDENT{next(self._ids):016d}"
        made: Json = {
            "id": id_,
            "name": given["name"],
            "status_page_id": PAGE,
            "incident_status": given["incident_status"],
            "published_at": precise(self.clock()),
            "component_impacts": [],
            "updates": [],
        }
        self.incidents[id_] = made
        self._told(made, given)
        # A copy: what is answered again is what was so at that time.
        answer = {"status_page_incident": {**made, "updates": list(made["updates"])}}
        self.answers[given["idempotency_key"]] = answer
        return 201, answer

    def _update(self, call: Call) -> tuple[int, Json]:
        needed = frozenset({"status_page_incident_id", "message", "notify_subscribers"})
        given = _checked(call.body, UPDATE, needed)
        incident = self._named(given["status_page_incident_id"])
        if len(incident["updates"]) >= UPDATES:
            raise _invalid("status_page_incident_id", f"has {UPDATES} updates already")
        return 201, {"status_page_incident_update": self._told(incident, given)}

    def _told(self, incident: Json, given: Json) -> Json:
        ends = given.get("incident_status") == "resolved"
        if ends and "component_statuses" in given:
            raise _invalid("component_statuses", "must not be set when resolving")
        for one in given.get("component_statuses", []):
            if one["component_id"] not in COMPONENTS or one["component_status"] not in STATES:
                raise _invalid("component_statuses", "no such component or status")
            self.states[one["component_id"]] = one["component_status"]
        if ends:
            self.states.update(dict.fromkeys(COMPONENTS, "operational"))
        incident["incident_status"] = given.get("incident_status", incident["incident_status"])
        made: Json = {
            "id": f"01UPDATE{next(self._ids):018d}",
            "message": given["message"],
            "incident_status": incident["incident_status"],
            "published_at": precise(self.clock()),
            "status_page_incident_id": incident["id"],
            "component_statuses": given.get("component_statuses", []),
        }
        incident["updates"].append(made)
        return made


def _checked(given: Json, known: frozenset[str], needed: frozenset[str]) -> Json:
    for name in sorted(needed - set(given)):
        raise _invalid(name, "is missing")
    for name in sorted(set(given) - known):
        raise _invalid(name, "is not known")
    if not given["message"] or len(given["message"]) > MESSAGE:
        raise _invalid("message", f"length must be lesser or equal than {MESSAGE}")
    if given.get("incident_status", "resolved") not in STATUSES:
        raise _invalid("incident_status", f"value must be one of {', '.join(STATUSES)}")
    return given


def _invalid(name: str, why: str) -> Refused:
    error = {"code": "invalid_value", "message": f"{name} {why}", "source": {"field": name}}
    return Refused(422, {"type": "validation_error", "status": 422, "errors": [error]})
