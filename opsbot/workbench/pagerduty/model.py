"""What the stand-in knows: people, schedules, policies, services, incidents and what came of them."""

from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
Status = Literal["triggered", "acknowledged", "resolved"]
Urgency = Literal["high", "low"]


class Refusal(Exception):
    """An answer of PagerDuty's REST API that is no success."""

    def __init__(self, status: int, code: int, message: str, *errors: str) -> None:
        super().__init__(f"{status} {code} {message}: {'; '.join(errors)}")
        self.status = status
        self.body: Json = {"error": {"message": message, "code": code}}
        if errors:
            self.body["error"]["errors"] = list(errors)


def invalid(*errors: str) -> Refusal:
    """Return the refusal of a body or a query that is wrong."""
    return Refusal(400, 2001, "Invalid Input Provided", *errors)


def not_found() -> Refusal:
    """Return the refusal of an id or a path that is not there."""
    return Refusal(404, 2100, "Not Found")


@dataclass(frozen=True, slots=True)
class Ref:
    """A thing by its kind, id and name, as PagerDuty's answers name others."""

    kind: str
    id: str
    summary: str


@dataclass(slots=True)
class User:
    """A person with an account; *role* as PagerDuty spells it, *phone* without the country's code, 1."""

    id: str
    name: str
    email: str
    role: str = "user"
    job_title: str = ""
    time_zone: str = "Etc/UTC"
    phone: str = ""

    @property
    def ref(self) -> Ref:
        return Ref("user", self.id, self.name)


@dataclass(frozen=True, slots=True)
class Team:
    """A team and its members."""

    id: str
    name: str
    members: tuple[str, ...] = ()

    @property
    def ref(self) -> Ref:
        return Ref("team", self.id, self.name)


@dataclass(frozen=True, slots=True)
class Shift:
    """One person's time on call, in Unix seconds; *user* None is a gap."""

    user: str | None
    start: float
    end: float


@dataclass(slots=True)
class Schedule:
    """
    Who is on call when: *users* take turns of *turn_s* from *anchor* on; *overrides* win.

    A user who is None leaves a gap; no users at all is nobody ever.
    """

    id: str
    name: str
    users: list[str | None]
    turn_s: float
    anchor: float
    overrides: list[Shift] = field(default_factory=list)

    @property
    def ref(self) -> Ref:
        return Ref("schedule", self.id, self.name)


@dataclass(slots=True)
class Level:
    """One rule of a policy: ids of users and schedules, and when it gives up."""

    id: str
    targets: list[str]
    delay_min: int = 30


@dataclass(slots=True)
class Policy:
    """An escalation policy; level 1 is the first in *levels*."""

    id: str
    name: str
    levels: list[Level]
    teams: tuple[str, ...] = ()

    @property
    def ref(self) -> Ref:
        return Ref("escalation_policy", self.id, self.name)


@dataclass(slots=True)
class Service:
    """A service; events with *routing_key* go to it."""

    id: str
    name: str
    policy: str
    routing_key: str
    integration: str
    created_at: float
    teams: tuple[str, ...] = ()
    urgency: Urgency = "high"

    @property
    def ref(self) -> Ref:
        return Ref("service", self.id, self.name)


@dataclass(frozen=True, slots=True)
class Priority:
    """One of the account's priorities, most severe first."""

    id: str
    name: str
    description: str

    @property
    def ref(self) -> Ref:
        return Ref("priority", self.id, self.name)


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote on an incident."""

    id: str
    user: Ref
    content: str
    at: float


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """What stakeholders were told."""

    id: str
    sender: Ref
    message: str
    subject: str | None
    html_message: str | None
    at: float


@dataclass(slots=True)
class Responder:
    """Somebody who was asked for help; *target* is whom the request named."""

    user: str
    target: Ref
    requester: str
    message: str
    at: float
    state: Literal["pending", "joined", "declined", "user_cancelled"] = "pending"


@dataclass(slots=True)
class Alert:
    """One alert, made by an event; *key* is its dedup_key."""

    id: str
    key: str
    service: str
    incident: str | None
    payload: Json
    at: float
    status: Literal["triggered", "resolved"] = "triggered"
    client: str | None = None
    client_url: str | None = None
    links: list[Json] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ChangeEvent:
    """A change that pages nobody."""

    id: str
    service: str
    payload: Json
    links: list[Json]
    at: float


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of an incident's history; *kind* without its `_log_entry`."""

    id: str
    kind: str
    incident: str
    agent: Ref
    channel: Json
    summary: str
    at: float
    more: Json = field(default_factory=dict)

    @property
    def overview(self) -> bool:
        """Whether it is among the most important changes."""
        return self.kind not in ("notify", "annotate")


@dataclass(frozen=True, slots=True)
class Page:
    """One person was notified of one incident."""

    incident: str
    user: str
    at: float


@dataclass(slots=True)
class Incident:
    """An incident; *key* is None where its alerts hold the keys."""

    id: str
    number: int
    title: str
    service: str
    policy: str
    key: str | None
    created_at: float
    changed_by: Ref
    level: int = 1
    status: Status = "triggered"
    urgency: Urgency = "high"
    priority: str | None = None
    body: str | None = None
    type: str = "incident_default"
    bridge: Json | None = None
    assigned: list[tuple[str, float]] = field(default_factory=list)
    directly: bool = False
    acknowledged: list[tuple[str, float]] = field(default_factory=list)
    status_at: float = 0.0
    updated_at: float = 0.0
    resolved_at: float | None = None
    escalates_at: float | None = None
    snoozed_until: float | None = None
    merged_into: str | None = None
    by_hand: bool = False
    notes: list[Note] = field(default_factory=list)
    log: list[LogEntry] = field(default_factory=list)
    updates: list[StatusUpdate] = field(default_factory=list)
    responders: list[Responder] = field(default_factory=list)
    subscribers: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether it is not resolved."""
        return self.status != "resolved"

    @property
    def ref(self) -> Ref:
        return Ref("incident", self.id, f"[#{self.number}] {self.title}")


@dataclass(frozen=True, slots=True)
class Happened:
    """One event that webhooks tell of; *incident* None for events that are about none."""

    id: str
    type: str
    at: float
    agent: Ref | None
    client: str | None
    data: Json
    incident: str | None
    service: str | None = None
    teams: tuple[str, ...] = ()
