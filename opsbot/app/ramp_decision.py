"""What a ramp does when its time comes: one step on, held, taken back; and the watch after it. Pure."""

from dataclasses import dataclass, replace

from opsbot.app import route_state
from opsbot.app.rollback_decision import roll_back
from opsbot.app.routed import (
    Words,
    card,
    due,
    follow,
    mark_of,
    move_of,
    picture,
    timer_of,
    uid_of,
    workflow_named,
)
from opsbot.domain.actor import RAMP
from opsbot.domain.change import Change, Effect, Record, Timer
from opsbot.domain.failure_budget import burned
from opsbot.domain.gates import Result, hard_red
from opsbot.domain.ramp import Step
from opsbot.domain.route import Number, Revision
from opsbot.domain.routing import (
    Candidate,
    Move,
    Routing,
    dropped,
    held,
    promoted,
    proven,
    stuck,
    tried,
)
from opsbot.domain.state import State
from opsbot.domain.workflow import Workflow

HUMAN = "held by "
"""A hold that begins with these words is a person's: only a person lets it go on."""


@dataclass(frozen=True, slots=True)
class Ramped:
    """
    What one look at a ramp came to.

    *again_ms* is when to look again, None where nothing is left to look at. *why* is what it waits
    for or why it was taken back.
    """

    routing: Routing
    what: str
    again_ms: int | None = None
    why: str = ""


def entry(steps: tuple[Step, ...], index: int) -> Step:
    """Return a step of the ramp; past its end the last."""
    return steps[min(index, len(steps) - 1)]


def not_green(results: tuple[Result, ...], step: Step) -> tuple[Result, ...]:
    """
    Return the gates that keep a revision from entering *step*; none where they let it.

    A step that serves only declared tenants may be entered without evidence, as that is where
    some of it comes from; never with bad evidence.
    """
    if step.percent == 0:
        return tuple(one for one in results if one.colour in ("red", "hard_red"))
    return tuple(one for one in results if not one.green)


def start(
    state: State,
    workflow: Workflow,
    routing: Routing,
    revision: Revision,
    words: Words,
    move: Move,
) -> tuple[Change, Routing]:
    """Return the change that begins the ramp of *revision*, and the pointers after it."""
    steps = route_state.steps(workflow)
    candidate = Candidate(revision.number, words.uid, 0, move.now_ms, move.by, steps=steps)
    first = entry(steps, 0)
    if first.whole:
        after = promoted(
            routing, revision.number, move, soak_ms=first.soak_s * 1000, watch=words.uid
        )
    else:
        after = tried(routing, candidate, move)
    change = Change(
        verb="begin_ramp",
        actor=words.actor,
        writes=route_state.writes(state, after),
        facts={"workflow": workflow.name, "revision": revision.id, "step": first.name},
        sealed=words.sealed,
        effects=(
            follow(after),
            *shown_anew(routing, after, revision.number),
            picture(after, revision.number),
        ),
        timers=(due(after, first.soak_s * 1000),),
    )
    return change, after


def shown_anew(before: Routing, after: Routing, number: Number) -> tuple[Effect, ...]:
    """Return the cards that a step makes untrue: the revision's own, and of what served until now."""
    served_before = () if before.active == after.active else (before.active,)
    return tuple(card(after, one) for one in (number, *served_before))


def decide_ramp(
    state: State, now_ms: int, workflow_name: str, *, uid: str, mark: str
) -> tuple[Change | None, Ramped]:
    """
    Look at the ramp or watch *uid* of a workflow at its step *mark*, and take the step that is due.

    A ramp that is over, or another one, is left alone: `gone`.

    Raises:
        UnknownWorkflow: it is declared no more.
    """
    workflow = workflow_named(state, workflow_name)
    routing = state.routing(workflow_name)
    if not uid or uid_of(routing) != uid or mark_of(routing) != mark:
        return None, Ramped(routing, "gone")
    if routing.watch_ms is not None and (bad := _hard_red(state, now_ms, workflow, routing)):
        return _go_back(state, now_ms, workflow, routing, bad)
    if routing.candidate is not None:
        return _climb(state, now_ms, workflow, routing, routing.candidate)
    return _watch(state, now_ms, workflow, routing)


def _hard_red(
    state: State, now_ms: int, workflow: Workflow, routing: Routing
) -> tuple[Result, ...]:
    """Return what is so bad of the revision that serves everybody that it must be taken back."""
    return hard_red(route_state.evidence(state, workflow, routing.id, now_ms))


def _climb(
    state: State, now_ms: int, workflow: Workflow, routing: Routing, candidate: Candidate
) -> tuple[Change | None, Ramped]:
    revision = state.revision(workflow.name, candidate.number)
    results = route_state.evidence(state, workflow, revision.id, now_ms)
    if bad := hard_red(results):
        return _take_back(state, now_ms, routing, revision, bad)
    if candidate.held.startswith(HUMAN):
        return None, Ramped(routing, "held", None, candidate.held)
    steps = route_state.ramp(workflow, routing)
    left_ms = candidate.since_ms + entry(steps, candidate.step).soak_s * 1000 - now_ms
    following = entry(steps, candidate.step + 1)
    unfit = route_state.may_serve(state, workflow, revision.route)
    obstacles = (
        *([unfit] if unfit else []),
        *(one.brief for one in not_green(results, following)),
        *obstacles_of(state, now_ms, workflow, routing),
    )
    why = obstacles[0] if obstacles else ""
    if left_ms > 0 or obstacles:
        again = max(left_ms, 0) or LOOK_AGAIN_MS
        if why == candidate.held:
            return None, Ramped(routing, "held" if why else "soaks", again, why)
        after = held(routing, why)
        return _noted(state, after, candidate.number, "hold_ramp", why), Ramped(
            after, "held", again, why
        )
    return _step_on(state, now_ms, workflow, routing, candidate, results)


LOOK_AGAIN_MS = 30_000
"""How often a ramp that is held looks whether what holds it is gone."""


def obstacles_of(
    state: State, now_ms: int, workflow: Workflow, routing: Routing
) -> tuple[str, ...]:
    """Return everything but evidence and time that keeps more users from getting a change."""
    kills = route_state.killing(state, workflow)
    incidents = route_state.severe_incidents(state, workflow.name)
    spent = burned(state, workflow, now_ms)
    found = {
        "not every instance serves the present step yet": routing.confirmed_ms is None,
        **{f"{kill.id} (`{kill.mode}`) restricts it": True for kill in kills},
        **{f"{incident} is open": True for incident in incidents},
        BURNED: bool(spent),
        UNPROVED: not route_state.switch_proved(state, workflow.name, now_ms),
    }
    return tuple(words for words, stands in found.items() if stands)


BURNED = "its failure budget is burned"
UNPROVED = "no kill of it was confirmed within 90 days: its switch is not proved"


def _step_on(
    state: State,
    now_ms: int,
    workflow: Workflow,
    routing: Routing,
    candidate: Candidate,
    results: tuple[Result, ...],
) -> tuple[Change, Ramped]:
    step = entry(route_state.ramp(workflow, routing), candidate.step + 1)
    move = move_of(state, now_ms, RAMP)
    soak_ms = step.soak_s * 1000
    if step.whole:
        after = promoted(routing, candidate.number, move, soak_ms=soak_ms, watch=candidate.uid)
        what = "promoted"
    else:
        onward = replace(candidate, step=candidate.step + 1, since_ms=now_ms, held="")
        after, what = tried(routing, onward, move), "advanced"
    arrived = (picture(after, candidate.number),) if step.whole else ()
    facts: Record = {
        "workflow": workflow.name,
        "revision": candidate.id,
        "step": step.name,
        "evidence": [one.as_json() for one in results],
    }
    change = Change(
        verb="advance_ramp",
        actor=RAMP,
        writes=route_state.writes(state, after),
        rule="ramp",
        facts=facts,
        effects=(follow(after), *shown_anew(routing, after, candidate.number), *arrived),
        timers=(due(after, soak_ms),),
    )
    return change, Ramped(after, what)


def _take_back(
    state: State, now_ms: int, routing: Routing, revision: Revision, bad: tuple[Result, ...]
) -> tuple[Change, Ramped]:
    after = dropped(routing, move_of(state, now_ms, RAMP))
    why = bad[0].words
    change = Change(
        verb="take_back_ramp",
        actor=RAMP,
        writes=route_state.writes(state, after),
        rule="ramp",
        facts=_told(routing, revision, why),
        effects=(
            follow(after),
            card(after, revision.number),
            page(after, revision),
            picture(after, revision.number),
        ),
        cancels=(timer_of(routing.workflow),),
        timers=watch_again(after, now_ms),
    )
    return change, Ramped(after, "taken_back", None, why)


def watch_again(after: Routing, now_ms: int) -> tuple[Timer, ...]:
    """Return the timer of a watch that a ramp over it had taken the place of; none without a watch."""
    if after.candidate is not None or after.watch_ms is None:
        return ()
    return (due(after, max(after.watch_ms - now_ms, 0)),)


def _told(routing: Routing, revision: Revision, why: str) -> Record:
    return {"workflow": routing.workflow, "revision": revision.id, "why": why}


def page(routing: Routing, revision: Revision) -> Effect:
    """Return the effect that tells whoever answers for the workflow that something was taken back."""
    at = f"{routing.at.epoch}:{routing.at.revision}"
    body: Record = {
        "what": "taken_back",
        "workflow": routing.workflow,
        "revision": revision.id,
    }
    return Effect("tell", f"taken-back:{routing.workflow}:{at}", body)


def _go_back(
    state: State, now_ms: int, workflow: Workflow, routing: Routing, bad: tuple[Result, ...]
) -> tuple[Change | None, Ramped]:
    """Roll back what serves everybody to the last good revision; stay and say so where that may not serve."""
    revision, why = state.revision(workflow.name, routing.active), bad[0].words
    good = state.revision(workflow.name, routing.last_good)
    if unfit := route_state.may_serve(state, workflow, good.route):
        cannot = f"{revision.id} is beyond its limit and {good.id} may not serve: {unfit}"
        if routing.stuck == cannot:
            return None, Ramped(routing, "stuck", LOOK_AGAIN_MS, cannot)
        after = stuck(routing, cannot)
        change = _noted(state, after, after.active, "stuck_route", cannot)
        change = replace(change, effects=(*change.effects, page(after, revision)))
        return change, Ramped(after, "stuck", LOOK_AGAIN_MS, cannot)
    change, after, _ = roll_back(state, routing, good.number, move_of(state, now_ms, RAMP))
    change = replace(
        change,
        actor=RAMP,
        rule="ramp",
        facts={**change.facts, **_told(routing, revision, why)},
        effects=(*change.effects, page(after, revision)),
    )
    return change, Ramped(after, "rolled_back", None, why)


def _watch(
    state: State, now_ms: int, workflow: Workflow, routing: Routing
) -> tuple[Change | None, Ramped]:
    """Watch a new default: green to the end makes it the last good."""
    revision = state.revision(workflow.name, routing.active)
    results = route_state.evidence(state, workflow, revision.id, now_ms)
    left_ms = (routing.watch_ms or now_ms) - now_ms
    closed = [one.brief for one in not_green(results, Step("default", 100))]
    waits = (*closed, *obstacles_of(state, now_ms, workflow, routing))
    if left_ms > 0 or waits:
        again, why = max(left_ms, 0) or LOOK_AGAIN_MS, next(iter(waits), "")
        return None, Ramped(routing, "watched", again, why)
    after = proven(routing)
    facts = {**_told(routing, revision, ""), "evidence": [one.as_json() for one in results]}
    change = _noted(state, after, after.active, "good_route", "")
    return replace(change, facts=facts), Ramped(after, "good")


def _noted(state: State, after: Routing, number: Number, verb: str, why: str) -> Change:
    return Change(
        verb=verb,
        actor=RAMP,
        writes=route_state.writes(state, after),
        rule="ramp",
        facts={"workflow": after.workflow, "why": why},
        effects=(card(after, number),),
    )
