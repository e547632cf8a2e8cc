"""Who is on call: schedules over time, and the people of a policy's level. Pure."""

import math
from dataclasses import dataclass
from itertools import pairwise

from opsbot.workbench.pagerduty.account import Account
from opsbot.workbench.pagerduty.model import Policy, Schedule, Shift


@dataclass(frozen=True, slots=True)
class Duty:
    """One person on one level; *schedule* and the moments are None for who is always on call."""

    user: str
    policy: str
    level: int
    schedule: str | None
    start: float | None
    end: float | None


def at(schedule: Schedule, when: float) -> str | None:
    """Who is on call by *schedule* at that moment, or None for nobody."""
    for shift in reversed(schedule.overrides):
        if shift.start <= when < shift.end:
            return shift.user
    if not schedule.users:
        return None
    turn = math.floor((when - schedule.anchor) / schedule.turn_s)
    return schedule.users[turn % len(schedule.users)]


def shifts(schedule: Schedule, since: float, until: float) -> list[Shift]:
    """
    List who is on call between *since* and *until*, each shift with its true ends.

    Both may be the same moment. Gaps are left out.
    """
    edges = _edges(schedule, since - schedule.turn_s, until + schedule.turn_s)
    found = [Shift(at(schedule, start), start, end) for start, end in pairwise(edges)]
    return [one for one in found if one.user and one.end > since and one.start <= until]


def _edges(schedule: Schedule, first: float, last: float) -> list[float]:
    turn = math.floor((first - schedule.anchor) / schedule.turn_s)
    edges: set[float] = set()
    while (edge := schedule.anchor + turn * schedule.turn_s) <= last:
        edges.add(edge)
        turn += 1
    for shift in schedule.overrides:
        edges |= {shift.start, shift.end}
    return sorted(edges)


def duties(account: Account, policy: Policy, since: float, until: float) -> list[Duty]:
    """List everybody on call by *policy* between *since* and *until*, level by level."""
    found: list[Duty] = []
    for number, level in enumerate(policy.levels, start=1):
        for target in level.targets:
            schedule = account.schedules.get(target)
            if schedule is None:
                found.append(Duty(target, policy.id, number, None, None, None))
                continue
            found += [
                Duty(str(one.user), policy.id, number, schedule.id, one.start, one.end)
                for one in shifts(schedule, since, until)
            ]
    return found


def people(account: Account, policy: Policy, level: int) -> list[str]:
    """List who is paged at that level now, each once."""
    now = account.clock()
    return list(
        dict.fromkeys(
            duty.user for duty in duties(account, policy, now, now) if duty.level == level
        )
    )


def first_level(account: Account, policy: Policy, start: int = 1) -> int | None:
    """Return the first level from *start* on with anybody on call, or None."""
    levels = range(start, len(policy.levels) + 1)
    return next((level for level in levels if people(account, policy, level)), None)


def hand_over(account: Account, schedule: Schedule, user: str | None, seconds: float) -> None:
    """Put *user* (None: nobody) on call by *schedule* from now on, for *seconds*."""
    now = account.clock()
    schedule.overrides.append(Shift(user, now, now + seconds))
