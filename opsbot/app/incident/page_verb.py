"""What people do about a page from here: call somebody after all, acknowledge, escalate, ask others in. Pure."""

from dataclasses import dataclass, replace

from opsbot.app.environment import policy_of
from opsbot.app.incident.change import changed
from opsbot.app.incident.effects import PAGER
from opsbot.app.incident.power import may_work
from opsbot.app.incident.requests import PageAct, Which
from opsbot.app.incident.roles import person
from opsbot.app.incident.sight import found
from opsbot.app.incident.steps import page_over, paged_anew
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Effect, Record, Sealed
from opsbot.domain.errors import IllegalMove, NeedsMoreWords
from opsbot.domain.incident.incident import Incident, Step
from opsbot.domain.policy.rules import Policy, shown
from opsbot.domain.said import inert
from opsbot.domain.state import State
from opsbot.domain.typed import command

_DOING = {
    "acknowledge": "The page is being acknowledged.",
    "escalate": "The second level of the page is being called.",
}


@dataclass(frozen=True, slots=True)
class Paging:
    """
    One act with what is known beforehand.

    *connected*: whether there is a PagerDuty. *why* is the commitment to the reason, with what is *sealed*.
    """

    request: PageAct
    actor: Actor
    connected: bool
    why: str = ""
    sealed: tuple[Sealed, ...] = ()


def decide_page(
    state: State, now_ms: int, order: Paging
) -> tuple[Change | None, tuple[Incident, str]]:
    """
    Decide what is done about a page; the second value is the incident and what is happening, in words.

    Raises:
        UnknownIncident, NeedsMoreWords, NotAllowed: as every change; also a reason that is a name.
        IllegalMove: there is nothing to page with, or nothing to act on, or nobody to reach.
    """
    change, said = _decided(state, now_ms, order)
    if change is None or not order.why:
        return change, said
    facts: Record = {**change.facts, "reason": order.why}
    return replace(change, facts=facts, sealed=order.sealed), said


def _decided(
    state: State, now_ms: int, order: Paging
) -> tuple[Change | None, tuple[Incident, str]]:
    request, actor = order.request, order.actor
    incident = found(state, actor, request.which)
    rule = may_work(state, incident, actor, now_ms)
    _refuse(incident, connected=order.connected)
    if request.act == "page":
        _refuse_name(policy_of(state), incident, request.reason)
        return _page(state, now_ms, incident, actor, rule)
    if incident.pager is None or not incident.pager.id:
        raise IllegalMove(
            f"Nobody was paged for {incident.id}; nothing was changed.", hint="Page somebody first."
        )
    if page_over(incident):
        raise IllegalMove(
            f"The page of {incident.id} is resolved; nothing was changed.",
            hint=f"To call somebody again: {command(f'incident page {incident.id}')}.",
        )
    who = _reached(state, request.who) if request.act == "add" else ""
    effect = _told(incident, request, who, state.position.revision + 1)
    change = Change(
        verb=f"incident_page_{request.act}",
        actor=actor,
        rule=rule,
        facts={"incident": incident.id, "who": who},
        effects=(replace(effect, body={**effect.body, "why": order.why}),),
    )
    words = _DOING.get(request.act) or f"{shown(policy_of(state), who)} is being asked to join."
    return change, (incident, words)


def _refuse(incident: Incident, *, connected: bool) -> None:
    if not connected:
        raise IllegalMove(
            "PagerDuty is not connected; nobody was paged.",
            hint="Call by hand: see who is on call.",
        )
    if not incident.open:
        raise IllegalMove(
            f"{incident.id} is {incident.status}; nobody was paged.", hint="Reopen it first."
        )


def _refuse_name(policy: Policy, incident: Incident, reason: str) -> None:
    """Refuse a reason that is somebody's name: it would call the second level, and not them."""
    word = reason.strip().casefold()
    people = policy.people.values()
    meant = next((one for one in people if word in (one.name, one.shown.casefold())), None)
    if meant is None:
        return
    raise NeedsMoreWords(
        f"`{inert(reason, limit=40)}` may be who is to be called, or why; nobody was called.",
        hint=f"To ask {inert(meant.shown, limit=60)} in:"
        f" {command(f'incident page {incident.id} @{meant.name}')}."
        f" To call who is on call: {command(f'incident page {incident.id}')}.",
    )


def _reached(state: State, word: str) -> str:
    """
    Return whom PagerDuty is to ask in.

    Raises:
        NeedsMoreWords: nobody such. IllegalMove: it could not know them by anything.
    """
    who, policy = person(state, word), policy_of(state)
    known = policy.people.get(who)
    if who.startswith("email:") or (known is not None and (known.pagerduty or known.email)):
        return who
    raise IllegalMove(
        f"Nothing here says who {inert(shown(policy, who), limit=60)} is in PagerDuty;"
        " nobody was called.",
        hint="Call them by hand. An e-mail or a PagerDuty id in the policy mends it.",
    )


def _page(
    state: State, now_ms: int, incident: Incident, actor: Actor, rule: str
) -> tuple[Change | None, tuple[Incident, str]]:
    """Make the step due that was skipped or failed; a page that is out goes on, one that is over is opened anew."""
    now = incident.steps.get("page", Step("skipped"))
    if now.state == "due":
        return None, (incident, "The page is under way.")
    anew = page_over(incident)
    if incident.pager is not None and incident.pager.id and not anew:
        request = PageAct(Which(incident.id), "escalate")
        change = Change(
            verb="incident_page_escalate",
            actor=actor,
            rule=rule,
            facts={"incident": incident.id},
            effects=(_told(incident, request, "", state.position.revision + 1),),
        )
        return change, (incident, _DOING["escalate"])
    due = Step("due", at_ms=now_ms, tries=now.tries + 1)
    after = paged_anew(incident, now_ms) if anew else incident.stepped("page", due)
    change_, after = changed(state, now_ms, incident, after, actor, verb="incident_page", rule=rule)
    return change_, (after, "The page is being sent.")


def _told(incident: Incident, request: PageAct, who: str, revision: int) -> Effect:
    body: Record = {"incident": incident.id, "what": request.act, "who": who, "revision": revision}
    return Effect(PAGER, f"{PAGER}:{incident.uid}:{revision}:{request.act}", body, "page")
