"""A policy file as the domain's `Policy`, and what its parts mean to each other."""

from collections.abc import Iterable, Iterator, Mapping

from opsbot.adapters.catalog.policy_models import (
    ExampleFile,
    GrantFile,
    PersonFile,
    PolicyFile,
    PowerFile,
)
from opsbot.adapters.catalog.yaml import Document, Where
from opsbot.domain.declaration import Finding
from opsbot.domain.nearest import nearest
from opsbot.domain.policy.examples import Example
from opsbot.domain.policy.model import TIERS, Role
from opsbot.domain.policy.rules import (
    BreakGlass,
    Fallback,
    Grant,
    Person,
    Policy,
    Power,
    Service,
    Times,
)
from opsbot.domain.workflow import Workflow

_MIN_MS = 60_000
_VITAL = ("kill", "restore", "approve")
_TWO = 2


def policy_of(file: PolicyFile) -> Policy:
    """Return the policy that a file without findings declares."""
    glass, times = file.break_glass, file.times
    return Policy(
        teams=frozenset(file.home.teams),
        domains=frozenset(d.casefold() for d in file.home.domains),
        people={name: _person(name, person) for name, person in file.people.items()},
        services={
            name: Service(name, frozenset(s.may), tuple(s.token_sha256))
            for name, s in file.services.items()
        },
        grants=tuple(_grant(role, g) for role, grants in file.roles.items() for g in grants),
        powers={verb: _power(power) for verb, power in file.powers.items()},
        secondary=tuple(file.secondary),
        break_glass=BreakGlass(
            members=glass.members,
            groups=frozenset(glass.groups),
            people=frozenset(glass.people),
            every_ms=_ms(glass.every_min),
            adopt_within_ms=_ms(glass.adopt_within_min),
            pages=tuple(glass.pages),
        ),
        fallback=_fallback(file),
        times=Times(
            approval_ms=_ms(times.approval_min),
            undo_own_ms=_ms(times.undo_own_min),
            page_secondary_ms=_ms(times.page_secondary_min),
            lone_restore_ms=_ms(times.lone_restore_min),
            alarm_kills=times.alarm_kills,
            alarm_window_ms=_ms(times.alarm_window_min),
        ),
        one_person_modes=frozenset(file.one_person_modes),
    )


def examples_of(file: PolicyFile, document: Document) -> tuple[Example, ...]:
    """Return the policy's own table, with the line of each row."""
    rows = enumerate(file.tests)
    return tuple(_example(row, document.line(("tests", i))) for i, row in rows)


def policy_findings(file: PolicyFile, document: Document) -> Iterator[Finding]:
    """Yield every rule that a well-formed policy breaks."""
    yield from _names(file, document)
    yield from _identities(file, document)
    yield from _vital(file, document)


def workflow_findings(
    policy: Policy, workflows: Mapping[str, Workflow], document: Document
) -> Iterator[Finding]:
    """Yield what a policy lacks for the workflows that are declared: people who can approve."""
    roles = policy.powers["approve"].roles if "approve" in policy.powers else {}
    for workflow in workflows.values():
        able = {
            name
            for grant in policy.grants
            if grant.role in roles.get(workflow.tier, frozenset())
            and (not grant.teams or workflow.team in grant.teams)
            for name in grant.people
        } | set(policy.secondary)
        if len(able) < _TWO:
            message = f"fewer than two people can approve a restore of `{workflow.name}`"
            fix = "Add another person to the approvers, or to `secondary`."
            yield document.warn(("roles", "approver"), message, fix)
        ids = {i for p in policy.people.values() for i in (*p.slack, *p.email)}
        if workflow.dri not in ids:
            message = f"the DRI `{workflow.dri}` of `{workflow.name}` is not among `people`"
            fix = "Join their identities under `people`, so that approvals and pages find them."
            yield document.warn(("people",), message, fix)


def _names(file: PolicyFile, document: Document) -> Iterator[Finding]:
    for role, grants in file.roles.items():
        for i, grant in enumerate(grants):
            base: Where = ("roles", role, i)
            yield from _unknown(grant.people, file.people, document, (*base, "people"))
            yield from _unknown(grant.services, file.services, document, (*base, "services"))
            if not (grant.people or grant.groups or grant.services or grant.on_call):
                fix = "Name people, groups, services or on_call, or take the entry away."
                yield document.find(base, f"this grant of `{role}` is for nobody", fix)
    glass, fall = file.break_glass, file.fallback
    yield from _unknown(file.secondary, file.people, document, ("secondary",))
    yield from _unknown(glass.people, file.people, document, ("break_glass", "people"))
    yield from _unknown(glass.pages, file.people, document, ("break_glass", "pages"))
    yield from _unknown(fall.people, file.people, document, ("fallback", "people"))
    if not (fall.people or fall.groups):
        message = "nobody may kill while no good policy is known"
        yield document.find(("fallback",), message, "Name people or groups.")


def _unknown(
    names: Iterable[str], known: Iterable[str], document: Document, where: Where
) -> Iterator[Finding]:
    words = list(known)
    for i, name in enumerate(names):
        if name not in words:
            guess = nearest(name, words)
            fix = f"Did you mean `{guess}`?" if guess else f"Known: {', '.join(words) or 'nobody'}."
            yield document.find((*where, i), f"`{name}` is not declared", fix)


def _identities(file: PolicyFile, document: Document) -> Iterator[Finding]:
    for name, person in file.people.items():
        base: Where = ("people", name)
        if name in file.services:
            fix = "Give the service account another name."
            yield document.find(base, f"`{name}` is a person and a service account", fix)
        if not (person.slack or person.email or person.pagerduty):
            yield document.find(base, f"`{name}` has no identity", "Add `slack:` or `email:`.")
    owner: dict[str, str] = {}
    for where, identity in _owned(file):
        name, other = str(where[-1]), owner.setdefault(identity, str(where[-1]))
        if other != name:
            message = f"`{identity}` belongs to `{other}` and to `{name}`"
            fix = "An identity has one owner; else somebody could approve themselves."
            yield document.find(where, message, fix)


def _owned(file: PolicyFile) -> Iterator[tuple[Where, str]]:
    for name, person in file.people.items():
        for identity in _all(person):
            yield ("people", name), identity
    for name, service in file.services.items():
        for token in service.token_sha256:
            yield ("services", name), token


def _vital(file: PolicyFile, document: Document) -> Iterator[Finding]:
    for verb in _VITAL:
        if verb not in file.powers:
            fix = f"Add `{verb}: {{roles: [approver]}}` with the roles that may."
            yield document.find(("powers",), f"nobody may `{verb}`", fix)
    for verb, power in file.powers.items():
        where: Where = ("powers", verb)
        if bool(power.roles) == (power.tiers is not None):
            fix = "Write `roles:` for every tier, or `tiers:` one by one."
            yield document.find(where, f"`{verb}` needs `roles` or `tiers`, one of them", fix)
        if power.second_person and verb in (*_VITAL, "show", "signal"):
            fix = "Take `second_person` away: it is fixed for this verb and cannot be tuned."
            yield document.find((*where, "second_person"), f"`{verb}` has rules of its own", fix)
    kill = file.powers.get("kill")
    if kill is not None and any("responder" not in _power(kill).roles[t] for t in TIERS):
        fix = "Add `responder`: whoever is on call must be able to stop anything alone."
        yield document.find(("powers", "kill"), "responders cannot kill on every tier", fix)


def _person(name: str, file: PersonFile) -> Person:
    return Person(
        name=name,
        title=file.title,
        slack=tuple(file.slack),
        email=tuple(e.casefold() for e in file.email),
        pagerduty=tuple(file.pagerduty),
        tokens=tuple(file.token_sha256),
    )


def _grant(role: Role, file: GrantFile) -> Grant:
    return Grant(
        role=role,
        people=frozenset(file.people),
        groups=frozenset(file.groups),
        services=frozenset(file.services),
        on_call=frozenset(file.on_call),
        teams=frozenset(file.teams),
    )


def _power(file: PowerFile) -> Power:
    tiers = file.tiers
    by_tier = (
        {1: tiers.tier_1, 2: tiers.tier_2, 3: tiers.tier_3}
        if tiers is not None
        else dict.fromkeys(TIERS, file.roles)
    )
    roles: dict[int, frozenset[str]] = {tier: frozenset(held) for tier, held in by_tier.items()}
    return Power(roles=roles, second_person=frozenset(file.second_person))


def _fallback(file: PolicyFile) -> Fallback:
    people = [file.people[name] for name in file.fallback.people]
    ids = frozenset(i for person in people for i in (*person.slack, *person.email))
    return Fallback(ids=ids, groups=frozenset(file.fallback.groups))


def _all(person: PersonFile) -> Iterator[str]:
    yield from person.slack
    yield from (email.casefold() for email in person.email)
    yield from person.pagerduty
    yield from person.token_sha256


def _example(row: ExampleFile, line: int) -> Example:
    return Example(line=line, **row.model_dump())


def _ms(minutes: float) -> int:
    return int(minutes * _MIN_MS)
