"""What is due to whom, in words, for the card of an incident and for whoever writes. Pure."""

from collections.abc import Iterator, Mapping
from typing import Final

from opsbot.app.fleet.words import clock
from opsbot.domain.comms.templates import AUDIENCES
from opsbot.domain.comms.told import IncidentComms
from opsbot.domain.incident.settings import MINUTE_MS

AUDIENCE_WORD: Final[Mapping[str, str]] = {
    "users": "users",
    "support": "the support team",
    "stakeholders": "stakeholders",
    "executives": "executives",
    "regulators": "regulators",
}


def promise_lines(comms: IncidentComms, now_ms: int) -> tuple[str, ...]:
    """Return a line for the card: what is overdue and since when, else what is due next; empty for nothing."""
    late = tuple(_late(comms, now_ms))
    if late:
        return (f"Comms overdue: {'; '.join(late)}.",)
    due = tuple(_due(comms))
    return (f"Next word to {'; to '.join(due)}.",) if due else ()


def late_words(due_ms: int, now_ms: int) -> str:
    """Return how late something is, in whole minutes."""
    minutes = max((now_ms - due_ms) // MINUTE_MS, 0)
    by = f" by {minutes} min" if minutes else ""
    return f"is overdue{by} (it was due by {clock(due_ms)})"


def _late(comms: IncidentComms, now_ms: int) -> Iterator[str]:
    for audience in AUDIENCES:
        due = comms.rhythm(audience).due_ms
        if due is not None and now_ms > due:
            what = "the first word" if comms.rhythm(audience).first_ms is None else "an update"
            yield f"{what} to {AUDIENCE_WORD[audience]} {late_words(due, now_ms)}"


def _due(comms: IncidentComms) -> Iterator[str]:
    for audience in AUDIENCES:
        due = comms.rhythm(audience).due_ms
        if due is not None:
            yield f"{AUDIENCE_WORD[audience]} by {clock(due)}"
