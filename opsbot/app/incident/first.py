"""Who was first: said to whoever comes second, from the journal. A look, nothing is changed."""

from typing import Final

from opsbot.app.environment import Environment, policy_of
from opsbot.app.fleet.words import moment
from opsbot.app.telling import Telling
from opsbot.domain.incident.incident import Incident
from opsbot.domain.journal import Broken, Entry, read_entry
from opsbot.domain.state import INCIDENTS

PAGE: Final = 100
"""Journal entries that are read at a time."""

MOST: Final = 5_000
"""Journal entries that are looked through at most: who was first long ago is in the timeline."""


async def moved_by(env: Environment, incident: Incident) -> Entry | None:
    """
    Return the entry that brought an incident to the status that it has.

    None where it has that status since it was opened, or where that is too long ago.

    Raises:
        StoreLost: the journal cannot be read.
    """
    last, mover = incident.at.revision, None
    first = max(incident.declared_at.revision, last - MOST + 1)
    while last >= first:
        start = max(last - PAGE + 1, first)
        for line in reversed(await env.store.journal(start - 1, last - 1)):
            entry = _entry(line)
            status = None if entry is None else _status(entry, incident.id)
            if status is not None and status != incident.status:
                return mover
            mover = entry if status is not None else mover
        last = start - 1
    return None


def first_words(env: Environment, entry: Entry | None) -> str:
    """Return who made an entry and when, as a sentence; empty for none."""
    if entry is None:
        return ""
    who = Telling(entry, {}, policy_of(env.store.state), {}).who
    return f"{who} did that {moment(entry.at_ms, env.clock.now_ms())}."


def _status(entry: Entry, incident: str) -> str | None:
    """Return the status that an entry gave an incident, None where it did not write it."""
    for kind, id_, record in entry.writes:
        if (kind, id_) == (INCIDENTS, incident) and record is not None:
            return str(record.get("status"))
    return None


def _entry(line: str) -> Entry | None:
    try:
        return read_entry(line)
    except Broken:
        return None  # `audit verify` says which; who was first is no reason to fail
