"""A checked declaration as the domain's `Workflow`."""

from opsbot.adapters.catalog.models import WorkflowFile
from opsbot.domain.change import Json
from opsbot.domain.workflow import HumanQueue, Probe, Workflow

FIRST_ROUTE = "r1"
"""The revision of a workflow's initial route."""


def workflow_of(file: WorkflowFile) -> Workflow:
    """Return the workflow that a file without findings declares."""
    queue = file.human_queue
    return Workflow(
        name=file.workflow,
        title=file.title,
        description=file.description,
        dri=file.dri,
        team=file.team,
        tier=file.tier,
        safe_state=file.safe_state,
        modes=tuple(file.modes),
        on_store_loss=file.on_store_loss or "last_known",
        stale_after_s=file.stale_after_s,
        kill_slo_ms=file.kill_slo_ms,
        canned=file.canned,
        human_queue=None if queue is None else HumanQueue(queue.hours, queue.text),
        last_resort=file.last_resort,
        expected_instances=file.expected_instances,
        tools=dict(file.tools),
        route={"revision": FIRST_ROUTE} | _route(file),
        slack_channel=file.slack_channel,
        runbook=file.runbook,
        probes=tuple(Probe(p.kind, p.url, p.model) for p in file.probes),
        evidence={k: v for k, v in file.evidence.model_dump().items() if v},
        extra=_extra(file),
    )


def _route(file: WorkflowFile) -> dict[str, Json]:
    route = file.routes.initial.model_dump(mode="json")
    return {key: value for key, value in route.items() if value not in ("", None)}


_LATER = {
    "gates",
    "stages",
    "restore",
    "failure_budget",
    "budget",
    "tripwires",
    "pagerduty",
    "comms",
}


def _extra(file: WorkflowFile) -> dict[str, Json]:
    """Return what later verbs need and no client reads."""
    whole = file.model_dump(mode="json", by_alias=True, exclude_none=True, include=_LATER)
    kept: dict[str, Json] = {key: value for key, value in whole.items() if value}
    return {"approved": list(file.routes.approved)} | kept
