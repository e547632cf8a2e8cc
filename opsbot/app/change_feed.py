"""Every kill, restore and change of a route, told to PagerDuty as context for whoever is called; nobody is paged."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from opsbot.app.environment import Environment
from opsbot.app.paging.port import ChangeEvent, Paging
from opsbot.app.ports import GiveUp, Outbox, RetryLater
from opsbot.app.sentences import Sentences, read
from opsbot.app.timeline.words import Records
from opsbot.domain.change import Record
from opsbot.domain.journal import Entry
from opsbot.domain.state import INCIDENTS, State
from opsflags import keys

FEED_S: Final = 2.0
"""How often the journal is looked at, in seconds."""

CURSOR: Final = "pager:changes"
CLAIM_S: Final = 45.0
"""For how long one replica tells for all, renewed before each event; longer than the slowest answer."""

OLDEST_MS: Final = 24 * 3_600_000
"""What is older explains nothing any more, and a long outage ends in no flood."""

PAGE: Final = 200
"""Journal entries read at a time."""

MOST: Final = 25
"""Events of one run: PagerDuty takes about 120 a minute."""

LOOK_BACK: Final = 50_000
"""Entries within which a kill's earlier record is looked for."""

AGAIN_S: Final = (2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
"""Pauses after a failure, in seconds; the last one stays."""

TOLD: Final = frozenset(
    {
        "kill",
        "adopt_emergency",
        "queue_closed",
        "restore",
        "soften",
        "ease",
        "ease_alone",
        "ease_step",
        "take_back_restore",
        "begin_ramp",
        "advance_ramp",
        "cancel_ramp",
        "take_back_ramp",
        "rollback",
        "rechoose",
    }
)
"""Whatever changes what users get."""

_COMPARED: Final = frozenset({"kill", "soften", "queue_closed"})
"""Of which the sentence says what it was before."""

Report = Callable[[int, str], None]
"""Takes the revision of an event that PagerDuty will never take, and why."""


@dataclass
class ChangeFeed:
    """
    The duty, claimed by one replica.

    It follows the journal behind a cursor that is kept in the store, so no change waits for it and
    none is lost: the cursor moves once PagerDuty took the event. A crash in between tells one twice.
    """

    env: Environment
    outbox: Outbox
    paging: Paging
    report: Report
    _rest_until_s: float = field(default=0.0, init=False)
    _failed: int = field(default=0, init=False)

    async def __call__(self) -> int:
        """
        Tell what is new; return how many events were taken.

        Raises:
            StoreLost: the next run goes on where this one was.
        """
        clock = self.env.clock
        if not self.paging.can_alert or clock.monotonic() < self._rest_until_s:
            return 0
        if not await self.outbox.claim(CURSOR, ttl_s=CLAIM_S):
            return 0
        try:
            told = await self._follow()
        except RetryLater as later:
            usual_s = AGAIN_S[min(self._failed, len(AGAIN_S) - 1)]
            self._failed += 1
            self._rest_until_s = clock.monotonic() + (later.after_s or usual_s)
            return 0
        self._failed = 0
        return told

    async def _follow(self) -> int:
        state = await self.env.store.refresh()
        end, told = state.position.revision, 0
        known = await self.outbox.left(CURSOR)
        at = kept = min(int(str(known["revision"])), end) if known is not None else -1
        if known is None or end - at > PAGE:
            at = await self._recent(max(at, 0), end)
        while at < end and told < MOST:
            for line in await self.env.store.journal(at, min(at + PAGE, end) - 1):
                entry = _telling(line)
                at += 1
                if entry is None:
                    continue
                if not await self._tell(state, entry):
                    return told
                kept = await self._keep(at)
                told += 1
                if told >= MOST:
                    return told
        if kept != at:
            await self._keep(at)
        return told

    async def _keep(self, revision: int) -> int:
        await self.outbox.leave(CURSOR, {"revision": revision})
        return revision

    async def _recent(self, low: int, high: int) -> int:
        """Return the first index from *low* on whose entry is young enough, *high* for none."""
        after_ms = self.env.clock.now_ms() - OLDEST_MS
        while low < high:
            middle = (low + high) // 2
            lines = await self.env.store.journal(middle, middle)
            entry = read(lines[0]) if lines else None
            if entry is not None and entry.at_ms < after_ms:
                low = middle + 1
            else:
                high = middle
        return low

    async def _tell(self, state: State, entry: Entry) -> bool:
        """Tell one entry, or find that there is nothing to tell; false: another replica tells now."""
        if entry.at_ms < self.env.clock.now_ms() - OLDEST_MS:
            return True
        event = await self._event(state, entry)
        if event is None:
            return True
        if not await self.outbox.claim(CURSOR, ttl_s=CLAIM_S):
            return False
        try:
            await self.paging.change(event)
        except GiveUp as no:
            self.report(entry.position.revision, str(no))
        return True

    async def _event(self, state: State, entry: Entry) -> ChangeEvent | None:
        bare = without_incidents(entry)
        sentences = Sentences(self.env)
        before = await self._before(sentences, bare)
        said = await sentences.said(bare, before, quoted=not private(state, bare))
        if not said:
            return None
        return ChangeEvent(
            summary=said.replace("`", ""),
            source=f"opsbot {self.env.name}",
            occurred_ms=entry.at_ms,
            details={
                "environment": self.env.name,
                "verb": entry.verb,
                "revision": str(entry.position.revision),
                "kills": ", ".join(_kills(bare)),
            },
        )

    async def _before(self, sentences: Sentences, entry: Entry) -> Records:
        """Return the kills as they were; one that was never changed was not there before."""
        changed = any(
            record is not None and record.get("changed_ms") for _, _, record in entry.writes
        )
        if entry.verb not in _COMPARED or not changed:
            return {}
        first = max(entry.position.revision - LOOK_BACK, 1)
        return await sentences.before(entry, first=first, need=(keys.KILLS,))


def without_incidents(entry: Entry) -> Entry:
    """Return an entry without the incidents that it writes: they may be private, and have pages of their own."""
    writes: list[Record] = [one for one in entry.writes if one[0] != INCIDENTS]  # type: ignore[misc]  # JSON has no tuples
    return replace(entry, body={**entry.body, "writes": writes})


def private(state: State, entry: Entry) -> bool:
    """Return whether a private incident holds one of the kills that an entry writes."""
    kills = set(_kills(entry))
    return any(one.private and not kills.isdisjoint(one.kills) for one in state.incidents())


def _kills(entry: Entry) -> tuple[str, ...]:
    found = (id_ for kind, id_, _ in entry.writes if kind in (keys.KILLS, keys.ENDED))
    return tuple(dict.fromkeys(found))


def _telling(line: str) -> Entry | None:
    """Return the entry of a line where it is told at all; the others are not even read."""
    if not any(f'"verb":"{verb}"' in line for verb in TOLD):
        return None
    entry = read(line)
    return entry if entry is not None and entry.verb in TOLD else None
