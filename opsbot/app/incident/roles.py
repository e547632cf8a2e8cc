"""Roles of an incident: offered, taken, accepted, declined; a hand-over is done when it is accepted. Pure."""

import re
from dataclasses import replace
from typing import Final

from opsbot.app.environment import policy_of
from opsbot.app.incident.change import Amend
from opsbot.app.incident.power import offered_to
from opsbot.app.incident.requests import RoleOrder
from opsbot.app.target import nearest
from opsbot.domain.actor import Actor
from opsbot.domain.errors import IllegalMove, NeedsMoreWords, StaleButton
from opsbot.domain.incident.incident import ROLES, Incident, Role
from opsbot.domain.policy.explain import actor_named
from opsbot.domain.policy.identity import INSIDE, standing_of
from opsbot.domain.policy.model import Policy
from opsbot.domain.policy.rules import identity_of, shown
from opsbot.domain.said import inert
from opsbot.domain.state import State
from opsbot.domain.typed import command


def role_change(state: State, now_ms: int, order: RoleOrder, actor: Actor) -> Amend:
    """
    Return the change of roles that was asked for.

    Raises (when it is made):
        NeedsMoreWords: nobody such. StaleButton: the offer is gone. IllegalMove: it is over.
    """
    by = identity_of(policy_of(state), actor)

    def amend(incident: Incident) -> Incident:
        if not incident.open:
            raise IllegalMove(
                f"{incident.id} is {incident.status}; nobody takes a role in it.",
                hint="Reopen it first.",
            )
        if order.role == "responder":
            return _responder(state, incident, order, by)
        _refuse_other(state, incident, order, by)
        if order.act == "take":
            if order.vacant and not offered_to(state, incident, order, actor):
                _refuse_held(state, incident, order.role, by)
            return _held(incident, order.role, by, now_ms)
        if order.act == "offer":
            return _offered(incident, order.role, person(state, order.who), by, now_ms)
        if order.act == "leave":
            return _left(incident, order.role, by)
        return _answered(state, incident, order, by, now_ms)

    return amend


def person(state: State, word: str) -> str:
    """
    Return the identity of whom a word means: a name of the policy, an e-mail, or a Slack mention.

    Raises:
        NeedsMoreWords: nobody of this home.
    """
    policy = policy_of(state)
    named = word.strip().removeprefix("<@").removesuffix(">").partition("|")[0].removeprefix("@")
    folded = named.casefold()
    titled = next(
        (one.name for one in policy.people.values() if folded in (one.name, one.shown.casefold())),
        named,
    )
    actor = actor_named(policy, titled)
    known = actor.kind == "slack" and _account(titled, mentioned=word.strip().startswith("<@"))
    joined = identity_of(policy, actor) in policy.people
    if not named or standing_of(policy, actor) not in INSIDE or not (joined or known):
        raise NeedsMoreWords(
            f"`{inert(word, limit=40)}` is nobody here; nothing was changed.",
            hint=f"{_meant(policy, named)}Mention the person, as in `@ines`, or give a name of the policy.",
        )
    return identity_of(policy, actor)


def _account(word: str, *, mentioned: bool) -> bool:
    """Return whether a word is a Slack id and not a name in capitals; in a mention Slack itself wrote it."""
    if mentioned:
        return _MENTIONED.fullmatch(word) is not None
    return _TYPED.fullmatch(word) is not None


_MENTIONED: Final = re.compile(r"[UW][A-Z0-9]+", re.ASCII)
_TYPED: Final = re.compile(r"(?=.*[0-9])[UW][A-Z0-9]{6,}", re.ASCII)


def _meant(policy: Policy, word: str) -> str:
    """Return whom a mistyped name may mean, as a question, empty for nobody near."""
    called = {one.shown.casefold(): one.name for one in policy.people.values()}
    called |= {one.name.casefold(): one.name for one in policy.people.values()}
    near = dict.fromkeys(called[name] for name in nearest(word, called))
    return f"Did you mean {' or '.join(f'`{one}`' for one in near)}? " if near else ""


def _responder(state: State, incident: Incident, order: RoleOrder, by: str) -> Incident:
    who = person(state, order.who) if order.who else by
    if order.act in ("leave", "decline"):
        return replace(incident, responders=tuple(x for x in incident.responders if x != who))
    if who in incident.responders:
        return incident
    return replace(incident, responders=(*incident.responders, who))


def _refuse_other(state: State, incident: Incident, order: RoleOrder, by: str) -> None:
    """Refuse what is done for oneself where it names somebody else: it would be done to whoever says it."""
    if order.act == "offer" or not order.who or person(state, order.who) == by:
        return
    raise NeedsMoreWords(
        f"`{order.act}` is said for oneself; nothing was changed.",
        hint=f"To hand the role over, offer it:"
        f" {command(f'incident role {order.role} {incident.id} {inert(order.who, limit=40)}')}.",
    )


def _refuse_held(state: State, incident: Incident, role: Role, by: str) -> None:
    """Refuse a button that came second: taking a role from somebody is said in words."""
    holder = incident.roles.get(role)
    if holder in (None, by):
        return
    name = inert(shown(policy_of(state), str(holder)), limit=80)
    raise StaleButton(
        f"{name} is {role} of {incident.id} already; nothing was changed.",
        hint=f"To take it over: {command(f'incident role {role} {incident.id}')}.",
    )


def _held(incident: Incident, role: Role, who: str, now_ms: int) -> Incident:
    offers = {name: one for name, one in incident.offers.items() if name != role}
    held = replace(incident, roles={**incident.roles, role: who}, offers=offers)
    if role == "commander" and held.times.acknowledged is None:
        held = held.timed("acknowledged", max(now_ms, held.times.declared))
    return held


def _offered(incident: Incident, role: Role, who: str, by: str, now_ms: int) -> Incident:
    if who == by:
        return _held(incident, role, who, now_ms)
    if incident.roles.get(role) == who:
        return incident
    return replace(incident, offers={**incident.offers, role: who})


def _left(incident: Incident, role: Role, by: str) -> Incident:
    if incident.roles.get(role) != by:
        raise StaleButton(f"You do not hold that role in {incident.id}; nothing was changed.")
    roles = {name: who for name, who in incident.roles.items() if name != role}
    return replace(incident, roles=roles)


def _answered(state: State, incident: Incident, order: RoleOrder, by: str, now_ms: int) -> Incident:
    role = next(one for one in ROLES if one == order.role)
    if incident.offers.get(role) != by:
        offered, holder = incident.offers.get(role), incident.roles.get(role)
        to = f"It is offered to {shown(policy_of(state), offered)}." if offered else ""
        if holder and not offered:
            to = f"{'You hold' if holder == by else f'{shown(policy_of(state), holder)} holds'} it."
        raise StaleButton(
            f"`{role}` of {incident.id} is not offered to you; nothing was changed.", hint=to
        )
    if order.act == "accept":
        return _held(incident, role, by, now_ms)
    offers = {name: one for name, one in incident.offers.items() if name != role}
    return replace(incident, offers=offers)
