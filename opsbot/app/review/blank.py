"""What nobody filled in of an incident, each in a sentence; a review says what it does not know. Pure."""

from collections.abc import Iterator, Sequence

from opsbot.app.review.comms_words import blank_comms
from opsbot.app.review.served_words import blank_served
from opsbot.domain.incident.incident import Incident
from opsbot.domain.incident.types import UNKNOWN
from opsbot.domain.review import KillEvidence, ServedIn, ToDo
from opsbot.domain.review_comms import Communication


def blanks(
    incident: Incident,
    kills: Sequence[KillEvidence],
    todo: Sequence[ToDo],
    served: Sequence[ServedIn] = (),
    comms: Communication | None = None,
) -> tuple[str, ...]:
    """Return a sentence for everything that is missing."""
    return (
        *_known(incident),
        *_moments(incident),
        *blank_comms(incident.times.told, comms or Communication()),
        *blank_served(served),
        *_kills(incident, kills),
        *_todo(todo),
    )


def _known(incident: Incident) -> Iterator[str]:
    if not incident.summary:
        yield "Nobody wrote a summary."
    if incident.type == UNKNOWN:
        yield "Nobody said what kind of incident it is."
    if not incident.workflows:
        yield "No workflow is named."
    if "commander" not in incident.roles:
        yield "Nobody commanded it."
    if incident.exposed is None:
        yield "Nobody counted bad outcomes."


def _moments(incident: Incident) -> Iterator[str]:
    times = incident.times
    if times.started is None:
        yield "When users were first hit is not known."
    if times.detected is None:
        yield "When it was noticed is not known; it is counted from the declaration."
    if times.acknowledged is None:
        yield "When somebody took it on is not known."
    if times.contained is None:
        yield "When it was contained is not known."
    if times.resolved is None:
        yield "It is not resolved."


def _kills(incident: Incident, kills: Sequence[KillEvidence]) -> Iterator[str]:
    if not kills:
        yield "Nothing was switched off for it."
    for one in kills:
        yield from _kill(one)
    known = {one.id for one in kills}
    yield from (
        f"{name} is not on record any more." for name in incident.kills if name not in known
    )


def _kill(one: KillEvidence) -> Iterator[str]:
    if one.confirmed_ms is None:
        yield f"{one.id} is not confirmed."
    if not one.probes:
        yield f"{one.id} is not proved: no probe was answered."
    elif one.passed != one.probes:
        yield f"{one.id} is not proved: {one.passed} of {one.probes} probes passed."
    if not one.reason:
        yield f"Nobody said why {one.id} was killed."


def _todo(todo: Sequence[ToDo]) -> Iterator[str]:
    if not todo:
        yield "Nothing was written down to be done after it."
    for one in todo:
        if one.done_ms is not None:
            continue
        if not one.owner:
            yield f"{one.id} has no owner."
        if not one.due:
            yield f"{one.id} has no date."
        elif one.late:
            yield f"{one.id} is late: it was due on {one.due}."
