"""Looks whether something is so: by the fleet's acknowledgements, by evaluations, by probes; never by a flag."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from opsbot.app import route_state
from opsbot.app.environment import Environment
from opsbot.app.fleet.prove import MOST_PROBES, Point, mode_alone, mode_of, wrong
from opsbot.app.fleet.sight import Sight, watched_end, watched_kill
from opsbot.app.incident.words import lasted
from opsbot.app.ports import Prober
from opsbot.app.routes.route import watched_route
from opsbot.app.runs.arguments import CONFIRMED, EVERY_GATE
from opsbot.app.runs.by_hand import listed
from opsbot.app.runs.meant import VerifyArguments
from opsbot.app.runs.outcome import Outcome
from opsbot.app.target import hits
from opsbot.app.words import mode_word
from opsbot.domain.change import Position, Record
from opsbot.domain.containment import Containment, Watched, contain
from opsbot.domain.errors import UnknownWorkflow
from opsbot.domain.fleet import Fleet
from opsbot.domain.gates import Result
from opsbot.domain.kill import Kill
from opsbot.domain.run import Act
from opsbot.domain.said import inert
from opsbot.domain.state import ROUTES, State
from opsbot.domain.workflow import Workflow
from opsflags.model import Scope

LOOK_MS: Final = 30_000
"""How often something that has to stay so is looked at again."""

OLDEST_S: Final = 24 * 3600
"""How old a result of an evaluation may be where nobody said, in seconds: it must be about today."""


UNREAD: Final = "the fleet could not be read"

_WHOLE: Final = Scope()
"""A call that a probe makes: of no tenant, with no tool."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: whether it is so, and the words for it."""

    good: bool
    words: str


@dataclass(frozen=True, slots=True)
class Verifying:
    """The verb `verify`. Without a *prober* no enforcement point can be asked, and a check of one fails."""

    env: Environment
    prober: Prober | None = None

    async def __call__(self, given: VerifyArguments, act: Act) -> Outcome:
        """
        Look, and say how it is; what has to stay so for a while waits and is looked at again.

        Raises:
            UnknownWorkflow: it is declared no more. StoreLost: nothing is known.
        """
        state = await self.env.store.refresh()
        workflow = state.workflows().get(given.workflow)
        if workflow is None:
            raise UnknownWorkflow(given.workflow)
        fleet, now_ms = (
            await Sight(self.env.fleets, self.env.clock).fleet(),
            self.env.clock.now_ms(),
        )
        checks = list(checked(state, workflow, given, fleet, now_ms))
        if given.probe:
            checks.append(await self._probed(state, workflow, given, fleet))
        bad = [one.words for one in checks if not one.good]
        if bad:
            return Outcome("failed", "", inert("; ".join(bad), limit=400))
        words = inert("; ".join(one.words for one in checks), limit=400)
        return held(given, act, words, now_ms)

    async def _probed(
        self, state: State, workflow: Workflow, given: VerifyArguments, fleet: Fleet | None
    ) -> Check:
        points = points_of(state, workflow, given, fleet)[:MOST_PROBES]
        if self.prober is None or not points:
            return Check(False, f"no {given.probe} point of {workflow.name} can be asked")
        prober = self.prober
        answers = await asyncio.gather(
            *(
                prober.ask(one.url, kind=one.kind, workflow=one.workflow, tenant=None, tool=None)
                for one in points
            )
        )
        seen = list(zip(points, answers, strict=True))
        failed = [
            f"{inert(point.name, limit=60)} {(answer.refused or wrong(point, answer)).replace('`', '')}"
            for point, answer in seen
            if answer.refused or wrong(point, answer)
        ]
        if failed:
            return Check(False, f"{len(failed)} of {len(seen)} probes are wrong: {failed[0]}")
        return Check(True, f"{len(seen)} of {len(seen)} probes are as they should be")


def held(given: VerifyArguments, act: Act, words: str, now_ms: int) -> Outcome:
    """Return what green comes to: done, or so far so good where it has to stay so for a while."""
    if not given.for_s:
        return Outcome("done", "", words)
    since_ms = act.since_ms if act.since_ms is not None else now_ms
    ends_ms = since_ms + given.for_s * 1000
    if now_ms >= ends_ms:
        return Outcome("done", "", f"so for {lasted(given.for_s * 1000)}: {words}")
    until_ms = min(now_ms + LOOK_MS, ends_ms)
    return Outcome("waiting", "", f"so far so good: {words}", until_ms=until_ms, since_ms=since_ms)


def checked(
    state: State, workflow: Workflow, given: VerifyArguments, fleet: Fleet | None, now_ms: int
) -> Iterator[Check]:
    """Yield what the state and the fleet say of each thing that is asked for."""
    if given.expect == "live":
        yield _live(state, workflow, fleet)
    elif given.expect == CONFIRMED:
        yield _switched(state, workflow, fleet)
    elif given.expect:
        yield _killed(state, workflow, given.expect, fleet)
    if given.suite == EVERY_GATE:
        yield _gated(state, workflow, now_ms)
    elif given.suite:
        yield _evaluated(state, workflow, given, now_ms)


def points_of(
    state: State, workflow: Workflow, given: VerifyArguments, fleet: Fleet | None
) -> tuple[Point, ...]:
    """Return the enforcement points of that kind, with the mode that each must see and since when."""
    asked = "" if given.expect == CONFIRMED else given.expect
    since = max((watched.at for _, watched in switched(state, workflow)), default=Position(0, 0))
    mode = asked or mode_of(state, workflow.name, _WHOLE)
    found = [
        Point(one.url, one.kind, one.url, workflow.name, None, None, mode, since)
        for one in workflow.probes
        if one.kind == given.probe and one.url
    ]
    if given.probe == "httpx" and fleet is not None:
        for instance in fleet.instances:
            served = instance.workflows.get(workflow.name)
            if served is not None and served.probe and instance.ack is not None:
                mode = asked or mode_of(state, workflow.name, _WHOLE, instance)
                at = (served.probe, workflow.name, None, None, mode, since, instance.id)
                found.append(Point(instance.id, "httpx", *at))
    return tuple(found)


def switched(state: State, workflow: Workflow) -> tuple[tuple[str, Watched], ...]:
    """Return what was switched last of everything that a call of the workflow rests on, with its name."""
    found = []
    if workflow.name in state.kind(ROUTES):
        routing = state.routing(workflow.name)
        found.append((_subject(state, workflow), watched_route(routing)))
    found += [(one.id, watched_kill(one)) for one in route_state.killing(state, workflow)]
    if (ended := _last_end(state, workflow)) is not None:
        found.append((f"the end of {ended.id}", watched_end(ended)))
    return tuple(found)


def _last_end(state: State, workflow: Workflow) -> Kill | None:
    """Return the kill of the workflow that ended last; whoever knows of it knows of all before."""
    known = state.ended_after(Position(0, 0))
    return next((one for one in known if hits(one.scope, workflow)), None)


def _switched(state: State, workflow: Workflow, fleet: Fleet | None) -> Check:
    if fleet is None:
        return Check(False, UNREAD)
    known = switched(state, workflow)
    if not known:
        return Check(True, f"nothing was ever switched for {workflow.name}")
    names, seen = [name for name, _ in known], []
    for name, watched in known:
        seen.append(contain(watched, fleet, state.workflows()))
        if not seen[-1].complete:
            return Check(False, _count(seen[-1], name))
    fewest = min(seen, key=lambda one: one.expected)
    return Check(True, _count(fewest, listed(names)))


def _count(seen: Containment, what: str) -> str:
    return f"{len(seen.confirmed)} of {seen.expected} instances confirm {what}"


def _live(state: State, workflow: Workflow, fleet: Fleet | None) -> Check:
    killing = route_state.killing(state, workflow)
    if killing:
        named = ", ".join(f"{one.id} ({mode_word(one.mode)})" for one in killing)
        return Check(False, f"{workflow.name} is not live: {named}")
    ended = _last_end(state, workflow)
    if ended is None:
        return Check(True, f"no kill holds {workflow.name}")
    return _confirmed(state, ended, fleet, f"the end of {ended.id}")


def _killed(state: State, workflow: Workflow, mode: str, fleet: Fleet | None) -> Check:
    # A kill that names no mode is in each workflow what that one resolves it to.
    killing = [
        one
        for one in route_state.killing(state, workflow)
        if mode in (one.mode, mode_alone(one, state, workflow.name))
    ]
    if not killing:
        return Check(False, f"no kill holds {workflow.name} at {mode_word(mode)}")
    return _confirmed(state, killing[0], fleet, killing[0].id)


def _confirmed(state: State, kill: Kill, fleet: Fleet | None, what: str) -> Check:
    if fleet is None:
        return Check(False, UNREAD)
    watched = watched_kill(kill) if kill.active else watched_end(kill)
    seen = contain(watched, fleet, state.workflows())
    return Check(seen.complete, _count(seen, what))


def _gated(state: State, workflow: Workflow, now_ms: int) -> Check:
    results = _evidence(state, workflow, now_ms) if workflow.name in state.kind(ROUTES) else ()
    if not results:
        return Check(False, f"{workflow.name} declares no gates")
    bad = [one.words for one in results if not one.green]
    if bad:
        return Check(False, f"{_subject(state, workflow)} {'; '.join(bad)}")
    count = len(results)
    return Check(True, f"{_subject(state, workflow)} passes {count} of {count} gates")


def _evidence(state: State, workflow: Workflow, now_ms: int) -> tuple[Result, ...]:
    return route_state.evidence(state, workflow, _subject(state, workflow), now_ms)


def _subject(state: State, workflow: Workflow) -> str:
    """Return the revision that is tried, else the one that serves."""
    routing = state.routing(workflow.name)
    return routing.id if routing.candidate is None else routing.candidate.id


def _evaluated(state: State, workflow: Workflow, given: VerifyArguments, now_ms: int) -> Check:
    if workflow.name not in state.kind(ROUTES):
        return Check(False, f"{workflow.name} has no route")
    subject = _subject(state, workflow)
    metric = given.metric or _only_metric(state, workflow.name, given.suite)
    if not metric:
        return Check(
            False,
            f"{given.suite} has none or several metrics: the runbook has to name one, as metric",
        )
    gate: Record = {
        "suite": given.suite,
        "metric": metric,
        "op": ">=",
        "threshold": given.minimum or 0.0,
        "min_n": given.samples or 1,
        "max_age_h": 24 * 365,
    }
    asked = replace(workflow, extra={**workflow.extra, "gates": [gate]})
    (result,) = _evidence(state, asked, now_ms)
    oldest_ms = now_ms - (given.max_age_s or OLDEST_S) * 1000
    seen = result.measurement
    if result.green and seen is not None and seen.at_ms < oldest_ms:
        return Check(False, f"{result.words}: too old")
    return Check(result.green, f"{subject} {result.words}")


def _only_metric(state: State, workflow: str, suite: str) -> str:
    found = {one.metric for one in state.measurements(workflow) if one.suite == suite}
    return next(iter(found)) if len(found) == 1 else ""
