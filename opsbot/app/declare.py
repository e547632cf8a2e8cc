"""Declare: make a loaded catalogue a committed revision of the store, so that all replicas agree."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from opsbot.app.check import examined
from opsbot.app.ports import Entropy, Store
from opsbot.domain import policy as policies
from opsbot.domain import workflow as workflows
from opsbot.domain.actor import DECLARATIONS
from opsbot.domain.change import Change, Position, Record, Write
from opsbot.domain.declaration import Catalogue, Finding, Loaded
from opsbot.domain.state import SETTINGS, State
from opsflags import keys

UNDECLARED = "undeclared"
"""In a workflow's `extra`: its file is gone, and it stays only because a kill names it."""

_POLICY = "policy"
_HASH = "declarations"


@dataclass(frozen=True, slots=True)
class Declared:
    """
    What declaring came to.

    *position* is where the store stands with these declarations. *kept* are workflows whose file
    is gone and that stay until no kill names them.
    """

    changed: bool
    position: Position
    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Declare:
    """The use case."""

    store: Store
    ids: Entropy

    async def __call__(self, catalogue: Catalogue) -> Declared:
        """
        Commit what differs from the store; nothing at all where nothing does.

        Replicas that declare the same at once make one commit: the loser of the race decides
        again on the winner's state and finds nothing to do.

        Raises:
            StoreLost: it is not known whether it is stored; declare again.
        """
        committed, declared = await self.store.commit(
            f"declare-{self.ids.token()}", lambda state, now_ms: decide(state, catalogue)
        )
        return declared if committed is None else replace(declared, position=committed.position)


@dataclass(frozen=True, slots=True)
class Reloaded:
    """One look at the files: what was declared, or None and why the last good version stays."""

    declared: Declared | None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Reload:
    """Read the files and declare them if they are good; a broken file changes nothing."""

    load: Callable[[], Awaitable[Loaded]]
    declare: Declare

    async def __call__(self) -> Reloaded:
        """
        Return what came of it; the last good version stays in force where something is wrong.

        Raises:
            StoreLost: it is not known whether it is stored; reload again.
        """
        loaded = examined(await self.load())
        if loaded.catalogue is None:
            return Reloaded(None, loaded.findings)
        return Reloaded(await self.declare(loaded.catalogue), loaded.findings)


def decide(state: State, catalogue: Catalogue) -> tuple[Change | None, Declared]:
    """Return the change from *state* to *catalogue*, None where they agree. Pure."""
    wanted = {name: workflows.as_record(w) for name, w in catalogue.workflows.items()}
    stored = state.kind(keys.WORKFLOWS)
    kept = _kept(state, wanted)
    wanted |= kept
    removed = tuple(sorted(set(stored) - set(wanted)))
    writes = [Write(keys.WORKFLOWS, name, None) for name in removed]
    written = tuple(name for name in sorted(wanted) if stored.get(name) != wanted[name])
    writes += [Write(keys.WORKFLOWS, name, wanted[name]) for name in written]
    writes += _settings(state, catalogue, kept)
    declared = Declared(bool(writes), state.position, written, removed, tuple(sorted(kept)))
    if not writes:
        return None, declared
    facts: Record = {
        "hash": catalogue.hash,
        "written": list(written),
        "removed": list(removed),
        "kept": sorted(kept),
    }
    change = Change(
        verb="declare", actor=DECLARATIONS, writes=tuple(writes), rule="declarations", facts=facts
    )
    return change, declared


def _kept(state: State, wanted: Mapping[str, Record]) -> dict[str, Record]:
    """Return the workflows that are declared no more but named by an active kill, flagged."""
    killed = {kill.scope.workflow for kill in state.active_kills()}
    gone = {n: w for n, w in state.workflows().items() if n in killed and n not in wanted}
    return {
        name: workflows.as_record(replace(w, extra={**w.extra, UNDECLARED: True}))
        for name, w in gone.items()
    }


def _settings(state: State, catalogue: Catalogue, kept: Mapping[str, Record]) -> list[Write]:
    policy = policies.as_record(catalogue.policy)
    declarations: Record = {
        "s": 1,
        "hash": catalogue.hash,
        "runbooks": dict(sorted(catalogue.runbooks.items())),
        "kept": sorted(kept),
    }
    wanted = {_POLICY: policy, _HASH: declarations}
    return [
        Write(SETTINGS, name, record)
        for name, record in wanted.items()
        if state.setting(name) != record
    ]
