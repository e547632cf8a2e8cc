"""Take up again what a recovered store has lost: the work around kills, routes, approvals and incidents."""

from dataclasses import dataclass, replace

from opsbot.app import route_state, routed
from opsbot.app.approvals import timers_for, waiting, warning_ms
from opsbot.app.comms import effects as messages
from opsbot.app.environment import Environment, policy_of
from opsbot.app.follow import PATIENCE_MS
from opsbot.app.incident import resume as incidents
from opsbot.app.ports import Delivery
from opsbot.app.ramp.steps import due
from opsbot.app.restore.waits import reminder
from opsbot.app.routes.ramp_decision import entry, watch_again
from opsbot.app.runs import effects as runs
from opsbot.domain.actor import SCHEDULER
from opsbot.domain.change import Change, Effect, Record, Timer, Write
from opsbot.domain.kill import Kill
from opsbot.domain.routing import Routing, as_record
from opsbot.domain.state import ROUTES, State

SOON_MS = 60_000
"""A review that fell due while the store was gone is asked after a minute."""


@dataclass(frozen=True, slots=True)
class Resume:
    """The effect handler `recovered`: outbox and timers are not in the journal, so they are made anew."""

    env: Environment

    async def __call__(self, delivery: Delivery) -> None:
        """Commit the work that belongs to the kills and routes that were put back, once."""

        def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
            change = _taken_up(state, now_ms)
            return change if change.effects or change.timers else None, None

        await self.env.store.commit(f"resume:{delivery.effect.key}", decide)


def _taken_up(state: State, now_ms: int) -> Change:
    kills = state.active_kills()
    routes = tuple(_awaited(one, now_ms) for one in _routes(state))
    work, reminded = incidents.taken_up(state, now_ms)
    return Change(
        verb="resume",
        actor=SCHEDULER,
        writes=tuple(
            Write(ROUTES, one.workflow, as_record(one))
            for one in routes
            if one != state.routing(one.workflow)
        ),
        rule="system",
        facts={"kills": [kill.id for kill in kills]},
        effects=(
            *(effect for kill in kills for effect in _effects(kill, now_ms)),
            *(routed.follow(one) for one in routes if _unseen(one)),
            *work,
            *(way for one in state.messages() for way in messages.due(one, again=True)),
            *(runs.card(run) for run in state.open_runs()),
        ),
        timers=(
            *(_review(kill, now_ms) for kill in kills),
            *(due(kill, now_ms) for kill in kills if kill.ramp is not None),
            *(timer for one in routes if _runs(one) for timer in _looks(state, one, now_ms)),
            *_waiting(state, now_ms),
            *reminded,
            *(timer for run in state.open_runs() for timer in runs.taken_up(run, now_ms)),
        ),
    )


def _routes(state: State) -> tuple[Routing, ...]:
    """Return the pointers of what is declared: any other is taken up when it is declared again."""
    declared = state.workflows()
    return tuple(state.routing(name) for name in sorted(state.kind(ROUTES)) if name in declared)


def _awaited(routing: Routing, now_ms: int) -> Routing:
    """Return it with the patience for its fleet begun anew, where that was over before it came back."""
    if _unseen(routing) and now_ms - routing.committed_ms >= PATIENCE_MS:
        return replace(routing, committed_ms=now_ms)
    return routing


def _unseen(routing: Routing) -> bool:
    """Return whether a change of what serves waits for the fleet; a first revision changes nothing."""
    return routing.confirmed_ms is None and routing.newest > 1


def _runs(routing: Routing) -> bool:
    return bool(routed.uid_of(routing))


def _looks(state: State, routing: Routing, now_ms: int) -> tuple[Timer, ...]:
    """Return what looks at the step that serves, or at the watch, and tells that it is held for long."""
    tried = routing.candidate
    if tried is None:
        return watch_again(routing, now_ms)
    step = entry(route_state.ramp(state.workflows()[routing.workflow], routing), tried.step)
    left_ms = max(tried.since_ms + step.soak_s * 1000 - now_ms, 0)
    return routed.due(routing, left_ms), *reminder(routing, step)


def _effects(kill: Kill, now_ms: int) -> tuple[Effect, ...]:
    """Return what follows and shows a kill; the fleet's time to confirm it begins anew."""
    body: Record = {"kill": kill.id}
    key = f"follow:{kill.uid}:{kill.at.epoch}:{kill.at.revision}"
    again = Effect("follow", key, {**body, "begun_ms": now_ms}, lane="kill")
    return again, Effect("card", f"card:{kill.uid}", body)


def _review(kill: Kill, now_ms: int) -> Timer:
    effect = Effect("review", f"review:{kill.uid}:resumed", {"kill": kill.id, "nth": 1})
    return Timer(f"review:{kill.uid}", max(kill.review_ms - now_ms, SOON_MS), effect)


def _waiting(state: State, now_ms: int) -> tuple[Timer, ...]:
    policy, warn_ms = policy_of(state), warning_ms(state)
    return tuple(
        timer
        for one in waiting(state)
        for timer in timers_for(policy, one, now_ms, warn_ms=warn_ms)
    )
