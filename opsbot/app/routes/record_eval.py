"""Record what an evaluation found: one commit for a batch, and the gates look at it at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from opsbot.app import route_state
from opsbot.app.environment import Environment, policy_of
from opsbot.app.look import may_look
from opsbot.app.ramp import steps
from opsbot.app.requests import EvalRequest
from opsbot.app.routed import (
    asked,
    look,
    must_allow,
    picture_of_evidence,
    uid_of,
    workflow_named,
)
from opsbot.app.routes.choose import CHEAPEST
from opsbot.app.routes.eval_checks import must_be_sound, subject_named
from opsbot.app.routes.eval_words import Recorded, recorded_said, shown_said
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Effect, Record, Timer, Write
from opsbot.domain.errors import BadEvidence
from opsbot.domain.failure_budget import added
from opsbot.domain.gates import Measurement, as_record, measurement_key
from opsbot.domain.policy.rules import identity_of
from opsbot.domain.route import Number, number_of
from opsbot.domain.routing import Routing
from opsbot.domain.said import Said
from opsbot.domain.state import BUDGETS, EVIDENCE, State
from opsbot.domain.workflow import Workflow

KEPT_MOST = 500
"""
Kinds of measurements that no gate asks for, of one revision or model, and of a workflow: beyond it
the workflow's oldest are dropped. The journal keeps them all, and what a gate asks for stays.
"""


@dataclass(frozen=True, slots=True)
class RecordEval:
    """The use case, and the look at what it has recorded."""

    env: Environment

    async def __call__(self, request: EvalRequest, actor: Actor, *, request_id: str) -> Said:
        """
        Keep a batch of measurements, all or none, and say what every gate makes of them.

        Raises:
            BadEvidence: with the index of the bad result. UnknownWorkflow, UnknownRevision.
            NotAllowed: policy. StoreLost: whether it is stored is not known.
        """
        must_be_sound(request)
        committed, done = await self.env.store.commit(
            request_id, lambda state, now_ms: decide_eval(state, now_ms, request, actor)
        )
        state = self.env.store.state
        results = route_state.evidence(state, done.workflow, done.subject, done.now_ms)
        return recorded_said(
            done, results, env=self.env.name, committed=committed, promise=self.env.promise
        )

    async def show(self, workflow: str, subject: str | None, actor: Actor) -> Said:
        """
        Say what every gate of a workflow makes of a revision or model, or of all that serves.

        Raises:
            UnknownWorkflow, UnknownRevision, NotAllowed. StoreLost: the state is not known.
        """
        state = await self.env.store.refresh()
        may_look(policy_of(state), actor)
        named = workflow_named(state, workflow)
        subjects = _serving(state, named)
        if subject is not None:
            subjects = ((subject_named(state, named, subject), ""),)
        now_ms = self.env.clock.now_ms()
        return shown_said(state, named, subjects, env=self.env.name, now_ms=now_ms)


def decide_eval(
    state: State, now_ms: int, request: EvalRequest, actor: Actor
) -> tuple[Change, Recorded]:
    """
    Return the change that keeps a sound batch: what arrives last is the newest, whatever clocks say.

    Raises:
        UnknownWorkflow, UnknownRevision, NotAllowed: nothing was changed.
        BadEvidence: more kinds of measurements that no gate asks for than are kept.
    """
    workflow = workflow_named(state, request.workflow)
    verdict = asked(state, workflow, actor, "signal")
    must_allow(verdict)
    subject = subject_named(state, workflow, request.subject)
    by = identity_of(policy_of(state), actor)
    taken = _measured(replace(request, subject=subject), by, now_ms)
    _must_fit(state, workflow, subject, taken)
    routing = state.routing(workflow.name)
    looks = any(_speaks(state, workflow.name, subject, one) for one in _moving(routing))
    recorded = Recorded(workflow, subject, taken, looks, now_ms)
    facts: Record = {"workflow": workflow.name, "subject": subject, "sent_at": request.at}
    change = Change(
        verb="record_eval",
        actor=actor,
        writes=(
            *(Write(EVIDENCE, key, None) for key in _dropped(state, workflow, taken)),
            *(Write(EVIDENCE, measurement_key(one), as_record(one)) for one in taken),
            *_spent(state, workflow, routing, taken, now_ms),
        ),
        rule=verdict.rule,
        facts=facts,
        effects=(
            *([_look_now(state, routing)] if looks else []),
            *(
                steps.looks(state, workflow.name)
                if _speaks(state, workflow.name, subject, routing.active)
                else ()
            ),
        ),
        timers=(_shown(routing),) if looks else (),
    )
    return change, recorded


def _measured(request: EvalRequest, by: str, now_ms: int) -> tuple[Measurement, ...]:
    return tuple(
        Measurement(
            workflow=request.workflow,
            subject=request.subject,
            suite=one.suite,
            metric=one.metric,
            value=float(one.value),
            n=one.n,
            at_ms=now_ms,
            by=by,
            commit=request.commit,
        )
        for one in request.results
    )


def _must_fit(state: State, workflow: Workflow, subject: str, taken: Sequence[Measurement]) -> None:
    kept = _unasked(workflow, (*state.measurements(workflow.name), *taken))
    if sum(one.subject == subject for one in kept.values()) > KEPT_MOST:
        raise BadEvidence(
            f"`{workflow.name}` {subject} would have more than {KEPT_MOST} kinds of measurements "
            "that no gate asks for; nothing was recorded.",
            hint="A suite or a metric should have the same name in every run.",
        )


def _unasked(workflow: Workflow, known: Sequence[Measurement]) -> dict[str, Measurement]:
    """Return what no gate asks for, by its key, the newest of each."""
    asked_for = {(gate.suite, gate.metric) for gate in route_state.gates(workflow)}
    return {measurement_key(one): one for one in known if (one.suite, one.metric) not in asked_for}


def _dropped(state: State, workflow: Workflow, taken: Sequence[Measurement]) -> tuple[str, ...]:
    """Return the keys of the oldest that no gate asks for, where a batch would make them too many."""
    kept = _unasked(workflow, (*state.measurements(workflow.name), *taken))
    new = {measurement_key(one) for one in taken}
    old = sorted((one.at_ms, key) for key, one in kept.items() if key not in new)
    return tuple(key for _, key in old[: max(len(kept) - KEPT_MOST, 0)])


def _moving(routing: Routing) -> tuple[Number, ...]:
    """Return the revisions whose ramp or watch runs: a watch goes on under a ramp over it."""
    if not uid_of(routing):
        return ()
    tried = () if routing.candidate is None else (routing.candidate.number,)
    watched = routing.watch_ms is not None or not tried
    return (*tried, routing.active) if watched else tried


def _speaks(state: State, workflow: str, subject: str, number: Number) -> bool:
    """Return whether what is measured of *subject* is evidence of a revision: content, not name."""
    revision, named = state.revision(workflow, number), number_of(subject)
    if "/" not in subject and named is not None:
        return state.revision(workflow, named).hash == revision.hash
    route = revision.route
    return route.strategy == CHEAPEST and subject in {one.name for one in route.targets}


def _shown(routing: Routing) -> Timer:
    tried = routing.candidate
    return picture_of_evidence(routing, routing.active if tried is None else tried.number)


def _look_now(state: State, routing: Routing) -> Effect:
    """Return a look that is one of its own for every batch, whatever was looked at before."""
    effect = look(routing)
    at = f"{state.position.epoch}:{state.position.revision + 1}"
    return replace(effect, key=f"{effect.key}:evidence:{at}")


def _spent(
    state: State,
    workflow: Workflow,
    routing: Routing,
    taken: Sequence[Measurement],
    now_ms: int,
) -> tuple[Write, ...]:
    """Return what the failure budget keeps: only of what serves somebody now, under one name."""
    tried = () if routing.candidate is None else (routing.candidate.number,)
    counted = []
    for one in taken:
        serving = (number for number in (routing.active, *tried) if "/" not in one.subject)
        found = (n for n in serving if _speaks(state, workflow.name, one.subject, n))
        counted += [replace(one, subject=f"r{number}") for number in list(found)[:1]]
    record = added(state, workflow, route_state.gates(workflow), counted, now_ms)
    return () if record is None else (Write(BUDGETS, workflow.name, record),)


def _serving(state: State, workflow: Workflow) -> tuple[tuple[str, str], ...]:
    """Return what serves somebody now, each with how."""
    routing = state.routing(workflow.name)
    tried = routing.candidate
    on_trial = () if tried is None else ((tried.id, "on its way"),)
    return ((routing.id, "active"), *on_trial)
