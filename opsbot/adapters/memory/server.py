"""What a store server keeps, in this process: the part of the memory twin that replicas share."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from opsbot.adapters.memory.served import Shelf
from opsbot.domain import journal
from opsbot.domain.change import Change, Effect, Lane, Position, Record, Sealed
from opsbot.domain.state import State


def system_ms() -> int:
    """Return this machine's milliseconds, which stand for the server's."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Item:
    """One effect in a lane, who holds it since when, and how often it was handed out."""

    effect: Effect
    lane: Lane
    attempts: int = 0
    owner: str | None = None
    since_ms: int = 0


@dataclass(frozen=True, slots=True)
class Due:
    """A timer: when it fires and what it becomes."""

    at_ms: int
    effect: Effect
    attempts: int = 0


@dataclass(slots=True)
class Records:
    """What the instances of one service wrote, by instance."""

    registered: dict[str, str] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    acks: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class MemoryServer:
    """
    The data of one environment. Every method is one atomic step: none of them awaits.

    *now_ms* is the server's clock; *durable* is what commits are answered with.
    """

    now_ms: Callable[[], int] = system_ms
    state: State = field(default_factory=State)
    lines: list[str] = field(default_factory=list)
    requests: dict[str, journal.Entry] = field(default_factory=dict)
    texts: dict[str, Sealed] = field(default_factory=dict)
    disowned: list[tuple[int, str]] = field(default_factory=list)
    items: dict[str, Item] = field(default_factory=dict)
    dead: dict[str, tuple[Item, str]] = field(default_factory=dict)
    timers: dict[str, Due] = field(default_factory=dict)
    effects: dict[str, Record] = field(default_factory=dict)
    expiring: dict[str, int] = field(default_factory=dict)
    claims: dict[str, tuple[str, int]] = field(default_factory=dict)
    services: dict[str, Records] = field(default_factory=dict)
    emergencies: list[str] = field(default_factory=list)
    low: dict[tuple[int, str], int] = field(default_factory=dict)
    models: dict[str, int] = field(default_factory=dict)
    served: Shelf = field(default_factory=Shelf)
    published: list[str] = field(default_factory=list)
    durable: bool = True
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _count: int = 0

    def begin(self) -> State:
        """Return the state to decide on; the first commit of a store opens its epoch."""
        if not self.state.position.epoch:
            self.state = replace(self.state, position=Position(self.now_ms() // 1000, 0))
        return self.state

    def push(self, line: str, change: Change) -> journal.Entry:
        """Store one commit with all that belongs to it."""
        entry = journal.read_entry(line, index=len(self.lines))
        self.state = journal.follow(self.state, entry)
        self.lines.append(line)
        self.requests[entry.request] = entry
        self.texts.update({sealed.commitment: sealed for sealed in change.sealed})
        for effect in change.effects:
            self.add(effect)
        for cancelled in change.cancels:
            self.timers.pop(cancelled, None)
        for timer in change.timers:
            self.timers[timer.id] = Due(self.now_ms() + timer.in_ms, timer.effect)
        self.changed.set()
        self.changed = asyncio.Event()
        return entry

    def add(self, effect: Effect, *, attempts: int = 0) -> None:
        """Put an effect at the end of its lane."""
        self._count += 1
        plain = json.loads(journal.canonical(effect.body))
        self.items[f"{self._count}-0"] = Item(replace(effect, body=plain), effect.lane, attempts)

    def fire(self) -> int:
        """Move what is due into the lanes."""
        ripe = sorted((d.at_ms, id_) for id_, d in self.timers.items() if d.at_ms <= self.now_ms())
        for _, id_ in ripe:
            due = self.timers.pop(id_)
            self.add(due.effect, attempts=due.attempts)
        return len(ripe)

    def checkin(
        self, instance: str, registration: str, ack: str, service: str
    ) -> tuple[int, int, int, int, int]:
        """Answer what the client protocol's check-in answers."""
        mine = self.services.setdefault(service, Records())
        if registration:
            mine.registered[instance] = registration
        if ack:
            mine.acks[instance] = ack
        mine.seen[instance] = self.now_ms()
        position, known = self.state.position, int(instance in mine.registered)
        return position.epoch, position.revision, self.now_ms(), len(self.emergencies), known

    def goodbye(self, instance: str, service: str) -> None:
        """Take an instance off the list."""
        mine = self.services.get(service, Records())
        for kept in (mine.registered, mine.seen, mine.acks):
            kept.pop(instance, None)
