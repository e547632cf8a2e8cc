"""People, policies, services and schedules as PagerDuty's answers spell them."""

from collections.abc import Iterable
from dataclasses import dataclass

from opsbot.workbench.pagerduty.account import Account
from opsbot.workbench.pagerduty.clock import stamp
from opsbot.workbench.pagerduty.model import (
    ChangeEvent,
    Json,
    Level,
    Policy,
    Priority,
    Ref,
    Schedule,
    Service,
    Team,
    User,
)
from opsbot.workbench.pagerduty.oncall import Duty, shifts

PLACES = {"escalation_policy": "escalation_policies", "priority": "priorities"}
PAGES = {**PLACES, "service": "service-directory"}
PHONE = "phone_contact_method"
TWO_WEEKS_S = 14 * 86_400.0


@dataclass(frozen=True, slots=True)
class Shapes:
    """Spell things of *account*; *base_url* is where the stand-in is mounted."""

    account: Account
    base_url: str

    def ref(self, ref: Ref) -> Json:
        """Name another thing: id, type, name and links."""
        return self._named(ref, f"{ref.kind}_reference")

    def refs(self, kind: str, ids: Iterable[str]) -> list[Json]:
        """Name several things of one kind."""
        return [self.ref(self.account.ref(kind, id_)) for id_ in ids]

    def user(self, user: User) -> Json:
        """Spell a person."""
        teams = [team.id for team in self.account.teams.values() if user.id in team.members]
        return {
            **self._named(user.ref, "user"),
            "name": user.name,
            "email": user.email,
            "time_zone": user.time_zone,
            "color": "purple",
            "avatar_url": f"{self.base_url}/shared/icon.svg",
            "role": user.role,
            "description": None,
            "invitation_sent": False,
            "job_title": user.job_title,
            "created_via_sso": False,
            "teams": self.refs("team", teams),
            "contact_methods": self._phones(user),
            "notification_rules": [],
        }

    def user_with_phone(self, user: User) -> Json:
        """Spell a person whose ways to be reached were asked for."""
        more = {"label": "Mobile", "address": user.phone, "blacklisted": False, "country_code": 1}
        told = [{**one, "type": PHONE, **more} for one in self._phones(user)]
        return {**self.user(user), "contact_methods": told}

    def _phones(self, user: User) -> list[Json]:
        """Name the ways to reach a person: at most one."""
        if not user.phone:
            return []
        ref = Ref(PHONE, f"{user.id}C1", "Mobile")
        own = f"{self.base_url}/users/{user.id}/contact_methods/{ref.id}"
        return [{**self._named(ref, f"{PHONE}_reference"), "self": own, "html_url": None}]

    def team(self, team: Team) -> Json:
        """Spell a team."""
        return {**self._named(team.ref, "team"), "name": team.name, "description": team.name}

    def priority(self, priority: Priority) -> Json:
        """Spell a priority."""
        return {
            **self._named(priority.ref, "priority"),
            "name": priority.name,
            "description": priority.description,
        }

    def policy(self, policy: Policy) -> Json:
        """Spell an escalation policy with its levels."""
        served = [one.id for one in self.account.services.values() if one.policy == policy.id]
        return {
            **self._named(policy.ref, "escalation_policy"),
            "name": policy.name,
            "description": policy.name,
            "num_loops": 0,
            "on_call_handoff_notifications": "if_has_services",
            "escalation_rules": [self._level(level) for level in policy.levels],
            "services": self.refs("service", served),
            "teams": self.refs("team", policy.teams),
        }

    def _level(self, level: Level) -> Json:
        kinds = ["schedule" if one in self.account.schedules else "user" for one in level.targets]
        pairs = zip(kinds, level.targets, strict=True)
        return {
            "id": level.id,
            "escalation_delay_in_minutes": level.delay_min,
            "targets": [self.ref(self.account.ref(kind, target)) for kind, target in pairs],
        }

    def service(self, service: Service) -> Json:
        """Spell a service; its routing key is no part of it."""
        integration = Ref("events_api_v2_inbound_integration", service.integration, "opsbot")
        where = f"{self.base_url}/services/{service.id}/integrations/{service.integration}"
        busy = any(
            one.is_open and one.service == service.id for one in self.account.incidents.values()
        )
        return {
            **self._named(service.ref, "service"),
            "name": service.name,
            "description": service.name,
            "created_at": stamp(service.created_at),
            "status": "critical" if busy else "active",
            "auto_resolve_timeout": None,
            "acknowledgement_timeout": None,
            "alert_creation": "create_alerts_and_incidents",
            "incident_urgency_rule": {"type": "constant", "urgency": service.urgency},
            "support_hours": None,
            "scheduled_actions": [],
            "escalation_policy": self.ref(self.account.ref("escalation_policy", service.policy)),
            "integrations": [{**self.ref(integration), "self": where, "html_url": where}],
            "teams": self.refs("team", service.teams),
        }

    def schedule(self, schedule: Schedule) -> Json:
        """Spell a schedule with who is on call in the two weeks to come."""
        now = self.account.clock()
        rendered = [
            {
                "start": stamp(one.start),
                "end": stamp(one.end),
                "user": self.ref(self.account.ref("user", str(one.user))),
            }
            for one in shifts(schedule, now, now + TWO_WEEKS_S)
        ]
        policies = [
            policy.id
            for policy in self.account.policies.values()
            if any(schedule.id in level.targets for level in policy.levels)
        ]
        users = dict.fromkeys(str(one.user) for one in shifts(schedule, now, now + TWO_WEEKS_S))
        return {
            **self._named(schedule.ref, "schedule"),
            "name": schedule.name,
            "description": schedule.name,
            "time_zone": "Etc/UTC",
            "escalation_policies": self.refs("escalation_policy", policies),
            "users": self.refs("user", users),
            "teams": [],
            "final_schedule": {
                "name": "Final Schedule",
                "rendered_schedule_entries": rendered,
                "rendered_coverage_percentage": 100.0 if rendered else 0.0,
            },
        }

    def duty(self, duty: Duty, include: frozenset[str]) -> Json:
        """Spell one person's turn on call; *include* gives whole things instead of references."""
        account = self.account
        policy, user = account.policies[duty.policy], account.users[duty.user]
        schedule = account.schedules[duty.schedule] if duty.schedule else None
        whole = "schedules" in include
        return {
            "escalation_policy": self.policy(policy)
            if "escalation_policies" in include
            else self.ref(policy.ref),
            "user": self.user(user) if "users" in include else self.ref(user.ref),
            "schedule": None
            if schedule is None
            else (self.schedule(schedule) if whole else self.ref(schedule.ref)),
            "escalation_level": duty.level,
            "start": None if duty.start is None else stamp(duty.start),
            "end": None if duty.end is None else stamp(duty.end),
        }

    def change(self, change: ChangeEvent) -> Json:
        """Spell a change event."""
        service = self.account.services[change.service]
        payload = change.payload
        return {
            "id": change.id,
            "type": "change_event",
            "summary": payload["summary"],
            "timestamp": payload.get("timestamp") or stamp(change.at),
            "source": payload.get("source"),
            "integration": {"id": service.integration, "type": "inbound_integration_reference"},
            "services": [{"id": service.id, "type": "service_reference"}],
            "custom_details": payload.get("custom_details") or {},
            "links": change.links,
        }

    def _named(self, ref: Ref, kind: str) -> Json:
        place = PLACES.get(ref.kind, f"{ref.kind}s")
        page = PAGES.get(ref.kind, f"{ref.kind}s")
        return {
            "id": ref.id,
            "type": kind,
            "summary": ref.summary,
            "self": f"{self.base_url}/{place}/{ref.id}",
            "html_url": f"{self.base_url}/#/{page}/{ref.id}",
        }
