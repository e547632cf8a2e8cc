"""Why a verdict is as it is, line by line, for `opsbot policy explain ACTOR VERB WORKFLOW`."""

from opsbot.domain.actor import Actor
from opsbot.domain.policy.identity import (
    actor_of_person,
    identity_of,
    person_of,
    powerful,
    roles_of,
    shown,
    standing_of,
)
from opsbot.domain.policy.model import Policy, Request
from opsbot.domain.policy.rules import judge
from opsbot.domain.policy.words import alone_later
from opsbot.domain.said import inert

_OUTCOME = {
    "alone": "yes, alone",
    "alone_5_percent": "yes, alone, for at most 5 % of the sticky keys",
    "second_person": "yes, with a second person",
    "break_glass": "yes, by breaking the glass",
    "refused": "no",
}
_STANDING = {
    "member": "full member at home",
    "service": "service account",
    "system": "a part of the bot",
    "guest": "guest: refused whatever the roles say",
    "bot": "bot: refused whatever the roles say",
    "foreign": "another workspace: refused whatever the roles say",
    "unknown_service": "service account that the policy does not know",
}


def explain(policy: Policy, request: Request) -> tuple[str, ...]:
    """Return what the policy sees in a request, and its verdict with rule, reason and help."""
    verdict = judge(policy, request)
    lines = (
        _who(policy, request.actor),
        f"standing: {_STANDING[standing_of(policy, request.actor)]}",
        f"roles over this: {_words(roles_of(policy, request))}",
        f"roles that may {request.verb} this: {_words(_needed(policy, request))}",
        _what(request),
        f"verdict: {_OUTCOME[verdict.outcome]} (rule `{verdict.rule}`)",
        f"because: {verdict.message}",
    )
    approvers = ", ".join(shown(policy, name) for name in verdict.approvers)
    later = alone_later(policy, request) if verdict.outcome == "second_person" else ""
    more = (f"approvers: {approvers}" if approvers else "", verdict.hint, later)
    return (*lines, *(line for line in more if line))


def actor_named(policy: Policy, word: str) -> Actor:
    """
    Return the actor that a word on the command line means.

    A person's name or identity in the policy, a service account, an e-mail, else a Slack id
    of a full member at home.
    """
    if word in policy.services:
        return Actor(kind="service", id=word, via="cli", name=word)
    person = next((p for p in policy.people.values() if word in {p.name, *p.slack, *p.email}), None)
    if person is not None and (actor := actor_of_person(policy, person, via="cli")) is not None:
        return actor
    if "@" in word:
        return Actor(kind="email", id=inert(word), via="cli")
    return Actor(kind="slack", id=inert(word), via="cli", team=min(policy.teams, default=""))


def _who(policy: Policy, actor: Actor) -> str:
    person = person_of(policy, actor)
    if person:
        return f"actor: {shown(policy, person)} (`{person}`), known as {actor.kind} `{actor.id}`"
    return f"actor: {identity_of(policy, actor)}, not joined to a person: can never approve"


def _what(request: Request) -> str:
    names = ", ".join(f"{w.name} (tier {w.tier}, {w.team})" for w in request.workflows)
    return f"touches: {names or 'nothing that is declared: judged as tier 1'}"


def _needed(policy: Policy, request: Request) -> frozenset[str]:
    if request.verb == "show":
        return frozenset({"everybody at home"})
    return powerful(policy, request.verb, request.workflows)


def _words(words: frozenset[str]) -> str:
    return ", ".join(sorted(words)) or "none"
