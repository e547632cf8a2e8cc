"""One change of a run: its next version, with everything that goes with it in the same commit. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from opsbot.app.environment import policy_of
from opsbot.app.incident.effects import card as incident_card
from opsbot.app.runs.effects import due, effects
from opsbot.app.runs.sight import incident_of
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Effect, Json, Position, Sealed, Write
from opsbot.domain.policy.rules import identity_of
from opsbot.domain.run import Came, Run, as_record
from opsbot.domain.runbook import LaneName, Runbook
from opsbot.domain.state import RUNS, State


@dataclass(frozen=True, slots=True)
class Told:
    """What a decision left for its caller: the run as it now is, and a sentence about what happened."""

    run: Run
    note: str = ""


def at_next(state: State) -> Position:
    """Return where the change that is being decided will stand."""
    return Position(state.position.epoch, state.position.revision + 1)


def changed(  # noqa: PLR0913  one change, its words and its evidence
    state: State,
    now_ms: int,
    before: Run | None,
    after: Run,
    book: Runbook,
    actor: Actor,
    *,
    verb: str,
    rule: str = "system",
    facts: Mapping[str, Json] | None = None,
    sealed: tuple[Sealed, ...] = (),
) -> tuple[Change, Run]:
    """Return the change to *after*, one version later, with its messages, words and due times."""
    version = 1 if before is None else before.version + 1
    after = replace(begun(after, now_ms), at=at_next(state), version=version)
    if before is not None:
        by = identity_of(policy_of(state), actor) if actor.kind != "system" else ""
        after = replace(after, came=_came(before, after, by, now_ms))
    if not after.open:
        after = replace(after, offer="", offer_ms=None)
    set_, gone = due(before, after, book, now_ms)
    told: dict[str, Json] = {"run": after.id, **(facts or {})}
    change = Change(
        verb=verb,
        actor=actor,
        writes=(Write(RUNS, after.id, as_record(after)),),
        rule=rule,
        facts={**told, **({"incident": after.incident} if after.incident else {})},
        sealed=sealed,
        effects=(*effects(before, after), *_card_at_end(state, after)),
        timers=set_,
        cancels=gone,
    )
    return change, after


def _came(before: Run, after: Run, by: str, now_ms: int) -> Mapping[LaneName, Came]:
    """Return how each lane got to its current step: anew where this change moved it."""
    moved = {
        lane: Came(step, by, now_ms)
        for lane, step in after.focus.items()
        if step != before.focus.get(lane)
    }
    return {**before.came, **moved}


def _card_at_end(state: State, run: Run) -> tuple[Effect, ...]:
    """Return the work on the card of an incident that is over: it says what a run of it still owes."""
    incident = incident_of(state, run)
    return () if incident is None or incident.open else (incident_card(incident),)


def begun(run: Run, now_ms: int) -> Run:
    """Return the run with the time running for each step that is current now."""
    fresh = {
        step: replace(run.mark(step), begun_ms=now_ms)
        for step in run.focus.values()
        if step and run.mark(step).begun_ms is None and run.open
    }
    return replace(run, marks={**run.marks, **fresh}) if fresh else run


def beside(change: Change, more: Change | None) -> Change:
    """Return a change with what another one writes and sets off, in the same commit."""
    if more is None:
        return change
    return replace(
        change,
        writes=(*change.writes, *more.writes),
        sealed=(*change.sealed, *more.sealed),
        effects=(*change.effects, *more.effects),
        timers=(*change.timers, *more.timers),
        cancels=(*change.cancels, *more.cancels),
    )
