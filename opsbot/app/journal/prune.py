"""
Prune: once a day take away records that nothing can use any more.

The journal keeps what they were. Revisions of routes and ended kills stay: a route may go back to
any revision, and a client lifts a kill only on seeing the record of its end.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from opsbot.app import route_state
from opsbot.app.environment import Environment
from opsbot.domain.actor import SCHEDULER
from opsbot.domain.approval import Approval
from opsbot.domain.change import Change, Record, Write
from opsbot.domain.failure_budget import budget_of
from opsbot.domain.gates import HOUR_MS, Gate, Measurement, ask, from_record
from opsbot.domain.picture.evaluations import chosen
from opsbot.domain.route import Number, Revision
from opsbot.domain.state import APPROVALS, BUDGETS, EVIDENCE, ROUTES, State
from opsbot.domain.workflow import Workflow

DAY_MS = 24 * HOUR_MS
KEEP_DAYS = 90
"""How long what is over stays at hand where nobody says otherwise."""

MOST = 200
"""Records of one commit: an entry of the journal stays small, and kills get in between two of them."""

PAUSE_S = 0.05
_PRUNED = (APPROVALS, EVIDENCE, BUDGETS)


@dataclass(frozen=True, slots=True)
class Prune:
    """The duty; every replica may do it at once, what one took away is not there for the next."""

    env: Environment
    keep_ms: int = KEEP_DAYS * DAY_MS

    async def __call__(self) -> int:
        """
        Take away everything that is due, in commits of at most `MOST` records; return how many.

        Raises:
            StoreLost: it is not known whether the last commit is stored; the next run goes on.
        """
        total = 0
        while True:
            committed, count = await self.env.store.commit(
                f"prune:{self.env.entropy.token()}",
                lambda state, now_ms: decide_prune(state, now_ms, keep_ms=self.keep_ms),
            )
            if committed is None:
                return total
            total += count
            if count < MOST:
                return total
            await self.env.clock.sleep(PAUSE_S)


def decide_prune(state: State, now_ms: int, *, keep_ms: int) -> tuple[Change | None, int]:
    """Return the change that takes away the first `MOST` records that are due, and how many; pure."""
    before_ms = now_ms - keep_ms
    writes: list[Write] = []
    for found in (
        _approvals(state, before_ms),
        _evidence(state, now_ms, before_ms),
        _budgets(state, now_ms, before_ms),
    ):
        writes += [write for write, _ in zip(found, range(MOST - len(writes)), strict=False)]
    if not writes:
        return None, 0
    counts: Record = {kind: sum(one.kind == kind for one in writes) for kind in _PRUNED}
    change = Change(
        verb="prune",
        actor=SCHEDULER,
        writes=tuple(writes),
        rule="system",
        facts={"before_ms": before_ms, "taken_away": counts},
    )
    return change, len(writes)


def _approvals(state: State, before_ms: int) -> Iterator[Write]:
    """Yield the approvals that ended before, but not those on whose word a restore goes on."""
    resting = {kill.ramp.approval for kill in state.active_kills() if kill.ramp is not None}
    for id_ in sorted(state.kind(APPROVALS)):
        approval = state.approval(id_)
        if id_ not in resting and _ended_ms(approval) < before_ms:
            yield Write(APPROVALS, id_, None)


def _ended_ms(approval: Approval) -> float:
    if approval.standing == "pending":
        return float("inf")
    return approval.expires_ms if approval.settled_ms is None else approval.settled_ms


def _evidence(state: State, now_ms: int, before_ms: int) -> Iterator[Write]:
    """Yield the measurements of before that no gate can use any more."""
    known: dict[str, dict[str, Measurement]] = {}
    for key, record in sorted(state.kind(EVIDENCE).items()):
        known.setdefault(str(record["workflow"]), {})[key] = from_record(record)
    for name, measured in known.items():
        if all(one.at_ms >= before_ms for one in measured.values()):
            continue
        use = _use(state, name, measured)
        for key, one in measured.items():
            if one.at_ms < before_ms and (use is None or not use.of(one, now_ms)):
                yield Write(EVIDENCE, key, None)


@dataclass(frozen=True, slots=True)
class _Use:
    """
    What of a workflow's measurements can still be of use.

    *content* is what each subject is: a revision's hash, a model's own name; what is not there can
    not serve. *shown* are the subjects that serve or that people are shown, *newest* the time of the
    newest measurement of each content, suite and metric.
    """

    gates: tuple[Gate, ...]
    content: Mapping[str, str]
    shown: frozenset[str]
    newest: Mapping[tuple[str, str, str], int] = field(default_factory=dict)

    def of(self, one: Measurement, now_ms: int) -> bool:
        """Return whether anything can rest on a measurement."""
        content = self.content.get(one.subject)
        if one.subject in self.shown:
            return True
        if content is None or one.at_ms < self.newest[(content, one.suite, one.metric)]:
            return False
        serving = {self.content.get(subject) for subject in self.shown}
        return content in serving or self._asked(one, now_ms)

    def _asked(self, one: Measurement, now_ms: int) -> bool:
        """Return whether a gate goes by it; bad news does not grow stale, so it stays."""
        asking = [g for g in self.gates if (g.suite, g.metric) == (one.suite, one.metric)]
        results = ask(asking, one.subject, (one,), now_ms=now_ms)
        return any(result.colour != "stale" for result in results)


def _use(state: State, name: str, measured: Mapping[str, Measurement]) -> _Use | None:
    """Return what can still be of use; None where the workflow, or its route, is gone."""
    workflow = state.workflows().get(name)
    if workflow is None or name not in state.kind(ROUTES):
        return None
    revisions = {one.id: one for one in state.revisions(name)}
    content = {one.id: one.hash for one in revisions.values() if _may_serve(workflow, one)}
    content |= {model: model for model in _approved(workflow)}
    use = _Use(route_state.gates(workflow), content, _shown(state, name, revisions))
    newest: dict[tuple[str, str, str], int] = {}
    for one in measured.values():
        place = (content.get(one.subject, ""), one.suite, one.metric)
        newest[place] = max(one.at_ms, newest.get(place, 0))
    return replace(use, newest=newest)


def _shown(state: State, name: str, revisions: Mapping[str, Revision]) -> frozenset[str]:
    """Return the revisions that serve or stand in the picture, and the models that they name."""
    routing = state.routing(name)
    numbers: list[Number] = [one.number for one in revisions.values()]
    ids = {f"r{one}" for one in (*chosen(routing, numbers), routing.last_good)}
    models = {
        target.name for id_ in ids & revisions.keys() for target in revisions[id_].route.targets
    }
    return frozenset(ids | models)


def _may_serve(workflow: Workflow, revision: Revision) -> bool:
    return not route_state.unapproved(workflow, replace(revision.route, declared=()))


def _approved(workflow: Workflow) -> tuple[str, ...]:
    listed = workflow.extra.get("approved", ())
    return tuple(str(one) for one in listed) if isinstance(listed, (list, tuple)) else ()


def _budgets(state: State, now_ms: int, before_ms: int) -> Iterator[Write]:
    """
    Yield the failure budgets of which every hour has left the window.

    Hours that leave it one by one go with the next report, so such a record stays small by itself.
    """
    declared = state.workflows()
    for name, record in sorted(state.kind(BUDGETS).items()):
        budget = budget_of(declared[name]) if name in declared else None
        since_ms = before_ms if budget is None else now_ms - budget.window_h * HOUR_MS
        hours = record.get("hours")
        kept = hours if isinstance(hours, Mapping) else {}
        if all(int(hour) < since_ms // HOUR_MS for hour in kept):
            yield Write(BUDGETS, name, None)
