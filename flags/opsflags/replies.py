"""Reads what the store answers; one broken record is marked, never the whole answer lost. Pure."""

import json

from opsflags.board import Position
from opsflags.resp import ProtocolError, Reply

MAX_RECORD = 64 * 1024
MAX_MESSAGE = 8 * 1024 * 1024
BROKEN = "broken"
"""Stands for a record that can't be read: no reader of records accepts a string."""

_scan = json.JSONDecoder().raw_decode


class Unexpected(ProtocolError):
    """An answer of another shape than the command has; the connection is given up."""


def parse(data: object) -> object:
    """Read one record; what can't be read becomes None, which every reader rejects alone."""
    if not isinstance(data, bytes) or len(data) > MAX_MESSAGE:
        return None
    try:
        return _loaded(data)
    except (ValueError, RecursionError):
        return None


def _loaded(data: bytes) -> object:
    """Read JSON; what stands tightly in braces, as all that the bot writes, takes few steps."""
    value: object
    if data[:1] == b"{" and data[-1:] == b"}" and b"\0" not in data:
        text = data.decode("utf-8", "surrogatepass")
        value, end = _scan(text)
        if end == len(text):
            return value
    value = json.loads(data)
    return value


def record(data: object) -> object:
    """Read one stored record; a broken or oversized one becomes `BROKEN`, which readers reject."""
    if data is None:
        return None
    if isinstance(data, bytes) and len(data) > MAX_RECORD:
        return BROKEN
    value = parse(data)
    return BROKEN if value is None else value


def records(reply: Reply) -> dict[str, object]:
    if not isinstance(reply, dict):
        raise Unexpected("bad_reply")
    return {text(name): record(data) for name, data in reply.items()}


def named(names: list[str], reply: Reply) -> dict[str, object]:
    if not isinstance(reply, list) or len(reply) < len(names):
        raise Unexpected("bad_reply")
    return {name: record(data) for name, data in zip(names, reply, strict=False)}


def parsed(reply: Reply) -> list[object]:
    if not isinstance(reply, list):
        raise Unexpected("bad_reply")
    return [record(data) for data in reply]


def adopted(reply: Reply) -> int:
    value = parse(reply[0]) if isinstance(reply, list) and reply else None
    number = value.get("adopted") if isinstance(value, dict) else None
    return number if type(number) is int else 0


def head(reply: Reply) -> Position:
    """Read the store's position; a store without one is at the very beginning."""
    if not isinstance(reply, list) or len(reply) != 2:  # noqa: PLR2004  epoch and revision
        raise Unexpected("bad_reply")
    epoch, revision = (number(word) for word in reply)
    return (epoch, revision)


def number(word: Reply) -> int:
    if word is None:
        return 0
    if isinstance(word, bytes) and word.isdigit():
        return int(word)
    raise Unexpected("bad_reply")


def integers(reply: Reply) -> tuple[int, int, int, int, int] | None:
    if not isinstance(reply, list) or len(reply) != 5:  # noqa: PLR2004  as the protocol lists them
        return None
    first, second, third, fourth, fifth = reply
    if (
        isinstance(first, int)
        and isinstance(second, int)
        and isinstance(third, int)
        and isinstance(fourth, int)
        and isinstance(fifth, int)
    ):
        return (first, second, third, fourth, fifth)
    return None


def text(data: object) -> str:
    return data.decode("utf-8", "replace") if isinstance(data, bytes) else str(data)
