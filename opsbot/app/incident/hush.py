"""Putting a reminder of an incident off, or stopping it: what that comes to on one state. Pure."""

from dataclasses import replace
from typing import Final

from opsbot.app.incident.change import Amend, decide_change
from opsbot.app.incident.open import settings_of
from opsbot.app.incident.power import may_work
from opsbot.app.incident.reminders import STOPPED, timer
from opsbot.app.incident.requests import HushReminder
from opsbot.app.incident.sight import found
from opsbot.app.incident.words import lasted
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.incident.incident import Incident
from opsbot.domain.incident.settings import REMINDERS, ReminderName
from opsbot.domain.state import State

MOST_S: Final = 30 * 86_400
"""For how long a reminder may be put off, in seconds."""


def hushed(request: HushReminder) -> Amend:
    """
    Return the change that stops a kind of reminder for one incident.

    Raises (when it is made):
        NeedsMoreWords: there is no such reminder.
    """

    def amend(incident: Incident) -> Incident:
        known_reminder(request.reminder)
        mark = f"{STOPPED}{request.reminder}"
        if mark in incident.quiet:
            return incident
        return replace(incident, quiet=(*incident.quiet, mark))

    return amend


def known_reminder(word: str) -> ReminderName:
    """
    Return the kind of reminder that a word names.

    Raises:
        NeedsMoreWords: none.
    """
    found = next((one for one in REMINDERS if one == word), None)
    if found is None:
        raise NeedsMoreWords(
            "There is no such reminder; nothing was changed.",
            hint=f"They are {', '.join(f'`{one}`' for one in REMINDERS)}.",
        )
    return found


def decide_hush(
    state: State, now_ms: int, request: HushReminder, actor: Actor
) -> tuple[Change | None, Incident]:
    """
    Stop a kind of reminder for one incident, or put it off; which of the two the request says.

    Raises:
        UnknownIncident, NeedsMoreWords, NotAllowed: as every change.
    """
    if request.for_s is None:
        return decide_change(
            state, now_ms, request.which, actor, hushed(request), verb="incident_hush"
        )
    if request.for_s > MOST_S:
        raise NeedsMoreWords(
            "A reminder is put off by 30 days at most; nothing was changed.",
            hint="`stop` ends it for this incident.",
        )
    incident = found(state, actor, request.which)
    rule = may_work(state, incident, actor, now_ms)
    name = known_reminder(request.reminder)
    at_ms = now_ms + request.for_s * 1000
    change = Change(
        verb="incident_snooze",
        actor=actor,
        rule=rule,
        facts={"incident": incident.id, "reminder": name, "for_s": request.for_s},
        timers=(timer(name, incident, settings_of(state), at_ms, now_ms, nth=1),),
    )
    return change, incident


def hush_words(request: HushReminder) -> str:
    """Return what was done to a reminder, in words."""
    if request.for_s is None:
        return f"opsbot reminds nobody of this (`{request.reminder}`) in this incident any more."
    return f"opsbot reminds of this (`{request.reminder}`) again in {lasted(request.for_s * 1000)}."
