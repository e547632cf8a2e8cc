"""What waits for a second person about the kills of an incident: a line and two buttons of its card. Pure."""

from dataclasses import replace

from opsbot.app.approvals import waiting
from opsbot.app.environment import policy_of
from opsbot.app.fleet.words import clock
from opsbot.domain.approval import Approval
from opsbot.domain.incident.incident import Incident
from opsbot.domain.policy.rules import shown
from opsbot.domain.said import Button, Said
from opsbot.domain.state import State

MOST = 3
"""Approvals that one card shows; each has its own direct messages besides."""


def with_asked(said: Said, state: State, incident: Incident, now_ms: int) -> Said:
    """Return an incident's card with what waits for a second person, to be approved where people are at work."""
    asked = [
        one
        for one in waiting(state)
        if one.expires_ms > now_ms and not set(one.kills).isdisjoint(incident.kills)
    ][:MOST]
    if not asked:
        return said
    lines = tuple(_line(state, incident, one) for one in asked)
    return replace(
        said,
        lines=(*said.lines, *lines),
        buttons=(*(button for one in asked for button in _buttons(one)), *said.buttons),
    )


def _line(state: State, incident: Incident, one: Approval) -> str:
    named = [name for name in one.kills if name in incident.kills]
    by = shown(policy_of(state), one.requester)
    until = clock(one.expires_ms)
    return f"Restore of {', '.join(named)} ({one.id}), asked by {by}, waits for a second person until {until}."


def _buttons(one: Approval) -> tuple[Button, Button]:
    return (
        Button("approve", f"Approve restore {one.id}", one.id, "primary"),
        Button("refuse", f"Refuse {one.id}", one.id),
    )
