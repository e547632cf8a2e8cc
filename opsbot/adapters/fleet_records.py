"""Reads what instances write about themselves; what cannot be read counts as not said."""

import json
from collections.abc import Iterable, Mapping
from typing import cast

from opsbot.domain.change import Position
from opsbot.domain.fleet import Ack, Counts, Instance, Served

Raw = Mapping[str, str]
_COUNTS = ("let", "refused", "cut", "no_tenant")
LONGEST = 2_097_152
"""Characters of one registration or acknowledgement; room for ten thousand workflows."""

LARGEST = 2**53 - 1
"""What the journal can carry exactly; a number beyond it in a freeze-frame would refuse the kill."""


def instances(
    registered: Raw, seen: Iterable[tuple[str, float]], acks: Raw
) -> tuple[Instance, ...]:
    """Return every instance that checked in and was registered, by id."""
    when = {name: int(score) for name, score in seen if 0 <= score <= LARGEST}
    return tuple(
        _instance(name, registered[name], when.get(name, 0), acks.get(name))
        for name in sorted(registered)
    )


def _instance(name: str, registration: str, seen_ms: int, ack: str | None) -> Instance:
    found = _object(registration)
    served = found.get("workflows")
    pid = found.get("pid")
    return Instance(
        id=name,
        service=str(found.get("service", "")),
        host=str(found.get("host", "")),
        pid=pid if isinstance(pid, int) else 0,
        client=str(found.get("client", "")),
        workflows={w: _served(said) for w, said in served.items()}
        if isinstance(served, dict)
        else {},
        seen_ms=seen_ms,
        ack=read_ack(ack) if ack else None,
    )


def _served(said: object) -> Served:
    fields = said if isinstance(said, dict) else {}
    modes, probe = fields.get("modes"), fields.get("probe")
    return Served(
        modes=frozenset(str(mode) for mode in modes) if isinstance(modes, list) else frozenset(),
        probe=probe if isinstance(probe, str) else None,
    )


def read_ack(raw: str) -> Ack | None:
    """Return an acknowledgement, or None where it is not one: then nothing is confirmed by it."""
    said = _object(raw)
    try:
        epoch, applied, enforced = (_number(said[name]) for name in ("e", "r", "x"))
        lease, kill_file = said.get("lease_ms"), said.get("kill_file")
        return Ack(
            applied=Position(epoch, applied),
            enforced=Position(epoch, enforced),
            rejected=tuple(str(name) for name in cast("list[str]", said.get("rejected") or [])),
            ahead=said.get("ahead") is True,
            emergency=_number(said.get("emergency") or 0),
            kill_file=None if kill_file is None else str(kill_file),
            lease_ms=None if lease is None else _number(lease),
            kills={uid: _counts(counts) for uid, counts in _mapping(said.get("kills")).items()},
            counts={
                name: {word: _number(n) for word, n in _mapping(counts).items()}
                for name, counts in _mapping(said.get("counts")).items()
            },
        )
    except (KeyError, TypeError, ValueError):
        return None


def _counts(said: object) -> Counts:
    fields = _mapping(said)
    return Counts(**{name: _number(fields.get(name, 0)) for name in _COUNTS})


def _number(value: object) -> int:
    """
    Return a count or a place.

    Raises:
        TypeError, ValueError: it is none, or below zero: one instance's sum would hide another's.
    """
    if not isinstance(value, int):
        raise TypeError(f"not a number: {type(value).__name__}")
    if not 0 <= value <= LARGEST:
        raise ValueError("not a count")
    return value


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _object(raw: str) -> dict[str, object]:
    """
    Return what an instance wrote; empty where it is nothing that a journal could hold.

    Every AI service may write here, and a kill's freeze-frame quotes it: no service may be able to
    write what keeps a kill from being committed.
    """
    if len(raw) > LONGEST:
        return {}
    try:
        found = json.loads(raw)
        json.dumps(found, ensure_ascii=False).encode()  # a surrogate that stands alone
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
