"""The writes of one commit without the commit: what the store takes for as many commands and bytes."""

from collections.abc import Iterator

from opsbot.bench.subject import Words
from opsflags.resp import pack

_HEAD, _JOURNAL, _REQUEST, _TEXTS, _DUE, _BODIES = range(6)
_KEEP_MS, _REVISION, _PREV, _EPOCH, _AT_MS, _HASH, _LINE, _CHANNEL, _DELTA = range(9)


def writes(words: Words) -> list[Words]:
    """
    Return the commands that write what the FCALL of *words* writes, into keys with another ending.

    Nothing is read, compared or computed: no request id, no head, no epoch, no clock.
    """
    count = int(words[2])
    keys = [f"{key}:alike" for key in words[3 : 3 + count]]
    told = words[3 + count :]
    rest = iter(told[_DELTA + 1 :])
    found: list[Words] = [_record(keys, *item) for item in _items(rest, 3)]
    found.append(("RPUSH", keys[_JOURNAL], told[_LINE]))
    found += [("HSET", keys[_TEXTS], *item) for item in _items(rest, 2)]
    for lane, effect in _items(rest, 2):
        stream = keys[int(lane) - 1]
        found.append(("XADD", stream, "*", "effect", effect, "before", "0"))
    for (timer,) in _items(rest, 1):
        found += [("ZREM", keys[_DUE], timer), ("HDEL", keys[_BODIES], timer)]
    for timer, in_ms, body in _items(rest, 3):
        due = int(told[_AT_MS]) + int(in_ms)
        found += [("ZADD", keys[_DUE], due, timer), ("HSET", keys[_BODIES], timer, body)]
    revision = int(told[_REVISION]) + 1
    found.append(("HSET", keys[_HEAD], "revision", revision, "hash", told[_HASH]))
    answer = f"{told[_EPOCH]} {revision} {told[_AT_MS]} {told[_HASH]}"
    found.append(("SET", keys[_REQUEST], answer, "PX", told[_KEEP_MS]))
    return found


def packed(words: Words, channel: str) -> tuple[bytes, int]:
    """Return one transaction of these writes and a message of the same bytes, and its answers."""
    delta = words[3 + int(words[2]) + _DELTA]
    commands = [*writes(words), ("PUBLISH", channel, delta)]
    inside = b"".join(pack(*command) for command in commands)
    return pack("MULTI") + inside + pack("EXEC"), len(commands) + 2


def _record(keys: list[str], place: str | int, name: str | int, record: str | int) -> Words:
    key = keys[int(place) - 1]
    return ("HSET", key, name, record) if record else ("HDEL", key, name)


def _items(rest: Iterator[str | int], width: int) -> list[Words]:
    """Take a count and its items of *width* words each."""
    return [tuple(next(rest) for _ in range(width)) for _ in range(int(next(rest)))]
