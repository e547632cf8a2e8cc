"""The lead of a run: offered, accepted, declined, taken where nobody has it; handed over once it is accepted. Pure."""

from dataclasses import dataclass, replace

from opsbot.app.environment import policy_of
from opsbot.app.incident.change import changed as incident_changed
from opsbot.app.incident.requests import RoleOrder, Which
from opsbot.app.incident.roles import person, role_change
from opsbot.app.run_lead import followed
from opsbot.app.runs.change import Told, beside, changed
from opsbot.app.runs.first import name
from opsbot.app.runs.power import leads, may_walk, must_know, must_lead
from opsbot.app.runs.requests import LeadRun
from opsbot.app.runs.sight import found, incident_of
from opsbot.app.runs.touch import over, refuse
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change
from opsbot.domain.errors import StaleButton
from opsbot.domain.incident.incident import Incident
from opsbot.domain.policy.rules import identity_of
from opsbot.domain.run import Run
from opsbot.domain.runbook import Runbook
from opsbot.domain.state import State


@dataclass(frozen=True, slots=True)
class Leading:
    """One request with what was read beforehand."""

    request: LeadRun
    actor: Actor
    book: Runbook


def decide_lead(state: State, now_ms: int, leading: Leading) -> tuple[Change | None, Told]:
    """
    Decide a word on who leads; with an incident, who accepts commands that as well.

    Raises:
        UnknownRun, NeedsMoreWords, NotAllowed: nothing was changed. StaleButton: it is not offered.
    """
    run = found(state, leading.actor, leading.request.which)
    answers = leading.request.act in ("accept", "decline")
    asked = frozenset({run.offer}) if answers and run.offer else frozenset[str]()
    rule = may_walk(state, run, leading.actor, now_ms, asked=asked)
    if not run.open:
        raise over(state, run, now_ms)
    by = identity_of(policy_of(state), leading.actor)
    after = _after(state, now_ms, run, leading.request, by)
    if after == run:
        return None, Told(run, "Already so; nothing was changed.")
    change, after = changed(
        state, now_ms, run, after, leading.book, leading.actor, verb="run_lead", rule=rule,
        facts={"act": leading.request.act},
    )  # fmt: skip
    if after.commander != run.commander:
        change = beside(change, _role(state, now_ms, run, after, leading.actor))
        change = beside(change, _others(state, now_ms, run, after, leading.actor))
    return change, Told(after, _note(state, run, after, leading.request, by))


def _after(state: State, now_ms: int, run: Run, request: LeadRun, by: str) -> Run:
    if request.act == "offer":
        return _offered(state, now_ms, run, request, by)
    if request.act == "take":
        if run.commander not in ("", by) and not leads(state, run, by):
            raise StaleButton(
                f"{name(state, run.commander)} leads {run.id}; nothing was changed.",
                hint="They can hand it over to you.",
            )
        return run if run.commander == by else _led(run, by, now_ms)
    if run.offer != by:
        to = f"It is offered to {name(state, run.offer)}." if run.offer else ""
        raise StaleButton(
            f"The lead of {run.id} is not offered to you; nothing was changed.", hint=to
        )
    if request.act == "accept":
        return _led(run, by, now_ms)
    return replace(run, offer="", offer_ms=None)


def _offered(state: State, now_ms: int, run: Run, request: LeadRun, by: str) -> Run:
    must_lead(state, run, by, "hands the lead over")
    if not request.who:
        raise refuse("Say to whom", "Mention the person, as in `@ines`.")
    to = person(state, request.who)
    if to == run.commander:
        raise refuse(f"{name(state, to)} leads {run.id} already")
    must_know(state, run, to)
    return run if run.offer == to else replace(run, offer=to, offer_ms=now_ms)


def _led(run: Run, by: str, now_ms: int) -> Run:
    return replace(run, commander=by, lead_ms=now_ms, offer="", offer_ms=None)


def _others(state: State, now_ms: int, before: Run, after: Run, actor: Actor) -> Change | None:
    """Return the change of the incident's other runs, where the command moved with the lead of this one."""
    incident = incident_of(state, before)
    amended = None if incident is None else _moved(state, now_ms, before, incident, actor)
    if incident is None or amended is None:
        return None
    return followed(state, now_ms, incident, amended, actor, but=after.id)


def _role(state: State, now_ms: int, before: Run, after: Run, actor: Actor) -> Change | None:
    """Return the change of the incident's command, where who handed over had that."""
    incident = incident_of(state, before)
    amended = None if incident is None else _moved(state, now_ms, before, incident, actor)
    if incident is None or amended is None:
        return None
    change, _ = incident_changed(
        state, now_ms, incident, amended, actor, verb="run_lead", rule="run-lead"
    )
    return change


def _moved(
    state: State, now_ms: int, before: Run, incident: Incident, actor: Actor
) -> Incident | None:
    """Return the incident under who leads now, None where its command is not handed over with the lead."""
    if not incident.open:
        return None
    if before.mode != "live" and not incident.drill:
        return None  # practice hands nobody the command of what is real
    if incident.roles.get("commander", before.commander) != before.commander:
        return None
    order = RoleOrder(Which(incident.id), "commander", "take")
    return role_change(state, now_ms, order, actor)(incident)


def _note(state: State, before: Run, after: Run, request: LeadRun, by: str) -> str:
    if request.act == "offer":
        lead = name(state, before.commander)
        return f"{name(state, after.offer)} was asked to lead; until they accept, {lead} does."
    if request.act == "decline":
        return f"You declined; {name(state, before.commander)} goes on leading."
    return f"{name(state, by)} leads {after.id} now."
