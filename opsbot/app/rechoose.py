"""Choose again for routes that ask for the cheapest model that passes, when evidence or kills change it."""

from dataclasses import dataclass, field
from typing import Literal

from opsbot.app import route_state
from opsbot.app.choose import CHEAPEST, chosen
from opsbot.app.environment import Environment
from opsbot.app.ramp_decision import entry
from opsbot.app.routed import card, due, follow, move_of, picture
from opsbot.domain.actor import RAMP
from opsbot.domain.change import Change, Position, Record
from opsbot.domain.cheapest import Choice
from opsbot.domain.route import Revision, Route
from opsbot.domain.routing import Candidate, Move, Routing, added, promoted, tried
from opsbot.domain.state import REVISIONS, ROUTES, State
from opsbot.domain.workflow import Workflow

LOOK_EVERY_MS = 60_000
"""How long nothing is looked at again while the store stands still: only evidence grows old then."""

What = Literal["pinned", "same", "ramp_runs", "rolled_back", "tried_before", "tried", "served"]


@dataclass(frozen=True, slots=True)
class Rechosen:
    """
    What one look came to.

    *pinned*: the strategy is another one. *ramp_runs*, *rolled_back* and *tried_before*: another
    model would be chosen, and is not. *tried* begins a ramp, *served* serves everybody at once.
    """

    what: What
    revision: str = ""
    choice: Choice | None = None


def decide_rechoose(
    state: State, now_ms: int, name: str, uid: str
) -> tuple[Change | None, Rechosen]:
    """
    Choose again for one workflow; *uid* names the ramp or the watch that may begin.

    What may serve on is left by a ramp like any other change. What is under a kill, and what the
    strategy itself chose and its evidence turned bad or old, is left at once, under watch: whatever
    comes next has passed, or is what a person declared for when nothing passes. A ramp or watch
    that runs is waited for, a rollback never undone, and what was taken back is not tried again: in
    the last two the strategy waits until a person sets a route.

    Raises:
        UnknownWorkflow: no workflow of that name has a route.
    """
    workflow, routing = state.workflows().get(name), state.routing(name)
    active = state.revision(name, routing.active)
    if workflow is None or active.route.strategy != CHEAPEST:
        return None, Rechosen("pinned")
    serving = tuple(one.name for one in active.route.targets)
    route, choice = chosen(state, workflow, active.route, now_ms, serving=serving)
    if choice is None or route.targets == active.route.targets:
        return None, Rechosen("same", active.id, choice)
    at_once = _must_go(state, active.route, choice)
    if why := _waits(state, routing, active, route, at_once=at_once):
        return None, Rechosen(why, active.id, choice)
    made = Revision(
        name,
        routing.next_number,
        route,
        author=move_of(state, now_ms, RAMP).by,
        at_ms=now_ms,
        approval=active.approval,
        evidence=(choice.as_json(),),
    )
    move = move_of(state, now_ms, RAMP)
    after, soak_ms = _begun(workflow, added(routing), made, move, uid, at_once=at_once)
    change = Change(
        verb="rechoose",
        actor=RAMP,
        writes=route_state.writes(state, after, made),
        rule="cheapest_passing_eval",
        facts=_facts(active, made, choice, at_once=at_once),
        effects=(follow(after), card(after, made.number), picture(after, made.number)),
        timers=(due(after, soak_ms),),
    )
    what: What = "served" if after.candidate is None else "tried"
    return change, Rechosen(what, made.id, choice)


def _waits(
    state: State, routing: Routing, active: Revision, route: Route, *, at_once: bool
) -> What | None:
    """Return what keeps another choice from being tried; None where nothing does."""
    if routing.candidate is not None or (routing.watch_ms is not None and not at_once):
        return "ramp_runs"
    if active.back_to is not None:
        return "rolled_back"
    later = (one for one in state.revisions(routing.workflow) if one.number > active.number)
    return "tried_before" if any(one.route == route for one in later) else None


def _must_go(state: State, route: Route, choice: Choice) -> bool:
    """Return whether what serves has to be left at once, and is not merely dearer than another."""
    if route_state.barred(state, route):
        return True
    fit = {one.model for one in choice.considered if not one.why_not}
    return bool(route.declared) and any(one.name not in fit for one in route.targets)


def _begun(
    workflow: Workflow, routing: Routing, made: Revision, move: Move, uid: str, *, at_once: bool
) -> tuple[Routing, int]:
    steps = route_state.steps(workflow)
    first = steps[-1] if at_once else entry(steps, 0)
    soak_ms = first.soak_s * 1000
    if first.whole:
        return promoted(routing, made.number, move, soak_ms=soak_ms, watch=uid), soak_ms
    return tried(routing, Candidate(made.number, uid, 0, move.now_ms, move.by), move), soak_ms


def _facts(active: Revision, made: Revision, choice: Choice, *, at_once: bool) -> Record:
    return {
        "workflow": made.workflow,
        "revision": made.id,
        "hash": made.hash,
        "from": active.id,
        "at_once": at_once,
        **choice.as_json(),
    }


@dataclass(slots=True)
class Rechoose:
    """
    The use case: looks whenever the store has moved on, and once a minute as evidence grows old.

    Every replica may look; the loser of a race finds that the choice is made.
    """

    env: Environment
    _looked: tuple[Position, int] | None = field(default=None)

    async def __call__(self) -> tuple[Rechosen, ...]:
        """
        Choose again wherever another model would be chosen now; return what was changed.

        Raises:
            StoreLost: it is not known whether a choice is stored; the next look tries again.
        """
        state, now_ms = self.env.store.state, self.env.clock.now_ms()
        at, when = self._looked or (None, 0)
        if at == state.position and 0 <= now_ms - when < LOOK_EVERY_MS:
            return ()
        done = [await self._one(name) for name in asking(state) if self._differs(state, name)]
        self._looked = (state.position, now_ms)
        return tuple(one for one in done if one.what in ("tried", "served"))

    def _differs(self, state: State, name: str) -> bool:
        change, _ = decide_rechoose(state, self.env.clock.now_ms(), name, "")
        return change is not None

    async def _one(self, name: str) -> Rechosen:
        uid = self.env.entropy.token()
        _, rechosen = await self.env.store.commit(
            f"rechoose:{uid}", lambda state, now_ms: decide_rechoose(state, now_ms, name, uid)
        )
        return rechosen


def asking(state: State) -> tuple[str, ...]:
    """Return the declared workflows whose active revision has the strategy, by name; cheap to ask."""
    found = []
    for name, record in state.kind(ROUTES).items():
        stored = state.kind(REVISIONS).get(f"{name}:r{record['active']}", {})
        route = stored.get("route")
        if isinstance(route, dict) and route.get("strategy") == CHEAPEST:
            found.append(name)
    return tuple(sorted(set(found) & set(state.workflows())))
