"""Loads opsbot's function library into a server, and spells the calls to it."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoPermissionError

from opsbot.adapters.redis.link import call
from opsbot.domain import journal
from opsbot.domain.change import LANES, Change, Effect, Position, Record, Sealed, Write
from opsbot.domain.delta import delta_of
from opsbot.domain.journal import Entry
from opsflags.keys import Keys

KEEP_REQUEST_MS = 86_400_000


@cache
def library() -> str:
    """Return the source of the function library."""
    return (files("opsbot.adapters.redis") / "opsbot.lua").read_text("utf-8")


async def ensure_functions(client: Redis) -> None:
    """
    Load the library where the server has none or another; without the right to, trust the deployer.

    Raises:
        RedisError: the server did not answer.
    """
    try:
        listed = await call(client, "FUNCTION", "LIST", "LIBRARYNAME", "opsbot", "WITHCODE")
        if not _has_code(listed, library()):
            await call(client, "FUNCTION", "LOAD", "REPLACE", library())
    except NoPermissionError:
        return  # a `migrator` loads it at deploy; a missing one shows itself at the first call


def _has_code(listed: Any, code: str) -> bool:
    for found in listed:
        fields = (
            found if isinstance(found, dict) else dict(zip(found[::2], found[1::2], strict=True))
        )
        if fields.get("library_code") == code:
            return True
    return False


@dataclass(frozen=True, slots=True)
class Reply:
    """
    What `opsbot_commit` said.

    *what* is `ok`, `repeated` (position, time and hash are the first answer's), `conflict`
    (somebody was first), `epoch` (the epoch to hash with) or `clock` (the server's time).
    *length* is the journal's, *server_ms* the server's time of this call.
    """

    what: str
    position: Position
    at_ms: int
    hash: str
    length: int
    server_ms: int


def read_reply(raw: list[str]) -> Reply:
    """Return the reply as it was sent."""
    what, epoch, revision, at_ms, digest, length, server_ms = raw
    at = Position(int(epoch), int(revision))
    return Reply(what, at, int(at_ms), digest, int(length), int(server_ms))


def commit_call(keys: Keys, change: Change, line: str) -> tuple[str | int, ...]:
    """
    Return the words of the FCALL that commits *line* and all that belongs to it.

    *line* is what `write_entry` just made of *change*: it is not verified once more.
    """
    digest, _, body = line.partition(" ")
    entry = Entry(digest, json.loads(body))
    kinds = list(dict.fromkeys(write.kind for write in change.writes))
    named = [
        keys.head,
        keys.journal,
        keys.request_of(entry.request),
        keys.texts,
        keys.due,
        keys.timers,
    ]
    named += [keys.state_of(kind) for kind in kinds] + [keys.lane(lane) for lane in LANES]
    place = {kind: 7 + number for number, kind in enumerate(kinds)}
    lanes = {lane: 7 + len(kinds) + number for number, lane in enumerate(LANES)}
    args: list[str | int] = [
        *(KEEP_REQUEST_MS, entry.position.revision - 1, entry.prev, entry.position.epoch),
        *(entry.at_ms, entry.hash, line, keys.channel, delta_of(entry)),
        *_counted([(place[w.kind], w.id, _record(w)) for w in change.writes]),
        *_counted([(sealed.commitment, sealed_json(sealed)) for sealed in change.sealed]),
        *_counted([(lanes[effect.lane], effect_json(effect)) for effect in change.effects]),
        *_counted([(timer,) for timer in change.cancels]),
        *_counted([(t.id, t.in_ms, timer_body(t.effect)) for t in change.timers]),
    ]
    return ("FCALL", "opsbot_commit", len(named), *named, *args)


def _record(write: Write) -> str:
    return "" if write.record is None else canonical_text(write.record)


def _counted(items: list[tuple[str | int, ...]]) -> list[str | int]:
    return [len(items), *(word for item in items for word in item)]


def canonical_text(record: Record) -> str:
    """Return a record as it is stored."""
    return journal.canonical(record).decode()


def sealed_json(sealed: Sealed) -> str:
    """Return a free text as it is stored beside the chain."""
    return canonical_text({"salt": sealed.salt, "text": sealed.text})


def effect_json(effect: Effect) -> str:
    """Return an effect as it travels in a lane."""
    return canonical_text(
        {"kind": effect.kind, "key": effect.key, "body": effect.body, "lane": effect.lane}
    )


def timer_body(effect: Effect, *, before: int = 0) -> str:
    """Return what a timer becomes; *before* is how often it was delivered already."""
    return f"{effect.lane} {before} {effect_json(effect)}"
