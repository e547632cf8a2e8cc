"""Open incidents on the switchboard: a line each, only for who may see them."""

from opsbot.app.environment import Environment
from opsbot.app.incident.sight import visible
from opsbot.app.incident.words import STATUS_WORD, buttons, incident_line
from opsbot.domain.actor import Actor
from opsbot.domain.incident.incident import Incident
from opsbot.domain.said import Said, inert
from opsbot.domain.state import State
from opsbot.domain.typed import command

SHOWN = 10
"""Incidents on the Home tab, each with its buttons."""


async def incident_parts(env: Environment, state: State, actor: Actor) -> tuple[Said, ...]:
    """Return a head and one part for each open incident; nothing where none is open."""
    found = visible(state, actor, open_only=True)
    if not found:
        return ()
    parts = []
    for incident in found[:SHOWN]:
        (title,) = await env.unsealed(incident.title)
        line = incident_line(incident, title, env.clock.now_ms())
        parts.append(Said("plain", line, buttons=buttons(incident), channel=incident.room.channel))
    left = len(found) - SHOWN
    more = (f"And {left} more: {command('incident list')}.",) if left > 0 else ()
    return (Said("plain", f"Open incidents in {env.name}", more), *parts)


async def open_lines(
    env: Environment, state: State, actor: Actor, workflow: str
) -> tuple[str, ...]:
    """Return the line that names the open incidents of a workflow; none where there are none."""
    about = [one for one in visible(state, actor, open_only=True) if workflow in one.workflows]
    if not about:
        return ()
    listed = [await _named(env, one) for one in about[:SHOWN]]
    more = [f"and {len(about) - SHOWN} more"] if len(about) > SHOWN else []
    return (f"Open incident: {'; '.join([*listed, *more])}",)


async def _named(env: Environment, incident: Incident) -> str:
    (title,) = await env.unsealed(incident.title)
    drill = "drill, " if incident.drill else ""
    word = f"{drill}{STATUS_WORD[incident.status]}"
    return f"{incident.id} {incident.severity} ({word}): {inert(title, limit=120)}"
