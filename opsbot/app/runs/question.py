"""What is asked before an action counts: what happens, where, to how many instances, and the way back. Pure."""

from typing import Final

from opsbot.app.runs.by_hand import by_hand
from opsbot.app.runs.labels import label
from opsbot.app.runs.meant import Arguments
from opsbot.app.runs.params import workflow_of
from opsbot.domain.errors import NeedsConfirmation
from opsbot.domain.fleet import Fleet
from opsbot.domain.prose import plain
from opsbot.domain.run import Run
from opsbot.domain.runbook import CHANGING, Action, Runbook, Step, Verb
from opsbot.domain.said import inert

ASKED: Final[frozenset[Verb]] = CHANGING | {"page", "incident", "comms"}
"""Verbs that nobody presses by mistake: the others only look, wait or ask somebody."""


def question(  # noqa: PLR0913  everything that is shown before it counts
    run: Run,
    book: Runbook,
    step: Step,
    action: Action,
    given: Arguments,
    fleet: Fleet | None,
    *,
    back: bool,
    hits: str = "",
) -> NeedsConfirmation | None:
    """Return what has to be confirmed first, None for what changes nothing; *hits* is whom a wide kill reaches."""
    if action.verb not in ASKED or run.mode != "live":
        return None
    workflow = workflow_of(run, book)
    does = by_hand(action, workflow=workflow).does
    does = f"It takes this back: {does}" if back else does
    lines = [does, *([hits] if hits and not back else []), *_instances(fleet, action, workflow)]
    lines.append(_undo(step, action, back=back))
    what = label(given, action.verb, book)
    text = f"{'Take back' if back else 'Really'}: {what}? Nothing was done."
    stops = (str(action.arguments.get("workflow") or workflow or what),)
    return NeedsConfirmation(
        text,
        stops=stops,
        lines=tuple(lines),
        more={"run": run.id, "step": step.id, "seen": run.version},
    )


def _instances(fleet: Fleet | None, action: Action, workflow: str) -> tuple[str, ...]:
    if action.verb not in CHANGING or "of" in action.arguments:
        return ()
    if fleet is None:
        return ("How many instances it reaches is not known: the fleet cannot be read.",)
    alive = fleet.alive_by_workflow()
    named = str(action.arguments.get("workflow") or "")
    wide = any(one in action.arguments for one in ("all", "provider", "model"))
    count = sum(alive.values()) if wide else alive.get(named or workflow, 0)
    return (f"It reaches {count} running instance{'' if count == 1 else 's'}.",)


def _undo(step: Step, action: Action, *, back: bool) -> str:
    if action.verb == "page":
        return "A page cannot be taken back."
    if action.verb == "comms":
        return "What people read is never taken back: it is corrected."
    if back:
        return "It goes through the same policy as its command."
    words = inert(plain(step.undo_words))
    return f"Way back: {words}." if words else "No way back is written down for it."
