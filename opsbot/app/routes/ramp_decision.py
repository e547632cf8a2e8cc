"""What a ramp does when its time comes: one step on, held, taken back; and the watch after it. Pure."""

from dataclasses import dataclass, replace
from functools import cached_property

from opsbot.app import route_state
from opsbot.app.climb import LOOK_AGAIN_MS, Looked, Taken, climb
from opsbot.app.restore.waits import overtaken_ramps, reminder, with_overtaken
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
from opsbot.app.routes.rollback_decision import roll_back
from opsbot.domain.actor import RAMP
from opsbot.domain.change import Change, Effect, Record, Timer
from opsbot.domain.failure_budget import burned
from opsbot.domain.gates import Result, hard_red
from opsbot.domain.ramp import WHOLE, Step
from opsbot.domain.route import Number, Revision
from opsbot.domain.routing import (
    Candidate,
    Move,
    Routing,
    confirmed,
    dropped,
    held,
    promoted,
    proven,
    stuck,
    tried,
)
from opsbot.domain.state import State
from opsbot.domain.workflow import Workflow

BURNED = "its failure budget is burned"
UNPROVED = "no kill of it was confirmed within 90 days (a drill counts): its switch is not proved"


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


def entered(
    workflow: Workflow, routing: Routing, candidate: Candidate, move: Move
) -> tuple[Routing, Step]:
    """Return the pointers once *candidate* serves its step, and that step; the last one is everybody."""
    step = entry(candidate.steps or route_state.steps(workflow), candidate.step)
    if not step.whole:
        return tried(routing, candidate, move), step
    soak_ms, watch = step.soak_s * 1000, candidate.uid
    return promoted(routing, candidate.number, move, soak_ms=soak_ms, watch=watch), step


def first_entered(
    state: State, workflow: Workflow, routing: Routing, candidate: Candidate, move: Move
) -> tuple[Routing, tuple[Timer, ...]]:
    """Return the same for a ramp that begins, held at once where its next step may not come; and its timers."""
    after, step = entered(workflow, routing, candidate, move)
    waits = obstacles_of(state, move.now_ms, workflow, confirmed(routing, 0))
    wait_ms = step.soak_s * 1000
    if waits and not step.whole:
        after, wait_ms = held(after, waits[0]), min(wait_ms, LOOK_AGAIN_MS)
    return after, (due(after, wait_ms), *reminder(after, step))


def start(
    state: State, revision: Revision, words: Words, move: Move, *, approval: str = ""
) -> tuple[Change, Routing]:
    """
    Return the change that begins the ramp of *revision*, and the pointers after it.

    Every approval but the one that it begins with is void: it was asked for when nothing was on its
    way.
    """
    workflow, routing = state.workflows()[revision.workflow], state.routing(revision.workflow)
    steps = route_state.steps(workflow)
    candidate = Candidate(revision.number, words.uid, 0, move.now_ms, move.by, steps=steps)
    after, timers = first_entered(state, workflow, routing, candidate, move)
    change = Change(
        verb="begin_ramp",
        actor=words.actor,
        writes=route_state.writes(state, after),
        facts={"workflow": workflow.name, "revision": revision.id, "step": steps[0].name},
        sealed=words.sealed,
        effects=(
            follow(after),
            *shown_anew(routing, after, revision.number),
            picture(after, revision.number),
        ),
        timers=timers,
    )
    late = overtaken_ramps(state, move.now_ms, workflow.name, by=move.by, but=approval)
    return with_overtaken(change, late), after


def shown_anew(before: Routing, after: Routing, number: Number) -> tuple[Effect, ...]:
    """Return the cards that a step makes untrue: the revision's own, and of what served until now."""
    served_before = () if before.active == after.active else (before.active,)
    return tuple(card(after, one) for one in (number, *served_before))


def decide_ramp(
    state: State, now_ms: int, workflow_name: str, *, uid: str, mark: str
) -> Taken[Routing]:
    """
    Look at the ramp or watch *uid* of a workflow at its step *mark*, and take the step that is due.

    A watch that went red comes first. Once it is said that it can only stay, the ramp over it is
    looked at all the same: it may be the way out, and gone red itself it must not stay. A ramp that is over, or another one, is left alone: `gone`.

    Raises:
        UnknownWorkflow: it is declared no more.
    """
    workflow = workflow_named(state, workflow_name)
    routing = state.routing(workflow_name)
    if not uid or uid_of(routing) != uid or mark_of(routing) != mark:
        return None, Looked(routing, "gone")
    active = state.revision(workflow_name, routing.active)
    watch, candidate = _Watch(state, now_ms, workflow, routing, active), routing.candidate
    if candidate is None:
        return climb(watch)
    ramp = _Ramp(state, now_ms, workflow, routing, state.revision(workflow_name, candidate.number))
    if routing.watch_ms is None or not watch.bad():
        return climb(ramp)
    cannot = watch.cannot()
    if not cannot or not (ramp.bad() or routing.stuck == cannot):
        return climb(watch)
    return _sooner(climb(ramp))


def _sooner(taken: Taken[Routing]) -> Taken[Routing]:
    """Return the same with a look soon: the watch below a ramp may be able to go back by then."""
    change, looked = taken
    if looked.what not in ("held", "watched"):
        return taken
    again_ms = min(looked.again_ms or LOOK_AGAIN_MS, LOOK_AGAIN_MS)
    return change, replace(looked, again_ms=again_ms)


def holding(state: State, now_ms: int, routing: Routing) -> str:
    """Return what but time keeps a ramp from its next step, whoever lets it go on; empty for nothing."""
    candidate, workflow = routing.candidate, state.workflows()[routing.workflow]
    if candidate is None:
        return ""
    revision = state.revision(routing.workflow, candidate.number)
    return next(iter(_Ramp(state, now_ms, workflow, routing, revision).obstacles()), "")


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


@dataclass(frozen=True)
class _Look:
    """One look at a revision that a workflow's pointers try or watch."""

    state: State
    now_ms: int
    workflow: Workflow
    routing: Routing
    revision: Revision

    @property
    def now(self) -> Routing:
        return self.routing

    @cached_property
    def results(self) -> tuple[Result, ...]:
        """Return what its gates say."""
        return route_state.evidence(self.state, self.workflow, self.revision.id, self.now_ms)

    def bad(self) -> str:
        return next((one.words for one in hard_red(self.results)), "")

    def _closed(self, step: Step) -> tuple[str, ...]:
        """Return what keeps the revision from entering *step*: its gates first, then all the rest."""
        return (
            *(one.brief for one in not_green(self.results, step)),
            *obstacles_of(self.state, self.now_ms, self.workflow, self.routing),
        )

    def _move(self) -> Move:
        return move_of(self.state, self.now_ms, RAMP)

    def _said(self, why: str) -> Record:
        return {"workflow": self.workflow.name, "revision": self.revision.id, "why": why}

    def _called(
        self, after: Routing, what: str, why: str, tried: Candidate | None = None
    ) -> tuple[Effect, ...]:
        """
        Return the effects that tell who answers for it and who began it, and call who is on call.

        One page for the way of *tried*, or for a watch: stuck for two reasons it calls nobody twice.
        """
        uid, began = (self.routing.watch, "") if tried is None else (tried.uid, tried.by)
        body: Record = {**self._said(why), "what": what, "began": began}
        paged: Record = {**body, "uid": uid, "at_ms": self.now_ms}
        key = f"{what}:{self.workflow.name}:{mark_of(after)}"
        return (
            Effect("tell", key, body),
            Effect("route_page", f"page-{key}", paged, lane="page"),
        )

    def _noted(self, after: Routing, verb: str, facts: Record) -> Change:
        return Change(
            verb=verb,
            actor=RAMP,
            writes=route_state.writes(self.state, after),
            rule="ramp",
            facts=facts,
            effects=(card(after, self.revision.number),),
        )


class _Ramp(_Look):
    """The way of a candidate."""

    @property
    def candidate(self) -> Candidate:
        assert self.routing.candidate is not None
        return self.routing.candidate

    @property
    def held(self) -> str:
        return self.candidate.held

    def _step(self, later: int = 0) -> Step:
        return entry(route_state.ramp(self.workflow, self.routing), self.candidate.step + later)

    def left_ms(self) -> int:
        return self.candidate.since_ms + self._step().soak_s * 1000 - self.now_ms

    def obstacles(self) -> tuple[str, ...]:
        unfit = route_state.may_serve(self.state, self.workflow, self.revision.route)
        return (*([unfit] if unfit else []), *self._closed(self._step(1)))

    def hold(self, why: str) -> tuple[Change, Routing]:
        after = held(self.routing, why)
        change = self._noted(after, "hold_ramp", self._said(why))
        return replace(change, timers=reminder(after, self._step(), was=self.held)), after

    def on(self) -> Taken[Routing]:
        candidate, routing = self.candidate, self.routing
        onward = replace(candidate, step=candidate.step + 1, since_ms=self.now_ms, held="")
        after, step = entered(self.workflow, routing, onward, self._move())
        facts: Record = {
            "workflow": self.workflow.name,
            "revision": candidate.id,
            "step": step.name,
            "evidence": [one.as_json() for one in self.results],
        }
        arrived = (picture(after, candidate.number),) if step.whole else ()
        change = replace(
            self._noted(after, "advance_ramp", facts),
            effects=(follow(after), *shown_anew(routing, after, candidate.number), *arrived),
            timers=(due(after, self._wait_ms(after, step)), *reminder(after, step)),
        )
        return change, Looked(after, "promoted" if step.whole else "advanced")

    def _wait_ms(self, after: Routing, step: Step) -> int:
        """Return when to look at *step*: soon where the watch below it waits for a way back."""
        soak_ms = step.soak_s * 1000
        return min(soak_ms, LOOK_AGAIN_MS) if after.stuck else soak_ms

    def back(self, why: str) -> Taken[Routing]:
        after, revision = dropped(self.routing, self._move()), self.revision
        change = self._noted(after, "take_back_ramp", self._said(why))
        change = replace(
            change,
            effects=(
                follow(after),
                *change.effects,
                *self._called(after, "taken_back", why, self.candidate),
                picture(after, revision.number),
            ),
            cancels=(timer_of(self.workflow.name),),
            timers=watch_again(after, self.now_ms),
        )
        return change, Looked(after, "taken_back", None, why)


class _Watch(_Look):
    """The watch of a new default: green to the end makes it the last good; what holds it is not noted."""

    held = ""

    def left_ms(self) -> int:
        return (self.routing.watch_ms or self.now_ms) - self.now_ms

    def obstacles(self) -> tuple[str, ...]:
        return self._closed(Step("default", WHOLE))

    def hold(self, why: str) -> tuple[None, Routing]:
        return None, self.routing

    def on(self) -> Taken[Routing]:
        after = proven(self.routing)
        facts = {**self._said(""), "evidence": [one.as_json() for one in self.results]}
        return self._noted(after, "good_route", facts), Looked(after, "good")

    def back(self, why: str) -> Taken[Routing]:
        """Roll back to the last good revision; stay and say so where that may not serve."""
        state, routing = self.state, self.routing
        good = state.revision(self.workflow.name, routing.last_good)
        if cannot := self.cannot():
            return self._stay(cannot)
        change, after, _ = roll_back(state, routing, good.number, self._move())
        change = replace(
            change,
            actor=RAMP,
            rule="ramp",
            facts={**change.facts, **self._said(why)},
            effects=(*change.effects, *self._called(after, "taken_back", why)),
        )
        return change, Looked(after, "rolled_back", None, why)

    def cannot(self) -> str:
        """Return why it can only stay where it is red, empty where the last good revision may serve."""
        good = self.state.revision(self.workflow.name, self.routing.last_good)
        unfit = route_state.may_serve(self.state, self.workflow, good.route)
        red = f"{self.revision.id} is beyond its limit and {good.id} may not serve"
        return f"{red}: {unfit}" if unfit else ""

    def _stay(self, cannot: str) -> Taken[Routing]:
        if self.routing.stuck == cannot:
            return None, Looked(self.routing, "stuck", LOOK_AGAIN_MS, cannot)
        after = stuck(self.routing, cannot)
        change = self._noted(after, "stuck_route", self._said(cannot))
        called = self._called(after, "stuck", cannot)
        change = replace(change, effects=(*change.effects, *called))
        return change, Looked(after, "stuck", LOOK_AGAIN_MS, cannot)


def watch_again(after: Routing, now_ms: int) -> tuple[Timer, ...]:
    """
    Return the timers of a watch that a ramp over it had taken the place of; none without a watch.

    The first look is at once: it may have gone red, and been able to do nothing but stay.
    """
    if after.candidate is not None or after.watch_ms is None:
        return ()
    left_ms = max(after.watch_ms - now_ms, 0)
    return due(after, 0), *reminder(after, Step("default", WHOLE, soak_s=left_ms // 1000))
