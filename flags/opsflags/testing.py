"""A switchboard in memory for services' own tests: the same decisions, without a store or a thread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Self

from opsflags.evaluate import compile_view
from opsflags.model import BASE_MODES, FALLBACK_OR_SAFE, RANK, SAFE_STATE, Rejected, Scope
from opsflags.records import Kill, WorkflowRecord, workflow_from_json
from opsflags.shares import MOST_RESTORED, Ramp, percent_from_json
from opsflags.workflow import Workflow

_MODES = RANK.keys() | {SAFE_STATE, FALLBACK_OR_SAFE}


class FakeFlags:
    """
    Stand in for `FlagClient` in a test: `workflow()` as there, `kill()` and `restore()` at will.

    A workflow that was not declared with `declare()` is known, has no route and no tools, and
    stops when it is killed. Every change is visible, and every stream cut, when the call returns.
    """

    __slots__ = ("_declared", "_handles", "_kills", "_knowledge", "_records", "_revision")

    def __init__(self) -> None:
        self._handles: list[Workflow] = []
        self._kills: dict[str, Kill] = {}
        self._declared: dict[str, Mapping[str, object]] = {}
        self._records: dict[str, WorkflowRecord | None] = {}
        self._knowledge = "live"
        self._revision = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Do nothing: there is nothing to close. For services that close their client."""

    def age_ms(self) -> float:
        """Return 0, the age in milliseconds of knowledge that is always fresh."""
        return 0.0

    def workflow(
        self, name: str, *, modes: Iterable[str] = BASE_MODES, on_unknown: str = "run"
    ) -> Workflow:
        """Return a handle, as `FlagClient.workflow` does."""
        handle = Workflow(name, modes, on_unknown, self)
        if name not in self._records:
            self._records[name] = workflow_from_json(name, {"s": 1})
        self._handles.append(handle)
        self._push(handle)
        return handle

    def declare(self, name: str, record: Mapping[str, object] | None) -> None:
        """
        Declare *name* with the fields of a workflow record; None makes it unknown to the store.

        Raises:
            Rejected: a field that a client could not read.
        """
        read = None if record is None else workflow_from_json(name, {"s": 1, **record})
        if read is not None and read.rejected:
            raise Rejected("a client could not read the candidate of this route")
        self._records[name] = read
        self._declared[name] = record or {}
        self._changed()

    def stage(self, name: str, candidate: Mapping[str, object] | None) -> None:
        """
        Try *candidate* on a share of the calls of *name*; None takes it back.

        It has the fields of a route record (`revision`, `targets`, …) and `percent` (0 to 100 of the
        sticky keys) or `tenants`.

        Raises:
            Rejected: a field that a client could not read.
        """
        record = self._declared.get(name, {})
        route = record.get("route")
        active = dict(route) if isinstance(route, Mapping) else {}
        self.declare(name, {**record, "route": {**active, "candidate": candidate}})

    def ease(self, kill: str, percent: float, *, salt: str = "") -> None:
        """
        Lift *kill*, by its id, for *percent* (0 to 50) of the sticky keys, without write tools.

        Raises:
            Rejected: more than that is no restore by steps.
            LookupError: there is no such kill.
        """
        share = percent_from_json(percent, most=MOST_RESTORED)
        held = self._kills.get(kill)
        if held is None:
            raise LookupError(f"no kill {kill!r}; active: {', '.join(self._kills) or 'none'}")
        self._kills[kill] = Kill(
            id=held.id,
            uid=held.uid,
            scope=held.scope,
            mode=held.mode,
            epoch=held.epoch,
            revision=self._revision + 1,
            ramp=Ramp(share, salt),
        )
        self._changed()

    def kill(
        self,
        workflow: str,
        *,
        mode: str = SAFE_STATE,
        tenant: str | None = None,
        provider: str | None = None,
        model: str | None = None,
        tool: str | None = None,
    ) -> str:
        """
        Kill *workflow* (`all`: every one) and return the kill's id.

        Raises:
            ValueError: there is no such mode.
        """
        if mode not in _MODES:
            raise ValueError(f"no such mode: {mode!r}; the modes are {', '.join(RANK)}")
        name = None if workflow == "all" else workflow
        number = self._revision + 1
        kill = Kill(
            id=f"K-{number}",
            uid=f"fake-{number}",
            scope=Scope(name, tenant, provider, model, tool),
            mode=mode,
            epoch=1,
            revision=number,
        )
        self._kills[kill.id] = kill
        self._changed()
        return kill.id

    def restore(self, what: str) -> list[str]:
        """
        End the kill with id *what*, or all kills that name the workflow *what* (`all`: every kill).

        Returns the ids of the kills that ended.

        Raises:
            LookupError: nothing to restore.
        """
        ended = [
            kill.id
            for kill in self._kills.values()
            if what in ("all", kill.id) or (kill.scope.workflow == what)
        ]
        if not ended:
            raise LookupError(f"no kill {what!r}; active: {', '.join(self._kills) or 'none'}")
        for name in ended:
            del self._kills[name]
        self._changed()
        return ended

    def lose_store(self, *, for_good: bool = False) -> None:
        """Make knowledge stale; *for_good*: stale for longer than `stale_after_s`."""
        self._knowledge = "lost" if for_good else "stale"
        self._changed()

    def find_store(self) -> None:
        """Make knowledge fresh again."""
        self._knowledge = "live"
        self._changed()

    def _modes_changed(self, handle: Workflow) -> None:
        self._push(handle)

    def _changed(self) -> None:
        self._revision += 1
        for handle in self._handles:
            self._push(handle)

    def _push(self, handle: Workflow) -> None:
        view = compile_view(
            handle.name,
            self._records.get(handle.name),
            self._kills.values(),
            modes=handle.modes,
            knowledge=self._knowledge,
            on_unknown=handle.on_unknown,
            position=(1, self._revision),
        )
        handle._swap(view, deadline=None)  # noqa: SLF001  # this is the client here
