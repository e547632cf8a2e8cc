"""The fact sheet in words: what is confirmed, what somebody believes, what nobody knows. Pure."""

from collections.abc import Sequence

from opsbot.app.comms.view import Fact
from opsbot.domain.change import Record
from opsbot.domain.comms.facts import FACTS
from opsbot.domain.comms.moments import instant, spelled
from opsbot.domain.comms.told import Surety
from opsbot.domain.incident.incident import Incident
from opsbot.domain.said import Said, inert
from opsbot.domain.typed import command

_HEADS: tuple[tuple[Surety, str], ...] = (("confirmed", "Confirmed"), ("believed", "Believed"))


def facts_said(incident: Incident, facts: Sequence[Fact], env: str, zone: str) -> Said:
    """Return the sheet as an answer; what is not known stands last, so that somebody finds it out."""
    lines = [
        f"{head}: {fact_line(one, zone)}"
        for surety, head in _HEADS
        for one in facts
        if one.surety == surety and one.value
    ]
    unknown = [one.label for one in facts if one.surety == "unknown"]
    if unknown:
        lines.append(f"Not known: {'; '.join(unknown)}.")
    lines.append(f"Put one there: {command(f'comms fact {incident.id} since 12:50 UTC')}.")
    return Said(
        "plain",
        f"Fact sheet of {incident.id} in {env}",
        tuple(lines),
        body={"incident": incident.id, "facts": [fact_body(one) for one in facts]},
    )


def fact_line(fact: Fact, zone: str) -> str:
    """Return one line: what it is, its value, and what it rests on."""
    source = f" ({inert(fact.source, limit=120)})" if fact.source else ""
    return f"{fact.label}: {value_shown(fact, zone)}{source}."


def value_shown(fact: Fact, zone: str) -> str:
    """Return a value as people read it: times in their zone, everything else as it stands."""
    known = FACTS.get(fact.name)
    at_ms = instant(fact.value, zone, 0) if known is not None and known.type == "time" else None
    return inert(fact.value) if at_ms is None else spelled(at_ms, zone)


def fact_body(fact: Fact) -> Record:
    """Return the machine's form of one line."""
    return {
        "name": fact.name,
        "label": fact.label,
        "value": fact.value,
        "surety": fact.surety,
        "source": fact.source,
    }
