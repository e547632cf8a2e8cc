"""The policy as the record that the store keeps, and back."""

from collections.abc import Iterable, Mapping

from opsbot.domain.change import Json, Record
from opsbot.domain.policy.model import (
    ROLES,
    BreakGlass,
    Fallback,
    Grant,
    Person,
    Policy,
    Power,
    Role,
    Service,
    Times,
)

_LISTS = ("slack", "email", "pagerduty", "tokens")
_GRANTED = ("people", "groups", "services", "on_call", "teams")
_TIMES = (
    "approval_ms",
    "undo_own_ms",
    "page_secondary_ms",
    "lone_restore_ms",
    "alarm_kills",
    "alarm_window_ms",
)


def as_record(policy: Policy) -> Record:
    """Return the record as it is stored; the same policy always gives the same record."""
    return {
        "s": 1,
        "teams": sorted(policy.teams),
        "domains": sorted(policy.domains),
        "people": {name: _person(person) for name, person in sorted(policy.people.items())},
        "services": {
            name: {"may": sorted(service.may), "tokens": list(service.tokens)}
            for name, service in sorted(policy.services.items())
        },
        "grants": [_grant(grant) for grant in policy.grants],
        "powers": {verb: _power(power) for verb, power in sorted(policy.powers.items())},
        "secondary": list(policy.secondary),
        "break_glass": _glass(policy.break_glass),
        "fallback": {
            "ids": sorted(policy.fallback.ids),
            "groups": sorted(policy.fallback.groups),
        },
        "times": {name: getattr(policy.times, name) for name in _TIMES},
        "one_person_modes": sorted(policy.one_person_modes),
        "broken": policy.broken,
    }


def from_record(record: Record) -> Policy:
    """
    Read a stored record.

    Raises:
        KeyError, TypeError, ValueError: not written by this program.
    """
    fallback = _map(record["fallback"])
    return Policy(
        teams=frozenset(_words(record["teams"])),
        domains=frozenset(_words(record["domains"])),
        people={n: _person_from(n, _map(p)) for n, p in _map(record["people"]).items()},
        services={n: _service_from(n, _map(s)) for n, s in _map(record["services"]).items()},
        grants=tuple(_grant_from(_map(grant)) for grant in _list(record["grants"])),
        powers={verb: _power_from(_map(power)) for verb, power in _map(record["powers"]).items()},
        secondary=_words(record["secondary"]),
        break_glass=_glass_from(_map(record["break_glass"])),
        fallback=Fallback(
            ids=frozenset(_words(fallback["ids"])), groups=frozenset(_words(fallback["groups"]))
        ),
        times=_times_from(_map(record["times"])),
        one_person_modes=frozenset(_words(record["one_person_modes"])),
        broken=bool(record["broken"]),
    )


def _times_from(record: Record) -> Times:
    """Read the times; one that an older version did not know has its default."""
    return Times(**{name: _number(record[name]) for name in _TIMES if name in record})


def _person(person: Person) -> Record:
    return {"title": person.title} | {name: list(getattr(person, name)) for name in _LISTS}


def _person_from(name: str, record: Record) -> Person:
    ids = {key: _words(record[key]) for key in _LISTS}
    return Person(name=name, title=str(record["title"]), **ids)


def _service_from(name: str, record: Record) -> Service:
    may, tokens = frozenset(_words(record["may"])), _words(record["tokens"])
    return Service(name=name, may=may, tokens=tokens)


def _grant(grant: Grant) -> Record:
    held: dict[str, Json] = {name: sorted(getattr(grant, name)) for name in _GRANTED}
    return {"role": grant.role} | held


def _grant_from(record: Record) -> Grant:
    held = {name: frozenset(_words(record[name])) for name in _GRANTED}
    return Grant(role=_role(record["role"]), **held)


def _power(power: Power) -> Record:
    return {
        "roles": {str(tier): sorted(roles) for tier, roles in sorted(power.roles.items())},
        "second_person": sorted(power.second_person),
    }


def _power_from(record: Record) -> Power:
    roles = {int(tier): frozenset(_words(held)) for tier, held in _map(record["roles"]).items()}
    second = frozenset(_number(tier) for tier in _list(record["second_person"]))
    return Power(roles=roles, second_person=second)


def _glass(glass: BreakGlass) -> Record:
    return {
        "members": glass.members,
        "groups": sorted(glass.groups),
        "people": sorted(glass.people),
        "every_ms": glass.every_ms,
        "adopt_within_ms": glass.adopt_within_ms,
        "pages": list(glass.pages),
    }


def _glass_from(record: Record) -> BreakGlass:
    return BreakGlass(
        members=bool(record["members"]),
        groups=frozenset(_words(record["groups"])),
        people=frozenset(_words(record["people"])),
        every_ms=_number(record["every_ms"]),
        adopt_within_ms=_number(record["adopt_within_ms"]),
        pages=_words(record["pages"]),
    )


def _role(value: Json) -> Role:
    for role in ROLES:
        if role == value:
            return role
    raise ValueError(f"not a role: {value!r}")


def _map(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, Mapping):
        raise TypeError(f"not an object: {value!r}")
    return value


def _list(value: Json) -> Iterable[Json]:
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"not a list: {value!r}")
    return value


def _words(value: Json) -> tuple[str, ...]:
    return tuple(str(word) for word in _list(value))


def _number(value: Json) -> int:
    if not isinstance(value, int):
        raise TypeError(f"not a number: {value!r}")
    return value
