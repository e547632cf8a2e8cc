"""Who may write, let go, hold and approve what people read; on the track of exposed data, who alone may. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from opsbot.app.comms_rules import settings_of
from opsbot.app.environment import policy_of
from opsbot.app.incident.power import UNTRUSTED
from opsbot.domain.actor import Actor
from opsbot.domain.approval import Approval
from opsbot.domain.comms.facts import tells_exposure
from opsbot.domain.comms.message import Message
from opsbot.domain.comms.settings import CommsSettings
from opsbot.domain.comms.templates import Audience
from opsbot.domain.errors import NotAllowed
from opsbot.domain.incident.incident import Incident, Role
from opsbot.domain.policy.identity import INSIDE, powerful, roles_of, standing_of
from opsbot.domain.policy.model import Policy
from opsbot.domain.policy.rules import (
    Request,
    Verdict,
    actor_of_person,
    identity_of,
    judge,
    person_of,
    shown,
)
from opsbot.domain.policy.words import helpers, holders
from opsbot.domain.state import State
from opsbot.domain.typed import command
from opsbot.domain.workflow import Workflow

COMMS: Final = "comms"
"""The power: to write to people, and to let it go."""

_LEADS: Final[tuple[Role, ...]] = ("commander", "comms")
_HOLD: Final = frozenset({"responder", "commander", "comms", "admin"})
"""Roles of whoever gives the first word; an on-call duty gives one of them too."""


def may_write(
    state: State,
    incident: Incident,
    audience: Audience,
    actor: Actor,
    now_ms: int,
    *,
    about: tuple[str, ...] = (),
) -> Verdict:
    """
    Return the verdict by which somebody may write to an audience of an incident, and let it go.

    *about* are the situations that it is told under (`situations`), empty where that is not known yet.
    Who leads an incident, or its words, needs no power beside that. On the track of exposed data only
    they, and those who approve there, write to users.

    Raises:
        NotAllowed: with who can help.
    """
    verdict = _verdict(state, incident, actor, now_ms)
    policy, by = policy_of(state), identity_of(policy_of(state), actor)
    leads = _leads(policy, incident, actor, by)
    if on_track(state, incident, audience, about):
        _must_be_on_track(state, incident, by, leads=leads)
        return Verdict("alone", "comms-exposure", "You write here.", person=by)
    if verdict.outcome != "refused":
        return verdict
    if leads:
        return Verdict("alone", "comms-role-of-incident", "You lead this incident.", person=by)
    raise _no_writer(incident, verdict)


def _no_writer(incident: Incident, verdict: Verdict) -> NotAllowed:
    """Return the refusal of who may not write, with who may and how somebody comes to it."""
    if verdict.rule != f"{COMMS}-role":
        said = f"{verdict.message} Nothing was changed."
        return NotAllowed(said, rule=verdict.rule, hint=verdict.hint)
    lead = command("incident role comms @name")
    return NotAllowed(
        f"To write to people about {incident.id} takes the power `comms`, or to lead it or its words:"
        " your roles give neither. Nothing was changed.",
        rule=verdict.rule,
        hint=f"{verdict.hint} Or whoever commands it makes you its comms lead: {lead}.".strip(),
    )


def may_hold(
    state: State, incident: Incident, actor: Actor, now_ms: int, *, about: tuple[str, ...] = ()
) -> str:
    """
    Return the rule by which somebody may give users the first word, approved in advance, alone.

    Raises:
        NotAllowed: with who can; on the track of exposed data nobody may.
    """
    if on_track(state, incident, "users", about):
        raise NotAllowed(
            f"{_subject(state, incident)} about exposed data: nothing goes to users there without"
            f" {_functions(settings_of(state))}. Nothing was published.",
            rule="comms-exposure",
            hint=f"Write it: {command(f'comms new {incident.id}')}.",
        )
    policy, by = policy_of(state), identity_of(policy_of(state), actor)
    request = Request(COMMS, actor, _workflows(state, incident), now_ms=now_ms)
    inside = standing_of(policy, actor) in INSIDE and not policy.broken
    if inside and roles_of(policy, request) & _HOLD:
        return "comms-holding"
    if inside and incident.roles.get("commander") == by and incident.status not in UNTRUSTED:
        return "comms-holding"
    if _verdict(state, incident, actor, now_ms).outcome != "refused":
        return "comms-holding"
    may = _HOLD | powerful(policy, COMMS, request.workflows)
    raise NotAllowed(
        "Only who is on call, a responder, the commander or comms gives users the first word;"
        " nothing was published.",
        rule="comms-holding",
        hint=helpers(policy, request) if policy.broken else holders(policy, request, may),
    )


def must_approve(
    state: State,
    incident: Incident,
    seat: str,
    actor: Actor,
    *,
    asked: tuple[int, str],
    now_ms: int,
) -> str:
    """
    Return the rule by which somebody may say yes (or no) on a seat; *asked* is when, and by whom.

    Raises:
        NotAllowed: the asker in any identity, not the role, or not of that function.
    """
    at_ms, requester = asked
    policy = policy_of(state)
    request = Request(
        "approve",
        actor,
        _workflows(state, incident),
        wide=not incident.workflows,
        now_ms=now_ms,
        waiting_ms=now_ms - at_ms,
        requester=requester,
        of=COMMS,
    )
    verdict = judge(policy, request)
    function = functions(state).get(seat)
    if function is None:
        if not verdict.allowed:
            raise NotAllowed(verdict.message, rule=verdict.rule, hint=verdict.hint)
        return verdict.rule
    # Whatever else refuses them (a guest, the asker, no policy), being of a function does not make good.
    if not verdict.allowed and verdict.rule != "approver-role":
        raise NotAllowed(verdict.message, rule=verdict.rule, hint=verdict.hint)
    if person_of(policy, actor) not in function:
        names = ", ".join(shown(policy, one) for one in function) or "nobody"
        raise NotAllowed(
            f"This waits for `{seat}`; nothing was changed.",
            rule="comms-exposure",
            hint=f"May approve as `{seat}`: {names}.",
        )
    return "comms-exposure"


def still_approves(
    state: State,
    incident: Incident,
    seat: str,
    given: Approval,
    *,
    on_call: frozenset[str],
) -> bool:
    """
    Return whether who gave an approval may give it still: as a person of the policy, by their roles now.

    *on_call* is what they are called first for now. Their groups are those that they had then, as far
    as the policy gives these a say.
    """
    policy = policy_of(state)
    person = policy.people.get(given.approver)
    # Not as Slack would vouch for them: a policy may know of no workspace.
    actor = None if person is None else actor_of_person(policy, person, via="http")
    if actor is None:
        return False
    actor = replace(actor, groups=frozenset(given.groups), on_call=on_call)
    asked, at_ms = (given.requested_ms, given.requester), given.settled_ms or given.requested_ms
    try:
        must_approve(state, incident, seat, actor, asked=asked, now_ms=at_ms)
    except NotAllowed:
        return False
    return True


def on_track(
    state: State, incident: Incident, audience: Audience, about: tuple[str, ...] = ()
) -> bool:
    """
    Return whether what users read of an incident takes the word of every function: data was exposed.

    By the incident's type, or by what is told: words about exposed data are that under any type.
    """
    types = settings_of(state).exposure
    told = bool(types) and any(tells_exposure(one) for one in about)
    return audience == "users" and (incident.type in types or told)


def situations(situation: str, corrects: Message | None) -> tuple[str, ...]:
    """Return what a message is told under: its own situation, and that of what it corrects."""
    return (situation,) if corrects is None else (situation, corrects.situation)


def about(state: State, message: Message) -> tuple[str, ...]:
    """Return what a message that is written is told under."""
    corrects = state.message(message.corrects) if message.corrects else None
    return situations(message.situation, corrects)


def functions(state: State) -> Mapping[str, tuple[str, ...]]:
    """Return the people of each function that approves where data was exposed, as the policy names them."""
    policy = policy_of(state)
    declared = settings_of(state).exposure_approvers
    return {name: tuple(_named(policy, one) for one in declared[name]) for name in sorted(declared)}


def workflows_of(state: State, incident: Incident) -> tuple[Workflow, ...]:
    """Return an incident's workflows that are declared."""
    return _workflows(state, incident)


def _named(policy: Policy, word: str) -> str:
    """Return a person by the name, the Slack id or the address that they were declared by."""
    for name, person in policy.people.items():
        if word in (name, *person.slack, *person.email):
            return name
    return word


def _verdict(state: State, incident: Incident, actor: Actor, now_ms: int) -> Verdict:
    workflows = _workflows(state, incident)
    request = Request(COMMS, actor, workflows, wide=not workflows, now_ms=now_ms)
    return judge(policy_of(state), request)


def _leads(policy: Policy, incident: Incident, actor: Actor, by: str) -> bool:
    inside = standing_of(policy, actor) in INSIDE and not policy.broken
    mine = by in (incident.roles.get(role) for role in _LEADS)
    return inside and mine and incident.status not in UNTRUSTED


def _must_be_on_track(state: State, incident: Incident, by: str, *, leads: bool) -> None:
    listed = {one for people in functions(state).values() for one in people}
    if leads or by in listed:
        return
    names = ", ".join(shown(policy_of(state), one) for one in sorted(listed))
    others = f", and {names}" if names else ""
    raise NotAllowed(
        f"{_subject(state, incident)} about exposed data: only its commander, its comms lead{others} write to"
        " users there. Nothing was changed.",
        rule="comms-exposure",
    )


def _subject(state: State, incident: Incident) -> str:
    by_type = incident.type in settings_of(state).exposure
    return f"{incident.id} is" if by_type else f"These words to users of {incident.id} are"


def _functions(settings: CommsSettings) -> str:
    names = [f"`{one}`" for one in settings.exposure_approvers]
    return " and ".join(names) or "security and legal"


def _workflows(state: State, incident: Incident) -> tuple[Workflow, ...]:
    declared = state.workflows()
    return tuple(declared[name] for name in incident.workflows if name in declared)
