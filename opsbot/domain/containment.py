"""What may honestly be said of a change because of the fleet: confirmed, lagging, silent, expired."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from opsbot.domain.change import Position, Record
from opsbot.domain.fleet import ALIVE_MS, SERVED_MS, Counts, Fleet, Instance
from opsbot.domain.workflow import Workflow
from opsflags.model import Scope


@dataclass(frozen=True, slots=True)
class Watched:
    """
    The committed change that the fleet is watched for.

    *uid* is the kill's, whose counters are added up; empty for a restore. *rejects* is the record
    id that an instance names when it could not read it.
    """

    scope: Scope
    at: Position
    mode: str = "live"
    uid: str = ""
    rejects: str = ""
    emergency: int = 0


@dataclass(frozen=True, slots=True)
class Missing:
    """
    An instance that has not acknowledged.

    *stops_by_ms* is the server time at which its lease stops it by itself, None without a lease.
    """

    id: str
    seen_ms: int
    stops_by_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Containment:
    """
    The fleet against one change. Nothing here is rounded up.

    *unable* are instances that do not implement the mode and therefore stop; *no_tenant* those
    that do not pass the tenant a kill asks for and are stopped for all tenants.
    """

    now_ms: int
    confirmed: tuple[str, ...] = ()
    lagging: tuple[Missing, ...] = ()
    silent: tuple[Missing, ...] = ()
    expired: tuple[Missing, ...] = ()
    rejected: tuple[str, ...] = ()
    unable: tuple[str, ...] = ()
    no_tenant: tuple[str, ...] = ()
    since: Counts | None = None
    declared: int | None = None

    @property
    def expected(self) -> int:
        """Return how many instances must acknowledge."""
        parts = (self.confirmed, self.lagging, self.silent, self.expired, self.rejected)
        return sum(len(part) for part in parts)

    @property
    def complete(self) -> bool:
        """Return whether there is at least one instance and every one has acknowledged."""
        return self.expected > 0 and len(self.confirmed) == self.expected

    @property
    def live_complete(self) -> bool:
        """Return whether every *live* instance has: silent and expired ones aside."""
        return bool(self.confirmed) and not self.lagging and not self.rejected

    def as_json(self) -> Record:
        """Return the `instances` part of the machine's answer."""
        return {
            "expected": self.expected,
            "confirmed": len(self.confirmed),
            "lagging": [one.id for one in self.lagging],
            "silent": [one.id for one in self.silent],
            "expired": [one.id for one in self.expired],
            "rejected": list(self.rejected),
        }


@dataclass(slots=True)
class _Sorting:
    confirmed: list[str] = field(default_factory=list)
    lagging: list[Missing] = field(default_factory=list)
    silent: list[Missing] = field(default_factory=list)
    expired: list[Missing] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    unable: list[str] = field(default_factory=list)
    no_tenant: list[str] = field(default_factory=list)
    counts: list[Counts] = field(default_factory=list)


def contain(watched: Watched, fleet: Fleet, workflows: Mapping[str, Workflow]) -> Containment:
    """Sort every instance that the change concerns; an instance stands in exactly one heap."""
    heaps = _Sorting()
    for instance in fleet.instances:
        if _concerned(instance, watched.scope, fleet.now_ms):
            _sort(instance, watched, fleet.now_ms, workflows, heaps)
    since = None
    if heaps.counts:
        since = Counts(
            let=sum(c.let for c in heaps.counts),
            refused=sum(c.refused for c in heaps.counts),
            cut=sum(c.cut for c in heaps.counts),
            no_tenant=sum(c.no_tenant for c in heaps.counts),
        )
    named = workflows.get(watched.scope.workflow or "")
    return Containment(
        now_ms=fleet.now_ms,
        confirmed=tuple(sorted(heaps.confirmed)),
        lagging=tuple(heaps.lagging),
        silent=tuple(heaps.silent),
        expired=tuple(heaps.expired),
        rejected=tuple(sorted(heaps.rejected)),
        unable=tuple(sorted(heaps.unable)),
        no_tenant=tuple(sorted(heaps.no_tenant)),
        since=since,
        declared=named.expected_instances if named else None,
    )


def _concerned(instance: Instance, scope: Scope, now_ms: int) -> bool:
    if now_ms - instance.seen_ms > SERVED_MS:
        return False
    return bool(instance.workflows) and (
        scope.workflow is None or scope.workflow in instance.workflows
    )


def _sort(
    instance: Instance,
    watched: Watched,
    now_ms: int,
    workflows: Mapping[str, Workflow],
    heaps: _Sorting,
) -> None:
    ack = instance.ack
    alive = now_ms - instance.seen_ms <= ALIVE_MS
    missing = Missing(instance.id, instance.seen_ms, _stops_by(instance, watched.scope, workflows))
    if ack is not None and watched.uid in ack.kills:
        heaps.counts.append(ack.kills[watched.uid])
        if ack.kills[watched.uid].no_tenant:
            heaps.no_tenant.append(instance.id)
    if ack is not None and watched.rejects and watched.rejects in ack.rejected:
        heaps.rejected.append(instance.id)
    elif ack is not None and _acknowledged(ack.enforced, ack.emergency, watched):
        # Acknowledged once is acknowledged: a kill is sticky in the client, silence lifts nothing.
        heaps.confirmed.append(instance.id)
        if not _able(instance, watched):
            heaps.unable.append(instance.id)
    elif alive:
        heaps.lagging.append(missing)
    elif missing.stops_by_ms is not None and now_ms > missing.stops_by_ms:
        heaps.expired.append(missing)
    else:
        heaps.silent.append(missing)


def _acknowledged(enforced: Position, emergencies: int, watched: Watched) -> bool:
    if watched.emergency:
        return emergencies >= watched.emergency
    return enforced >= watched.at


def _able(instance: Instance, watched: Watched) -> bool:
    if watched.mode in ("live", "stop", "human", "canned") or "state" in watched.mode:
        return True
    name = watched.scope.workflow
    served = [instance.workflows[name]] if name else list(instance.workflows.values())
    return all(watched.mode in one.modes for one in served)


def _stops_by(instance: Instance, scope: Scope, workflows: Mapping[str, Workflow]) -> int | None:
    """Return when its leases stop every concerned workflow; None if one of them has no lease."""
    concerned = [
        workflows[name]
        for name in instance.workflows
        if name in workflows and (scope.workflow in (None, name))
    ]
    if not concerned or any(one.on_store_loss != "stop" for one in concerned):
        return None
    return instance.seen_ms + int(1000 * max(one.stale_after_s for one in concerned))
