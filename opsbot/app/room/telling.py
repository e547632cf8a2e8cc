"""What the card of an incident offers for telling people: the first word in one tap, and whatever comes next. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from opsbot.app.comms.hold import for_users, holding_template
from opsbot.app.comms.power import on_track
from opsbot.app.comms.second import first_word
from opsbot.app.fleet.words import clock
from opsbot.domain.comms.templates import Template
from opsbot.domain.errors import Refused
from opsbot.domain.incident.incident import Incident
from opsbot.domain.incident.types import Severity
from opsbot.domain.said import Act, Button, Said
from opsbot.domain.state import State

AFTER: Final[frozenset[Act]] = frozenset({"approve", "refuse", "incident_command"})
"""What stands before it: a second person is waited for, and somebody has to lead."""


TELLS: Final[frozenset[Severity]] = frozenset({"SEV1", "SEV2", "SEV3"})
"""How bad it is where users hear of it at once; of a SEV4 they are told with the next word."""


def with_telling(
    said: Said, state: State, incident: Incident, known: Mapping[str, Template], now_ms: int
) -> Said:
    """Return an incident's card with what tells people, in front of whatever can wait."""
    mine = telling_buttons(state, incident, known, now_ms)
    if not mine:
        return said
    first = tuple(one for one in said.buttons if one.act in AFTER)
    rest = tuple(one for one in said.buttons if one.act not in AFTER)
    return replace(said, buttons=(*first, *mine, *rest))


def telling_buttons(
    state: State, incident: Incident, known: Mapping[str, Template], now_ms: int
) -> tuple[Button, ...]:
    """Return what tells people of an open incident; nothing where nobody wrote a template."""
    if not incident.open or incident.status == "triage" or not known:
        return ()
    tells = Button("comms_new", "Tell people\u2026", incident.id)
    if not _may_hold(state, incident, known):
        return (tells,)
    due_ms = state.comms(incident.id).rhythm("users").due_ms
    when = ""
    if due_ms is not None:
        when = " (overdue)" if now_ms > due_ms else f" (by {clock(due_ms)})"
    return (Button("comms_now", f"Tell users now{when}", incident.id, "primary"), tells)


def _may_hold(state: State, incident: Incident, known: Mapping[str, Template]) -> bool:
    """Return whether one tap gives users the first word: which of several is meant is never guessed."""
    if incident.severity not in TELLS or incident.private or not first_word(state, incident):
        return False
    if not for_users(state, incident):
        return False
    try:
        ready = holding_template(known, state, incident, "")
    except Refused:
        return False
    return not on_track(state, incident, "users", (ready.situation,))
