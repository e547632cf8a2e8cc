"""What the listeners are given, and the tasks that a shutdown waits for."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from opsbot.app.ports import Clock
from opsbot.app.verbs import Verbs
from opsbot.domain.change import Record
from opsbot.domain.typed import Spell
from opsbot.slack.people import People
from opsbot.slack.spelling import spelling


class Memory(Protocol):
    """What all replicas remember together; `opsbot.app.ports.Outbox` is one."""

    async def once(self, what: str, *, ttl_s: float) -> bool:
        """Return true to the first caller within *ttl_s* seconds. Raises StoreLost."""
        ...

    async def left(self, key: str) -> Record | None:
        """Return what was left under *key*. Raises StoreLost."""
        ...

    async def leave(self, key: str, record: Record, *, ttl_s: float | None = None) -> None:
        """Leave *record* under *key*, for *ttl_s* seconds where given. Raises StoreLost."""
        ...


class Tasks:
    """Work in progress; bolt keeps no strong reference to its listeners and never waits for them."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[object]] = set()

    @contextmanager
    def tracked(self) -> Iterator[None]:
        """Count the current task as work in progress while the block runs."""
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            yield
        finally:
            self._running.discard(task)

    def __len__(self) -> int:
        return len(self._running)

    async def drain(self, *, timeout_s: float) -> int:
        """Wait for the work in progress, *timeout_s* seconds at most; return how much was left."""
        if self._running:
            await asyncio.wait(set(self._running), timeout=timeout_s)
        return len(self._running)


@dataclass(frozen=True, slots=True)
class Deps:
    """
    Everything a listener needs.

    *teams* are the home workspaces; *enterprises* narrows further where it is not empty. *session*
    is the one that *client* uses; its owner closes it. *capture*: reactions and changed messages in
    incidents' channels are listened to.
    """

    verbs: Verbs
    memory: Memory
    clock: Clock
    client: AsyncWebClient
    session: aiohttp.ClientSession
    people: People
    teams: frozenset[str]
    enterprises: frozenset[str] = frozenset()
    prefix: str = "ai"
    capture: bool = False
    tasks: Tasks = field(default_factory=Tasks)

    @property
    def spell(self) -> Spell:
        """Return how commands inside sentences are typed in this workspace."""
        return spelling(self.prefix)
