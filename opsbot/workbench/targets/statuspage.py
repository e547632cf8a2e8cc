"""A local stand-in for Atlassian Statuspage's REST API: one page, its components and incidents."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from opsbot.workbench.pagerduty.clock import Clock, precise
from opsbot.workbench.targets.play import Call, Json, Play, Refused

KEY: Final = "statuspage-workbench-key"
PAGE: Final = "pgworkbench1"
COMPONENTS: Final[Mapping[str, str]] = {
    "cmpsupport01": "Support assistant",
    "cmprefunds01": "Refund helper",
}
STATUSES: Final = ("investigating", "identified", "monitoring", "resolved")
IMPACTS: Final = ("none", "maintenance", "minor", "major", "critical")
STATES: Final = (
    *("operational", "under_maintenance", "degraded_performance"),
    *("partial_outage", "major_outage"),
)
FIELDS: Final = frozenset(
    {
        *("name", "status", "impact_override", "body", "metadata", "component_ids", "components"),
        "deliver_notifications",
    }
)
NAME, BODY = 255, 25_000
PER_MINUTE: Final = 60


@dataclass(slots=True)
class StatuspageStandIn:
    """The page; mount *app* where *url* without `/v1` is. *written* is how many e-mails went out."""

    url: str
    key: str = KEY
    per_minute: int = PER_MINUTE
    clock: Clock = field(default_factory=Clock)
    incidents: dict[str, Json] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=lambda: dict.fromkeys(COMPONENTS, "operational"))
    written: int = 0
    app: Play = field(init=False)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        at = "/v1/pages/{page}/incidents"
        self.app = Play(
            {
                f"GET {at}": lambda call: (200, self._listed(call, unresolved=False)),
                f"GET {at}/unresolved": lambda call: (200, self._listed(call, unresolved=True)),
                f"GET {at}/{{id}}": lambda call: (200, self._one(call)),
                f"POST {at}": self._create,
                f"PATCH {at}/{{id}}": self._patch,
            },
            authorization=f"OAuth {self.key}",
            unauthorised={"error": "Could not authenticate"},
            limited=420,
            per_minute=self.per_minute,
            clock=self.clock,
        )

    def _listed(self, call: Call, *, unresolved: bool) -> list[Json]:
        self._page(call)
        rows = [
            one
            for one in reversed(self.incidents.values())
            if not unresolved or one["status"] not in ("resolved", "postmortem")
        ]
        return rows[: int(call.query.get("limit", 100))]

    def _one(self, call: Call) -> Json:
        self._page(call)
        found = self.incidents.get(call.ids["id"])
        if found is None:
            raise Refused(404, {"error": "Not found"})
        return found

    def _create(self, call: Call) -> tuple[int, Json]:
        self._page(call)
        given = self._checked(call)
        if not given.get("name"):
            raise _invalid("Name can't be blank")
        id_, now = f"inc{next(self._ids):09d}", precise(self.clock())
        made: Json = {
            "id": id_,
            "name": given["name"],
            "page_id": PAGE,
            "status": given.get("status", "investigating"),
            "impact": given.get("impact_override", "none"),
            "impact_override": given.get("impact_override"),
            "metadata": given.get("metadata", {}),
            "created_at": now,
            "updated_at": now,
            "resolved_at": None,
            "shortlink": f"{self.url}/i/{id_}",
            "incident_updates": [],
            "components": [],
            "postmortem_body": None,
        }
        self.incidents[id_] = made
        self._told(made, given)
        return 201, made

    def _patch(self, call: Call) -> tuple[int, Json]:
        incident, given = self._one(call), self._checked(call)
        for name in ("name", "status", "impact_override", "metadata"):
            if name in given:
                incident[name] = given[name]
        self._told(incident, given)
        return 200, incident

    def _told(self, incident: Json, given: Json) -> None:
        """Add an update, and let components be as they were said to be."""
        states = dict(given.get("components") or {})
        self.states.update(states)
        now = incident["updated_at"] = precise(self.clock())
        if incident["status"] == "resolved":
            incident["resolved_at"] = now
        if given.get("body") is None:
            return
        self.written += given.get("deliver_notifications", True)
        incident["incident_updates"].insert(
            0,
            {
                "id": f"upd{next(self._ids):09d}",
                "incident_id": incident["id"],
                "status": incident["status"],
                "body": given["body"],
                "created_at": now,
                "display_at": now,
                "affected_components": [
                    {"code": code, "new_status": state} for code, state in states.items()
                ],
            },
        )

    def _page(self, call: Call) -> None:
        if call.ids["page"] != PAGE:
            raise Refused(404, {"error": "Not found"})

    def _checked(self, call: Call) -> Json:
        given = call.body.get("incident")
        if not isinstance(given, dict):
            raise Refused(400, {"error": "incident is missing"})
        if unknown := set(given) - FIELDS:
            raise _invalid(f"{', '.join(sorted(unknown))} not known")
        _lengths(given)
        _words(given)
        metadata = given.get("metadata", {})
        if not isinstance(metadata, dict) or not all(
            isinstance(m, dict) for m in metadata.values()
        ):
            raise _invalid("Metadata must be an object of objects")
        return given


def _lengths(given: Json) -> None:
    for name, most in (("name", NAME), ("body", BODY)):
        if len(given.get(name) or "") > most:
            raise _invalid(f"{name.capitalize()} is too long (maximum is {most} characters)")


def _words(given: Json) -> None:
    if given.get("status", "investigating") not in STATUSES:
        raise _invalid("Status is not included in the list")
    if given.get("impact_override", "none") not in IMPACTS:
        raise _invalid("Impact override is not included in the list")
    components = given.get("components") or {}
    if {*components, *(given.get("component_ids") or [])} - set(COMPONENTS):
        raise _invalid("Components not found")
    if set(components.values()) - set(STATES):
        raise _invalid("Component status is not included in the list")


def _invalid(why: str) -> Refused:
    return Refused(422, {"error": [why]})
