"""What the fields of one workflow declaration mean to each other, as rules that name their line."""

import itertools
import operator
from collections.abc import Collection, Iterator

from opsbot.adapters.catalog.models import WorkflowFile
from opsbot.adapters.catalog.yaml import Document
from opsbot.domain.declaration import Finding
from opsbot.domain.failure_budget import is_rate
from opsbot.domain.hours import parse_hours
from opsbot.domain.nearest import nearest
from opsbot.domain.workflow_names import name_problem


def name_findings(name: str, document: Document, stem: str) -> Iterator[Finding]:
    """Yield what is wrong with a workflow's name."""
    where = ("workflow",)
    if (problem := name_problem(name)) is not None:
        yield document.find(where, *problem)
    if name != stem:
        fix = f"Rename the file to `{name}.yaml`, or write `workflow: {stem}`."
        yield document.find(where, f"the name `{name}` is not the file's name `{stem}`", fix)


def rule_findings(
    file: WorkflowFile, document: Document, runbooks: Collection[str]
) -> Iterator[Finding]:
    """Yield every rule that a well-formed declaration breaks."""
    yield from _states(file, document)
    yield from _texts(file, document)
    yield from _choices(file, document)
    yield from _routes(file, document)
    yield from _gates(file, document)
    yield from _restore(file, document)
    yield from _runbook(file, document, runbooks)


def _states(file: WorkflowFile, document: Document) -> Iterator[Finding]:
    if file.safe_state != "stop" and file.safe_state not in file.modes:
        message = f"the safe state `{file.safe_state}` is not among `modes`"
        yield document.find(("safe_state",), message, f"Add `{file.safe_state}` to `modes`.")
    if file.budget is not None and file.budget.on_hard not in (*file.modes, "stop"):
        message = f"`budget.on_hard` names `{file.budget.on_hard}`, which is not among `modes`"
        yield document.find(("budget", "on_hard"), message, "Add it to `modes`, or use `stop`.")
    for i, wire in enumerate(file.tripwires):
        if wire.mode not in (*file.modes, "stop"):
            message = f"tripwire `{wire.name}` names `{wire.mode}`, which is not among `modes`"
            fix = "Add it to `modes`, or use `stop`."
            yield document.find(("tripwires", i, "mode"), message, fix)
    for mode in sorted({m for m in file.modes if file.modes.count(m) > 1}):
        yield document.find(("modes",), f"the mode `{mode}` is there twice", "Keep one of them.")


def _texts(file: WorkflowFile, document: Document) -> Iterator[Finding]:
    if "canned" in (*file.modes, file.safe_state) and not file.canned.strip():
        where = ("canned",) if "canned" in document.data else ("modes",)
        fix = "Add `canned:` with the approved text that users read."
        yield document.find(where, "`canned` is a mode but has no text", fix)
    if "human" in (*file.modes, file.safe_state) and file.human_queue is None:
        fix = 'Add `human_queue: {hours: "Mon-Fri 08:00-20:00 Europe/Berlin", text: "…"}`.'
        yield document.find(("modes",), "`human` is a mode but no queue hours are declared", fix)
    if file.human_queue is not None:
        try:
            parse_hours(file.human_queue.hours)
        except ValueError as error:
            fix = 'Write `"Mon-Fri 08:00-20:00 Europe/Berlin"` or `always`.'
            yield document.find(("human_queue", "hours"), str(error), fix)


def _choices(file: WorkflowFile, document: Document) -> Iterator[Finding]:
    if file.tier == 1 and not file.last_resort.strip():
        fix = "Add `last_resort:`: which key to revoke, what to scale to 0, and who may."
        yield document.find(("tier",), "tier 1 needs `last_resort`", fix)
    writes = sorted(name for name, access in file.tools.items() if access == "write")
    if file.on_store_loss is None and (file.tier == 1 or writes):
        why = "tier 1" if file.tier == 1 else f"the write tool `{writes[0]}`"
        fix = "Add `on_store_loss: stop` (stop without the store) or `last_known` (carry on)."
        where = ("tier",) if file.tier == 1 else ("tools", writes[0])
        yield document.find(where, f"`on_store_loss` has no default with {why}", fix)


ALL_CALLS = 100


def _routes(file: WorkflowFile, document: Document) -> Iterator[Finding]:
    route, base = file.routes.initial, ("routes", "initial")
    if "fallback" in file.modes and not route.fallbacks:
        fix = "Add `routes.initial.fallbacks:`, or take `fallback` from `modes`."
        yield document.find(("modes",), "`fallback` is a mode but no fallback is declared", fix)
    if sum(target.weight for target in route.targets) == 0:
        fix = "Give one target `weight: 100`."
        yield document.find((*base, "targets"), "every target has weight 0", fix)
    elif len(route.targets) > 1 and sum(target.weight for target in route.targets) != ALL_CALLS:
        fix = "Give every target its share of a hundred calls."
        yield document.find((*base, "targets"), "the weights do not add up to 100", fix)
    if route.strategy == "pinned" and len(route.targets) > 1:
        fix = "Keep one target, or write `strategy: weighted`."
        yield document.find((*base, "strategy"), "a pinned route has one target", fix)
    named = [("targets", i, f"{t.provider}/{t.model}") for i, t in enumerate(route.targets)]
    named += [("fallbacks", i, f"{t.provider}/{t.model}") for i, t in enumerate(route.fallbacks)]
    for part, i, model in named:
        if model not in file.routes.approved:
            guess = nearest(model, file.routes.approved)
            fix = f"Did you mean `{guess}`? " if guess else ""
            fix += "Add it to `routes.approved` once it is approved."
            yield document.find((*base, part, i), f"`{model}` is not approved", fix)


def _gates(file: WorkflowFile, document: Document) -> Iterator[Finding]:
    for i, gate in enumerate(file.gates):
        if is_rate(gate.metric) and not 0 <= gate.threshold <= 1:
            message = (
                f"`{gate.metric}` is a share from 0 to 1, and the threshold {gate.threshold:g}"
            )
            fix = "Write 0.92 for 92 %."
            yield document.find(("gates", i, "threshold"), message, fix)
        worse = operator.lt if gate.op.startswith(">") else operator.gt
        if gate.hard is not None and not worse(gate.hard, gate.threshold):
            side = "below" if gate.op.startswith(">") else "above"
            fix = f"Write a value {side} {gate.threshold:g}, or take `hard` away."
            message = f"`hard` {gate.hard:g} is no worse than the threshold {gate.threshold:g}"
            yield document.find(("gates", i, "hard"), message, fix)


def _restore(file: WorkflowFile, document: Document) -> Iterator[Finding]:
    if file.restore is None:
        return
    steps = file.restore.steps
    if any(after <= before for before, after in itertools.pairwise(steps)):
        listed = ", ".join(str(one) for one in sorted(set(steps)))
        message = "the steps of a restore do not rise"
        yield document.find(("restore", "steps"), message, f"Write `steps: [{listed}]`.")
    if "read_only" not in file.modes:
        message = "a restore in steps lets calls through as `read_only`, which is not among `modes`"
        fix = "Add `read_only` to `modes`, or take `restore` away: it then lifts a kill at once."
        yield document.find(("restore",), message, fix)


def _runbook(
    file: WorkflowFile, document: Document, runbooks: Collection[str]
) -> Iterator[Finding]:
    if file.runbook in runbooks:
        return
    guess = nearest(file.runbook, runbooks)
    offered = f"Did you mean `{guess}`? " if guess else ""
    fix = f"{offered}Write runbooks/{file.runbook}.md, or name one that is there."
    yield document.find(("runbook",), f"there is no runbook `{file.runbook}`", fix)
