"""Prove a kill: ask every enforcement point itself, and compare with what the mode's table says."""

import asyncio
from dataclasses import dataclass

from opsbot.app.ports import ProbeAnswer, Prober
from opsbot.domain.change import Record
from opsbot.domain.fleet import Fleet, Instance
from opsbot.domain.kill import Kill
from opsbot.domain.state import State
from opsflags import keys
from opsflags.evaluate import compile_view
from opsflags.model import NO_MODEL
from opsflags.records import kill_from_json, workflow_from_json

MOST_PROBES = 64
"""Enforcement points asked at most for one kill; a larger fleet is sampled, and the proof says so."""


@dataclass(frozen=True, slots=True)
class Point:
    """One enforcement point and what its probe must see."""

    name: str
    kind: str
    url: str
    workflow: str
    tenant: str | None
    tool: str | None
    mode: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What the probes saw. *failed* says of each that did not pass what it saw instead."""

    probes: int
    passed: int
    failed: tuple[str, ...] = ()
    left_out: int = 0

    def as_json(self) -> Record:
        """Return the journal's evidence."""
        return {
            "probes": self.probes,
            "passed": self.passed,
            "failed": list(self.failed),
            "left_out": self.left_out,
        }


async def prove(kill: Kill, state: State, fleet: Fleet, prober: Prober) -> Proof:
    """Ask every point that the kill reaches, side by side; an unreachable one has not passed."""
    points = points_of(kill, state, fleet)
    asked = points[:MOST_PROBES]
    answers = await asyncio.gather(
        *(
            prober.ask(
                one.url, kind=one.kind, workflow=one.workflow, tenant=one.tenant, tool=one.tool
            )
            for one in asked
        )
    )
    failed = tuple(
        f"{point.name}: {why}"
        for point, answer in zip(asked, answers, strict=True)
        if (why := wrong(point, answer))
    )
    return Proof(len(asked), len(asked) - len(failed), failed, len(points) - len(asked))


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
                points.append(_point(kill, instance.id, "httpx", served.probe, name, mode))
        points += [
            _point(kill, probe.url, probe.kind, probe.url, name, expected_mode(kill, state, name))
            for probe in workflow.probes
            if probe.kind == "httpx" and probe.url
        ]
    return tuple(points)


def expected_mode(kill: Kill, state: State, workflow: str, instance: Instance | None = None) -> str:
    """Return the mode that the table gives for all active kills together, at this instance."""
    record = state.kind(keys.WORKFLOWS)[workflow]
    modes = instance.workflows[workflow].modes if instance else frozenset(_declared(record))
    view = compile_view(
        workflow,
        workflow_from_json(workflow, dict(record)),
        [kill_from_json(dict(one)) for one in state.kind(keys.KILLS).values()],
        modes=modes,
        knowledge="live",
    )
    return str(
        view.decide(
            kill.scope.tenant, kill.scope.model, kill.scope.tool, kill.scope.provider, None
        ).mode
    )


def wrong(point: Point, answer: ProbeAnswer) -> str:
    """Return what is wrong with an answer, empty where it is what the table says."""
    if answer.error:
        return f"could not be asked ({answer.error})"
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
    return Point(name, kind, url, workflow, kill.scope.tenant, kill.scope.tool, mode)
