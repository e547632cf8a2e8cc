"""The memory twin of the store: the same pure rules and the same contract, for tests and trials."""

import asyncio
import contextlib
import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence

from opsbot.adapters.bundle import StoreBundle
from opsbot.adapters.fleet_records import Written, instances, services
from opsbot.adapters.memory.served import MemoryServed
from opsbot.adapters.memory.server import Due, Item, MemoryServer
from opsbot.adapters.shared_fleet import SharedFleets
from opsbot.app.deliver import taken_over_ms
from opsbot.app.ports import Decide, Delivery, T
from opsbot.domain import journal
from opsbot.domain.change import LANES, Committed, Effect, Lane, Record, Sealed
from opsbot.domain.delta import delta_of
from opsbot.domain.fleet import (
    LOW_HOURS,
    MOST_MODELS,
    SEEN_MS,
    Fleet,
    Instance,
    hour_of,
    low_water,
)
from opsbot.domain.journal import Entry
from opsbot.domain.state import State

TURN_S = 0.005
RECLAIM_MS = 30_000


class MemoryStore:
    """The `Store` port on a `MemoryServer`."""

    def __init__(self, server: MemoryServer) -> None:
        self._server = server

    @property
    def state(self) -> State:
        """Return the newest state."""
        return self._server.begin()

    async def refresh(self) -> State:
        """Return the newest state."""
        return self.state

    async def commit(self, request_id: str, decide: Decide[T]) -> tuple[Committed | None, T]:
        """Decide and commit in one step; see the port."""
        first = self._server.requests.get(request_id)
        at_ms = self._server.now_ms()
        state = self._server.begin()
        change, answer = decide(state, at_ms)
        if first is not None:
            return self._committed(first, repeated=True), answer
        if change is None:
            return None, answer
        line = journal.write_entry(state, change, request=request_id, at_ms=at_ms)
        entry = self._server.push(line, change)
        self._server.published.append(delta_of(entry))
        return self._committed(entry, repeated=False), answer

    async def wait_past(self, revision: int, *, timeout_s: float) -> State:
        """Return the state once it is past *revision*, or as it is after *timeout_s* seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self.state.position.revision <= revision:
                    await self._server.changed.wait()
        return self.state

    async def journal(self, start: int = 0, stop: int = -1) -> Sequence[str]:
        """Return raw journal lines, zero-based and inclusive."""
        return list(self._server.lines[start : None if stop == -1 else stop + 1])

    async def texts(self, commitments: Sequence[str]) -> Mapping[str, Sealed]:
        """Return the free texts that are still kept."""
        return {c: self._server.texts[c] for c in commitments if c in self._server.texts}

    async def erase(self, commitments: Sequence[str]) -> int:
        """Erase free texts; return how many were there."""
        return sum(self._server.texts.pop(c, None) is not None for c in set(commitments))

    async def live(self) -> State:
        """Return the records as they are."""
        return self.state

    async def disowned(self) -> Sequence[tuple[int, str]]:
        """Return what the test says that this replica held before."""
        return tuple(self._server.disowned)

    async def ready(self) -> float:
        """Return 0 milliseconds: there is nothing to ask."""
        return 0.0

    def _committed(self, entry: Entry, *, repeated: bool) -> Committed:
        return Committed(
            position=entry.position,
            at_ms=entry.at_ms,
            stored=True,
            durable=self._server.durable,
            nodes=1,
            repeated=repeated,
        )


class MemoryFleets:
    """The `Fleets` port on a `MemoryServer`."""

    def __init__(self, server: MemoryServer) -> None:
        self._server = server

    async def look(self) -> Fleet:
        """Return the fleet as of now."""
        server = self._server
        names, unread = services(server.services)
        records = [(name, server.services[name]) for name in names]
        return Fleet(
            now_ms=server.now_ms(),
            instances=instances(
                Written(name, one.registered, one.seen.items(), one.acks) for name, one in records
            ),
            head=server.state.position,
            emergencies=len(server.emergencies),
            unread=unread,
        )

    async def emergencies(self, start: int) -> Sequence[str]:
        """Return the raw emergency records from *start* on."""
        return self._server.emergencies[start:]

    async def low(self, *, now_ms: int) -> Mapping[str, int]:
        """Return the low-water mark of each workflow."""
        samples = ((hour, name, count) for (hour, name), count in self._server.low.items())
        return low_water(samples, now_ms=now_ms)

    async def sample(
        self, alive: Mapping[str, int], *, now_ms: int, models: Collection[str] = ()
    ) -> None:
        """Keep the fewest of this hour."""
        low, hour = self._server.low, hour_of(now_ms)
        for old in [key for key in low if key[0] < hour - LOW_HOURS]:
            del low[old]
        for name, count in alive.items():
            low[hour, name] = min(count, low.get((hour, name), count))
        kept = {one: at for one, at in self._server.models.items() if at > now_ms - SEEN_MS}
        self._server.models = kept | dict.fromkeys(sorted(models)[:MOST_MODELS], now_ms)

    async def models(self, *, now_ms: int) -> frozenset[str]:
        """Return the names that were noted lately; see the port."""
        seen = self._server.models.items()
        return frozenset(name for name, at in seen if at > now_ms - SEEN_MS)

    async def forget(self, instances: Sequence[Instance]) -> None:
        """Take instances off the list."""
        for one in instances:
            self._server.goodbye(one.id, one.service)


class MemoryOutbox:
    """The `Outbox` port on a `MemoryServer`."""

    def __init__(self, server: MemoryServer, replica: str, *, reclaim_ms: int = RECLAIM_MS) -> None:
        self._server = server
        self._replica = replica
        self._reclaim_ms = reclaim_ms

    async def deliveries(self, lane: Lane) -> AsyncIterator[Delivery]:
        """Yield effects for this replica; see the port."""
        while True:
            found = self._next(lane)
            if found is None:
                await asyncio.sleep(TURN_S)
            else:
                yield found

    def _next(self, lane: Lane) -> Delivery | None:
        now = self._server.now_ms()
        for name, item in self._server.items.items():
            silent = now - item.since_ms >= taken_over_ms(lane, self._reclaim_ms)
            left = item.owner is None or silent
            if item.lane == lane and left:
                item.owner, item.since_ms = self._replica, now
                item.attempts += 1
                return Delivery(name, lane, item.effect, item.attempts)
        return None

    async def done(self, delivery: Delivery) -> None:
        """Take the item off."""
        self._server.items.pop(delivery.item, None)

    async def later(self, delivery: Delivery, *, reason: str, after_s: float) -> None:
        """Put the item back, due after *after_s* seconds."""
        if self._server.items.pop(delivery.item, None) is not None:
            due = Due(
                self._server.now_ms() + int(after_s * 1000), delivery.effect, delivery.attempt
            )
            self._server.timers[f"retry:{delivery.lane}:{delivery.item}"] = due

    async def dead(self, delivery: Delivery, *, reason: str) -> None:
        """Move the item to the dead letters."""
        if (item := self._server.items.pop(delivery.item, None)) is not None:
            self._server.dead[delivery.item] = (item, reason)

    async def owned(self, delivery: Delivery) -> bool:
        """Return whether this replica still holds the item."""
        item = self._server.items.get(delivery.item)
        if not isinstance(item, Item) or item.owner != self._replica:
            return False
        item.since_ms = self._server.now_ms()
        return True

    async def dead_letters(self) -> Sequence[tuple[str, Effect, str]]:
        """Return id, effect and reason of each dead letter."""
        return [(name, item.effect, reason) for name, (item, reason) in self._server.dead.items()]

    async def retry(self, item: str) -> bool:
        """Put one dead letter back into its lane."""
        found = self._server.dead.pop(item, None)
        if found is not None:
            self._server.add(found[0].effect)
        return found is not None

    async def left(self, key: str) -> Record | None:
        """Return what the effect of that key left outside, until its time is over."""
        until = self._server.expiring.get(key)
        if until is not None and until <= self._server.now_ms():
            del self._server.expiring[key], self._server.effects[key]
        return self._server.effects.get(key)

    async def leave(self, key: str, record: Record, *, ttl_s: float | None = None) -> None:
        """Remember what the effect of that key left outside, or something for *ttl_s* seconds."""
        self._server.effects[key] = json.loads(journal.canonical(record))
        if ttl_s is not None:
            self._server.expiring[key] = self._server.now_ms() + max(1, int(ttl_s * 1000))

    async def depth(self) -> Mapping[Lane, int]:
        """Return how many effects are not done yet in each lane."""
        found = Counter(item.lane for item in self._server.items.values())
        return {lane: found[lane] for lane in LANES}

    async def claim(self, what: str, *, ttl_s: float) -> bool:
        """Take or renew this replica's claim."""
        return self._take(what, self._replica, ttl_s)

    async def once(self, what: str, *, ttl_s: float) -> bool:
        """Return true to the first caller only."""
        return self._take(f"once:{what}", secrets.token_hex(8), ttl_s)

    def _take(self, what: str, owner: str, ttl_s: float) -> bool:
        now = self._server.now_ms()
        holder, until = self._server.claims.get(what, ("", 0))
        if until > now and holder != owner:
            return False
        self._server.claims[what] = (owner, now + int(ttl_s * 1000))
        return True

    async def fire_timers(self) -> int:
        """Move every due timer into the outbox."""
        return self._server.fire()


def open_memory(server: MemoryServer | None = None, *, reclaim_ms: int = RECLAIM_MS) -> StoreBundle:
    """Return the ports on *server* (a new one where None is given), as one more replica."""
    shared = MemoryServer() if server is None else server
    replica = secrets.token_hex(4)
    return StoreBundle(
        store=MemoryStore(shared),
        fleets=SharedFleets(MemoryFleets(shared)),
        outbox=MemoryOutbox(shared, replica, reclaim_ms=reclaim_ms),
        served=MemoryServed(shared.served, shared.now_ms),
        replica=replica,
        promise="in memory only",
    )
