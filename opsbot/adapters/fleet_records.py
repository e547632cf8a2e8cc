"""Reads what instances write about themselves; what cannot be read counts as not said."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import cast

from opsbot.domain.change import Position
from opsbot.domain.fleet import Ack, Counts, Instance, Served
from opsbot.domain.said import inert
from opsflags.keys import service_word

Raw = Mapping[str, str]
_COUNTS = ("let", "refused", "cut", "no_tenant", "eased")
LONGEST = 2_097_152
"""Characters of one registration or acknowledgement; room for ten thousand workflows."""

MOST_NAMES, LONGEST_NAME = 64, 200
"""Model names that one instance may say for one workflow, and characters of one."""

LARGEST = 2**53 - 1
"""What the journal can carry exactly; a number beyond it in a freeze-frame would refuse the kill."""


MOST_SERVICES = 512
"""Services that one look reads; the fleet says how many more are listed, so that none is hidden."""


@dataclass(frozen=True, slots=True)
class Written:
    """What the instances of one service wrote: registrations, check-in times, acknowledgements."""

    service: str
    registered: Raw
    seen: Iterable[tuple[str, float]]
    acks: Raw


def services(listed: Collection[str]) -> tuple[tuple[str, ...], int]:
    """
    Return the services to read, and how many more are listed.

    A name that no client could have checked in under has no records of its own: the store's
    function refuses it.
    """
    known = sorted(name for name in listed if name == service_word(name))
    return tuple(known[:MOST_SERVICES]), len(known[MOST_SERVICES:])


def instances(fleet: Iterable[Written]) -> tuple[Instance, ...]:
    """
    Return every instance that checked in and was registered, by id.

    Its service is the one whose keys it wrote, whatever it says: that is what the store enforces.
    """
    return Reading().instances(fleet)


class Reading:
    """
    Reads a fleet look by look: a text that stands as it stood at the last one is not read again.

    Registrations hardly ever change, and while a kill is waited for the fleet is looked at every
    few milliseconds, by everybody who waits. Only the last look's texts are kept.
    """

    def __init__(self) -> None:
        self._registered: dict[str, Instance] = {}
        self._acks: dict[str, Ack | None] = {}

    def instances(self, fleet: Iterable[Written]) -> tuple[Instance, ...]:
        """Return every instance, as `instances`."""
        registered: dict[str, Instance] = {}
        acks: dict[str, Ack | None] = {}
        found: list[Instance] = []
        for written in fleet:
            when = {name: int(score) for name, score in written.seen if 0 <= score <= LARGEST}
            for name, raw in written.registered.items():
                known = registered.get(raw) or self._registered.get(raw) or _registered(raw)
                said = written.acks.get(name, "")
                if said not in acks:
                    acks[said] = self._acks[said] if said in self._acks else read_ack(said)
                registered[raw] = known
                found.append(
                    replace(
                        known,
                        id=name,
                        service=written.service,
                        seen_ms=when.get(name, 0),
                        ack=acks[said],
                    )
                )
        self._registered, self._acks = registered, acks
        return tuple(sorted(found, key=lambda one: (one.id, one.service)))


def _registered(raw: str) -> Instance:
    """Return what a registration says; who wrote it and when comes from the keys it stands under."""
    found = _object(raw)
    served = found.get("workflows")
    pid = found.get("pid")
    return Instance(
        id="",
        service="",
        host=str(found.get("host", "")),
        pid=pid if isinstance(pid, int) else 0,
        client=str(found.get("client", "")),
        workflows={w: _served(said) for w, said in served.items()}
        if isinstance(served, dict)
        else {},
        seen_ms=0,
        ack=None,
    )


def _served(said: object) -> Served:
    fields = said if isinstance(said, dict) else {}
    modes, probe = fields.get("modes"), fields.get("probe")
    return Served(
        modes=frozenset(str(mode) for mode in modes) if isinstance(modes, list) else frozenset(),
        probe=probe if isinstance(probe, str) else None,
        models=_models(fields.get("models")),
    )


def _is_name(text: str) -> bool:
    """Return whether a text can stand in a sentence as it is: services are not trusted with layout."""
    return 0 < len(text) <= LONGEST_NAME and inert(text) == text


def _models(said: object) -> frozenset[str]:
    """Return the names of models that calls asked for: the first few, and none that is no name."""
    listed = said[:MOST_NAMES] if isinstance(said, list) else []
    return frozenset(one for one in listed if isinstance(one, str) and _is_name(one))


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
