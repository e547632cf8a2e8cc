"""Who may do what in a run: by their power over its incident, by working on it, or by leading it. Pure."""

from collections.abc import Iterable
from typing import Final

from opsbot.app.environment import policy_of
from opsbot.app.incident.power import Needs, may_work
from opsbot.app.incident.sight import involved
from opsbot.app.reach import holders
from opsbot.app.runs.sight import incident_of
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NotAllowed
from opsbot.domain.incident.incident import Incident
from opsbot.domain.policy.identity import INSIDE, roles_of, standing_of
from opsbot.domain.policy.model import Policy
from opsbot.domain.policy.rules import Request, identity_of, judge, shown
from opsbot.domain.run import Run
from opsbot.domain.said import inert
from opsbot.domain.state import State
from opsbot.domain.typed import command
from opsbot.domain.workflow import Workflow

NAMED: Final = 5
"""People whom a refusal names."""

_COMMANDING: Final = frozenset({"commander", "admin"})


def may_walk(  # who, what, and how much of it
    state: State,
    run: Run,
    actor: Actor,
    now_ms: int,
    needs: Needs = "work",
    *,
    asked: frozenset[str] = frozenset(),
) -> str:
    """
    Return the rule by which somebody may change a run.

    *asked* are those who may do this one thing because somebody asked them: anybody can be named so,
    and being asked is no power over anything else.

    Raises:
        NotAllowed: with who can help.
    """
    by = identity_of(policy_of(state), actor)
    if standing_of(policy_of(state), actor) in INSIDE and by in _at_work(run) | asked:
        return "run-involved"
    incident = incident_of(state, run)
    try:
        if incident is not None:
            return may_work(state, incident, actor, now_ms, needs)
        return may_begin(state, workflows_of(state, run.params.values()), actor, now_ms)
    except NotAllowed as no:
        if by not in _offered(run):
            raise
        say = command(f"runbook {'lead ' if by == run.offer else ''}accept {run.id}")
        message = f"You were asked, and have not accepted yet. {no.message}"
        raise NotAllowed(message, rule=no.rule, hint=f"Accept first: {say}.") from no


def may_begin(state: State, workflows: tuple[Workflow, ...], actor: Actor, now_ms: int) -> str:
    """
    Return the rule by which somebody may walk a runbook outside any incident.

    Raises:
        NotAllowed: with who can help.
    """
    asked = Request("incident", actor, workflows, wide=not workflows, now_ms=now_ms)
    verdict = judge(policy_of(state), asked)
    if not verdict.allowed:
        raise NotAllowed(
            "That takes the power over an incident; nothing was changed.",
            rule=verdict.rule,
            hint=verdict.hint,
        )
    return verdict.rule


def workflows_of(state: State, words: Iterable[str]) -> tuple[Workflow, ...]:
    """Return the declared workflows among some words."""
    declared = state.workflows()
    named = dict.fromkeys(words)
    return tuple(declared[name] for name in named if name in declared)


def leads(state: State, run: Run, by: str) -> bool:
    """Return whether somebody commands a run: its own commander, or that of its incident."""
    incident = incident_of(state, run)
    lead = "" if incident is None else incident.roles.get("commander", "")
    return bool(by) and by in (run.commander, lead)


def must_lead(state: State, run: Run, by: str, what: str) -> None:
    """
    Go on for the commander.

    Raises:
        NotAllowed: who it is, and what was wanted.
    """
    if leads(state, run, by):
        return
    lead = inert(shown(policy_of(state), run.commander), limit=80) if run.commander else "nobody"
    raise NotAllowed(
        f"Only the commander {what}; nothing was changed.",
        rule="run-commander",
        hint=f"{run.id} is led by {lead}.",
    )


def must_end(state: State, run: Run, actor: Actor, now_ms: int, what: str) -> None:
    """
    Go on for who may break off what others walk: who commands it; outside any incident whom policy makes commander.

    Practice and what is only shown hold nothing: whoever may walk it ends it.

    Raises:
        NotAllowed: who can.
    """
    policy = policy_of(state)
    if run.mode != "live" or leads(state, run, identity_of(policy, actor)):
        return
    incident = incident_of(state, run)
    if incident is None:
        workflows = workflows_of(state, run.params.values())
        asked = Request("incident", actor, workflows, wide=not workflows, now_ms=now_ms)
        if roles_of(policy, asked) & _COMMANDING:
            return
    lead = inert(shown(policy, run.commander), limit=80) if run.commander else "nobody"
    raise NotAllowed(
        f"Only who leads it {what}; nothing was changed.",
        rule="run-commander",
        hint=f"{run.id} is led by {lead}. {_others(policy, run, incident)}",
    )


def _others(policy: Policy, run: Run, incident: Incident | None) -> str:
    """Return who else can break off a run, or how one comes to lead it."""
    if incident is not None:
        lead = incident.roles.get("commander", "")
        named = f"{inert(shown(policy, lead), limit=80)} commands {incident.id}. "
        also = named if lead and lead != run.commander else ""
        return f"{also}Or take command: {command(f'incident role commander {incident.id}')}."
    people = dict.fromkeys(one for role in sorted(_COMMANDING) for one in holders(policy, role))
    shown_ = ", ".join(inert(shown(policy, one), limit=80) for one in list(people)[:NAMED])
    return f"Whom the policy makes commander can as well: {shown_ or 'nobody'}."


def must_know(state: State, run: Run, who: str) -> None:
    """
    Go on where somebody who is asked to take a part may know of the run at all.

    Raises:
        NotAllowed: its incident is private, and they are no part of it.
    """
    incident = incident_of(state, run)
    if incident is None or not incident.private or who in involved(incident):
        return
    policy = policy_of(state)
    raise NotAllowed(
        f"{incident.id} is private and {inert(shown(policy, who), limit=80)} is no part of it;"
        " nothing was changed.",
        rule="run-private",
        hint=f"Add them first: {command(f'incident role responder {incident.id} @somebody')}.",
    )


def invited(run: Run) -> frozenset[str]:
    """Return who was offered a step, or whom a blocked one waits for: they may say something to it."""
    return _offered(run).union(*(mark.waits for mark in run.marks.values()))


def _offered(run: Run) -> frozenset[str]:
    """Return who was asked to take a step or the lead, and has not answered."""
    named = (mark.offered for mark in run.marks.values())
    return frozenset(one for one in (*named, run.offer) if one)


def _at_work(run: Run) -> frozenset[str]:
    """Return who accepted a step or the lead: power comes with that, and not with being asked."""
    given = (mark.assignee for mark in run.marks.values())
    return frozenset(one for one in (*given, run.commander) if one)
