"""A declared AI workflow: who answers for it, what it may do, and what happens when it is stopped."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from opsbot.domain.change import Json, Record

Tier = Literal[1, 2, 3]
OnStoreLoss = Literal["stop", "last_known"]
Access = Literal["read", "write"]


UNDECLARED = "undeclared"
"""In a workflow's `extra`: its file is gone, and it stays only because a kill names it."""


@dataclass(frozen=True, slots=True)
class HumanQueue:
    """Where `human` hands over: opening hours as declared (`Mon-Fri 08:00-20:00 Europe/Berlin`) and text."""

    hours: str
    text: str


@dataclass(frozen=True, slots=True)
class Probe:
    """An enforcement point that can be asked for its current decision."""

    kind: str
    url: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Workflow:
    """
    One declaration.

    *route* is the initial route as it travels (targets, fallbacks, prompt, params).
    *stale_after_s* is in seconds, *kill_slo_ms* in milliseconds from command to confirmed.
    *expected_instances* is None when it is learned.
    """

    name: str
    title: str
    description: str
    dri: str
    team: str
    tier: Tier
    safe_state: str
    modes: tuple[str, ...]
    on_store_loss: OnStoreLoss
    stale_after_s: float
    kill_slo_ms: int
    canned: str = ""
    human_queue: HumanQueue | None = None
    last_resort: str = ""
    expected_instances: int | None = None
    tools: Mapping[str, Access] = field(default_factory=dict)
    route: Record = field(default_factory=dict)
    slack_channel: str = ""
    runbook: str = ""
    probes: tuple[Probe, ...] = ()
    evidence: Mapping[str, str] = field(default_factory=dict)
    extra: Record = field(default_factory=dict)

    @property
    def fallbacks(self) -> tuple[Mapping[str, Json], ...]:
        """Return the declared fallback targets, in order."""
        declared = self.route.get("fallbacks", ())
        return (
            tuple(t for t in declared if isinstance(t, Mapping))
            if isinstance(declared, (list, tuple))
            else ()
        )


def as_record(workflow: Workflow) -> Record:
    """Return the record as it is stored and read by clients; the inverse of `from_record`."""
    return {
        "s": 1,
        "workflow": workflow.name,
        "title": workflow.title,
        "description": workflow.description,
        "dri": workflow.dri,
        "team": workflow.team,
        "tier": workflow.tier,
        "safe_state": workflow.safe_state,
        "modes": list(workflow.modes),
        "on_store_loss": workflow.on_store_loss,
        "stale_after_s": workflow.stale_after_s,
        "kill_slo_ms": workflow.kill_slo_ms,
        "canned": workflow.canned,
        "human_queue": None
        if workflow.human_queue is None
        else {"hours": workflow.human_queue.hours, "text": workflow.human_queue.text},
        "last_resort": workflow.last_resort,
        "expected_instances": workflow.expected_instances,
        "tools": dict(workflow.tools),
        "route": dict(workflow.route),
        "slack_channel": workflow.slack_channel,
        "runbook": workflow.runbook,
        "probes": [{"kind": p.kind, "url": p.url, "model": p.model} for p in workflow.probes],
        "evidence": dict(workflow.evidence),
        "extra": dict(workflow.extra),
    }


def from_record(record: Record) -> Workflow:
    """
    Read a stored record; fields of later versions are ignored.

    Raises:
        KeyError, TypeError: not written by this program.
    """
    plain = {name: record[name] for name in _PLAIN}
    queue, probes = record.get("human_queue"), record.get("probes", [])
    assert isinstance(probes, list)
    return Workflow(
        name=str(record["workflow"]),
        modes=tuple(record["modes"]),  # type: ignore[arg-type]  # our own record
        human_queue=HumanQueue(**queue) if isinstance(queue, dict) else None,
        probes=tuple(Probe(**probe) for probe in probes),
        **plain,  # type: ignore[arg-type]  # our own record, checked by the journal's hash
    )


_PLAIN = [
    "title",
    "description",
    "dri",
    "team",
    "tier",
    "safe_state",
    "on_store_loss",
    "stale_after_s",
    "kill_slo_ms",
    "canned",
    "last_resort",
    "expected_instances",
    "tools",
    "route",
    "slack_channel",
    "runbook",
    "evidence",
    "extra",
]
