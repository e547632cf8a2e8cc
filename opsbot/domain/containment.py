"""What may honestly be said of a change because of the fleet: confirmed, lagging, ahead, silent, expired."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from opsbot.domain.change import Position, Record
from opsbot.domain.fleet import ALIVE_MS, SERVED_MS, Ack, Counts, Fleet, Instance
from opsbot.domain.workflow import Workflow
from opsflags.model import Scope

NOWHERE = Position(0, 0)
_NEED_SUPPORT = frozenset({"fallback", "read_only", "no_tools", "drafts_only"})
"""Modes that a service implements or not; the others every client can do."""


@dataclass(frozen=True, slots=True)
class Watched:
    """
    The committed change that the fleet is watched for.

    *uid* is the kill's, whose counters are added up; empty for a restore. *rejects* is the record
    id that an instance names when it could not read it; *also* has id and uid of kills that came with
    it. *since_ms* is the server's time of the
    commit: who served in the ten minutes before it, or later, must acknowledge, however long they
    are silent after; None counts the ten minutes back from now. *eases*: a part of the kill is
    lifted, as `read_only`.
    """

    scope: Scope
    at: Position
    mode: str = "live"
    uid: str = ""
    rejects: str = ""
    also: tuple[tuple[str, str], ...] = ()
    emergency: int = 0
    since_ms: int | None = None
    eases: bool = False

    @property
    def uids(self) -> tuple[str, ...]:
        """Return whose counters are added up."""
        return (self.uid, *(uid for _, uid in self.also))

    @property
    def ids(self) -> frozenset[str]:
        """Return the records of which none may have been rejected."""
        return frozenset((self.rejects, *(id_ for id_, _ in self.also))) - {""}


@dataclass(frozen=True, slots=True)
class Missing:
    """
    An instance that has not acknowledged.

    *stops_by_ms* is the server time at which its lease stops it by itself, None without a lease.
    *workflows* are those that the change concerns and that it serves. *says* is the position that
    it acknowledges, None where it never acknowledged anything.
    """

    id: str
    seen_ms: int
    stops_by_ms: int | None = None
    workflows: tuple[str, ...] = ()
    says: Position | None = None


@dataclass(frozen=True, slots=True)
class Containment:
    """
    The fleet against one change. Nothing here is rounded up.

    *ahead* are alive and acknowledge what the store does not have: from before it lost data, or
    made up. Their word is no proof until the store is past it. *head* is the store's own position.
    *unread* is how many services are listed whose instances were not looked at.
    *unable* are instances that do not implement the mode and therefore stop; *no_tenant* those
    that do not pass the tenant a kill asks for and are stopped for all tenants; *uneased* those that
    let nothing through of a part that is lifted, as they cannot withhold write tools. *alive* is how many
    checked in just now. *wanted* is how many ought to be alive, as declared or (*learned*) as the
    fewest of the last day; None where neither is known.
    """

    now_ms: int
    confirmed: tuple[str, ...] = ()
    lagging: tuple[Missing, ...] = ()
    ahead: tuple[Missing, ...] = ()
    silent: tuple[Missing, ...] = ()
    expired: tuple[Missing, ...] = ()
    rejected: tuple[str, ...] = ()
    unable: tuple[str, ...] = ()
    no_tenant: tuple[str, ...] = ()
    uneased: tuple[str, ...] = ()
    since: Counts | None = None
    alive: int = 0
    wanted: int | None = None
    learned: bool = False
    head: Position = NOWHERE
    unread: int = 0

    @property
    def expected(self) -> int:
        """Return how many instances must acknowledge."""
        alive = (self.confirmed, self.lagging, self.ahead, self.rejected)
        return sum(len(part) for part in (*alive, self.silent, self.expired))

    @property
    def complete(self) -> bool:
        """Return whether there is at least one instance and every one has acknowledged."""
        return 0 < self.expected == len(self.confirmed) and not self.unread

    @property
    def short(self) -> int:
        """Return how many instances fewer than wanted are alive; 0 where nothing is wanted."""
        return max((self.wanted or 0) - self.alive, 0)

    @property
    def live_complete(self) -> bool:
        """Return whether every *live* instance has: silent and expired ones aside."""
        missing = self.lagging or self.ahead or self.rejected
        return bool(self.confirmed) and not missing and not self.unread

    def as_json(self) -> Record:
        """Return the `instances` part of the machine's answer."""
        return {
            "expected": self.expected,
            "confirmed": len(self.confirmed),
            "lagging": [one.id for one in self.lagging],
            "ahead": [one.id for one in self.ahead],
            "silent": [one.id for one in self.silent],
            "expired": [one.id for one in self.expired],
            "rejected": list(self.rejected),
            "alive": self.alive,
            "wanted": self.wanted,
        }


@dataclass(slots=True)
class _Sorting:
    confirmed: list[str] = field(default_factory=list)
    lagging: list[Missing] = field(default_factory=list)
    ahead: list[Missing] = field(default_factory=list)
    silent: list[Missing] = field(default_factory=list)
    expired: list[Missing] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    unable: list[str] = field(default_factory=list)
    no_tenant: list[str] = field(default_factory=list)
    uneased: list[str] = field(default_factory=list)
    counts: list[Counts] = field(default_factory=list)
    alive: int = 0


def contain(watched: Watched, fleet: Fleet, workflows: Mapping[str, Workflow]) -> Containment:
    """Sort every instance that the change concerns; an instance stands in exactly one heap."""
    heaps = _Sorting()
    for instance in fleet.instances:
        if _concerned(instance, watched, fleet.now_ms):
            _sort(instance, watched, fleet, workflows, heaps)
    since = None
    if heaps.counts:
        since = Counts(
            let=sum(c.let for c in heaps.counts),
            refused=sum(c.refused for c in heaps.counts),
            cut=sum(c.cut for c in heaps.counts),
            no_tenant=sum(c.no_tenant for c in heaps.counts),
            eased=sum(c.eased for c in heaps.counts),
        )
    wanted, learned = _wanted(watched.scope, fleet, workflows)
    return Containment(
        now_ms=fleet.now_ms,
        confirmed=tuple(sorted(heaps.confirmed)),
        lagging=tuple(heaps.lagging),
        ahead=tuple(heaps.ahead),
        silent=tuple(heaps.silent),
        expired=tuple(heaps.expired),
        rejected=tuple(sorted(heaps.rejected)),
        unable=tuple(sorted(heaps.unable)),
        no_tenant=tuple(sorted(heaps.no_tenant)),
        uneased=tuple(sorted(heaps.uneased)),
        since=since,
        alive=heaps.alive,
        wanted=wanted,
        learned=learned,
        head=fleet.head,
        unread=fleet.unread,
    )


def _wanted(
    scope: Scope, fleet: Fleet, workflows: Mapping[str, Workflow]
) -> tuple[int | None, bool]:
    """Return how many instances of the one named workflow ought to be alive, and if it is learned."""
    named = workflows.get(scope.workflow or "")
    if named is None:
        return None, False
    if named.expected_instances is not None:
        return named.expected_instances, False
    low = fleet.low.get(named.name)
    return low, low is not None


def _concerned(instance: Instance, watched: Watched, now_ms: int) -> bool:
    counted_from = now_ms if watched.since_ms is None else watched.since_ms
    if instance.seen_ms < counted_from - SERVED_MS:
        return False
    named = watched.scope.workflow
    return bool(instance.workflows) and (named is None or named in instance.workflows)


def _sort(
    instance: Instance,
    watched: Watched,
    fleet: Fleet,
    workflows: Mapping[str, Workflow],
    heaps: _Sorting,
) -> None:
    ack, now_ms = instance.ack, fleet.now_ms
    alive = now_ms - instance.seen_ms <= ALIVE_MS
    ahead = ack is not None and _ahead(ack, watched, fleet)
    heaps.alive += alive
    missing = Missing(
        instance.id,
        instance.seen_ms,
        _stops_by(instance, watched.scope, workflows),
        _concerning(instance, watched.scope),
        None if ack is None else ack.enforced,
    )
    counts = [] if ack is None else [ack.kills[uid] for uid in watched.uids if uid in ack.kills]
    heaps.counts += counts
    if any(one.no_tenant for one in counts):
        heaps.no_tenant.append(instance.id)
    if ack is not None and not watched.ids.isdisjoint(ack.rejected):
        heaps.rejected.append(instance.id)
    elif ack is not None and not ahead and _acknowledged(ack, watched):
        # Acknowledged once is acknowledged: a kill is sticky in the client, silence lifts nothing.
        heaps.confirmed.append(instance.id)
        if not _able(instance, watched):
            heaps.unable.append(instance.id)
        if watched.eases and not _able(instance, replace(watched, mode="read_only")):
            heaps.uneased.append(instance.id)
    elif alive:
        (heaps.ahead if ahead else heaps.lagging).append(missing)
    elif missing.stops_by_ms is not None and now_ms > missing.stops_by_ms:
        heaps.expired.append(missing)
    else:
        heaps.silent.append(missing)


def _ahead(ack: Ack, watched: Watched, fleet: Fleet) -> bool:
    """
    Return whether the acknowledgement is of what the store does not have.

    Head and acknowledgement are of one moment, and whoever follows the store is never past its
    head. After the store lost data it is so for a while, until the bot has put back what its copy
    holds: that commit has a later epoch. What a client says of itself is believed as well, except
    of a kill that it names.
    """
    if watched.emergency:
        return ack.emergency > fleet.emergencies
    return ack.enforced > fleet.head or (ack.ahead and watched.uid not in ack.kills)


def _acknowledged(ack: Ack, watched: Watched) -> bool:
    if watched.emergency:
        return ack.emergency >= watched.emergency
    return ack.enforced >= watched.at


def _able(instance: Instance, watched: Watched) -> bool:
    if watched.mode not in _NEED_SUPPORT:
        return True
    served = (instance.workflows[name] for name in _concerning(instance, watched.scope))
    return all(watched.mode in one.modes for one in served)


def _concerning(instance: Instance, scope: Scope) -> tuple[str, ...]:
    named = scope.workflow
    if named is None:
        return tuple(sorted(instance.workflows))
    return (named,) if named in instance.workflows else ()


def _stops_by(instance: Instance, scope: Scope, workflows: Mapping[str, Workflow]) -> int | None:
    """
    Return when its leases stop every concerned workflow; None if one of them has no lease.

    A workflow that is not declared has none. The client counts from the moment it sent its last
    check-in, which is never later than the server saw it.
    """
    concerned = [workflows.get(name) for name in _concerning(instance, scope)]
    leases = [one.stale_after_s for one in concerned if one and one.on_store_loss == "stop"]
    if not leases or len(leases) < len(concerned):
        return None
    return instance.seen_ms + math.ceil(1000 * max(leases))
