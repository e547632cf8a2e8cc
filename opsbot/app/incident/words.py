"""The sentences about incidents that every surface shows; short: what, who, how far, what next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from opsbot.app.fleet.words import clock, moment
from opsbot.app.incident.action_words import action_bodies, action_line
from opsbot.app.incident.held_words import held_words, lifted_words
from opsbot.app.incident.steps import NOT_RUNG, NOT_WANTED
from opsbot.app.incident.update_words import last_update
from opsbot.domain.change import Json, Record
from opsbot.domain.incident.incident import ROLES, STEPS, Incident, Role, StepName
from opsbot.domain.incident.times import Measures, as_record, mean, measures
from opsbot.domain.incident.types import UNKNOWN, type_of
from opsbot.domain.kill import Kill
from opsbot.domain.policy.model import Policy
from opsbot.domain.policy.rules import shown
from opsbot.domain.said import Button, Said, Tone, inert
from opsbot.domain.typed import command, person

STATUS_WORD: Final = {
    "triage": "waits to be accepted",
    "active": "active",
    "contained": "contained",
    "monitoring": "monitoring",
    "resolved": "resolved",
    "reviewed": "reviewed",
    "cancelled": "cancelled",
    "duplicate": "a duplicate",
    "declined": "declined",
}
ROLE_WORD: Final[Mapping[Role, str]] = {
    "commander": "Commander",
    "comms": "Comms lead",
    "scribe": "Scribe",
}
SHOWN: Final = 3
"""Responders that are named; the others are counted."""

_STEP_WORD: Final[Mapping[StepName, str]] = {
    "page": "Page",
    "channel": "Channel",
    "topic": "Topic",
    "bookmarks": "Bookmarks",
    "invite": "Invitations",
    "announce": "Announcement",
    "card": "Card",
    "archive": "Archiving",
}
_TONE: Final[Mapping[str, Tone]] = {
    "triage": "amber",
    "active": "red",
    "contained": "amber",
    "monitoring": "amber",
    "resolved": "green",
    "reviewed": "green",
}


@dataclass(frozen=True, slots=True)
class IncidentView:
    """
    Everything one answer or card about an incident is made from; free text is opened already.

    *note* says what an answer did. *kills* are those that belong to it. *todo* are the words
    of its actions, in their order. *shout* are lines about a page that did not go out, *told* about telling people.
    *update* is the newest update; an answer that gives one says it in its note, and leaves it empty.
    """

    incident: Incident
    env: str
    policy: Policy
    now_ms: int
    title: str
    summary: str = ""
    why: str = ""
    note: str = ""
    kills: tuple[Kill, ...] = ()
    shout: tuple[str, ...] = field(default_factory=tuple)
    todo: tuple[str, ...] = ()
    update: str = ""
    told: tuple[str, ...] = ()


def incident_said(view: IncidentView) -> Said:
    """Return the answer about one incident, and its card: the same words on every surface."""
    incident = view.incident
    lines = [
        view.note,
        inert(view.title),
        inert(view.summary),
        _what(view),
        last_update(incident, view.update, view.policy, view.now_ms),
        _people(view),
        _held(view),
        lifted_words(incident, view.kills),
        *view.told,
        _page(view),
        *view.shout,
        *_undone(incident),
        action_line(view.policy, incident.actions, view.todo),
        _ended(view),
        _next(view),
    ]
    return Said(
        _tone(view),
        heading(view),
        tuple(line for line in lines if line),
        buttons(incident),
        incident_body(view),
    )


def heading(view: IncidentView) -> str:
    """Return the first line: what it is, how bad, of what, how far, where."""
    incident = view.incident
    drill = "Drill: " if incident.drill else ""
    about = f" \u00b7 `{inert(incident.workflow, limit=80)}`" if incident.workflow else ""
    more = len(incident.workflows) - 1
    others = f" and {more} more" if more > 0 else ""
    private = " \u00b7 private" if incident.private else ""
    word = STATUS_WORD[incident.status]
    return (
        f"{drill}{incident.id} \u00b7 {incident.severity}{about}{others} \u00b7 {word}{private}"
        f" in {view.env}"
    )


def _what(view: IncidentView) -> str:
    incident, kind = view.incident, type_of(view.incident.type)
    began = incident.times.started
    since = f"users hit since {moment(began, view.now_ms)}" if began is not None else ""
    noticed = incident.times.detected
    seen = f"noticed {moment(noticed, view.now_ms)}" if noticed is not None else ""
    declared = f"declared {moment(incident.times.declared, view.now_ms)} by {_name(view, incident.declared_by)}"
    known = "What went wrong is not known yet" if kind.name == UNKNOWN else kind.title
    return "; ".join(part for part in (known, since, seen, declared) if part) + "."


def _people(view: IncidentView) -> str:
    incident, parts = view.incident, []
    for role in ROLES:
        held, offered = incident.roles.get(role), incident.offers.get(role)
        waits = f" (offered to {_name(view, offered)}, not accepted yet)" if offered else ""
        if held or offered or (role == "commander" and incident.open):
            name = at_work(view.policy, held) if held else "nobody"
            parts.append(f"{ROLE_WORD[role]}: {name}{waits}")
    if incident.responders:
        names = [at_work(view.policy, one) for one in incident.responders]
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        parts.append(f"responders: {', '.join(names[:SHOWN])}{more}")
    return "; ".join(parts) + "." if parts else ""


def _held(view: IncidentView) -> str:
    if not view.kills:
        if not view.incident.open:
            return ""
        mode = type_of(view.incident.type).mode
        usual = f" Usual for this type: `{mode}`." if mode else ""
        return f"Nothing is switched off for it.{usual}"
    return held_words(view.kills)


def _page(view: IncidentView) -> str:
    incident, pager = view.incident, view.incident.pager
    step = incident.steps.get("page")
    if pager is not None and pager.number:
        so = pager.status or "triggered"
        when = f" {moment(pager.at_ms, view.now_ms)}" if pager.at_ms else ""
        quiet = f"; {NOT_RUNG}" if step is not None and NOT_RUNG in step.detail else ""
        return f"Page: PagerDuty #{pager.number}, {so}{when}{quiet}."
    if step is None:
        return ""
    if step.state == "skipped":
        why = ", as was asked" if step.detail == NOT_WANTED else f": {step.detail}"
        return f"Nobody was paged{why}." if incident.open else ""
    if step.state == "due":
        return (
            f"Nobody was called yet: {inert(step.detail)}."
            if step.detail
            else "The page is on its way; nobody has it yet."
        )
    return ""


def _undone(incident: Incident) -> list[str]:
    """Return what failed outside, each with why; what was skipped says nothing at night."""
    return [
        f"{_STEP_WORD[name]} failed: {inert(step.detail, limit=200)}"
        for name in STEPS
        if (step := incident.steps.get(name)) is not None and step.state == "failed"
    ]


def _ended(view: IncidentView) -> str:
    incident = view.incident
    why = f" \u201c{inert(view.why)}\u201d" if view.why else ""
    if incident.status == "duplicate":
        return f"A duplicate of {incident.duplicate_of or 'one that is not shown here'}.{why}"
    if incident.status in ("cancelled", "declined"):
        return f"{incident.status.capitalize()}:{why or ' no reason was given'}"
    if not incident.open:
        return f"{took(measures(incident.times))}{why}"
    return ""


def took(found: Measures) -> str:
    """Return how long things took, in words; what is not known is not said."""
    parts = (
        ("acknowledged after", found.acknowledge),
        ("contained after", found.contain),
        ("users told after", found.tell),
        ("resolved after", found.resolve),
    )
    said = [f"{words} {lasted(value)}" for words, value in parts if value is not None]
    return f"{', '.join(said).capitalize()}." if said else ""


def lasted(ms: int) -> str:
    """Return a duration in the two units that matter."""
    seconds = ms // 1000
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"


def _next(view: IncidentView) -> str:
    incident = view.incident
    if incident.status == "triage":
        return f"Next: accept or decline it: {command(f'incident accept {incident.id}')}."
    if incident.open and "commander" not in incident.roles:
        return f"Next: somebody takes command: {command(f'incident role commander {incident.id}')}."
    if incident.update_due_ms is not None and incident.open:
        return f"Next update due {clock(incident.update_due_ms)}."
    return ""


def buttons(incident: Incident) -> tuple[Button, ...]:
    """Return what may be done next; two that matter first."""
    failed = tuple(
        Button("incident_retry", f"Retry {_STEP_WORD[name].lower()}", f"{incident.id}:{name}")
        for name in STEPS
        if (step := incident.steps.get(name)) is not None and step.state == "failed"
    )
    if incident.status == "triage":
        return (
            Button("incident_accept", "Accept", incident.id, "primary"),
            Button("incident_decline", "Decline\u2026", incident.id),
            *failed,
        )
    if incident.open:
        return (*_open_buttons(incident), *failed)
    if incident.status == "resolved":
        return (Button("incident_review", "Review", incident.id, "primary"), *failed)
    return failed


def _open_buttons(incident: Incident) -> tuple[Button, ...]:
    lead = (
        ()
        if "commander" in incident.roles
        else (Button("incident_command", "Take command", incident.id, "primary"),)
    )
    return (
        *lead,
        Button("run_start", "Runbook\u2026", f"{incident.id}:{type_of(incident.type).runbook}"),
        Button("incident_update", "Update\u2026", incident.id),
        Button("incident_resolve", "Resolve\u2026", incident.id),
        Button("incident_timeline", "Timeline", incident.id),
    )


def _tone(view: IncidentView) -> Tone:
    incident = view.incident
    if any(step.state == "failed" for step in incident.steps.values()) and incident.open:
        return "red"
    return _TONE.get(incident.status, "plain")


def incident_line(incident: Incident, title: str, now_ms: int) -> str:
    """Return one incident as a line of a list."""
    about = f" `{inert(incident.workflow, limit=60)}`" if incident.workflow else ""
    drill = ", drill" if incident.drill else ""
    when = moment(incident.times.declared, now_ms)
    return (
        f"{incident.id} {incident.severity}{about}, {STATUS_WORD[incident.status]}{drill},"
        f" {when}: {inert(title, limit=120)}"
    )


def incident_body(view: IncidentView) -> Record:
    """Return the machine's form."""
    incident, found = view.incident, measures(view.incident.times)
    pager = incident.pager
    return {
        "incident": incident.id,
        "title": view.title,
        "summary": view.summary,
        "severity": incident.severity,
        "type": incident.type,
        "status": incident.status,
        "workflow": incident.workflow,
        "workflows": list(incident.workflows),
        "private": incident.private,
        "drill": incident.drill,
        "retroactive": incident.retroactive,
        "declared_by": incident.declared_by,
        "roles": {role: incident.roles.get(role) for role in ROLES},
        "offers": {role: incident.offers.get(role) for role in ROLES},
        "responders": list(incident.responders),
        "kills": list(incident.kills),
        "holding": [one.id for one in view.kills if one.active],
        "times": as_record(incident.times),
        "measures": {
            "acknowledge_ms": found.acknowledge,
            "contain_ms": found.contain,
            "tell_ms": found.tell,
            "resolve_ms": found.resolve,
        },
        "pager": None
        if pager is None or not pager.id
        else {
            "id": pager.id,
            "number": pager.number,
            "url": pager.url,
            "status": pager.status,
        },
        "channel": incident.room.channel,
        "steps": _steps_body(incident),
        "exposed": incident.exposed,
        "duplicate_of": incident.duplicate_of,
        "actions": action_bodies(incident.actions, view.todo),
        "update_due_ms": incident.update_due_ms,
        "env": view.env,
    }


def _steps_body(incident: Incident) -> dict[str, Json]:
    return {
        name: {"state": step.state, "detail": step.detail} for name, step in incident.steps.items()
    }


def means_line(incidents: Sequence[Incident]) -> str:
    """
    Return how long things took on average, with how many that is known of; empty where of none.

    Drills and what was no incident of its own are in no figure.
    """
    found = [measures(one.times) for one in incidents if one.counts and not one.open]
    kinds = (
        ("acknowledged", tuple(one.acknowledge for one in found)),
        ("contained", tuple(one.contain for one in found)),
        ("users told", tuple(one.tell for one in found)),
        ("resolved", tuple(one.resolve for one in found)),
    )
    parts = []
    for word, values in kinds:
        average = mean(values)
        if average is not None:
            known = sum(value is not None for value in values)
            parts.append(f"{word} after {lasted(average)} (of {known})")
    return f"On average {', '.join(parts)}; drills are not counted." if parts else ""


def list_said(
    env: str, lines: Sequence[str], bodies: Sequence[Record], *, every: bool, left: int = 0
) -> Said:
    """Return a list of incidents; *left* older ones are not in it, and counted."""
    kind = "incidents" if every else "open incidents"
    if not bodies:
        title = f"No {kind} in {env}" if every else f"No incident is open in {env}"
        return Said("plain" if every else "green", title, body={"incidents": []})
    count = len(bodies) + left
    lines = [*lines, *([f"And {left} older: name one to look at it."] if left else [])]
    title = f"{count} {kind if count > 1 else kind.removesuffix('s')} in {env}"
    return Said(
        "plain" if every else "amber", title, tuple(lines), body={"incidents": list(bodies)}
    )


def _name(view: IncidentView, identity: str) -> str:
    return inert(shown(view.policy, identity), limit=80)


def at_work(policy: Policy, identity: str) -> str:
    """
    Return how people call somebody who has a part in an incident.

    Whom the policy does not name was looked up when they got it, so that Slack may show who it is.
    """
    kind, _, account = identity.partition(":")
    if kind == "slack" and identity not in policy.people and account.isalnum():
        return f"someone outside the policy ({person(account)})"
    return inert(shown(policy, identity), limit=80)
