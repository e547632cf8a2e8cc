"""The fleet as its check-ins tell it, and what may honestly be said of a kill because of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from opsbot.domain.change import Position

ALIVE_MS = 2_500
"""Silent after this long without a check-in (one a second): two missed and half of slack."""

SERVED_MS = 600_000
"""An instance that served within this time must have acknowledged or said goodbye."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Model calls since a moment: let through, refused, streams cut, asked without a tenant."""

    let: int = 0
    refused: int = 0
    cut: int = 0
    no_tenant: int = 0


@dataclass(frozen=True, slots=True)
class Ack:
    """
    The last word of an instance: what it applied and enforced, what it rejected, its counters.

    *kills* is by the kill's uid; *lease_ms* is None where it serves no leased workflow.
    """

    applied: Position
    enforced: Position
    rejected: tuple[str, ...] = ()
    ahead: bool = False
    emergency: int = 0
    kill_file: str | None = None
    lease_ms: int | None = None
    kills: Mapping[str, Counts] = field(default_factory=dict)
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Served:
    """One workflow as one instance serves it."""

    modes: frozenset[str]
    probe: str | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """A running client. *seen_ms* is the server's time of its last check-in."""

    id: str
    service: str
    host: str
    pid: int
    client: str
    workflows: Mapping[str, Served]
    seen_ms: int
    ack: Ack | None


@dataclass(frozen=True, slots=True)
class Fleet:
    """All instances at one server time, and how long the emergency list is."""

    now_ms: int
    instances: tuple[Instance, ...]
    emergencies: int = 0
