"""What a form about an incident is filled from, and who gets none: refused before anybody types."""

from typing import Literal

from opsbot.app.environment import Environment, policy_of
from opsbot.app.incident.first import first_words, moved_by
from opsbot.app.incident.links import tied
from opsbot.app.incident.open import settings_of
from opsbot.app.incident.power import may_work
from opsbot.app.incident.requests import Which
from opsbot.app.incident.sight import found, sees
from opsbot.app.incident.words import STATUS_WORD
from opsbot.app.look import may_look
from opsbot.app.target import touched
from opsbot.domain.actor import Actor
from opsbot.domain.change import Json
from opsbot.domain.errors import IllegalMove, StaleButton
from opsbot.domain.incident.flow import Status, may_follow, reopens, way
from opsbot.domain.incident.incident import Incident
from opsbot.domain.said import Said
from opsbot.domain.typed import command

Form = Literal["open", "update", "resolved", "declined"]
"""Which form: to open one, to give an update, or to move it to that status."""


async def opening(env: Environment, kill: str, actor: Actor) -> Said:
    """
    Return what the form of a new incident is filled from; *kill* is on whose card it is opened, or empty.

    Raises:
        NotAllowed: somebody who may not even look. UnknownKill: no such kill.
        StaleButton: somebody opened one for that kill already.
    """
    state = await env.store.refresh()
    may_look(policy_of(state), actor)
    pages: list[Json] = [*sorted(settings_of(state).pages)]
    body: dict[str, Json] = {"names": list(state.workflows()), "pages": pages, "kill": kill}
    if not kill:
        return Said("plain", "A new incident", body=body)
    about = state.kill(kill)
    other = next((one for one in tied(state, kill) if sees(state, one, actor)), None)
    if other is not None:
        raise StaleButton(
            f"{other.id} is open for {kill} already ({other.severity}); nothing was opened.",
            hint=f"Look at it: {command(f'incident show {other.id}')}.",
        )
    hit = touched(state, (about,))
    (reason,) = await env.unsealed(about.reason)
    body |= {"workflow": hit[0].name if len(hit) == 1 else "", "title": reason}
    return Said("plain", "A new incident", body=body)


async def change(env: Environment, what: Form, which: Which, actor: Actor) -> Said:
    """
    Return what the form about an incident is filled from.

    Raises:
        UnknownIncident, NeedsMoreWords, NotAllowed: as the change itself would.
        IllegalMove: it cannot become that now; who was first, or how it could.
    """
    state = await env.store.refresh()
    incident = found(state, actor, which)
    may_work(state, incident, actor, env.clock.now_ms(), "say" if what == "update" else "work")
    if what in ("resolved", "declined") and not may_follow(incident.status, what):
        raise await second(env, incident, what)
    holding: list[Json] = [one.id for one in state.active_kills() if one.id in incident.kills]
    body: dict[str, Json] = {"incident": incident.id, "holding": holding}
    return Said("plain", incident.id, body=body)


async def second(env: Environment, incident: Incident, to: Status) -> IllegalMove:
    """Return the refusal of a move that somebody else made first, or that cannot be made from here."""
    status, hint = incident.status, ""
    if status == to:
        text = f"{incident.id} is {STATUS_WORD[to]} already; nothing was changed."
    elif may_follow(status, to):
        text = f"{incident.id} is {status} by now; nothing was changed."
        again = command(f"incident reopen {incident.id}")
        hint = f"{again} brings it back." if reopens(status, to) else ""
    else:
        text = f"{incident.id} is {status} and cannot become {to}; nothing was changed."
        hint = way(status, to)
    first = first_words(env, await moved_by(env, incident))
    return IllegalMove(text, hint=" ".join(one for one in (first, hint) if one))
