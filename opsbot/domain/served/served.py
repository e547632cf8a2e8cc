"""
What the fleet served from one look at its counters to the next. Pure.

Counters run since each instance started, so a sample is a difference: what each instance counted
since the sample before. Nothing is estimated and nothing is spread over time.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from opsbot.domain.fleet import ALIVE_MS, SERVED_MS, Ack, Fleet, Instance

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000

KEPT_MS: Final = 48 * HOUR_MS
"""How long the counters of an instance that fell silent are kept for its return."""

BACK_MS: Final = 300_000
"""By how much the server's clock may go back before sampling begins anew; until then it waits."""

SAMPLES: Final = ""
"""What the samples themselves stand under, beside the workflows: no workflow has this name."""

Counters = tuple[int, int, int]
"""Calls of one workflow since an instance started: asked, refused, streams cut."""


@dataclass(frozen=True, slots=True)
class Span:
    """
    What was counted of one workflow between two moments, in server milliseconds.

    *asked* calls, of which *refused* called no model; *cut* streams were ended on the way. *eased*
    were let through by a restore in steps, as far as that can be told of one workflow. *fresh* were
    served by instances that the sample before did not know. *heard* is how many instances were
    counted, *silent* how many had fallen silent, *ended* how many had gone since.
    """

    from_ms: int
    to_ms: int
    heard: int = 0
    asked: int = 0
    refused: int = 0
    cut: int = 0
    eased: int = 0
    fresh: int = 0
    silent: int = 0
    ended: int = 0

    @property
    def served(self) -> int:
        """Return how many calls a model was asked for."""
        return self.asked - self.refused


Hour = Mapping[str, tuple[Span, ...]]
"""
What is kept of one hour: the spans of each workflow, and the samples under `SAMPLES`.

Of these *heard* says how many samples one span stands for.
"""


@dataclass(frozen=True, slots=True)
class Base:
    """
    An instance's counters as the last sample saw them.

    *silent_ms* is when it was last heard, where it had fallen silent by then; else 0. *eased* is by
    the kill's uid.
    """

    silent_ms: int = 0
    counts: Mapping[str, Counters] = field(default_factory=dict)
    eased: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Head:
    """How many samples were taken, when the last one was (None before the first), and the time now."""

    number: int
    at_ms: int | None
    now_ms: int

    @property
    def due(self) -> bool:
        """Return whether a minute began since the last sample, or the server's clock went back."""
        at_ms = self.at_ms
        return at_ms is None or self.now_ms // MINUTE_MS != at_ms // MINUTE_MS


@dataclass(frozen=True, slots=True)
class Basis:
    """What a sample is counted from: the one before, and what it knew."""

    number: int
    at_ms: int | None
    known: Mapping[str, Base]


@dataclass(frozen=True, slots=True)
class Sample:
    """
    What one look adds, to be stored whole or not at all.

    *number* is that of the sample it was counted from. *learned* and *dropped* bring what is known
    up to date. *over* is the hour that ended between the two; *summary* is what stays of it.
    """

    number: int
    at_ms: int
    learned: Mapping[str, Base]
    dropped: tuple[str, ...]
    spans: Hour
    over: int | None = None
    summary: Hour = field(default_factory=dict)


def sampled(
    basis: Basis, fleet: Fleet, names: Collection[str], owner: Mapping[str, str]
) -> Sample | None:
    """
    Return what *fleet* adds to *basis*; None where that look is no later than the sample before.

    Only the workflows *names* are counted: a service can say any name. *owner* maps a kill's uid to
    the one workflow that it is about.
    """
    now_ms, last_ms = fleet.now_ms, basis.at_ms
    begins = last_ms is None or last_ms - now_ms > BACK_MS
    start_ms = now_ms if begins or last_ms is None else last_ms
    if not begins and now_ms <= start_ms:
        return None
    counting = _Counting(basis, fleet, frozenset(names), owner, start_ms)
    learned = counting.learn(first=begins)
    dropped = tuple(counting.drop(first=begins))
    hour, before = now_ms // HOUR_MS, start_ms // HOUR_MS
    return Sample(
        number=basis.number,
        at_ms=now_ms,
        learned=learned,
        dropped=dropped,
        spans={SAMPLES: (Span(start_ms, now_ms, 1),), **({} if begins else counting.spans())},
        over=before if before != hour else None,
    )


class _Sum:
    """The counts of one workflow from one moment on."""

    __slots__ = ("asked", "cut", "eased", "ended", "fresh", "from_ms", "heard", "refused", "silent")

    def __init__(self, from_ms: int) -> None:
        self.from_ms = from_ms
        self.heard = self.asked = self.refused = self.cut = self.eased = 0
        self.fresh = self.silent = self.ended = 0

    def span(self, to_ms: int) -> Span:
        """Return it as a span up to a moment."""
        return Span(
            self.from_ms, to_ms, self.heard, self.asked, self.refused, self.cut, self.eased,
            self.fresh, self.silent, self.ended,
        )  # fmt: skip


class _Counting:
    """One look, instance by instance."""

    def __init__(
        self,
        basis: Basis,
        fleet: Fleet,
        names: frozenset[str],
        owner: Mapping[str, str],
        start_ms: int,
    ) -> None:
        self._known = basis.known
        self._fleet = fleet
        self._names = names
        self._owner = owner
        self._start_ms = start_ms
        self._sums: dict[str, _Sum] = {}
        self._late: dict[str, _Sum] = {}

    def learn(self, *, first: bool) -> dict[str, Base]:
        """Count every instance; return the counters that differ from what was known."""
        learned: dict[str, Base] = {}
        for one in self._fleet.instances:
            self._hear(one)
            if one.ack is None:
                continue
            name, base = key_of(one), _base(one, one.ack, self._fleet.now_ms)
            was = self._known.get(name)
            if base != was:
                learned[name] = base
                if not first:
                    self._add(was, base)
        return learned

    def drop(self, *, first: bool) -> Iterator[str]:
        """Yield whom the fleet does not list any more, and count those who took their leave."""
        listed = {key_of(one) for one in self._fleet.instances}
        for name, was in self._known.items():
            if name in listed:
                continue
            if not was.silent_ms:
                yield name
                for workflow in () if first else was.counts:
                    self._bump(workflow, "ended")
            elif self._fleet.now_ms - was.silent_ms > KEPT_MS:
                yield name

    def spans(self) -> dict[str, tuple[Span, ...]]:
        """Return what was counted, the late ones after what is of this sample."""
        now_ms = self._fleet.now_ms
        found: dict[str, tuple[Span, ...]] = {
            name: (one.span(now_ms),) for name, one in self._sums.items()
        }
        for name, one in self._late.items():
            found[name] = (*found.get(name, ()), one.span(now_ms))
        return found

    def _hear(self, one: Instance) -> None:
        """Note whether an instance is counted in this sample, or missing in it."""
        age_ms = self._fleet.now_ms - one.seen_ms
        heard = age_ms <= ALIVE_MS and one.ack is not None
        if not heard and age_ms > SERVED_MS:
            return
        for workflow in {*one.workflows, *(one.ack.counts if one.ack else ())}:
            self._bump(workflow, "heard" if heard else "silent")

    def _bump(self, workflow: str, what: str) -> None:
        if workflow in self._names:
            found = self._sum(workflow)
            setattr(found, what, getattr(found, what) + 1)

    def _sum(self, workflow: str) -> _Sum:
        found = self._sums.get(workflow)
        if found is None:
            found = self._sums[workflow] = _Sum(self._start_ms)
        return found

    def _add(self, was: Base | None, now: Base) -> None:
        """Add what an instance counted since the sample before; since its start, where it began anew."""
        before = was if was is not None and not _restarted(was, now) else Base()
        silent_ms = was.silent_ms if was is not None else 0
        for workflow, counts in now.counts.items():
            if workflow in self._names and counts != before.counts.get(workflow):
                asked, refused, cut = before.counts.get(workflow, (0, 0, 0))
                into = self._into(workflow, silent_ms)
                into.asked += counts[0] - asked
                into.refused += counts[1] - refused
                into.cut += counts[2] - cut
                into.fresh += counts[0] - counts[1] if was is None else 0
        self._ease(before, now, silent_ms)

    def _ease(self, before: Base, now: Base, silent_ms: int) -> None:
        for uid, count in now.eased.items():
            workflow, known = self._owner.get(uid, ""), before.eased.get(uid, 0)
            if workflow in self._names and count != known:
                # A client that takes a kill up again counts for it anew.
                more = count - known if count > known else count
                self._into(workflow, silent_ms).eased += more

    def _into(self, workflow: str, silent_ms: int) -> _Sum:
        """Return where the calls of an instance belong: since it fell silent nobody knows when."""
        if not silent_ms:
            return self._sum(workflow)
        found = self._late.get(workflow)
        if found is None:
            found = self._late[workflow] = _Sum(silent_ms)
        found.from_ms = min(found.from_ms, silent_ms)
        return found


def key_of(one: Instance) -> str:
    """Return what tells one process from another, also where both were given one name."""
    return f"{one.service}/{one.id}/{one.pid}"


def _base(one: Instance, ack: Ack, now_ms: int) -> Base:
    return Base(
        silent_ms=one.seen_ms if now_ms - one.seen_ms > ALIVE_MS else 0,
        counts={name: _counted(said) for name, said in ack.counts.items()},
        eased={uid: told.eased for uid, told in ack.kills.items() if told.eased},
    )


def _counted(said: Mapping[str, int]) -> Counters:
    """Return the counters that only ever grow; what was let through is the first without the second."""
    refused = said.get("refused", 0)
    return said.get("asked", said.get("let", 0) + refused), refused, said.get("cut", 0)


def _restarted(was: Base, now: Base) -> bool:
    """Return whether counters went back: another process has the name, and counts from 0."""
    return any(
        said < before
        for name, counts in was.counts.items()
        for said, before in zip(now.counts.get(name, (0, 0, 0)), counts, strict=True)
    )
