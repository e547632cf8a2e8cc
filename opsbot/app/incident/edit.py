"""Changes of what is known of an incident: severity, type, words, moments, the promise of an update. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from opsbot.app.incident.change import Amend
from opsbot.app.incident.open import refuse_contradictions, settings_of
from opsbot.app.incident.reminders import first_update_ms
from opsbot.app.incident.requests import EditIncident
from opsbot.app.incident.steps import Wish, again_due
from opsbot.app.target import nearest
from opsbot.domain.errors import IllegalMove, NeedsMoreWords, UnknownWorkflow
from opsbot.domain.incident.incident import Incident
from opsbot.domain.incident.settings import IncidentSettings
from opsbot.domain.incident.times import Moment
from opsbot.domain.incident.types import TYPES, known
from opsbot.domain.said import inert
from opsbot.domain.state import State
from opsbot.domain.typed import command

LEAST_S, MOST_S = 60, 7 * 86_400
"""How soon and how late the next update may be promised, in seconds."""


def edit_change(
    state: State, now_ms: int, request: EditIncident, title: str, summary: str, wish: Wish
) -> Amend:
    """
    Return the change that was asked for; *title* and *summary* are commitments, empty where unchanged.

    A severity that calls for a page or a channel makes what was skipped due; *wish* says what is connected.

    Raises (when it is made):
        NeedsMoreWords: nothing is asked for, or a type that is none. IllegalMove: contradictions.
    """

    def amend(incident: Incident) -> Incident:
        _refuse(state, request, incident)
        after = replace(
            incident,
            title=title or incident.title,
            summary=summary or incident.summary,
            severity=request.severity or incident.severity,
            type=request.type or incident.type,
            private=incident.private if request.private is None else request.private,
            exposed=incident.exposed if request.exposed is None else request.exposed,
            workflows=_workflows(incident, request.workflow),
        )
        due_ms = _due(after, request, settings_of(state), now_ms)
        after = replace(after, update_due_ms=due_ms)
        if request.times:
            _refuse_end(request, incident)
            times = replace(after.times, **dict(request.times))  # type: ignore[arg-type]  # moments by name
            refuse_contradictions(times, now_ms)
            after = replace(after, times=times)
        return again_due(state, now_ms, incident, after, wish)

    return amend


def updated(amend: Amend, update: str, by: str, now_ms: int) -> Amend:
    """Return the change with the newest update on the record; *update* is its commitment, empty for none."""

    def told(incident: Incident) -> Incident:
        after = amend(incident)
        return replace(after, update=update, update_ms=now_ms, update_by=by) if update else after

    return told


def promise(request: EditIncident) -> str:
    """Return what an update promised, in words."""
    if request.next_update_s is None:
        return ""
    return f"Next update promised in {max(request.next_update_s // 60, 1)} min."


def _due(
    incident: Incident, request: EditIncident, settings: IncidentSettings, now_ms: int
) -> int | None:
    """Return when the next update is due: an update settles the promise, a new one may stand in it."""
    if request.next_update_s is not None:
        return now_ms + request.next_update_s * 1000
    if request.update and incident.open:
        return first_update_ms(incident, settings, now_ms)
    return incident.update_due_ms


def _workflows(incident: Incident, name: str | None) -> tuple[str, ...]:
    if name is None or name in incident.workflows:
        return incident.workflows
    return (*incident.workflows, name)


def _refuse_end(request: EditIncident, incident: Incident) -> None:
    """Refuse the moment of an end that did not come: what is open and has one counts as ended."""
    for name, verb in _ENDS.items():
        if incident.open and request.times.get(name) is not None:
            raise IllegalMove(
                f"{incident.id} is {incident.status}: it was not {name}; nothing was changed.",
                hint=f"Move it: {command(f'incident {verb} {incident.id}')}.",
            )


_ENDS: Final[Mapping[Moment, str]] = {"resolved": "resolve", "reviewed": "resolve"}
"""The moments of an end, each with the verb that comes first."""


def _refuse_empty(request: EditIncident, incident: Incident) -> None:
    """Refuse words of which nobody sees anything: they would leave a title or an update blank."""
    for name, text in (("title", request.title), ("summary", request.summary)):
        if text is not None and not inert(text):
            raise NeedsMoreWords(f"Say the new {name} of {incident.id}; nothing was changed.")
    if request.update and not inert(request.update):
        raise NeedsMoreWords(f"Say what is so now of {incident.id}; nothing was changed.")


def _refuse(state: State, request: EditIncident, incident: Incident) -> None:
    _refuse_empty(request, incident)
    if request == EditIncident(request.which):
        raise NeedsMoreWords(f"Say what changes of {incident.id}; nothing was changed.")
    if request.type is not None and not known(request.type):
        listed = ", ".join(f"`{one.name}`" for one in TYPES)
        raise NeedsMoreWords(
            f"`{inert(request.type, limit=40)}` is no type of incident; nothing was changed.",
            hint=f"The types are {listed}.",
        )
    if request.workflow is not None and request.workflow not in state.workflows():
        name = inert(request.workflow, limit=60)
        raise UnknownWorkflow(name, nearest=nearest(request.workflow, state.workflows()))
    if request.exposed is not None and request.exposed < 0:
        raise NeedsMoreWords("Bad outcomes are counted from 0; nothing was changed.")
    seconds = request.next_update_s
    if seconds is not None and not LEAST_S <= seconds <= MOST_S:
        raise NeedsMoreWords(
            "The next update comes in a minute at the soonest, a week at the latest."
        )
    if not incident.open and request.update:
        raise IllegalMove(
            f"{incident.id} is {incident.status}: it takes no updates; nothing was changed.",
            hint="Reopen it first; `note` puts it into the timeline.",
        )
    if not incident.open and request.next_update_s is not None:
        raise IllegalMove(
            f"{incident.id} is {incident.status}: no update of it is due.", hint="Reopen it first."
        )
