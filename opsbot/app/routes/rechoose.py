"""Choose again for routes that ask for the cheapest model that passes, when evidence or kills change it."""

from dataclasses import dataclass, field
from typing import Literal

from opsbot.app import route_state
from opsbot.app.environment import Environment, policy_of
from opsbot.app.restore.waits import overtaken_ramps, with_overtaken
from opsbot.app.routed import card, follow, move_of, picture
from opsbot.app.routes.choose import CHEAPEST, chosen
from opsbot.app.routes.ramp_decision import first_entered
from opsbot.app.routes.rechosen_words import CHOSEN
from opsbot.domain.actor import RAMP
from opsbot.domain.change import Change, Effect, Position, Record, Timer
from opsbot.domain.cheapest import Choice
from opsbot.domain.route import Revision, Route
from opsbot.domain.routing import Candidate, Move, Routing, added
from opsbot.domain.state import REVISIONS, ROUTES, State
from opsbot.domain.workflow import Workflow

LOOK_EVERY_MS = 60_000
"""How long nothing is looked at again while the store stands still: only evidence grows old then."""

What = Literal[
    "pinned", "same", "ramp_runs", "rolled_back", "tried_before", "tried", "served", "stored"
]
Way = Literal["at_once", "ramp", "stored"]


@dataclass(frozen=True, slots=True)
class Rechosen:
    """
    What one look came to.

    *pinned*: the strategy is another one. *ramp_runs*, *rolled_back* and *tried_before*: another
    model would be chosen, and is not. *tried* begins a ramp, *served* serves everybody at once, and
    *stored* waits for people. *same* is also what cannot be left, as nothing else may serve: the
    choice says so.
    """

    what: What
    revision: str = ""
    choice: Choice | None = None


def decide_rechoose(
    state: State, now_ms: int, name: str, uid: str
) -> tuple[Change | None, Rechosen]:
    """
    Choose again for one workflow; *uid* names the ramp or the watch that may begin.

    A model is left at once only where it is under a kill, or where its evidence turned bad or old
    and what comes next is the last good one or what a person declared: evidence is a word that one
    account can send. Any other comes by a ramp like any change, and where policy asks for a second
    person to begin one, its revision is stored and whoever answers for the workflow is told. A
    ramp or watch that runs is waited for, save by one such step back and by a kill; a rollback is
    never undone, and what was taken back is not tried again: in the last two the strategy waits
    until a person sets a route.

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
    way = _way(state, workflow, routing, active, route, choice)
    if why := _waits(state, now_ms, routing, active, route, way):
        return None, Rechosen(why, active.id, choice)
    made = Revision(
        name,
        routing.next_number,
        route,
        author=move_of(state, now_ms, RAMP).by,
        at_ms=now_ms,
        approval="" if way == "stored" else active.approval,
        evidence=({**choice.as_json(), "way": way},),
    )
    if way == "stored":
        return _stored(state, routing, active, made, choice), Rechosen("stored", made.id, choice)
    move, at_once = move_of(state, now_ms, RAMP), way == "at_once"
    after, timers = _begun(state, added(routing), made, move, uid, at_once=at_once)
    change = Change(
        verb="rechoose",
        actor=RAMP,
        writes=route_state.writes(state, after, made),
        rule="cheapest_passing_eval",
        facts=_facts(active, made, choice, at_once=at_once),
        effects=(follow(after), card(after, made.number), picture(after, made.number)),
        timers=timers,
    )
    late = overtaken_ramps(state, now_ms, name, by=move.by)
    change = with_overtaken(change, late)
    what: What = "served" if after.candidate is None else "tried"
    return change, Rechosen(what, made.id, choice)


def _waits(  # what serves, what would, how, and the state that all of it is in
    state: State, now_ms: int, routing: Routing, active: Revision, route: Route, way: Way
) -> What | None:
    """Return what keeps another choice from being tried; None where nothing does."""
    if routing.candidate is not None:
        return "ramp_runs"
    if active.back_to is not None:
        return "rolled_back"
    if _watched_on(state, routing, active, way):
        return "ramp_runs"
    later = (one for one in state.revisions(routing.workflow) if one.number > active.number)
    tried_one = any(one.route == route and not _spare(state, now_ms, one, way) for one in later)
    return "tried_before" if tried_one else None


def _watched_on(state: State, routing: Routing, active: Revision, way: Way) -> bool:
    """Return whether a watch has to end first: one step back within it, and none after a step back."""
    if routing.watch_ms is None or route_state.barred(state, active.route):
        return False
    return way != "at_once" or _way_of(active) == "at_once"


def _spare(state: State, now_ms: int, stored: Revision, way: Way) -> bool:
    """Return whether a revision only waits for people, so that leaving a kill need not wait for it."""
    workflow = state.workflows()[stored.workflow]
    results = route_state.evidence(state, workflow, stored.id, now_ms)
    bad = any(one.colour in ("red", "hard_red") for one in results)
    return way == "at_once" and _way_of(stored) == "stored" and not bad


def _way_of(revision: Revision) -> str:
    """Return how a choice of the strategy came; empty where a person made the revision."""
    return next((str(one["way"]) for one in revision.evidence if "way" in one), "")


def _way(  # what serves, what would, why, and the state that all of it is in
    state: State,
    workflow: Workflow,
    routing: Routing,
    active: Revision,
    route: Route,
    choice: Choice,
) -> Way:
    """Return how what was chosen may come."""
    if route_state.barred(state, active.route):
        return "at_once"
    good = state.revision(workflow.name, routing.last_good).route.targets
    if _fails(active.route, choice) and route.targets in (active.route.declared, good):
        return "at_once"
    policy = policy_of(state)
    power = policy.powers.get("route")
    two = power is not None and workflow.tier in power.second_person
    return "stored" if two or policy.broken else "ramp"


def _fails(route: Route, choice: Choice) -> bool:
    """Return whether what the strategy itself chose does not pass any more."""
    fit = {one.model for one in choice.considered if not one.why_not}
    return bool(route.declared) and any(one.name not in fit for one in route.targets)


def _stored(
    state: State, routing: Routing, active: Revision, made: Revision, choice: Choice
) -> Change:
    """Return the change that keeps a choice for people to begin, and tells who answers for it."""
    body: Record = {"what": CHOSEN, "workflow": made.workflow, "revision": made.id}
    return Change(
        verb="rechoose",
        actor=RAMP,
        writes=route_state.writes(state, added(routing), made),
        rule="cheapest_passing_eval",
        facts=_facts(active, made, choice, at_once=False),
        effects=(Effect("tell", f"chosen:{made.workflow}:{made.id}", body),),
    )


def _begun(
    state: State, routing: Routing, made: Revision, move: Move, uid: str, *, at_once: bool
) -> tuple[Routing, tuple[Timer, ...]]:
    workflow = state.workflows()[made.workflow]
    steps = route_state.steps(workflow)
    at = len(steps) - 1 if at_once else 0
    candidate = Candidate(made.number, uid, at, move.now_ms, move.by, steps=steps)
    return first_entered(state, workflow, routing, candidate, move)


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
        return tuple(one for one in done if one.what in ("tried", "served", "stored"))

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
