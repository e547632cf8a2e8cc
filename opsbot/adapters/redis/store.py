"""The switchboard on Redis or Valkey: every change is one atomic, repeatable, durable commit."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import structlog
from redis.asyncio import Redis

from opsbot.adapters.background import background
from opsbot.adapters.bundle import StoreBundle
from opsbot.adapters.redis.commit import Committer
from opsbot.adapters.redis.copy import OwnCopy
from opsbot.adapters.redis.delta import DeltaWatch
from opsbot.adapters.redis.fitness import check_fitness, promise
from opsbot.adapters.redis.fleet import RedisFleets
from opsbot.adapters.redis.functions import Reply, commit_call, ensure_functions
from opsbot.adapters.redis.journal import Tail, read_tail, read_whole, state_at
from opsbot.adapters.redis.link import Profile, open_link
from opsbot.adapters.redis.outbox import RECLAIM_MS, RedisOutbox
from opsbot.adapters.redis.served import RedisServed
from opsbot.adapters.redis.session import DEADLINE_S, ServerClock, Session
from opsbot.adapters.shared_fleet import SharedFleets
from opsbot.app.ports import Decide, T
from opsbot.domain import journal
from opsbot.domain.change import Committed, Position, Sealed
from opsbot.domain.errors import Misconfigured, Refused
from opsbot.domain.recovery.merge import recover
from opsbot.domain.state import State
from opsflags.keys import Keys

log = structlog.get_logger(__name__)
SHORTCUT = 5_000
"""A longer journal is not replayed at start by a replica that keeps no copy in a file."""


class RedisStore:
    """
    The `Store` port on a `Session`.

    Decisions are made on this replica's own copy of the journal; the server refuses a commit that
    was not made on its newest entry, and the decision is then made again.
    """

    def __init__(self, session: Session, keys: Keys, copy: OwnCopy, *, min_replicas: int) -> None:
        self._session = session
        self._keys = keys
        self._copy = copy
        self._committer = Committer(session, keys, min_replicas=min_replicas)
        self._clock = ServerClock(asyncio.get_running_loop().time)
        self._turn = asyncio.Lock()
        self._changed = asyncio.Event()
        self._epoch = 0
        self._begun = self._read = 0

    @property
    def state(self) -> State:
        """Return the newest state that this replica knows."""
        return self._copy.state

    @property
    def damaged(self) -> int:
        """Return how many lines in the journal do not belong to its chain."""
        return self._copy.damaged

    async def begin(self) -> None:
        """
        Read the copy's file, then the store; put back what the store lost.

        Raises:
            StoreLost: no answer within the deadline.
        """
        self._copy.load()
        async with self._session.deadline("reading the journal"), self._turn:
            if not self._copy.keeps and not self._copy.length:
                whole = await self._session.ask(lambda c: read_whole(c, self._keys, lines=False))
                if whole.tail.length > SHORTCUT:
                    self._copy.adopt(whole.live, whole.tail.length)
            await self._sync()

    async def refresh(self) -> State:
        """Read up to the store's own position; see the port."""
        asked = self._begun
        async with self._session.deadline("reading the journal"), self._turn:
            if self._read <= asked:  # else one that began after this was asked has read it all
                await self._sync()
        return self.state

    async def commit(self, request_id: str, decide: Decide[T]) -> tuple[Committed | None, T]:
        """Decide and commit, or do nothing at all; see the port."""
        async with self._session.deadline("committing") as ends, self._turn:
            while True:
                done = await self._try(request_id, decide, ends)
                if done is not None:
                    return done

    async def _try(
        self, request_id: str, decide: Decide[T], ends: float
    ) -> tuple[Committed | None, T] | None:
        state, at_ms = self._basis(), self._clock.now_ms()
        try:
            change, answer = decide(state, at_ms)
        except Refused:
            if await self._sync():
                return None
            raise
        if change is None:
            if await self._sync():
                return None
            return await self._first(request_id, ends), answer
        line = journal.write_entry(state, change, request=request_id, at_ms=at_ms)
        sent = line.partition(" ")[0]
        reply, nodes = await self._committer.send(commit_call(self._keys, change, line), ends)
        self._clock.set(reply.server_ms)
        if reply.what == "ok" or (reply.what == "repeated" and reply.hash == sent):
            await self._adopt(line, reply)
            return self._committed(reply, nodes, repeated=False), answer
        if reply.what == "repeated":
            await self._sync()
            _, answer = decide(self._basis(), self._clock.now_ms())
            return self._committed(reply, nodes, repeated=True), answer
        await self._learn(reply)
        return None

    def _basis(self) -> State:
        """Return the state to decide on: in the epoch that the next entry will have."""
        state = self._copy.state
        if self._epoch <= state.position.epoch:
            return state
        return replace(state, position=Position(self._epoch, state.position.revision))

    async def _learn(self, reply: Reply) -> None:
        if reply.what == "epoch":
            self._epoch = max(reply.position.epoch, self._epoch)
        elif reply.what == "conflict":
            await self._sync()

    async def _adopt(self, line: str, reply: Reply) -> None:
        if reply.length == self._copy.length + 1:
            self._copy.take([line])
            self._tell()
        else:
            await self._sync()

    def _committed(self, reply: Reply, nodes: int, *, repeated: bool) -> Committed:
        return Committed(
            position=reply.position,
            at_ms=reply.at_ms,
            stored=True,
            durable=self._committer.durable(nodes),
            nodes=nodes,
            repeated=repeated,
        )

    async def _first(self, request_id: str, ends: float) -> Committed | None:
        found = await self._committer.first(request_id, ends)
        return None if found is None else self._committed(*found, repeated=True)

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _sync(self) -> bool:
        """Follow the store to its newest entry; return whether anything was new."""
        before = self._copy.state
        self._begun = this = self._begun + 1
        tail = await self._session.ask(lambda c: read_tail(c, self._keys, self._copy.length))
        self._clock.set(tail.server_ms)
        self._copy.take(tail.lines)
        if self._copy.state.head == tail.head:
            self._copy.length = tail.length
        else:
            await self._recover(tail)
        self._read = this
        if self._copy.state is before:
            return False
        self._tell()
        return True

    async def _recover(self, tail: Tail) -> None:
        """Put back what this copy holds and the store lost, as one commit; then follow the store."""
        own, attempt = self._copy.state, 0
        while True:
            whole = await self._session.ask(lambda c: read_whole(c, self._keys))
            theirs, lines = state_at(whole)
            base = journal.replay(lines[: self._copy.common(lines)])
            basis = self._later(theirs, own)
            change = recover(base, own, basis, emergencies=whole.emergencies)
            if change is None:
                self._rebase(theirs, lines, whole.tail.length)
                return
            request = f"recover:{own.head}:{attempt}"
            at_ms = self._clock.now_ms()
            line = journal.write_entry(basis, change, request=request, at_ms=at_ms)
            ends = asyncio.get_running_loop().time() + self._session.deadline_s
            reply, _ = await self._committer.send(commit_call(self._keys, change, line), ends)
            self._clock.set(reply.server_ms)
            if reply.what == "epoch":
                self._epoch = max(self._epoch, reply.position.epoch)
            attempt += reply.what == "repeated"

    def _later(self, theirs: State, own: State) -> State:
        """Return *theirs* in an epoch that makes its next entry later than everything *own* saw."""
        at, epoch = theirs.position, max(theirs.position.epoch, self._epoch)
        if epoch <= own.position.epoch and at.revision <= own.position.revision:
            epoch = own.position.epoch + 1
        self._epoch = max(self._epoch, epoch)
        return replace(theirs, position=Position(epoch, at.revision))

    def _rebase(self, theirs: State, lines: Sequence[str], length: int) -> None:
        self._copy.rebase(lines)
        if self._copy.state.head != theirs.head:
            self._copy.adopt(theirs, length)
        self._copy.length = length

    async def wait_past(self, revision: int, *, timeout_s: float) -> State:
        """Return the state once it is past *revision*, or as it is after *timeout_s* seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self.state.position.revision <= revision:
                    await self._changed.wait()
        return self.state

    async def journal(self, start: int = 0, stop: int = -1) -> Sequence[str]:
        """Return raw journal lines, zero-based and inclusive; see the port."""

        async def read(client: Redis) -> list[str]:
            return [str(line) for line in await client.lrange(self._keys.journal, start, stop)]

        async with self._session.deadline("reading the journal"):
            return await self._session.ask(read)

    async def live(self) -> State:
        """Return the head and the records as they are, whatever the journal says."""
        async with self._session.deadline("reading the records"):
            whole = await self._session.ask(lambda c: read_whole(c, self._keys, lines=False))
        return whole.live

    async def disowned(self) -> Sequence[tuple[int, str]]:
        """Return (count, head) of each journal that this replica held and the store did not continue."""
        return await asyncio.to_thread(self._copy.disowned)

    async def texts(self, commitments: Sequence[str]) -> Mapping[str, Sealed]:
        """Return the free texts that are still kept, by commitment."""
        if not commitments:
            return {}

        async def read(client: Redis) -> list[str | None]:
            found = await client.hmget(self._keys.texts, list(commitments))
            return [None if raw is None else str(raw) for raw in found]

        async with self._session.deadline("reading texts"):
            found = await self._session.ask(read)
        kept = zip(commitments, found, strict=True)
        return {c: _sealed(c, raw) for c, raw in kept if raw is not None}

    async def erase(self, commitments: Sequence[str]) -> int:
        """Erase free texts; return how many were there."""
        if not commitments:
            return 0

        async def remove(client: Redis) -> int:
            return int(await client.hdel(self._keys.texts, *commitments))

        async with self._session.deadline("erasing texts"):
            return await self._session.ask(remove)

    async def ready(self) -> float:
        """Return the milliseconds that one question takes; see the port."""
        loop = asyncio.get_running_loop()

        async def ping(client: Redis) -> float:
            began = loop.time()
            await client.time()
            return (loop.time() - began) * 1000

        async with self._session.deadline("asking for a sign of life"):
            return await self._session.ask(ping)

    async def look(self, message: str | None) -> bool:
        """
        Read up to the store's own position; return whether anything was new.

        A *message* of a commit that is known already (this replica's own, most often) is no reason.
        """
        if message and _position_of(message) <= self.state.position:
            return False
        async with self._session.deadline("reading the journal"), self._turn:
            return await self._sync()


def _sealed(commitment: str, raw: str) -> Sealed:
    """Return a kept text; one that cannot be read opens no commitment."""
    try:
        found = json.loads(raw)
        return Sealed(commitment, salt=str(found["salt"]), text=str(found["text"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return Sealed(commitment, salt="", text="")


def _position_of(message: str) -> Position:
    """Return the position that a delta tells; one that cannot be read is later than any other."""
    try:
        told = json.loads(message)
        return Position(int(told["e"]), int(told["r"]))
    except (ValueError, TypeError, KeyError):
        return Position(2**53, 0)


@dataclass(frozen=True, slots=True)
class Tuning:
    """Times that tests shorten: seconds until `StoreLost`, milliseconds until a dead replica's item is taken."""

    deadline_s: float = DEADLINE_S
    reclaim_ms: int = RECLAIM_MS


@asynccontextmanager
async def open_store(
    url: str,
    *,
    env: str,
    state_dir: Path | None,
    profile: Profile = "strict",
    min_replicas: int = 0,
    tuning: Tuning = Tuning(),
) -> AsyncIterator[StoreBundle]:
    """
    Give the store, the fleet, the outbox and the history on one link, checked, loaded and listening.

    *state_dir* keeps this replica's own copy of the journal, from which a flushed store is filled
    again; None keeps it in this process only. The link is closed at the end.

    Raises:
        Misconfigured: the URL is none, or the server cannot keep the profile's promise.
        StoreLost: no answer within the deadline.
    """
    keys = Keys(env)
    replica = secrets.token_hex(4)
    wanted = max(1, min_replicas) if profile == "managed" else min_replicas
    async with open_link(url, slot_of=keys.head) as link:
        session = Session(link, deadline_s=tuning.deadline_s)

        async def prepare(client: Redis) -> None:
            await check_fitness(client, profile, min_replicas=min_replicas)
            await ensure_functions(client)

        async with session.deadline("opening the store"):
            await session.ask(prepare)

        async def greet(client: Redis) -> str:
            # After a fail-over a kill must go through on an unfit server too, but is not called durable.
            await ensure_functions(client)
            try:
                await check_fitness(client, profile, min_replicas=min_replicas)
            except Misconfigured as error:
                log.error("the new primary is unfit", why=error.message, hint=error.hint)  # noqa: TRY400 - expected
                return error.message
            return ""

        link.greet = greet
        copy = OwnCopy(None if state_dir is None else state_dir / f"journal-{env}.copy")
        store = RedisStore(session, keys, copy, min_replicas=wanted)
        watch = DeltaWatch(link, keys, store.look)
        try:
            await store.begin()
            async with background(watch.run(), name="delta-watch"):
                yield StoreBundle(
                    store=store,
                    fleets=SharedFleets(RedisFleets(session, keys)),
                    outbox=RedisOutbox(session, keys, replica, reclaim_ms=tuning.reclaim_ms),
                    served=RedisServed(session, keys),
                    replica=replica,
                    promise=promise(profile, min_replicas),
                )
        finally:
            copy.close()
