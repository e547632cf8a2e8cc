"""
A runbook as a CACAO 2.0 playbook, for other houses' orchestrators. Pure.

Every command is `manual`: a person does it under their own name, as policy here wants it. An
orchestrator that killed over HTTP would be an automatic kill, and those belong to tripwires.

CACAO has no jumps. A lane is one chain; whoever answers a decision sets the number of the step at
which the lane goes on, and what may be jumped over stands behind a condition on that number.
"""

from collections.abc import Mapping
from typing import Final

from opsbot.app.cacao.flow import Flow, Node, identified, prose, variable
from opsbot.app.runs.filled import filled
from opsbot.domain.errors import Refused
from opsbot.domain.placeholders import BUILT_IN, names_in
from opsbot.domain.runbook import Runbook, Verb

UNREVIEWED: Final = "1970-01-01"
"""The date of a page that says not when it was looked at."""

_SEVERITY: Final = {"SEV1": 95, "SEV2": 70, "SEV3": 40, "SEV4": 10}
_TYPES: Final = {"number": "float"}
_KINDS: Final[Mapping[Verb, tuple[str, str]]] = {
    "kill": ("mitigation", "restrict-access"),
    "restore": ("remediation", "restore-capabilities"),
    "rollback": ("remediation", "revert-system"),
    "route": ("mitigation", "configure-systems"),
    "page": ("notification", "identify-audience"),
    "incident": ("investigation", "execute-operation"),
    "comms": ("notification", "compose-content"),
    "approve": ("mitigation", "execute-operation"),
    "wait": ("mitigation", "step-sequence"),
    "verify": ("investigation", "analyze-collected-data"),
    "capture": ("investigation", "analyze-collected-data"),
}
"""What kind of playbook a verb makes of its runbook, and what activity it is, in CACAO's words."""


def cacao(runbook: Runbook) -> Node:
    """
    Return the playbook; the same runbook gives the same document, to the byte.

    Raises:
        Refused: it has no steps, and CACAO knows no playbook without one.
    """
    if not runbook.steps:
        raise Refused(
            f"`{runbook.name}` has no steps: CACAO knows no playbook without one.",
            hint="It is a page to read; export it as markdown or html.",
        )
    names = {one: f"{variable(one)}:value" for one in _names(runbook)}
    flow = Flow(filled(runbook, names), {verb: one for verb, (_, one) in _KINDS.items()})
    start = flow.begun()
    return {**_about(runbook, flow), "workflow_start": start, "workflow": flow.nodes}


def _about(runbook: Runbook, flow: Flow) -> Node:
    at = f"{runbook.reviewed or UNREVIEWED}T00:00:00.000Z"
    used = [action.verb for step in runbook.steps for action in step.actions]
    activities = sorted({_KINDS[one][1] for one in used} | {"step-sequence"})
    source: Node = {"name": runbook.file or runbook.name, "external_id": f"sha256:{runbook.digest}"}
    about: Node = {
        "type": "playbook",
        "spec_version": "cacao-2.0",
        "id": identified("playbook", runbook.name),
        "name": runbook.title,
        "description": prose(flow.runbook.intro) or runbook.title,
        "playbook_types": sorted({_KINDS[one][0] for one in used} or {"investigation"}),
        "playbook_activities": activities,
        "playbook_processing_summary": flow.summary(),
        "created_by": identified("identity", f"owner {runbook.owner}"),
        "created": at,
        "modified": at,
        "external_references": [source],
        "agent_definitions": flow.agents,
    }
    if runbook.incident_types:
        about["labels"] = list(runbook.incident_types)
    if runbook.severity is not None:
        about["severity"] = _SEVERITY[runbook.severity]
    if variables := {**_declared(runbook), **flow.variables}:
        about["playbook_variables"] = variables
    return about


def _names(runbook: Runbook) -> tuple[str, ...]:
    """Return what is asked for, and what every run knows where the runbook speaks of it."""
    spoken = set(names_in(runbook.source))
    return (*(one.name for one in runbook.params), *(one for one in BUILT_IN if one in spoken))


def _declared(runbook: Runbook) -> Node:
    declared: Node = {}
    for name in _names(runbook):
        param = runbook.param(name)
        kind = "text" if param is None else param.type
        needed = " It is needed." if param is not None and param.required else ""
        one: Node = {
            "type": _TYPES.get(kind, "string"),
            "description": f"{name} ({kind}).{needed}",
            "external": True,
        }
        if param is not None and param.default:
            one["value"] = param.default
        declared[variable(name)] = one
    return declared
