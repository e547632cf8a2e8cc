"""Declare: make a loaded catalogue a committed revision of the store, so that all replicas agree."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace

from opsbot.app.check import examined
from opsbot.app.ports import Entropy, Store
from opsbot.app.restore.waits import overtaken_declared, with_overtaken
from opsbot.app.route_state import writes
from opsbot.app.routed import due, move_of, uid_of
from opsbot.app.runs.newer import newer_runs
from opsbot.app.user_texts import for_client
from opsbot.domain import model_book as books
from opsbot.domain import workflow as workflows
from opsbot.domain.actor import DECLARATIONS
from opsbot.domain.change import Change, Position, Record, Timer, Write
from opsbot.domain.declaration import Catalogue, Finding, Loaded
from opsbot.domain.policy import rules as policies
from opsbot.domain.route import Number, Revision, route_from
from opsbot.domain.routing import begun
from opsbot.domain.state import ROUTES, SETTINGS, State
from opsflags import keys

_POLICY = "policy"
_HASH = "declarations"
_MODELS = "models"
_INCIDENTS = "incidents"
_COMMS = "comms"


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
            f"declare-{self.ids.token()}", lambda state, now_ms: decide(state, now_ms, catalogue)
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


def decide(state: State, now_ms: int, catalogue: Catalogue) -> tuple[Change | None, Declared]:
    """Return the change from *state* to *catalogue*, None where they agree. Pure."""
    first, wanted = _routed(state, now_ms, catalogue)
    stored = state.kind(keys.WORKFLOWS)
    kept = _kept(state, wanted)
    wanted |= kept
    removed = tuple(sorted(set(stored) - set(wanted)))
    changed = [Write(keys.WORKFLOWS, name, None) for name in removed]
    written = tuple(name for name in sorted(wanted) if stored.get(name) != wanted[name])
    changed += [Write(keys.WORKFLOWS, name, wanted[name]) for name in written]
    walked, told = newer_runs(state, catalogue.procedures)
    changed += [*first, *_settings(state, catalogue, kept), *walked]
    by = move_of(state, now_ms, DECLARATIONS).by
    late = overtaken_declared(state, now_ms, wanted, catalogue.policy, by=by)
    differs = bool(changed) or bool(late.writes)
    declared = Declared(differs, state.position, written, removed, tuple(sorted(kept)))
    if not differs:
        return None, declared
    facts: Record = {
        "hash": catalogue.hash,
        "written": list(written),
        "removed": list(removed),
        "kept": sorted(kept),
    }
    change = Change(
        verb="declare",
        actor=DECLARATIONS,
        writes=tuple(changed),
        rule="declarations",
        facts=facts,
        effects=told,
        timers=_taken_up(state, set(wanted) - set(stored)),
    )
    return with_overtaken(change, late), declared


def _routed(
    state: State, now_ms: int, catalogue: Catalogue
) -> tuple[list[Write], dict[str, Record]]:
    """
    Return the first revisions that have to be made, and every workflow as clients read it.

    What serves now is never in a file: the declared route counts for a workflow that has none yet.
    """
    move, made = move_of(state, now_ms, DECLARATIONS), []
    wanted: dict[str, Record] = {}
    for name, workflow in catalogue.workflows.items():
        if name in state.kind(ROUTES):
            own = writes(state, state.routing(name), workflow=workflow)
        else:
            stored = state.workflows().get(name, workflow)
            one = Revision(name, Number(1), route_from(stored.route), move.by, now_ms)
            own = writes(state, begun(name, move), one, workflow=workflow)
            made += [write for write in own if write.kind != keys.WORKFLOWS]
        wanted[name] = next(w.record for w in own if w.kind == keys.WORKFLOWS and w.record)
    return made, wanted


def _taken_up(state: State, back: Collection[str]) -> tuple[Timer, ...]:
    """Return the looks at ramps and watches of workflows that are declared again after a while."""
    known = (state.routing(name) for name in sorted(back) if name in state.kind(ROUTES))
    return tuple(due(routing, 0) for routing in known if uid_of(routing))


def _kept(state: State, wanted: Mapping[str, Record]) -> dict[str, Record]:
    """Return the workflows that are declared no more but named by an active kill, flagged."""
    killed = {kill.scope.workflow for kill in state.active_kills()}
    gone = {n: w for n, w in state.workflows().items() if n in killed and n not in wanted}
    return {
        name: for_client(
            state,
            name,
            workflows.as_record(replace(w, extra={**w.extra, workflows.UNDECLARED: True})),
        )
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
    if catalogue.book.models or state.setting(_MODELS):
        wanted[_MODELS] = books.as_record(catalogue.book)
    if catalogue.incidents or state.setting(_INCIDENTS):
        wanted[_INCIDENTS] = catalogue.incidents or {"s": 1}
    if catalogue.comms or state.setting(_COMMS):
        wanted[_COMMS] = catalogue.comms or {"s": 1}
    return [
        Write(SETTINGS, name, record)
        for name, record in wanted.items()
        if state.setting(name) != record
    ]
