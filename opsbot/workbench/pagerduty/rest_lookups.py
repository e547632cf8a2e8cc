"""Routes that only look: abilities, people, policies, services, schedules, teams, on call."""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from opsbot.workbench.pagerduty.desk import Answer, Asked, Desk, Route
from opsbot.workbench.pagerduty.model import Json, Ref, invalid, not_found
from opsbot.workbench.pagerduty.oncall import Duty, duties
from opsbot.workbench.pagerduty.paging import paged, when

MAX_RANGE_S = 90 * 86_400.0


class Named(Protocol):
    """Anything that can be named."""

    @property
    def ref(self) -> Ref: ...


N = TypeVar("N", bound=Named)


def abilities(desk: Desk, asked: Asked) -> Answer:
    """List the account's features."""
    return Answer({"abilities": sorted(desk.account.abilities)})


def ability(desk: Desk, asked: Asked) -> Answer:
    """Test one feature: 204, or 402."""
    desk.account.need(asked.ids["id"])
    return Answer(None, 204)


def me(desk: Desk, asked: Asked) -> Answer:
    """Tell whose key it is; the account's own is nobody's."""
    if asked.key.user is None:
        raise invalid("This endpoint requires a user-level API key.")
    return Answer({"user": desk.shapes.user(desk.account.users[asked.key.user])})


def users(desk: Desk, asked: Asked) -> Answer:
    """List people; `query` matches their names."""
    rows = _matching(asked, desk.account.users.values())
    teams = asked.many("team_ids")
    members = {id_ for one in teams for id_ in _team_members(desk, one)}
    spelled = (
        desk.shapes.user_with_phone
        if "contact_methods" in asked.many("include")
        else desk.shapes.user
    )
    return paged(asked, "users", [u for u in rows if not teams or u.id in members], spelled)


def teams(desk: Desk, asked: Asked) -> Answer:
    """List teams."""
    return paged(asked, "teams", _matching(asked, desk.account.teams.values()), desk.shapes.team)


def members(desk: Desk, asked: Asked) -> Answer:
    """List the members of a team."""
    if asked.ids["id"] not in desk.account.teams:
        raise not_found()
    rows = list(_team_members(desk, asked.ids["id"]))

    def spell(user: str) -> Json:
        return {"user": desk.shapes.ref(desk.account.users[user].ref), "role": "responder"}

    return paged(asked, "members", rows, spell)


def policies(desk: Desk, asked: Asked) -> Answer:
    """List escalation policies."""
    rows = _matching(asked, desk.account.policies.values())
    return paged(asked, "escalation_policies", rows, desk.shapes.policy)


def services(desk: Desk, asked: Asked) -> Answer:
    """List services."""
    rows = _matching(asked, desk.account.services.values())
    return paged(asked, "services", rows, desk.shapes.service)


def schedules(desk: Desk, asked: Asked) -> Answer:
    """List schedules."""
    rows = _matching(asked, desk.account.schedules.values())
    return paged(asked, "schedules", rows, desk.shapes.schedule)


def priorities(desk: Desk, asked: Asked) -> Answer:
    """List priorities, most severe first; 402 where they are switched off."""
    desk.account.need("priorities")
    return paged(asked, "priorities", list(desk.account.priorities.values()), desk.shapes.priority)


def schedule_users(desk: Desk, asked: Asked) -> Answer:
    """List who is on call by a schedule between since and until, the next two weeks by default."""
    schedule = desk.account.schedules.get(asked.ids["id"])
    if schedule is None:
        raise not_found()
    named = desk.shapes.schedule(schedule)["users"]
    found = [desk.shapes.user(desk.account.users[one["id"]]) for one in named]
    return Answer({"users": found})


def oncalls(desk: Desk, asked: Asked) -> Answer:
    """List who is on call, now or between since and until, at every level."""
    now = desk.clock()
    since, until = when(asked, "since", now), when(asked, "until", now)
    if until < since or until - since > MAX_RANGE_S:
        raise invalid("Until must be after since, and within 3 months.")
    wanted = asked.many("escalation_policy_ids")
    found = [
        duty
        for policy in desk.account.policies.values()
        if not wanted or policy.id in wanted
        for duty in duties(desk.account, policy, since, until)
    ]
    found = _chosen(asked, found)
    if asked.query.get("earliest") == "true":
        found = _earliest(found)
    return paged(asked, "oncalls", found, lambda duty: desk.shapes.duty(duty, asked.include))


def changes(desk: Desk, asked: Asked) -> Answer:
    """List the change events of a service, newest first."""
    if asked.ids["id"] not in desk.account.services:
        raise not_found()
    rows = [one for one in reversed(desk.account.changes) if one.service == asked.ids["id"]]
    return paged(asked, "change_events", rows, desk.shapes.change)


def _one(table: str, name: str, spell: str) -> Callable[[Desk, Asked], Answer]:
    def handler(desk: Desk, asked: Asked) -> Answer:
        found = getattr(desk.account, table).get(asked.ids["id"])
        if found is None:
            raise not_found()
        return Answer({name: getattr(desk.shapes, spell)(found)})

    return handler


def _matching(asked: Asked, rows: Iterable[N]) -> list[N]:
    query = asked.query.get("query", "").lower()
    return [row for row in rows if query in row.ref.summary.lower()]


def _team_members(desk: Desk, team: str) -> tuple[str, ...]:
    found = desk.account.teams.get(team)
    return found.members if found else ()


def _chosen(asked: Asked, found: list[Duty]) -> list[Duty]:
    people, plans = asked.many("user_ids"), asked.many("schedule_ids")
    return [
        duty
        for duty in found
        if (not people or duty.user in people) and (not plans or duty.schedule in plans)
    ]


def _earliest(found: list[Duty]) -> list[Duty]:
    first: dict[tuple[str, int, str], Duty] = {}
    for duty in sorted(found, key=lambda duty: duty.start or 0.0):
        first.setdefault((duty.policy, duty.level, duty.user), duty)
    return sorted(first.values(), key=lambda duty: (duty.policy, duty.level))


ROUTES = (
    Route("GET", "/abilities", abilities),
    Route("GET", "/abilities/{id}", ability),
    Route("GET", "/users", users),
    Route("GET", "/users/me", me),
    Route("GET", "/users/{id}", _one("users", "user", "user")),
    Route("GET", "/teams", teams),
    Route("GET", "/teams/{id}", _one("teams", "team", "team")),
    Route("GET", "/teams/{id}/members", members),
    Route("GET", "/escalation_policies", policies),
    Route("GET", "/escalation_policies/{id}", _one("policies", "escalation_policy", "policy")),
    Route("GET", "/services", services),
    Route("GET", "/services/{id}", _one("services", "service", "service")),
    Route("GET", "/services/{id}/change_events", changes),
    Route("GET", "/schedules", schedules),
    Route("GET", "/schedules/{id}", _one("schedules", "schedule", "schedule")),
    Route("GET", "/schedules/{id}/users", schedule_users),
    Route("GET", "/priorities", priorities),
    Route("GET", "/oncalls", oncalls),
)
