"""Who may do what in an incident: by their power, by working on it, by having opened it, or by being asked. Pure."""

from collections.abc import Callable
from typing import Final, Literal

from opsbot.app.environment import policy_of
from opsbot.app.incident.requests import EditIncident, MoveIncident, RoleOrder
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NotAllowed
from opsbot.domain.incident.flow import NOT_COUNTED
from opsbot.domain.incident.incident import Incident
from opsbot.domain.policy.identity import INSIDE, standing_of
from opsbot.domain.policy.rules import Request, Verdict, identity_of, judge
from opsbot.domain.state import State

Needs = Literal["work", "say", "cancel", "answer"]
"""
What a change asks for beside the power, which may make every one of them.

`work`: being at work on it. `say` (a note, an update): also having opened it. `cancel`: also having
opened it, while nobody accepted it. `answer` (accept, decline, leave): also an offer.
"""

NeedsOf = Callable[[State, Incident], Needs]
"""From an incident as it is to what a change of it asks for."""

UNTRUSTED: Final = frozenset({"triage"}) | NOT_COUNTED
"""Nobody with the power holds it for an incident: being part of it lets nobody work on it."""


def may_work(
    state: State, incident: Incident, actor: Actor, now_ms: int, needs: Needs = "work"
) -> str:
    """
    Return the rule by which somebody may change an incident.

    Who opens one, or is asked to help, has not the power for that: they would accept themselves.

    Raises:
        NotAllowed: with what they may do instead.
    """
    verdict = powered(state, incident, actor, now_ms)
    if verdict.allowed:
        return verdict.rule
    inside = standing_of(policy_of(state), actor) in INSIDE
    by = identity_of(policy_of(state), actor)
    if inside and needs in _parts(incident, by):
        return "incident-involved"
    raise _refused(incident, by if inside else "", verdict)


def powered(state: State, incident: Incident, actor: Actor, now_ms: int) -> Verdict:
    """Return what policy says of somebody's power over an incident."""
    declared = state.workflows()
    workflows = tuple(declared[name] for name in incident.workflows if name in declared)
    request = Request("incident", actor, workflows, wide=not workflows, now_ms=now_ms)
    return judge(policy_of(state), request)


def of_move(request: MoveIncident) -> Needs:
    """Return what a move asks for."""
    return "cancel" if request.to == "cancelled" else "work"


def of_edit(request: EditIncident) -> Needs:
    """Return what an edit asks for: an update that changes nothing else is only said."""
    said = EditIncident(request.which, request.update, request.next_update_s)
    return "say" if request.update and request == said else "work"


def of_role(order: RoleOrder, actor: Actor) -> NeedsOf:
    """
    Return what a change of roles asks for: what is one's own is answered, everything else is work.

    Who takes what is being offered to them accepts it, whatever word or button they use.
    """

    def needs(state: State, incident: Incident) -> Needs:
        leaves = order.act in ("decline", "leave")
        accepts = order.act == "accept" or offered_to(state, incident, order, actor)
        own = leaves or (accepts and order.role != "responder")
        return "answer" if own and not order.who else "work"

    return needs


def offered_to(state: State, incident: Incident, order: RoleOrder, actor: Actor) -> bool:
    """Return whether somebody takes a role that is being offered to them right now."""
    by = identity_of(policy_of(state), actor)
    return order.act == "take" and any(
        role == order.role and who == by for role, who in incident.offers.items()
    )


def _parts(incident: Incident, by: str) -> frozenset[Needs]:
    """Return what somebody may do without the power."""
    found: set[Needs] = set()
    if by in (*incident.roles.values(), *incident.responders):
        found |= {"say", "answer"}
        if incident.status not in UNTRUSTED:
            found |= {"work", "cancel"}
    if by in incident.offers.values():
        found.add("answer")
    if by == incident.declared_by:
        found.add("say")
        if incident.status == "triage":
            found.add("cancel")
    return frozenset(found)


def _refused(incident: Incident, by: str, verdict: Verdict) -> NotAllowed:
    parts = _parts(incident, by)
    may = [words for need, words in _MAY if need in parts]
    if not may:
        text = f"You may read {incident.id}, and not change it; nothing was changed."
        return NotAllowed(text, rule=verdict.rule, hint=verdict.hint)
    waits = " It waits for somebody with the power." if incident.status == "triage" else ""
    return NotAllowed(
        f"That takes the power over {incident.id}, or a part in the work on it;"
        f" nothing was changed.{waits}",
        rule=verdict.rule,
        hint=" ".join(one for one in (f"You may {', or '.join(may)}.", verdict.hint) if one),
    )


_MAY: Final[tuple[tuple[Needs, str], ...]] = (
    ("say", "note something or give an update"),
    ("cancel", "cancel it"),
    ("answer", "accept or decline what is offered to you"),
)
