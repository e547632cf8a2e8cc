"""Reads what instances write about themselves; what cannot be read counts as not said."""

import json
from collections.abc import Iterable, Mapping
from typing import cast

from opsbot.domain.change import Position
from opsbot.domain.fleet import Ack, Counts, Instance, Served

Raw = Mapping[str, str]
_COUNTS = ("let", "refused", "cut", "no_tenant")


def instances(
    registered: Raw, seen: Iterable[tuple[str, float]], acks: Raw
) -> tuple[Instance, ...]:
    """Return every instance that checked in and was registered, by id."""
    when = {name: int(score) for name, score in seen}
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
        epoch = int(cast("int", said["e"]))
        applied, enforced = int(cast("int", said["r"])), int(cast("int", said["x"]))
        lease = cast("int | None", said.get("lease_ms"))
        return Ack(
            applied=Position(epoch, applied),
            enforced=Position(epoch, enforced),
            rejected=tuple(str(name) for name in cast("list[str]", said.get("rejected") or [])),
            ahead=said.get("ahead") is True,
            emergency=int(cast("int", said.get("emergency") or 0)),
            kill_file=cast("str | None", said.get("kill_file")),
            lease_ms=None if lease is None else int(lease),
            kills={uid: _counts(counts) for uid, counts in _mapping(said.get("kills")).items()},
            counts={
                name: {word: int(n) for word, n in _mapping(counts).items()}
                for name, counts in _mapping(said.get("counts")).items()
            },
        )
    except (KeyError, TypeError, ValueError):
        return None


def _counts(said: object) -> Counts:
    fields = _mapping(said)
    return Counts(**{name: int(fields.get(name, 0)) for name in _COUNTS})


def _mapping(value: object) -> Mapping[str, int]:
    return value if isinstance(value, dict) else {}


def _object(raw: str) -> dict[str, object]:
    try:
        found = json.loads(raw)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
