"""One PagerDuty account: its tables, how things are found in them, and what is switched on."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

from opsbot.workbench.pagerduty.clock import Clock
from opsbot.workbench.pagerduty.model import (
    Alert,
    ChangeEvent,
    Incident,
    Page,
    Policy,
    Priority,
    Ref,
    Refusal,
    Schedule,
    Service,
    Team,
    User,
    invalid,
    not_found,
)
from opsbot.workbench.pagerduty.status_page import StatusPage, status_page

ABILITIES = frozenset({"teams", "urgencies", "coordinated_responding", "service_support_hours"})


@dataclass(frozen=True, slots=True)
class Key:
    """What a REST key may do; *user* is None for the account's own."""

    user: str | None = None
    writes: bool = True


@dataclass(slots=True)
class Account:
    """
    Everything of the account.

    *priorities_on* False answers 402 to whoever asks for them. *keys_shared*: whether an incident
    made by REST and an alert of the same key are one. PagerDuty does not say; apart is stricter.
    """

    clock: Clock
    users: dict[str, User] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    schedules: dict[str, Schedule] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    priorities: dict[str, Priority] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)
    changes: list[ChangeEvent] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    keys: dict[str, Key] = field(default_factory=dict)
    status_pages: dict[str, StatusPage] = field(
        default_factory=lambda: {one.id: one for one in (status_page(),)}
    )
    abilities: set[str] = field(default_factory=lambda: set(ABILITIES))
    priorities_on: bool = True
    keys_shared: bool = False
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _ids: Iterator[int] = field(default_factory=lambda: count(1))

    def new_id(self, kind: str) -> str:
        """Make an id as PagerDuty's look: 14 signs, beginning with Q."""
        return f"Q{kind:0<3.3}{next(self._ids):010d}".upper()

    def next_number(self) -> int:
        """Count incidents from 1."""
        return next(self._numbers)

    def incident(self, id_: str) -> Incident:
        """
        Find an incident by its id, or by its number.

        Raises:
            Refusal: there is none.
        """
        found = self.incidents.get(id_)
        if found is None and id_.isdecimal():
            found = next((one for one in self.incidents.values() if one.number == int(id_)), None)
        if found is None:
            raise not_found()
        return found

    def by_email(self, email: str) -> User | None:
        """Find a user by e-mail, whatever its case."""
        low = email.strip().lower()
        return next((user for user in self.users.values() if user.email.lower() == low), None)

    def ref(self, kind: str, id_: str) -> Ref:
        """
        Name a thing that a body refers to.

        Raises:
            Refusal: there is no such thing.
        """
        tables: dict[str, Mapping[str, User | Service | Schedule | Policy | Team | Priority]] = {
            "user": self.users,
            "service": self.services,
            "schedule": self.schedules,
            "escalation_policy": self.policies,
            "team": self.teams,
            "priority": self.priorities,
        }
        found = tables[kind].get(id_)
        if found is None:
            raise invalid(f"{kind.replace('_', ' ').capitalize()} not found: {id_}")
        return found.ref

    def alerts_of(self, incident: Incident) -> list[Alert]:
        """List the alerts of an incident, oldest first."""
        return [alert for alert in self.alerts if alert.incident == incident.id]

    def keys_of(self, incident: Incident) -> set[str]:
        """List every key that finds this incident: its own, or those of its alerts."""
        own = {incident.key} if incident.key else set()
        return own | {alert.key for alert in self.alerts_of(incident)}

    def open_with(self, service: str, key: str, *, by_alert: bool) -> Incident | None:
        """Find the open incident of *service* that holds *key*: by an alert's key, or by its own."""
        for incident in self.incidents.values():
            if incident.service != service or not incident.is_open:
                continue
            held = {alert.key for alert in self.alerts_of(incident)} if by_alert else {incident.key}
            if key in (self.keys_of(incident) if self.keys_shared else held):
                return incident
        return None

    def service_with(self, routing_key: str) -> Service | None:
        """Find the service that events with this key go to."""
        return next((one for one in self.services.values() if one.routing_key == routing_key), None)

    def need(self, ability: str) -> None:
        """
        Insist on a feature of the plan.

        Raises:
            Refusal: 402, the account does not have it.
        """
        had = self.priorities_on if ability == "priorities" else ability in self.abilities
        if not had:
            raise Refusal(
                402, 2014, "Account is missing a required ability",
                f"Required abilities are unavailable: {ability}",
            )  # fmt: skip


def routing_key_of(service_id: str) -> str:
    """Derive a service's routing key: 32 signs, the same in every run."""
    return hashlib.sha256(f"routing:{service_id}".encode()).hexdigest()[:32]


T = TypeVar("T", User, Team, Schedule, Policy, Service, Priority)


def by_id(things: Iterable[T]) -> dict[str, T]:
    """Key things by their id."""
    return {thing.id: thing for thing in things}
