"""Reads the store's journal, head and records, each in one consistent step."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from opsbot.domain import journal
from opsbot.domain.change import Position, Record
from opsbot.domain.journal import Broken
from opsbot.domain.state import GENESIS, KINDS, State
from opsflags.keys import Keys


@dataclass(frozen=True, slots=True)
class Tail:
    """The head and the journal's lines from one place on, at one moment of the server."""

    position: Position
    head: str
    length: int
    lines: tuple[str, ...]
    server_ms: int


@dataclass(frozen=True, slots=True)
class Whole:
    """The whole journal, the records themselves and the emergency list's length at one moment."""

    tail: Tail
    live: State
    emergencies: int


async def read_tail(client: Redis, keys: Keys, start: int) -> Tail:
    """Read the head and the lines from the zero-based *start* on."""
    pipe = client.pipeline(transaction=True)
    _ask_tail(pipe, keys, start)
    return _tail(await pipe.execute())


async def read_whole(client: Redis, keys: Keys, *, lines: bool = True) -> Whole:
    """Read everything that is journaled; without *lines*, the head and the records only."""
    pipe = client.pipeline(transaction=True)
    _ask_tail(pipe, keys, 0 if lines else 2**53)
    for kind in KINDS:
        pipe.hgetall(keys.state_of(kind))
    pipe.llen(keys.emergency)
    head, length, found, time, *kinds, emergencies = await pipe.execute()
    tail = _tail([head, length, found, time])
    records = {kind: _records(raw) for kind, raw in zip(KINDS, kinds, strict=True) if raw}
    live = State(position=tail.position, head=tail.head, records=records)
    return Whole(tail, live, int(emergencies))


def _ask_tail(pipe: Any, keys: Keys, start: int) -> None:
    pipe.hgetall(keys.head)
    pipe.llen(keys.journal)
    pipe.lrange(keys.journal, start, -1)
    pipe.time()


def _tail(answers: list[Any]) -> Tail:
    head, length, lines, (seconds, micros) = answers
    position = Position(int(head.get("epoch", 0)), int(head.get("revision", 0)))
    server_ms = int(seconds) * 1000 + int(micros) // 1000
    return Tail(position, head.get("hash", GENESIS), int(length), tuple(lines), server_ms)


def _records(raw: Mapping[str, str]) -> Mapping[str, Record]:
    return {id_: _record(text) for id_, text in raw.items()}


def _record(text: str) -> Record:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"unreadable": text}


def state_at(whole: Whole) -> tuple[State, tuple[str, ...]]:
    """
    Return the state that the store's own head stands for, and the lines that make it.

    Where the journal does not lead to the head (both were written by hand) the records as they
    are stand in for it, without lines: commits must go on; `audit verify` names the break.
    """
    state = State()
    kept: list[str] = []
    for line in whole.tail.lines:
        if state.head == whole.tail.head:
            break
        try:
            state = journal.follow(state, journal.read_entry(line))
        except Broken:
            continue
        kept.append(line)
    if state.head == whole.tail.head:
        return state, tuple(kept)
    return whole.live, ()
