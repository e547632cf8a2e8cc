"""The sentences of an incident that stand in channels beside its card: topic, announcement, pointers."""

from opsbot.app.incident.words import (
    ROLE_WORD,
    STATUS_WORD,
    IncidentView,
    at_work,
    heading,
    incident_said,
    took,
)
from opsbot.domain.incident.incident import Incident
from opsbot.domain.incident.times import measures
from opsbot.domain.policy.model import Policy
from opsbot.domain.policy.rules import shown
from opsbot.domain.said import Button, Said, inert

TOPIC = 250
"""Characters of a channel's topic."""


def topic_text(incident: Incident, title: str, policy: Policy) -> str:
    """Return the topic of its channel: how bad, who commands, how far, what."""
    held = incident.roles.get("commander")
    lead = f"IC @{inert(shown(policy, held), limit=60)}" if held else "IC nobody"
    drill = "Drill: " if incident.drill else ""
    parts = (f"{drill}[{incident.severity}] {incident.id}", lead, STATUS_WORD[incident.status])
    return inert(" \u00b7 ".join((*parts, inert(title))), limit=TOPIC)


def announcement(view: IncidentView) -> Said:
    """Return what stands in the workflow's channel: that there is an incident, and where it goes on."""
    incident = view.incident
    held = incident.roles.get("commander")
    name = at_work(view.policy, held) if held else "nobody yet"
    lead = f"{ROLE_WORD['commander']}: {name}." if incident.open or held else ""
    ended = took(measures(incident.times)) if not incident.open else ""
    buttons = (
        (
            Button("incident_accept", "Accept", incident.id, "primary"),
            Button("incident_decline", "Decline\u2026", incident.id),
        )
        if incident.status == "triage"
        else ()
    )
    return Said(
        incident_said(view).tone,
        heading(view),
        tuple(line for line in (inert(view.title), lead, ended) if line),
        buttons,
        {"incident": incident.id},
        channel=incident.room.channel if incident.room.own else "",
    )


def moved(incident: Incident) -> Said:
    """Return what stands where its card was, once it has a channel of its own."""
    return Said("plain", f"{incident.id} goes on in its own channel", channel=incident.room.channel)


def hidden(incident: Incident) -> Said:
    """Return what stands where something of an incident was said that is private now."""
    return Said("plain", f"{incident.id} is private now", ("What stood here was taken back.",))
