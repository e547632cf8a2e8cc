"""What opening an incident comes to on one state: its record, and the steps outside in their order. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from opsbot.app.environment import policy_of
from opsbot.app.incident.adopt import refuse_adoption
from opsbot.app.incident.change import at_next
from opsbot.app.incident.effects import effects, kill_cards
from opsbot.app.incident.links import narrow
from opsbot.app.incident.promises import of_change
from opsbot.app.incident.reminders import first_update_ms, reminders
from opsbot.app.incident.requests import OpenIncident
from opsbot.app.incident.sight import visible
from opsbot.app.incident.steps import Wish, with_steps
from opsbot.app.look import may_look
from opsbot.app.numbers import next_number, numbered
from opsbot.app.target import hits, nearest, touched
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Sealed, Write
from opsbot.domain.errors import (
    IllegalMove,
    IncidentOpen,
    NeedsMoreWords,
    NotAllowed,
    UnknownWorkflow,
)
from opsbot.domain.incident.flow import Status
from opsbot.domain.incident.incident import Incident, Pager, Role, Room, as_record
from opsbot.domain.incident.settings import IncidentSettings, from_record
from opsbot.domain.incident.times import Times, out_of_order
from opsbot.domain.incident.types import TYPES, UNKNOWN, IncidentType, known, type_of
from opsbot.domain.kill import Kill
from opsbot.domain.policy.identity import person_of
from opsbot.domain.policy.rules import Request, Verdict, identity_of, judge
from opsbot.domain.said import inert
from opsbot.domain.state import INCIDENTS, State
from opsbot.domain.typed import command
from opsbot.domain.workflow import Workflow

MOST_CALLS = 5
"""Calls for help of one person that may wait at once: who has the power is not bound by it."""

TOLERATED_MS = 60_000
"""How far a moment may lie ahead of the store's clock: `0m` is counted on somebody's own machine."""


@dataclass(frozen=True, slots=True)
class Opening:
    """
    One request with everything chosen by chance or read beforehand, so that deciding is pure.

    *title* and *summary* are commitments, *words* whether there is a title at all. *chat* and
    *paging*: whether Slack and PagerDuty are connected. *on_call* are the persons who are called
    first for the page that this would make, where that is known. *env* names the environment in the
    page's key.
    """

    request: OpenIncident
    actor: Actor
    uid: str
    title: str
    summary: str
    sealed: tuple[Sealed, ...]
    env: str
    chat: bool = True
    paging: bool = True
    on_call: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Opened:
    """What it came to: the incident, and whether it waits to be accepted because of who opened it."""

    incident: Incident
    rule: str


def settings_of(state: State) -> IncidentSettings:
    """Return how incidents are run here."""
    return from_record(state.setting("incidents"))


def decide_open(state: State, now_ms: int, order: Opening) -> tuple[Change | None, Opened]:
    """
    Decide one opening; pure. Asked again with the same uid, it is what was opened the first time.

    Whoever may look may call for help: without the power it begins in triage, for somebody who has
    it to accept or decline.

    Raises:
        NotAllowed: guests, bots and strangers; and who adopts something, or puts on record what is
        over, without the power.
        UnknownWorkflow, NeedsMoreWords: the words. IncidentOpen: one is open for the workflow, or
        has what would be adopted. IllegalMove: times that contradict each other.
    """
    may_look(policy_of(state), order.actor)
    made = next((one for one in state.incidents() if one.uid == order.uid), None)
    if made is not None:  # the same request again: what it opened is there
        return None, Opened(made, "")
    kill = state.kill(order.request.kill) if order.request.kill else None
    workflows = _workflows(state, order.request, kill)
    verdict = judge(
        policy_of(state),
        Request("incident", order.actor, workflows=workflows, wide=not workflows, now_ms=now_ms),
    )
    refuse_adoption(state, order.request, order.actor, verdict)
    _refuse_record(order.request, verdict)
    _refuse_many_calls(state, order, verdict)
    _alone(state, order, workflows)
    incident = _incident(state, now_ms, order, workflows, kill, trusted=verdict.allowed)
    later, _ = reminders(None, incident, settings_of(state), now_ms)
    promised = of_change(state, None, incident, now_ms)
    change = Change(
        verb="incident_open",
        actor=order.actor,
        writes=(
            Write(INCIDENTS, incident.id, as_record(incident)),
            numbered(state, "incident"),
            *promised.writes,
        ),
        rule=verdict.rule if verdict.allowed else "incident-call-for-help",
        facts={"incident": incident.id, "kills": list(incident.kills)},
        sealed=order.sealed,
        effects=(*effects(None, incident), *kill_cards(state, incident)),
        timers=(*later, *promised.timers),
    )
    return change, Opened(incident, change.rule)


def _refuse_record(request: OpenIncident, verdict: Verdict) -> None:
    """Refuse a record made afterwards to who has not the power: nobody would accept it, and it counts at once."""
    if "resolved" not in request.times or verdict.allowed:
        return
    raise NotAllowed(
        "To put an incident on record that is over takes the power over incidents;"
        " nothing was opened.",
        rule=verdict.rule,
        hint=f"Without `resolved` it is a call for help. {verdict.hint}".strip(),
    )


def _refuse_many_calls(state: State, order: Opening, verdict: Verdict) -> None:
    """Refuse one more call for help to who has several that nobody took up: each of them pages somebody."""
    if verdict.allowed or order.request.drill:
        return
    by = identity_of(policy_of(state), order.actor)
    calls = [i.id for i in state.open_incidents() if i.status == "triage" and i.declared_by == by]
    if len(calls) < MOST_CALLS:
        return
    listed = ", ".join(sorted(calls)[:MOST_CALLS])
    raise NotAllowed(
        f"Nobody has taken up {len(calls)} calls for help of yours ({listed}); nothing was opened.",
        rule=verdict.rule,
        hint=f"Say more in one of them, or call somebody: {command('oncall')}. {verdict.hint}".strip(),
    )


def _workflows(state: State, request: OpenIncident, kill: Kill | None) -> tuple[Workflow, ...]:
    if request.workflow:
        declared = state.workflows()
        if request.workflow not in declared:
            name = inert(request.workflow, limit=60)
            raise UnknownWorkflow(name, nearest=nearest(request.workflow, declared))
        return (declared[request.workflow],)
    return touched(state, (kill,)) if kill is not None else ()


def _alone(state: State, order: Opening, workflows: tuple[Workflow, ...]) -> None:
    """
    Refuse a second incident of one workflow: at night two people open the same one.

    A private one that they may not know of neither stops them nor hides another that would.
    """
    request = order.request
    if request.anyway or request.drill or "resolved" in request.times or not workflows:
        return
    names = [one.name for one in workflows]
    beside = (one for one in visible(state, order.actor, open_only=True) if not one.drill)
    same = next((one for one in beside if not set(names).isdisjoint(one.workflows)), None)
    if same is None:
        return
    about = next(name for name in names if name in same.workflows)
    raise IncidentOpen(
        f"{same.id} is open for `{about}` already ({same.severity}); nothing was opened.",
        hint=f"Look at it: {command(f'incident show {same.id}')}."
        " If this is another matter, say it again with the word `anyway`.",
    )


def _incident(
    state: State,
    now_ms: int,
    order: Opening,
    workflows: tuple[Workflow, ...],
    kill: Kill | None,
    *,
    trusted: bool,
) -> Incident:
    request, kind = order.request, _type(order.request)
    if not order.title:
        raise NeedsMoreWords(
            "Say in a few words what happens; nothing was opened.",
            hint=f"For example {command('incident open support-copilot sev2 wrong refund answers')}.",
        )
    number, kills = next_number(state, "incident"), _kills(state, request, workflows, kill)
    times = _times(request, kills, now_ms)
    after = "resolved" in request.times
    private = kind.private if request.private is None else request.private
    by = identity_of(policy_of(state), order.actor)
    incident = Incident(
        id=f"INC-{number}",
        uid=order.uid,
        at=at_next(state),
        declared_at=at_next(state),
        title=order.title,
        severity=request.severity or kind.severity,
        times=times,
        declared_by=by,
        via=order.actor.via,
        status=_begins(trusted=trusted, after=after, contained=times.contained is not None),
        type=kind.name,
        workflows=tuple(one.name for one in workflows),
        summary=order.summary,
        private=private,
        drill=request.drill,
        retroactive=after,
        roles=_roles(state, order, trusted=trusted and not after),
        kills=tuple(one.id for one in kills),
        pager=_pager(order, number),
        room=Room(request.channel, own=True, adopted=True) if request.channel else Room(),
        origin=request.origin,
    )
    settings = settings_of(state)
    if incident.open:
        due_ms = first_update_ms(incident, settings, now_ms)
        incident = replace(incident, update_due_ms=due_ms)
    wish = Wish(chat=order.chat, paging=order.paging, page=request.page)
    return with_steps(incident, settings, workflows, wish)


def _begins(*, trusted: bool, after: bool, contained: bool) -> Status:
    """Return the first status: what was confirmed to be stopped before anybody declared is contained."""
    if after:
        return "resolved"
    if not trusted:
        return "triage"
    return "contained" if contained else "active"


def _type(request: OpenIncident) -> IncidentType:
    name = request.type or UNKNOWN
    if not known(name):
        listed = ", ".join(f"`{one.name}`" for one in TYPES)
        raise NeedsMoreWords(
            f"`{inert(name, limit=40)}` is no type of incident; nothing was opened.",
            hint=f"The types are {listed}.",
        )
    return type_of(name)


def _kills(
    state: State, request: OpenIncident, workflows: tuple[Workflow, ...], kill: Kill | None
) -> tuple[Kill, ...]:
    """Return the kills that belong to it: the one it was opened on, and all that hold its workflow."""
    if request.drill or "resolved" in request.times:
        return () if kill is None else (kill,)
    found = [] if kill is None else [kill]
    for one in state.active_kills():
        named = workflows and hits(one.scope, workflows[0])
        if named and not one.under and (kill is None or one.id != kill.id):
            found.append(one)
    return tuple(found)


def _times(request: OpenIncident, kills: tuple[Kill, ...], now_ms: int) -> Times:
    """Return its moments: what somebody gave, else the first kill for when it was noticed."""
    given = request.times
    first = min((one.since_ms for one in kills), default=now_ms)
    times = Times(
        declared=given.get("declared", now_ms),
        started=given.get("started"),
        detected=given.get("detected", min(first, now_ms)),
        acknowledged=given.get("acknowledged"),
        contained=given.get("contained", _contained(kills)),
        told=given.get("told"),
        resolved=given.get("resolved"),
    )
    if "detected" not in given and times.resolved is not None:
        times = Times(**{**_moments(times), "detected": given.get("started", times.resolved)})  # type: ignore[arg-type]  # our own fields
    refuse_contradictions(times, now_ms)
    return times


def _moments(times: Times) -> Mapping[str, int | None]:
    return {name: getattr(times, name) for name in Times.__dataclass_fields__}


def refuse_contradictions(times: Times, now_ms: int) -> None:
    """
    Refuse moments that cannot all be so.

    Raises:
        IllegalMove: naming the two that contradict each other, or the one in the future.
    """
    wrong = out_of_order(times)
    if wrong is not None:
        early, late = wrong
        raise IllegalMove(
            f"It cannot be {late} before it was {early}; nothing was changed.",
            hint=f"Correct both: {command(f'incident time {early}:… {late}:…')}.",
        )
    ahead = next(
        (
            name
            for name, at in _moments(times).items()
            if at is not None and at > now_ms + TOLERATED_MS
        ),
        "",
    )
    if ahead:
        raise IllegalMove(
            f"`{ahead}` lies in the future; nothing was changed.",
            hint="Times are taken as UTC unless they name a zone.",
        )


def _contained(kills: tuple[Kill, ...]) -> int | None:
    """Return when the last of its kills was confirmed, None while one is not, or there is none."""
    if all(narrow(one) for one in kills) or any(one.confirmed_ms is None for one in kills):
        return None
    return max(one.committed_ms + round(one.confirmed_ms or 0) for one in kills)


def _roles(state: State, order: Opening, *, trusted: bool) -> Mapping[Role, str]:
    """Return who commands at first: a commander who opens it does, others are asked for one."""
    policy = policy_of(state)
    person = person_of(policy, order.actor)
    commands = any(
        person in grant.people for grant in policy.grants if grant.role == "commander" and person
    )
    return {"commander": person} if trusted and commands else {}


def _pager(order: Opening, number: int) -> Pager:
    key = f"opsbot:{order.env}:INC-{number}"
    return Pager(key, id=order.request.pager, adopted=bool(order.request.pager))
