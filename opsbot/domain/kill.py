"""A kill: a record that restricts calls until somebody restores it. Transitions are functions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from opsbot.domain import kill_ramp
from opsbot.domain.change import Json, Position, Record
from opsbot.domain.kill_ramp import KillRamp
from opsflags.model import FALLBACK_OR_SAFE, NO_MODEL, RANK, SAFE_STATE, Scope, scope_from_json

Strictness = Literal["same", "stricter", "milder", "beside"]
_DIVERTS = frozenset({"fallback", FALLBACK_OR_SAFE})
_TOOLS_ONLY = frozenset({"read_only", "no_tools", "drafts_only"})


MOST_FURTHER = 20
"""Reasons after the first that a kill's record holds; the journal has all of them."""


@dataclass(frozen=True, slots=True)
class Further:
    """A reason that was given after the first: a commitment to it, who gave it, and when."""

    reason: str
    by: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Kill:
    """
    One kill.

    *reason* and *actor_name* are commitments to free text, never the text; *further* are the reasons
    of those who killed the same again. Times are server
    milliseconds. *confirmed_ms* is the time from the command to the last acknowledgement, None
    while any instance is missing; *changed_ms* is when the mode last changed, 0 where it never
    did; *probes* and *passed* are None until the probes have run, and *not_probed* says of each point
    that could not be asked at all why; *stopped* are probes of a fallback whose point stops instead,
    as no call of its can be sent there. *joined* are the other people
    who acted on it; *taken* is who adopted or questioned a broken glass. *under* is the kill that this
    one came with, for another name of the same model: it ends with that one. *ramp* is the part that
    is lifted while it is restored in steps; *taken_back* is why the last such attempt ended, empty
    where there was none.
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
    further: tuple[Further, ...] = ()
    actor_name: str = ""
    break_glass: bool = False
    emergency: str | None = None
    joined: tuple[str, ...] = ()
    taken: str = ""
    under: str = ""
    ramp: KillRamp | None = None
    taken_back: str = ""
    confirmed_ms: float | None = None
    probes: int | None = None
    passed: int | None = None
    not_probed: tuple[str, ...] = ()
    stopped: int = 0
    ended: Position | None = None
    ended_by: str = ""
    ended_ms: int | None = None

    @property
    def active(self) -> bool:
        """Return whether it still restricts."""
        return self.ended is None

    @property
    def committed_ms(self) -> int:
        """Return when it was committed in its present mode, on the server's clock."""
        return self.changed_ms or self.since_ms


def strictness(old: str, new: str) -> Strictness:
    """
    Compare two modes of one scope: a milder one is a restore, not a kill.

    The order of modes alone does not say it: `read_only` in the place of `fallback` would send
    calls back to the model that they were taken from, and `drafts_only` in the place of
    `no_tools` would give tools back. Such pairs stand `beside` each other, as two kills. A mode
    that each workflow resolves for itself is compared with the mildest that it can come to.
    """
    if old == new:
        return "same"
    if _apart(old, new):
        return "beside"
    return "stricter" if (old, new) in _KNOWN or _least(new) >= _most(old) else "milder"


def _apart(old: str, new: str) -> bool:
    """Return whether each of the two restricts something that the other leaves open."""
    pair = {old, new}
    if pair & _DIVERTS and pair & _TOOLS_ONLY:
        return True
    return pair == {"no_tools", "drafts_only"}


_KNOWN = frozenset({(FALLBACK_OR_SAFE, SAFE_STATE), (FALLBACK_OR_SAFE, "fallback")})
"""Stricter for every workflow, though the ranges of what the two can come to overlap."""


def _least(mode: str) -> int:
    """Return the rank of the mildest that a mode can come to; an unknown word is a stop."""
    if mode == FALLBACK_OR_SAFE:
        return RANK["live"]  # less than `fallback`, which is a stop where none is left
    return min(RANK[one] for one in NO_MODEL) if mode == SAFE_STATE else _most(mode)


def _most(mode: str) -> int:
    """Return the rank of the strictest that a mode can come to."""
    return RANK.get(mode, RANK["stop"])


def remode(kill: Kill, *, mode: str, at: Position, now_ms: int) -> Kill:
    """Return *kill* in another mode, for everybody, from *at* on; confirmation and proof begin again."""
    return replace(_anew(kill, at, now_ms), mode=mode, ramp=None)


def eased(kill: Kill, ramp: KillRamp, *, at: Position, now_ms: int) -> Kill:
    """Return *kill* with another share lifted from *at* on; confirmation and proof begin again."""
    return replace(_anew(kill, at, now_ms), ramp=ramp)


def whole(kill: Kill, why: str, *, at: Position, now_ms: int) -> Kill:
    """Return *kill* as it holds for everybody again from *at* on, and *why*."""
    return replace(_anew(kill, at, now_ms), ramp=None, taken_back=why)


def _anew(kill: Kill, at: Position, now_ms: int) -> Kill:
    kill = replace(kill, confirmed_ms=None, probes=None, passed=None, not_probed=(), stopped=0)
    return replace(kill, at=at, changed_ms=now_ms)


def reasoned(kill: Kill, given: Further) -> Kill:
    """Return *kill* with a reason: its first, or one more beside it."""
    if not kill.reason:
        return replace(kill, reason=given.reason)
    return replace(kill, further=(*kill.further, given)[-MOST_FURTHER:])


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
        "taken": kill.taken,
        "confirmed_ms": kill.confirmed_ms,
        "probes": kill.probes,
        "passed": kill.passed,
        "not_probed": list(kill.not_probed),
    }
    if kill.stopped:
        record["stopped"] = kill.stopped
    if kill.under:
        record["under"] = kill.under
    if kill.further:
        record["further"] = [
            {"reason": one.reason, "by": one.by, "at_ms": one.at_ms} for one in kill.further
        ]
    if kill.ramp is not None:
        record["ramp"] = kill_ramp.as_record(kill.ramp)
    if kill.taken_back:
        record["taken_back"] = kill.taken_back
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
        further=tuple(_further(one) for one in _items(record.get("further"))),
        not_probed=tuple(str(point) for point in _items(record.get("not_probed"))),
        stopped=int(str(record.get("stopped", 0))),
        taken=str(record.get("taken", "")),
        under=str(record.get("under", "")),
        ramp=kill_ramp.from_record(record.get("ramp")),
        taken_back=str(record.get("taken_back", "")),
        changed_ms=int(str(record.get("changed_ms", 0))),
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


def _further(value: Json) -> Further:
    if not isinstance(value, Mapping):
        raise TypeError(f"not a reason: {value!r}")
    return Further(str(value["reason"]), str(value["by"]), int(str(value["at_ms"])))


def _items(value: Json) -> tuple[Json, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else ()
