"""A change in words, read from the journal: the entry, what stood there before it, and its free text."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from opsbot.app.environment import Environment, policy_of
from opsbot.app.incident.sight import unnamed
from opsbot.app.timeline.words import Records, commitments, sentence
from opsbot.domain.change import Record
from opsbot.domain.incident.incident import Incident
from opsbot.domain.journal import Broken, Entry, read_entry
from opsbot.domain.state import INCIDENTS

PAGE: Final = 50
"""Journal entries read at a time on the way back to the one before."""


@dataclass(frozen=True, slots=True)
class Sentences:
    """What an entry says, for everybody who tells of changes outside."""

    env: Environment

    async def of_incident(self, revision: int, incident: Incident) -> str:
        """
        Return what the entry of *revision* changed for an incident, empty where it is nobody's business.

        Raises:
            StoreLost: no answer within the deadline.
        """
        entry = await self.entry(revision)
        if entry is None:
            return ""
        first = incident.declared_at.revision
        before = await self.before(entry, first=first, need=(INCIDENTS,))
        return await self.said(entry, before, incident=incident.id)

    async def entry(self, revision: int) -> Entry | None:
        """Return one entry of the journal, None where it cannot be read. Raises as `of_incident`."""
        lines = await self.env.store.journal(revision - 1, revision - 1)
        return read(lines[0]) if lines else None

    async def said(
        self, entry: Entry, before: Records, *, incident: str = "", quoted: bool = True
    ) -> str:
        """Return an entry as a sentence, without anybody's free text unless *quoted*. Raises as `of_incident`."""
        wanted = commitments(entry) if quoted else ()
        words = dict(zip(wanted, await self.env.unsealed(*wanted), strict=True))
        state = self.env.store.state
        hidden = unnamed(state, state.incident(incident)) if incident else frozenset[str]()
        return sentence(entry, before, policy_of(state), words, incident=incident, unnamed=hidden)

    async def before(self, entry: Entry, *, first: int, need: Collection[str]) -> Records:
        """
        Return what the entry's records were before it, looking back to the revision *first*.

        The look ends where no record of the kinds that are *needed* is missing any more. Raises as
        `of_incident`.
        """
        wanted = {(kind, id_) for kind, id_, record in entry.writes if record is not None}
        found: dict[str, dict[str, Record]] = {}
        last = entry.position.revision - 1
        while wanted and last >= first:
            start = max(last - PAGE + 1, first)
            lines = await self.env.store.journal(start - 1, last - 1)
            for line in reversed(lines):
                for kind, id_, record in _writes(line):
                    if (kind, id_) in wanted and record is not None:
                        wanted.discard((kind, id_))
                        found.setdefault(kind, {})[id_] = record
            if not any(kind in need for kind, _ in wanted):
                break
            last = start - 1
        return found


def read(line: str) -> Entry | None:
    """Return the entry of a journal line, None where it is none."""
    try:
        return read_entry(line)
    except Broken:
        return None  # `audit verify` says which; who tells of changes is no place for it


def _writes(line: str) -> tuple[tuple[str, str, Record | None], ...]:
    entry = read(line)
    return () if entry is None else entry.writes
