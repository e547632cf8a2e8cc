"""Moves of an incident from status to status: refused where they are illegal, with the way to do it. Pure."""

from dataclasses import replace

from opsbot.app.incident.change import Amend
from opsbot.app.incident.requests import MoveIncident
from opsbot.app.incident.sight import sees, unnamed
from opsbot.app.incident.steps import Wish, again_due
from opsbot.domain.actor import Actor
from opsbot.domain.errors import IllegalMove, NeedsMoreWords, UnknownIncident
from opsbot.domain.incident.flow import OPEN, WITH_REASON, Status, may_follow, reopens, way
from opsbot.domain.incident.incident import Incident, number_of
from opsbot.domain.incident.times import Moment
from opsbot.domain.state import State
from opsbot.domain.typed import command

_MOMENTS: dict[Status, Moment] = {
    "contained": "contained",
    "resolved": "resolved",
    "reviewed": "reviewed",
}


def move(
    state: State, now_ms: int, request: MoveIncident, why: str, wish: Wish, *, actor: Actor
) -> Amend:
    """
    Return the move that was asked for; *why* is the commitment to its reason.

    A reopening makes the page due again where it is over; *wish* says what is connected.

    Raises (when it is made):
        IllegalMove: with what is so and how it becomes legal. NeedsMoreWords: a reason is missing.
        UnknownIncident: a duplicate of nothing.
    """

    def amend(incident: Incident) -> Incident:
        seen = request.expect in (None, incident.status)
        if not seen or not may_follow(incident.status, request.to):
            raise IllegalMove(
                f"{incident.id} is {incident.status} and cannot become {request.to};"
                " nothing was changed.",
                hint=way(incident.status, request.to),
            )
        if request.to in WITH_REASON and not why and not request.of:
            raise NeedsMoreWords(
                f"Say why {incident.id} is {request.to}; nothing was changed.",
                hint="The reason stands in its record and its review.",
            )
        if request.to == "resolved":
            _refuse_open_kills(state, incident, stays_off=request.stays_off)
        moved = replace(
            incident,
            status=request.to,
            why=why,
            duplicate_of=_original(state, incident, request.of, actor)
            if request.to == "duplicate"
            else "",
        )
        moved = _timed(moved, incident, now_ms)
        return again_due(state, now_ms, incident, moved, wish)

    return amend


def _timed(moved: Incident, before: Incident, now_ms: int) -> Incident:
    """Set the moment of a move; a reopening takes back the end that was none, and what contained it."""
    if reopens(before.status, moved.status):
        for over in ("contained", "resolved", "reviewed"):
            moved = moved.timed(over, None)
        return replace(moved, update_due_ms=None)
    moment = _MOMENTS.get(moved.status)
    if moment is not None and moved.times.of(moment) is None:
        moved = moved.timed(moment, now_ms)
    return moved if moved.status in OPEN else replace(moved, update_due_ms=None, offers={})


def _refuse_open_kills(state: State, incident: Incident, *, stays_off: bool) -> None:
    kills = [one for one in state.active_kills() if one.id in incident.kills]
    if not kills or stays_off:
        return
    named = ", ".join(one.id for one in kills)
    raise IllegalMove(
        f"{named} still {'hold' if len(kills) > 1 else 'holds'}; {incident.id} was not resolved.",
        hint=f"Restore first: {command(f'restore {kills[0].id}')}; or add `stays-off` if the feature"
        " stays off: the kill holds on.",
    )


def _original(state: State, incident: Incident, word: str, actor: Actor) -> str:
    name = number_of(word)
    if name is None or name == incident.id:
        raise UnknownIncident(
            "Name the incident that it is a duplicate of; nothing was changed.",
            hint=f"As in `{incident.id} duplicate INC-3`.",
        )
    original = state.incident(name)
    if name in unnamed(state, incident) or not sees(state, original, actor):
        return State().incident(name).id
    return original.id
