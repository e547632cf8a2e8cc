"""Prove a kill: ask every enforcement point itself, and compare with what the mode's table says."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace

from opsbot.app.ports import ProbeAnswer, Prober
from opsbot.domain.change import Position, Record
from opsbot.domain.fleet import Fleet, Instance
from opsbot.domain.kill import Kill
from opsbot.domain.said import inert
from opsbot.domain.state import State
from opsflags import keys
from opsflags.evaluate import compile_view
from opsflags.model import NO_MODEL, Scope
from opsflags.records import kill_from_json, workflow_from_json

MOST_PROBES = 64
"""Enforcement points asked at most for one kill; a larger fleet is sampled, and the proof says so."""

TIMES_ASKED = 2
"""How often a point is asked that does not answer."""

MOST_NAMED = 5
"""Points that may not be asked which a kill's record names; the journal's evidence has them all."""


@dataclass(frozen=True, slots=True)
class Point:
    """
    One enforcement point and what its probe must see.

    *instance* is who registered the address, None for a declared one; nobody else may answer there.
    *since* is the position of the change: a decision from before it proves nothing.
    """

    name: str
    kind: str
    url: str
    workflow: str
    tenant: str | None
    tool: str | None
    mode: str
    since: Position
    instance: str | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """
    What the probes saw. *failed* says of each that did not pass what it saw instead.

    *not_probed* names the points that may not be asked: they are neither asked nor passed. *stopped*
    of the failed ones stop instead of going to the fallback, which their calls cannot be sent to;
    *silent* of them did not answer, which is no word about the kill.
    """

    probes: int
    passed: int
    failed: tuple[str, ...] = ()
    left_out: int = 0
    not_probed: tuple[str, ...] = ()
    stopped: int = 0
    silent: int = 0

    def named(self) -> tuple[str, ...]:
        """Return the first few of *not_probed*: a kill's record is read by every client."""
        more = len(self.not_probed) - MOST_NAMED
        return (*self.not_probed[:MOST_NAMED], *([f"{more} more"] if more > 0 else []))

    def as_json(self) -> Record:
        """Return the journal's evidence."""
        return {
            "probes": self.probes,
            "passed": self.passed,
            "failed": list(self.failed),
            "left_out": self.left_out,
            "not_probed": list(self.not_probed),
            "stopped": self.stopped,
        }


async def prove(kill: Kill, state: State, fleet: Fleet, prober: Prober) -> Proof:
    """Ask every point that the kill reaches, side by side; an unreachable one has not passed."""
    points = points_of(kill, state, fleet)
    asked = points[:MOST_PROBES]
    answers = await asyncio.gather(*(_ask(prober, one) for one in asked))
    seen = list(zip(asked, answers, strict=True))
    refused = tuple(_said(point, answer.refused) for point, answer in seen if answer.refused)
    failed = tuple(
        _said(point, why)
        for point, answer in seen
        if not answer.refused and (why := wrong(point, answer))
    )
    count = len(asked) - len(refused)
    stopped = sum(
        _stops_instead(kill, point, answer) for point, answer in seen if not answer.refused
    )
    silent = sum(bool(answer.error) and not answer.refused for answer in answers)
    left_out = len(points) - len(asked)
    return Proof(count, count - len(failed), failed, left_out, refused, stopped, silent)


async def _ask(prober: Prober, one: Point) -> ProbeAnswer:
    """Ask one point, and once more where it did not answer: busy for a second is no word about a kill."""
    answer = ProbeAnswer(error="not asked")
    for _ in range(TIMES_ASKED):
        answer = await prober.ask(
            one.url, kind=one.kind, workflow=one.workflow, tenant=one.tenant, tool=one.tool
        )
        if not answer.error:
            break
    return answer


def points_of(kill: Kill, state: State, fleet: Fleet) -> tuple[Point, ...]:
    """Return the live instances' probe addresses and the declared ones, with what each must see."""
    points = []
    for name, workflow in state.workflows().items():
        if kill.scope.workflow not in (None, name):
            continue
        for instance in fleet.instances:
            served = instance.workflows.get(name)
            if served is not None and served.probe and instance.ack is not None:
                mode = expected_mode(kill, state, name, instance)
                point = _point(kill, instance.id, "httpx", served.probe, name, mode)
                points.append(replace(point, instance=instance.id))
        points += [
            _point(kill, probe.url, probe.kind, probe.url, name, expected_mode(kill, state, name))
            for probe in workflow.probes
            if probe.kind == "httpx" and probe.url
        ]
    return tuple(points)


def expected_mode(kill: Kill, state: State, workflow: str, instance: Instance | None = None) -> str:
    """Return the mode that the table gives for all active kills together, at this instance."""
    return mode_of(state, workflow, kill.scope, instance)


def mode_of(state: State, workflow: str, call: Scope, instance: Instance | None = None) -> str:
    """Return the mode of one *call* of a workflow under all active kills, as the client merges them."""
    return _mode(state, workflow, call, state.kind(keys.KILLS).values(), instance)


def mode_alone(kill: Kill, state: State, workflow: str) -> str:
    """Return the mode of a call of a workflow that one active kill names, under that kill alone."""
    return _mode(state, workflow, kill.scope, [state.kind(keys.KILLS)[kill.id]])


def _mode(
    state: State,
    workflow: str,
    call: Scope,
    kills: Iterable[Record],
    instance: Instance | None = None,
) -> str:
    record = state.kind(keys.WORKFLOWS)[workflow]
    modes = instance.workflows[workflow].modes if instance else frozenset(_declared(record))
    view = compile_view(
        workflow,
        workflow_from_json(workflow, dict(record)),
        [kill_from_json(dict(one)) for one in kills],
        modes=modes,
        knowledge="live",
    )
    return str(view.decide(call.tenant, call.model, call.tool, call.provider, None).mode)


def wrong(point: Point, answer: ProbeAnswer) -> str:
    """Return what is wrong with an answer, empty where it is what the table says."""
    if answer.error:
        return f"could not be asked ({answer.error})"
    return _not_its_own(point, answer) or _otherwise(point, answer)


def _not_its_own(point: Point, answer: ProbeAnswer) -> str:
    """Return why the answer is no evidence about this instance and this change."""
    if point.instance is not None:
        if answer.instance is None or answer.at is None:
            return "does not say who decided and when"
        if answer.instance != point.instance:
            return f"another instance answered there: `{inert(answer.instance, limit=80)}`"
    if answer.at is not None and answer.at < point.since:
        return f"decided at {answer.at.epoch}:{answer.at.revision}, before the change"
    return ""


def _stops_instead(kill: Kill, point: Point, answer: ProbeAnswer) -> bool:
    """Return whether a point refuses all calls by *kill*, as its guard cannot send them to the fallback."""
    if answer.error or answer.kill != kill.id or _not_its_own(point, answer):
        return False
    return (point.mode, answer.mode, answer.allowed) == ("fallback", "stop", False)


def _otherwise(point: Point, answer: ProbeAnswer) -> str:
    if answer.mode != point.mode:
        return f"saw `{answer.mode}` instead of `{point.mode}`"
    if point.mode == "stop" and (answer.allowed or answer.status != 503):  # noqa: PLR2004  # the refusal's HTTP status
        return f"was not refused (status {answer.status})"
    if point.mode in NO_MODEL and answer.allowed:
        return "would have called the model"
    return ""


def _declared(record: Record) -> tuple[str, ...]:
    modes = record.get("modes", [])
    return tuple(str(mode) for mode in modes) if isinstance(modes, (list, tuple)) else ()


def _point(kill: Kill, name: str, kind: str, url: str, workflow: str, mode: str) -> Point:
    scope = kill.scope
    return Point(name, kind, url, workflow, scope.tenant, scope.tool, mode, since=kill.at)


def _said(point: Point, why: str) -> str:
    return f"{inert(point.name, limit=80)}: {why}"
