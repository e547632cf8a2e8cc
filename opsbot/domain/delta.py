"""What every commit publishes: the part of it that concerns clients, as the client protocol says."""

from collections.abc import Iterable, Mapping
from typing import cast

from opsbot.domain.change import Json, Position, Record
from opsbot.domain.journal import Entry, canonical
from opsflags import keys

_KINDS = (keys.KILLS, keys.ENDED, keys.WORKFLOWS)
_OF_KILLS = frozenset({keys.KILLS, keys.ENDED})
_READ = ("s", "id", "uid", "scope", "mode", "at", "emergency", "ended", "ramp")
"""What clients read of a kill; who, when and why would only make every message longer."""


def delta(position: Position, writes: Iterable[tuple[str, str, Record | None]]) -> str:
    """
    Return the message of one commit; what is empty is left out.

    A workflow that is taken away is told as null. A kill is not: it ends by its ended record only.
    Of kills, only the fields that clients read are told.
    """
    message: dict[str, Json] = {"s": keys.SCHEMA, "e": position.epoch, "r": position.revision}
    by_kind: dict[str, dict[str, Json]] = {}
    for kind, id_, record in writes:
        if record is None and kind != keys.WORKFLOWS:
            by_kind.get(kind, {}).pop(id_, None)
        else:
            by_kind.setdefault(kind, {})[id_] = _told(kind, record)
    message |= {kind: found for kind in _KINDS if (found := by_kind.get(kind))}
    emergency = by_kind.get(keys.SWITCHBOARD, {}).get("emergency")
    if isinstance(emergency, Mapping) and emergency.get("adopted"):
        message["adopted"] = cast("int", emergency["adopted"])
    return canonical(message).decode()


def _told(kind: str, record: Record | None) -> Record | None:
    if record is None or kind not in _OF_KILLS:
        return record
    return {name: record[name] for name in _READ if name in record}


def delta_of(entry: Entry) -> str:
    """Return the message that the commit of *entry* publishes."""
    return delta(entry.position, entry.writes)
