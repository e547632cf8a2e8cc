"""The fleet as its check-ins tell it, and what may honestly be said of a kill because of them."""

from collections.abc import Iterable, Mapping
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
    """
    All instances at one server time, and how long the emergency list is.

    *low* is the fewest that were alive of each workflow in the full hours of the last day, where
    that was looked up.
    """

    now_ms: int
    instances: tuple[Instance, ...]
    emergencies: int = 0
    low: Mapping[str, int] = field(default_factory=dict)

    def alive_by_workflow(self) -> dict[str, int]:
        """Return how many instances of each workflow checked in just now, also where none did."""
        count = {name: 0 for one in self.instances for name in one.workflows}
        for one in self.instances:
            if self.now_ms - one.seen_ms <= ALIVE_MS:
                for name in one.workflows:
                    count[name] += 1
        return count


LOW_HOURS = 24


def hour_of(now_ms: int) -> int:
    """Return the hour since 1970 that a server time falls into."""
    return now_ms // 3_600_000


def low_water(samples: Iterable[tuple[int, str, int]], *, now_ms: int) -> dict[str, int]:
    """
    Return the fewest alive of each workflow, from (hour, workflow, fewest) samples.

    The hour that runs is left out: a fleet that is dying now must not lower its own mark.
    """
    low: dict[str, int] = {}
    this = hour_of(now_ms)
    for hour, name, count in samples:
        if this - LOW_HOURS <= hour < this:
            low[name] = min(count, low.get(name, count))
    return low
