"""A kill: a record that restricts calls until somebody restores it. Transitions are functions."""

from dataclasses import dataclass, replace
from typing import Literal

from opsbot.domain.change import Json, Position, Record
from opsflags.model import FALLBACK_OR_SAFE, RANK, SAFE_STATE, Scope, scope_from_json

Strictness = Literal["same", "stricter", "milder"]
_RESOLVED_LATER = (SAFE_STATE, FALLBACK_OR_SAFE)


@dataclass(frozen=True, slots=True)
class Kill:
    """
    One kill.

    *reason* and *actor_name* are commitments to free text, never the text. Times are server
    milliseconds. *confirmed_ms* is the time from the command to the last acknowledgement, None
    while any instance is missing; *changed_ms* is when the mode last changed; *probes* and *passed* are None until the probes have run.
    """

    id: str
    uid: str
    scope: Scope
    mode: str
    at: Position
    actor: str
    via: str
    since_ms: int
    review_ms: int
    changed_ms: int = 0
    reason: str = ""
    actor_name: str = ""
    break_glass: bool = False
    emergency: str | None = None
    joined: tuple[str, ...] = ()
    confirmed_ms: float | None = None
    probes: int | None = None
    passed: int | None = None
    ended: Position | None = None
    ended_by: str = ""
    ended_ms: int | None = None

    @property
    def active(self) -> bool:
        """Return whether it still restricts."""
        return self.ended is None


def strictness(old: str, new: str) -> Strictness:
    """
    Compare two modes of one scope: a milder one is a restore, not a kill.

    A mode that each workflow resolves for itself is only the same as itself; `stop` is stricter
    than it, anything else counts as milder, because for some workflow it could be.
    """
    if old == new:
        return "same"
    if old in _RESOLVED_LATER or new in _RESOLVED_LATER:
        if new == "stop":
            return "stricter"
        if old == "stop":
            return "milder"
        return "stricter" if old == FALLBACK_OR_SAFE and new == SAFE_STATE else "milder"
    return "stricter" if RANK[new] > RANK[old] else "milder"


def remode(kill: Kill, *, mode: str, at: Position, now_ms: int) -> Kill:
    """Return *kill* in another mode, from *at* on; confirmation and proof begin again."""
    return replace(
        kill, mode=mode, at=at, changed_ms=now_ms, confirmed_ms=None, probes=None, passed=None
    )


def as_record(kill: Kill) -> Record:
    """Return the record as it is stored and read by clients."""
    record: dict[str, Json] = {
        "s": 1,
        "id": kill.id,
        "uid": kill.uid,
        "scope": kill.scope.as_json(),
        "mode": kill.mode,
        "at": kill.at.as_json(),
        "actor": kill.actor,
        "via": kill.via,
        "since_ms": kill.since_ms,
        "review_ms": kill.review_ms,
        "changed_ms": kill.changed_ms,
        "reason": kill.reason,
        "actor_name": kill.actor_name,
        "break_glass": kill.break_glass,
        "emergency": kill.emergency,
        "joined": list(kill.joined),
        "confirmed_ms": kill.confirmed_ms,
        "probes": kill.probes,
        "passed": kill.passed,
    }
    if kill.ended is not None:
        record |= {
            "ended": kill.ended.as_json(),
            "ended_by": kill.ended_by,
            "ended_ms": kill.ended_ms,
        }
    return record


def from_record(record: Record) -> Kill:
    """
    Read a stored record.

    Raises:
        KeyError, TypeError, ValueError: not written by this program.
    """
    fields = {name: record[name] for name in _PLAIN}
    at, ended = record["at"], record.get("ended")
    return Kill(
        **fields,  # type: ignore[arg-type]  # a record of our own, checked by the journal's hash
        scope=scope_from_json(record["scope"]),
        at=_position(at),
        joined=tuple(str(who) for who in _items(record.get("joined"))),
        ended=None if ended is None else _position(ended),
        ended_by=str(record.get("ended_by", "")),
        ended_ms=record.get("ended_ms"),  # type: ignore[arg-type]  # an integer or absent
    )


_PLAIN = [
    "id",
    "uid",
    "mode",
    "actor",
    "via",
    "since_ms",
    "review_ms",
    "reason",
    "actor_name",
    "break_glass",
    "emergency",
    "confirmed_ms",
    "probes",
    "passed",
]


def _position(value: Json) -> Position:
    if not isinstance(value, dict):
        raise TypeError(f"not a position: {value!r}")
    return Position(int(value["epoch"]), int(value["revision"]))


def _items(value: Json) -> tuple[Json, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else ()
