"""Who is on call, as it was last read: how old that is, and what it lets somebody do. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

from opsbot.domain.actor import Actor
from opsbot.domain.change import Json, Record
from opsbot.domain.policy.identity import person_of
from opsbot.domain.policy.model import Person, Policy

FRESH_MS: Final = 15 * 60_000
"""How long a roster lets its people act by it; an older one is shown, with its age, and grants nothing."""

AHEAD_MS: Final = 60_000
"""How far a roster may lie ahead of the server's clock: clocks differ by seconds, not by more."""

FIRST_LEVEL: Final = 1
"""The level that acts by being on call: who is paged first. Others have to be paged, or named."""


@dataclass(frozen=True, slots=True)
class OnDuty:
    """
    One person on call for one escalation policy, at the lowest level they have there.

    *pager* is their id in PagerDuty, *email* in lower case. *until_ms* is when that ends, None for
    always. *phones* are shown only when a page did not go out.
    """

    policy: str
    level: int
    pager: str
    name: str
    email: str = ""
    phones: tuple[str, ...] = ()
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody on call at *read_ms* (server milliseconds), lowest level first."""

    read_ms: int
    duties: tuple[OnDuty, ...] = ()

    def age_ms(self, now_ms: int) -> int:
        """Return how old it is, as far as that is known: one from the future has no age."""
        return max(now_ms - self.read_ms, 0)

    def ahead(self, now_ms: int) -> bool:
        """Return whether it was read at a moment that did not come yet: a clock was wrong, or went back."""
        return self.read_ms - now_ms > AHEAD_MS

    def fresh(self, now_ms: int) -> bool:
        """Return whether it still says who may do what; one from the future never does."""
        return not self.ahead(now_ms) and self.age_ms(now_ms) <= FRESH_MS

    def on(self, policies: Sequence[str], now_ms: int) -> tuple[OnDuty, ...]:
        """Return who is on call for any of the policies now, lowest level first, each duty once."""
        there = (one for one in self.duties if one.policy in policies and not _over(one, now_ms))
        return tuple(sorted(there, key=lambda one: (one.level, one.policy, one.name)))


def policies_of(roster: Roster | None, policy: Policy, actor: Actor, now_ms: int) -> frozenset[str]:
    """Return the escalation policies for which somebody is the first to be called right now."""
    if roster is None or not roster.fresh(now_ms):
        return frozenset()
    return frozenset(
        one.policy
        for one in roster.duties
        if one.level == FIRST_LEVEL and not _over(one, now_ms) and _is(policy, one, actor)
    )


def person_on(policy: Policy, duty: OnDuty) -> Person | None:
    """Return the person of the policy who is on duty: by their PagerDuty id, else by e-mail."""
    by_id = next((one for one in policy.people.values() if duty.pager in one.pagerduty), None)
    if by_id is not None or not duty.email:
        return by_id
    wanted = duty.email.casefold()
    return next(
        (
            one
            for one in policy.people.values()
            if wanted in {mail.casefold() for mail in one.email}
        ),
        None,
    )


def _is(policy: Policy, duty: OnDuty, actor: Actor) -> bool:
    person = person_on(policy, duty)
    if person is not None:
        return person.name == person_of(policy, actor)
    return actor.kind == "email" and bool(duty.email) and actor.id.casefold() == duty.email


def _over(duty: OnDuty, now_ms: int) -> bool:
    return duty.until_ms is not None and duty.until_ms <= now_ms


def as_record(roster: Roster) -> Record:
    """Return the record as it is kept."""
    return {"s": 1, "read_ms": roster.read_ms, "duties": [_row(one) for one in roster.duties]}


def from_record(record: Record) -> Roster:
    """
    Read a kept record; fields of later versions are ignored.

    Raises:
        KeyError, TypeError, ValueError: not written by this program.
    """
    known = {one.name for one in fields(OnDuty)}
    duties = []
    for row in _listed(record["duties"]):
        assert isinstance(row, dict)
        given = {name: value for name, value in row.items() if name in known}
        duties.append(OnDuty(**{**given, "phones": tuple(_listed(row.get("phones")))}))
    return Roster(int(str(record["read_ms"])), tuple(duties))


def _row(one: OnDuty) -> Record:
    return {
        field.name: list(one.phones) if field.name == "phones" else getattr(one, field.name)
        for field in fields(one)
    }


def _listed(value: Json) -> tuple[Json, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else ()
