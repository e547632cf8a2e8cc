"""What the card of an incident says about telling people: what is due, what is overdue, what waits for evidence. Pure."""

from collections.abc import Iterator

from opsbot.app.comms_rules import settings_of
from opsbot.app.environment import policy_of
from opsbot.app.evidence_hold import kept_as_evidence, waits_for_evidence
from opsbot.app.fleet.words import moment
from opsbot.app.incident.legal_clocks import clock_lines
from opsbot.app.incident.message_words import message_lines
from opsbot.app.incident.promise_words import promise_lines
from opsbot.app.incident.promises import rhythmic
from opsbot.app.runs.owed import owed_lines
from opsbot.domain.incident.incident import Incident
from opsbot.domain.policy.rules import shown
from opsbot.domain.said import inert
from opsbot.domain.state import State
from opsbot.domain.typed import command


def told_lines(state: State, incident: Incident, now_ms: int) -> tuple[str, ...]:
    """Return the lines; none of an incident in which nothing is due to anybody."""
    return tuple(_lines(state, incident, now_ms))


def _lines(state: State, incident: Incident, now_ms: int) -> Iterator[str]:
    comms = state.comms(incident.id)
    yield from message_lines(state, incident, now_ms)
    if incident.status in ("resolved", "reviewed"):
        yield from owed_lines(state, incident)
    if rhythmic(incident):
        yield from promise_lines(comms, now_ms)
    if waits_for_evidence(state, incident):
        say = command(f"comms evidence {incident.id} where it is")
        yield f"Evidence is not held yet, so nothing is changed back; killing stays free. Then: {say}."
    else:
        yield from _evidence(state, incident, now_ms)
    yield from clock_lines(state, incident, now_ms)


def _evidence(state: State, incident: Incident, now_ms: int) -> Iterator[str]:
    """Yield what is known of the evidence: what somebody says, and what opsbot captured; neither is more than that."""
    comms = state.comms(incident.id)
    if comms.hold and comms.hold_ms is not None:
        yield f"Evidence is held since {moment(comms.hold_ms, now_ms)}, says {_name(state, comms.hold_by)}."
        return
    if incident.drill or incident.type not in settings_of(state).exposure:
        return
    kept = tuple(kept_as_evidence(state, incident))
    if captured := [(run, one) for run, one in kept if one.captured]:
        run, one = captured[-1]
        what = f"{len(captured)} pointer{'' if len(captured) == 1 else 's'}"
        yield f"Evidence: {what} captured in {run.id}, {moment(one.at_ms, now_ms)}."
    elif kept:
        run, one = kept[-1]
        yield (
            f"Evidence: noted by {_name(state, one.by)} in {run.id}, {moment(one.at_ms, now_ms)};"
            " nobody checked it."
        )


def _name(state: State, identity: str) -> str:
    return inert(shown(policy_of(state), identity), limit=80)
