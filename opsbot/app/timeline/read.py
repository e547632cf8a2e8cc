"""
An incident's timeline: what the journal says by itself, and what people put there, by when it happened.

The journal is read in pages from before the incident's first kill to its end; only entries that
can be about it are looked into, so that thousands of others cost little.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from opsbot.app.environment import Environment, policy_of
from opsbot.app.incident.note_words import Told, author_of
from opsbot.app.incident.sight import unnamed
from opsbot.app.telling import Records, Telling
from opsbot.app.timeline.about import About, kind_of, name_of
from opsbot.app.timeline.more_words import more_sentence
from opsbot.app.timeline.words import commitments, sentence
from opsbot.domain.actor import Actor
from opsbot.domain.change import Json, Record
from opsbot.domain.errors import UnknownKill
from opsbot.domain.incident.incident import Incident
from opsbot.domain.journal import Broken, Entry, read_entry
from opsbot.domain.kill import Kill
from opsbot.domain.policy.model import Policy
from opsbot.domain.policy.rules import identity_of
from opsbot.domain.state import INCIDENTS, State
from opsbot.domain.timeline import Line
from opsflags import keys

__all__ = ["Line", "Timeline"]

PAGE: Final = 500
"""Journal entries read at a time."""

MOST_READ: Final = 50_000
"""Entries that are read for one timeline, the newest; an answer must not wait for years of them."""

MOST_LINES: Final = 2_000
"""Lines of the journal in one timeline, the newest."""

SKEW_MS: Final = 2_000
"""How far the server's time of an entry and of its record may be apart."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """
    The look at one incident; whether somebody may see it is asked before (`incident_sight.found`).

    *most_read* is how much of the journal is read at most.
    """

    env: Environment
    most_read: int = MOST_READ

    async def of(self, incident: Incident) -> tuple[Line, ...]:
        """
        Return every line in the order in which things happened.

        Raises:
            StoreLost: no answer within the deadline.
        """
        return (await self.told(incident)).lines

    async def told(self, incident: Incident) -> Told:
        """Return the lines, and how far the journal was read. Raises as `of`."""
        return (await self.whole(incident))[0]

    async def whole(self, incident: Incident) -> tuple[Told, tuple["Dated", ...]]:
        """Return the lines, and the entries of the journal behind them. Raises as `of`."""
        entries, cut = await self.entries(incident)
        kept = entries[-MOST_LINES:]
        lines = [*await self._journal(incident, kept), *await self._notes(incident)]
        ordered = tuple(sorted(lines, key=_order))
        return Told(ordered, len(entries) - len(kept), cut), entries

    async def entries(self, incident: Incident) -> tuple[tuple["Dated", ...], bool]:
        """
        Return the journal's entries about an incident, oldest first, and whether some were not read.

        Raises:
            StoreLost: no answer within the deadline.
        """
        state = self.env.store.state
        kills, about = kills_of(state, incident), About.of(incident)
        last = _end(state, incident, kills)
        begin_ms = _begin_ms(incident, kills)
        reading = _Reading(about, begin_ms)
        first, cut = await self._start(incident, begin_ms, floor=max(last - self.most_read, 0))
        for start in range(first, last, PAGE):
            for line in await self.env.store.journal(start, min(start + PAGE, last) - 1):
                reading.take(line)
        return tuple(reading.found), cut

    async def _start(self, incident: Incident, begin_ms: int, *, floor: int) -> tuple[int, bool]:
        """Return the zero-based index to read from, and whether it should have been an earlier one."""
        at = max(incident.declared_at.revision - 1, floor)
        while at > floor:
            page = await self.env.store.journal(max(at - PAGE, floor), at - 1)
            at = max(at - PAGE, floor)
            first = _read(page[0]) if page else None
            if first is not None and first.at_ms < begin_ms - SKEW_MS:
                return at, False
        return at, floor > 0

    async def _journal(self, incident: Incident, entries: Sequence["Dated"]) -> list[Line]:
        policy = policy_of(self.env.store.state)
        wanted = tuple({one: None for dated in entries for one in commitments(dated.entry)})
        words: dict[str, str] = {}
        for start in range(0, len(wanted), PAGE):
            some = wanted[start : start + PAGE]
            words |= dict(zip(some, await self.env.unsealed(*some), strict=True))
        hidden = unnamed(self.env.store.state, incident)
        lines = (_line(dated, policy, words, incident.id, hidden) for dated in entries)
        return [line for line in lines if line is not None]

    async def _notes(self, incident: Incident) -> list[Line]:
        state = self.env.store.state
        notes, policy = state.notes(incident.id), policy_of(state)
        texts = await self.env.unsealed(*(note.text for note in notes))
        return [
            Line(
                at_ms=note.at_ms,
                who=author_of(policy, note.author),
                text=text,
                source=note.source,
                permalink=note.permalink,
                retracted=not note.stands,
                kind="note",
                by=note.author,
                note=note.id,
                edits=note.edits,
                noted_by="" if note.noted_by == note.author else author_of(policy, note.noted_by),
            )
            for note, text in zip(notes, texts, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Dated:
    """An entry, with the records that it writes as they stood *before*."""

    entry: Entry
    before: Records


@dataclass(slots=True)
class _Reading:
    """What is found while the journal goes by."""

    about: About
    begin_ms: int
    found: list[Dated] = field(default_factory=list)
    known: dict[str, dict[str, Record]] = field(default_factory=dict)
    marks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.marks = self.about.marks()

    def take(self, line: str) -> None:
        """Look into a line, where it can be about the incident at all."""
        entry = _read(line) if any(mark in line for mark in self.marks) else None
        if entry is None or not self.about.touches(entry):
            return
        early = entry.at_ms < self.begin_ms - SKEW_MS
        if not (early and self.about.only_routes(entry)) and not self._half_told(entry):
            self.found.append(Dated(entry, self._before(entry)))
        for kind, id_, record in entry.writes:
            if record is None:
                continue
            self.known.setdefault(kind, {})[id_] = record

    def _half_told(self, entry: Entry) -> bool:
        """Return whether what stood before was not read: such an entry would be told as a beginning."""
        return any(
            id_ not in self.known.get(kind, {}) and self._older(entry, kind, record)
            for kind, id_, record in entry.writes
            if record is not None and (kind != INCIDENTS or id_ == self.about.incident)
        )

    def _older(self, entry: Entry, kind: str, record: Record) -> bool:
        """Return whether a record was made by an earlier entry than the one that writes it."""
        if kind == INCIDENTS:
            return record.get("declared_at") != entry.position.as_json()
        if kind != keys.KILLS or entry.verb == "adopt_emergency":
            return False  # an emergency kill held before anybody wrote it down
        since_ms = record.get("since_ms")
        return isinstance(since_ms, int) and since_ms < entry.at_ms - SKEW_MS

    def _before(self, entry: Entry) -> Records:
        found: dict[str, dict[str, Record]] = {}
        for kind, id_, _ in entry.writes:
            if id_ in self.known.get(kind, {}):
                found.setdefault(kind, {})[id_] = self.known[kind][id_]
        return found


def kills_of(state: State, incident: Incident) -> tuple[Kill, ...]:
    """Return the kills of an incident as they stand."""
    found = []
    for name in incident.kills:
        try:
            found.append(state.kill(name))
        except UnknownKill:
            continue
    return tuple(found)


def actor_of(entry: Entry) -> Actor:
    """Return who made an entry, by the ids that the policy joins: an entry keeps no workspace."""
    given = entry.body.get("actor")
    said: Mapping[str, Json] = given if isinstance(given, Mapping) else {}
    return Actor(
        kind=str(said.get("kind", "")),  # type: ignore[arg-type]  # as we wrote it
        id=str(said.get("id", "")),
        via="cli",
    )


def _line(
    dated: Dated, policy: Policy, words: Mapping[str, str], incident: str, hidden: frozenset[str]
) -> Line | None:
    entry = dated.entry
    telling = Telling(entry, dated.before, policy, words, incident, hidden)
    text = sentence(entry, dated.before, policy, words, incident=incident, unnamed=hidden)
    text = text or more_sentence(telling)
    if not text:
        return None
    actor = actor_of(entry)
    return Line(
        at_ms=entry.at_ms,
        who=telling.who,
        text=text,
        kind=kind_of(entry, dated.before),
        by="" if actor.kind == "system" else identity_of(policy, actor),
        entry=entry.position.revision,
        name=name_of(entry),
    )


def _begin_ms(incident: Incident, kills: Sequence[Kill]) -> int:
    times = incident.times
    given = (times.started, times.detected, times.declared, *(one.since_ms for one in kills))
    return min(at for at in given if at is not None)


def _end(state: State, incident: Incident, kills: Sequence[Kill]) -> int:
    """Return how many entries of the journal are from before its end, or from before now."""
    if incident.open or any(one.active for one in kills):
        return state.position.revision
    ends = (one.ended.revision for one in kills if one.ended is not None)
    walked = (one.at.revision for one in state.runs() if one.incident == incident.id)
    return min(max(incident.at.revision, *ends, *walked, 0), state.position.revision)


def _order(line: Line) -> tuple[int, int, str]:
    return line.at_ms, line.entry, line.note


def _read(line: str) -> Entry | None:
    try:
        return read_entry(line)
    except Broken:
        return None  # `audit verify` says which; a timeline is no place for it
