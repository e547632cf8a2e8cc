"""What is to be done after an incident: written down with an owner and a date, and ticked off. Pure."""

from dataclasses import replace
from datetime import date

from opsbot.app.incident.change import Amend
from opsbot.app.incident.requests import ActionItem
from opsbot.app.incident.roles import person
from opsbot.domain.errors import IllegalMove, NeedsMoreWords
from opsbot.domain.incident.incident import Action, Incident
from opsbot.domain.said import inert
from opsbot.domain.state import State

MOST = 100
"""Things to do of one incident."""


def action_change(state: State, now_ms: int, request: ActionItem, text: str) -> Amend:
    """
    Return the change that was asked for; *text* is the commitment to its words, empty for none.

    Raises (when it is made):
        NeedsMoreWords: no words, nobody such, no such date or item. IllegalMove: there are too many.
    """

    def amend(incident: Incident) -> Incident:
        if request.done:
            return _done(incident, request.done, now_ms)
        if not text:
            raise NeedsMoreWords("Say what is to be done; nothing was changed.")
        if len(incident.actions) >= MOST:
            raise IllegalMove(
                f"{incident.id} has {MOST} things to do; nothing was added.",
                hint="What is left belongs where you plan your work.",
            )
        owner = person(state, request.owner) if request.owner else ""
        made = Action(f"ACT-{len(incident.actions) + 1}", text, owner, _date(request.due))
        return replace(incident, actions=(*incident.actions, made))

    return amend


def _done(incident: Incident, word: str, now_ms: int) -> Incident:
    name = word.strip().upper()
    if not any(one.id == name for one in incident.actions):
        listed = ", ".join(f"`{one.id}`" for one in incident.actions) or "none"
        raise NeedsMoreWords(
            f"{incident.id} has nothing to do called `{inert(word, limit=40)}`; nothing was changed.",
            hint=f"It has {listed}.",
        )
    ticked = (
        replace(one, done_ms=now_ms) if one.id == name and one.done_ms is None else one
        for one in incident.actions
    )
    return replace(incident, actions=tuple(ticked))


def _date(word: str) -> str:
    if not word:
        return ""
    try:
        return date.fromisoformat(word.strip()).isoformat()
    except ValueError:
        raise NeedsMoreWords(
            f"`{inert(word, limit=40)}` is no date; nothing was changed.", hint="As in 2026-12-01."
        ) from None
