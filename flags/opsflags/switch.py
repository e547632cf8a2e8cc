"""The inside of a handle: what is known now, the lease, the counters and the streams in flight."""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Callable, Iterable
from itertools import repeat
from operator import length_hint
from time import monotonic

from opsflags.decision import Decision
from opsflags.evaluate import View, compile_view
from opsflags.model import BASE_MODES, NO_MODEL, RANK, SAFE_STATE

SELF_CHECK_EVERY = 1024
PASSES = SELF_CHECK_EVERY - 1

MOST_NAMES, LONGEST_NAME = 64, 200
"""Model names that a handle notes in an hour, and characters of one."""

Arguments = tuple[str | None, str | None, str | None, str | None, str | None]
"""tenant, model, tool, provider, key: the order of `decide`."""


class InFlight:
    """What a handle keeps of a stream: that it can be decided again."""

    __slots__ = ()

    def _again(self) -> None:
        raise NotImplementedError


class Tally:
    """
    What one kill did here since it was applied.

    *eased* are the calls that its ramp let through by intent; *let* are those that went through
    against it, and a ramp makes none of them good.
    """

    __slots__ = ("cut", "eased", "let", "no_tenant", "refused")

    def __init__(self) -> None:
        self.let = 0
        self.refused = 0
        self.cut = 0
        self.no_tenant = 0
        self.eased = 0

    def add_to(self, total: list[int]) -> None:
        """Add the numbers in the order in which the acknowledgement spells them."""
        total[0] += self.let
        total[1] += self.refused
        total[2] += self.cut
        total[3] += self.no_tenant
        total[4] += self.eased


class Switch:
    """What the client's thread, the streams and the guards share of one workflow's handle."""

    # `_passes` is what makes `check()` cost little more than a method call: an iterator with 1,023
    # passes while no call can be refused, an empty one otherwise. It counts in C, cannot be raced,
    # and is replaced by one reference store. Other counters change by `slot += 1` without a call
    # in between, which the interpreter lock does not interrupt.
    __slots__ = (
        "__weakref__",
        "_asked",
        "_client",
        "_cut",
        "_deadline",
        "_lock",
        "_model",
        "_names",
        "_names_before",
        "_passed",
        "_passes",
        "_refused",
        "_self_check",
        "_streams",
        "_tallies",
        "_unrouted",
        "_view",
        "live",
        "modes",
        "name",
        "on_unknown",
    )

    def __init__(
        self, name: str, modes: Iterable[str], on_unknown: str = "run", client: object = None
    ) -> None:
        """
        Make a handle that knows nothing yet.

        *client* may have three methods: `_self_check()`, called every 1,024th decision to catch a
        dead or inherited thread, and `_modes_changed(handle)`, called when `implement()` adds one; `_names_changed()`, when a
        call asked for a model by a new name.

        Raises:
            ValueError: a mode that is none, or *on_unknown* is neither `run` nor `stop`.
        """
        if on_unknown not in ("run", "stop"):
            raise ValueError(f"on_unknown is 'run' or 'stop', not {on_unknown!r}")
        self.name = name
        self.modes = known_modes(modes) | BASE_MODES
        self.on_unknown = on_unknown
        self._client = client
        self._self_check: Callable[[], None] | None = getattr(client, "_self_check", None)
        self._lock = allocate_lock()
        self._asked = self._passed = self._refused = self._cut = self._unrouted = 0
        self._passes = _NONE
        self._tallies: dict[str, Tally] = {}
        self._streams: dict[InFlight, None] = {}
        self._deadline: float | None = None
        self._model: object = None
        self._names: dict[str, None] = {}
        self._names_before: dict[str, None] = {}
        view = compile_view(
            name, None, (), modes=self.modes, knowledge="unknown", on_unknown=on_unknown
        )
        self._view = view
        self.live = view.live
        self._grant(view)

    def _due(self) -> None:
        """Do what is due at every 1,024th question: catch a thread that died or was left in a parent."""
        if self._self_check is not None:
            self._self_check()

    def _saw(self, model: object, provider: object) -> None:
        """
        Note the name under which a call asked for a model.

        The caller asks only when it is another object than the last call's: names hardly change.
        """
        self._model = model
        if type(model) is not str or not model or len(model) > LONGEST_NAME:
            return
        whole = type(provider) is str and provider and not model.startswith(f"{provider}/")
        name = f"{provider}/{model}" if whole else model
        names = self._names
        # What cannot be printed could not be written either, and would cost the whole registration.
        if name in names or len(names) >= MOST_NAMES or not name.isprintable():
            return
        names[name] = None
        changed = getattr(self._client, "_names_changed", None)
        if changed is not None and name not in self._names_before:
            changed()

    def _models(self) -> list[str]:
        """Return the names that calls asked for in this hour and the last one."""
        return sorted({*list(self._names_before), *list(self._names)})

    def _turn_names(self) -> bool:
        """Begin a new hour; return whether a name is forgotten now."""
        old, self._names_before = self._names_before, self._names
        self._names = {}
        self._model = None
        return any(name not in self._names_before for name in old)

    def _grant(self, view: View) -> None:
        """Let the next 1,023 checks pass unseen, if *view* still holds and can refuse none."""
        if not self._lock.acquire(blocking=False):
            return  # another thread does it
        try:
            due = self._passes is not _NONE
            if view is self._view and view.live and self._deadline is None:
                self._passed += _spent(self._passes)
                self._passes = repeat(None, PASSES)
        finally:
            self._lock.release()
        if due:
            self._due()

    def _lost(self, view: View) -> View:
        """Return *view* as it is once the lease ran out."""
        self.live = False
        return view.lost()

    def _view_now(self) -> View:
        """Return what is known now: past the lease's end, the view of a lost store."""
        return self._lost(self._view) if self._expired() else self._view

    def _expired(self) -> bool:
        deadline = self._deadline
        return deadline is not None and monotonic() >= deadline

    def _swap(self, view: View, *, deadline: float | None) -> None:
        """
        Take over *view* and cut the streams that it stops; every callback was called on return.

        *deadline* is the monotonic second at which the lease ends, None where there is no lease.
        Called by the client's thread only.
        """
        self._tallies = {uid: self._tallies.get(uid) or Tally() for uid in view.uids}
        if not view.live:
            self.live = False  # before the rest: it may only be late to say that all is well
        with self._lock:  # against a grant that looked at the old view
            if self._passes is not _NONE:
                self._passed += _spent(self._passes)
                self._passes = _NONE
            self._deadline = deadline
            self._view = view
        self.live = view.live
        if self._streams:
            for stream in list(self._streams):
                stream._again()  # noqa: SLF001  # one package, one seam

    def _renew(self, deadline: float) -> None:
        """Move the lease's end to *deadline*, a monotonic second. Called by the client's thread only."""
        self._deadline = deadline
        self.live = self._view.live

    def _after_fork(self) -> None:
        """Begin anew in a forked child: its counters are its own and it has no streams."""
        self._lock = allocate_lock()  # the parent's may be held by a thread that is not here
        self._asked = self._passed = self._refused = self._cut = self._unrouted = 0
        self._passes = _NONE
        self._tallies = {uid: Tally() for uid in self._view.uids}
        self._streams = {}

    def _report(self) -> dict[str, dict[str, dict[str, int]] | dict[str, int]]:
        """Return the counters: per kill, and of this workflow."""
        kills: dict[str, list[int]] = {}
        counts = self._add_up(kills)
        return {
            "kills": {uid: _told(told) for uid, told in kills.items()},
            "counts": dict(zip(_COUNTS, counts, strict=True)),
        }

    def _add_up(self, kills: dict[str, list[int]]) -> tuple[int, int, int, int]:
        """Add the counters of every kill by its uid to *kills*; return asked, let, refused, cut."""
        for uid, tally in self._tallies.items():
            tally.add_to(kills.setdefault(uid, [0, 0, 0, 0, 0]))
        refused = self._refused
        asked = self._asked + self._passed + _spent(self._passes)
        return (asked, asked - refused if asked > refused else 0, refused, self._cut)

    def _cuttable(self) -> int:
        """Return how many streams are in flight."""
        return len(self._streams)

    def _take(self, stream: InFlight) -> bool:
        """Take a stream out of those in flight; true for exactly one taker."""
        return self._streams.pop(stream, _GONE) is not _GONE

    def _count(self, decision: Decision, tenant: object) -> None:
        refused = not decision.allowed
        if refused:
            self._refused += 1
        for kill in decision._hits or ():  # noqa: SLF001  # one package, one hot path
            tally = self._tallies.get(kill.uid)
            if tally is None:
                continue
            if refused:
                tally.refused += 1
            elif kill.ramp is not None and kill.mode in _REFUSES:
                tally.eased += 1  # only its ramp can have let it through
            if not tenant and kill.scope.tenant is not None:
                tally.no_tenant += 1

    def _count_cut(self, decision: Decision) -> None:
        self._cut += 1
        for kill in decision._hits or ():  # noqa: SLF001  # one package, one seam
            tally = self._tallies.get(kill.uid)
            if tally is not None:
                tally.cut += 1

    def _count_let(self, decision: Decision) -> None:
        for kill in decision._hits or ():  # noqa: SLF001  # one package, one seam
            tally = self._tallies.get(kill.uid)
            if tally is not None:
                tally.let += 1


def known_modes(modes: Iterable[str]) -> frozenset[str]:
    """
    Return *modes* as a set.

    Raises:
        ValueError: one of them is no mode.
    """
    known = frozenset(modes)
    if not known <= RANK.keys():
        wrong = ", ".join(sorted(map(repr, known - RANK.keys())))
        raise ValueError(f"no such mode: {wrong}; the modes are {', '.join(RANK)}")
    return known


def _spent(passes: repeat[None]) -> int:
    return 0 if passes is _NONE else PASSES - length_hint(passes)


def _told(counts: list[int]) -> dict[str, int]:
    """Return a kill's numbers as they travel; what no ramp let through is left out."""
    told = dict(zip(_KILL, counts, strict=True))
    if not told["eased"]:
        del told["eased"]
    return told


_KILL = ("let", "refused", "cut", "no_tenant", "eased")
_COUNTS = ("asked", "let", "refused", "cut")
_NONE = repeat(None, 0)
_GONE = object()
_REFUSES = NO_MODEL | {SAFE_STATE}
"""Modes under which no call goes through but those that a ramp lets."""
