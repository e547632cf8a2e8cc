"""Who an actor is under a policy: the person behind an identity, their standing, their roles."""

from typing import Literal

from opsbot.domain.actor import Actor, Via
from opsbot.domain.policy.model import Grant, Person, Policy, Request
from opsbot.domain.workflow import Workflow

Standing = Literal["member", "service", "system", "guest", "bot", "foreign", "unknown_service"]
INSIDE: frozenset[Standing] = frozenset({"member", "service", "system"})


def person_of(policy: Policy, actor: Actor) -> str:
    """Return the name of the person behind *actor*, empty where the identity is not joined."""
    if actor.bot or actor.guest or not _is_home(policy, actor):
        return ""
    return next((p.name for p in policy.people.values() if _is(p, actor)), "")


def identity_of(policy: Policy, actor: Actor) -> str:
    """Return the person's name, or `kind:id` for an identity that is not joined; never empty."""
    return person_of(policy, actor) or f"{actor.kind}:{_folded(actor)}"


def shown(policy: Policy, identity: str) -> str:
    """
    Return how people call the holder of an identity that `identity_of` gave.

    An account that the policy joins to nobody is said to be one: its id alone names nobody.
    """
    person = policy.people.get(identity)
    if person:
        return person.shown
    kind, _, account = identity.partition(":")
    return f"someone outside the policy ({account})" if kind == "slack" else account or identity


def actor_of_token(policy: Policy, token_sha256: str, *, via: Via) -> Actor | None:
    """Return whom a bearer token belongs to, by its SHA-256 in hex; None for nobody."""
    for service in policy.services.values():
        if token_sha256 in service.tokens:
            return Actor(kind="service", id=service.name, via=via, name=service.name)
    holder = next((p for p in policy.people.values() if token_sha256 in p.tokens), None)
    return None if holder is None else actor_of_person(policy, holder, via=via)


def actor_of_person(policy: Policy, person: Person, *, via: Via) -> Actor | None:
    """Return *person* as an actor, by Slack id where there is one; None without any identity."""
    if person.slack:
        team = min(policy.teams, default="")
        return Actor(kind="slack", id=person.slack[0], via=via, name=person.shown, team=team)
    if person.email:
        return Actor(kind="email", id=person.email[0], via=via, name=person.shown)
    return None


def standing_of(policy: Policy, actor: Actor) -> Standing:
    """Return what kind of account it is; only those in `INSIDE` may do anything at all."""
    if actor.kind in {"system", "claimed"}:
        return "system"
    if actor.kind == "service":
        return "service" if actor.id in policy.services else "unknown_service"
    if actor.bot:
        return "bot"
    if actor.guest:
        return "guest"
    return "member" if _is_home(policy, actor) else "foreign"


def roles_of(policy: Policy, request: Request) -> frozenset[str]:
    """Return the roles that the actor holds over everything the request touches."""
    return frozenset(g.role for g in policy.grants if _holds(policy, g, request))


def may_approve(policy: Policy, name: str, request: Request) -> bool:
    """Return whether the named person's own grants, or being paged, let them approve; no groups."""
    if name in policy.secondary and request.waiting_ms >= policy.times.page_secondary_ms:
        return True
    held = {g.role for g in policy.grants if name in g.people and covers(g, request)}
    return bool(held & approving_roles(policy, request))


def approving_roles(policy: Policy, request: Request) -> frozenset[str]:
    """Return the roles that may approve this: those that approve, and those with the power over what it is *of*."""
    own = powerful(policy, request.of, request.workflows) if request.of else frozenset[str]()
    return powerful(policy, "approve", request.workflows) | own


def powerful(policy: Policy, verb: str, workflows: tuple[Workflow, ...]) -> frozenset[str]:
    """Return the roles that may use *verb* on every one of *workflows*."""
    power = policy.powers.get(verb)
    if power is None:
        return frozenset()
    tiers = {w.tier for w in workflows} or {1}
    return frozenset.intersection(*(power.roles.get(tier, frozenset()) for tier in tiers))


def covers(grant: Grant, request: Request) -> bool:
    """Return whether a grant reaches everything that the request touches."""
    if not grant.teams:
        return True
    if request.wide or not request.workflows:
        return False
    return all(w.team in grant.teams for w in request.workflows)


def _holds(policy: Policy, grant: Grant, request: Request) -> bool:
    actor = request.actor
    if not covers(grant, request):
        return False
    if actor.kind == "service":
        return actor.id in grant.services
    person = person_of(policy, actor)
    return (
        (bool(person) and person in grant.people)
        or bool(grant.groups & actor.groups)
        or bool(grant.on_call & (request.on_call | actor.on_call))
    )


def _is_home(policy: Policy, actor: Actor) -> bool:
    joined = any(_is(p, actor) for p in policy.people.values())
    if actor.kind == "slack":
        # Surfaces other than Slack vouch by token and know no workspace: then only joined ids count.
        return actor.team in policy.teams or (joined and not actor.team and actor.via != "slack")
    if actor.kind == "email":
        return joined or _folded(actor).rpartition("@")[2] in policy.domains
    return False


def _is(person: Person, actor: Actor) -> bool:
    if actor.kind == "email":
        return _folded(actor) in {email.casefold() for email in person.email}
    return actor.kind == "slack" and actor.id in person.slack


def _folded(actor: Actor) -> str:
    return actor.id.casefold() if actor.kind == "email" else actor.id
