"""The fleet as its check-ins tell it, and what may honestly be said of a kill because of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from opsbot.domain.change import Position

NAMED_WITHIN_MS = 2_000
"""The promise: a frozen or dead client is called silent within this time."""

ALIVE_MS = 1_800
"""
Silent after this long without a check-in.

A client checks in every 0.9 s, so one whole check-in has to be missing; what is left of the
promise is for looking, which happens ten times a second while a change is watched.
"""

SERVED_MS = 600_000
"""An instance that served within this time must have acknowledged or said goodbye."""


@dataclass(frozen=True, slots=True)
class Counts:
    """
    Model calls since a moment: let through, refused, streams cut, asked without a tenant.

    *eased* are those that a restore in steps let through by intent; *let* went through against the kill.
    """

    let: int = 0
    refused: int = 0
    cut: int = 0
    no_tenant: int = 0
    eased: int = 0


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
    """One workflow as one instance serves it; *models* are the names that calls lately asked for."""

    modes: frozenset[str]
    probe: str | None = None
    models: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Instance:
    """
    A running client. *seen_ms* is the server's time of its last check-in.

    *service* is the one whose keys it writes, which the store enforces where each service has a
    user of its own; everything else is its own word.
    """

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

    *head* is the store's own position at that time: whoever acknowledges a later one knows what the
    store lost, or claims what never was. *unread* is how many services are listed beyond those that
    were read. *low* is the fewest that were alive of each workflow in the full hours of the last day, where
    that was looked up.
    """

    now_ms: int
    instances: tuple[Instance, ...]
    head: Position
    emergencies: int = 0
    unread: int = 0
    low: Mapping[str, int] = field(default_factory=dict)

    def models(self) -> frozenset[str]:
        """Return every model name that an instance says it was lately asked for."""
        return frozenset(
            name
            for one in self.instances
            for said in one.workflows.values()
            for name in said.models
        )

    def alive_by_workflow(self) -> dict[str, int]:
        """Return how many instances of each workflow checked in just now, also where none did."""
        count = {name: 0 for one in self.instances for name in one.workflows}
        for one in self.instances:
            if self.now_ms - one.seen_ms <= ALIVE_MS:
                for name in one.workflows:
                    count[name] += 1
        return count


LOW_HOURS = 24

SEEN_MS = LOW_HOURS * 3_600_000
"""How long the name of a model that was asked for is remembered."""

MOST_MODELS = 1_000
"""Names of models that one look keeps; a service that makes up names cannot fill the store."""


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
