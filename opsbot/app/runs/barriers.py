"""What a step has to wait for, by whatever way it is named: a check that is not good, a word that is not given. Pure."""

from typing import Final

from opsbot.app.runs.by_hand import by_hand
from opsbot.app.runs.first import titled
from opsbot.app.runs.lanes import holds_lane
from opsbot.app.runs.params import workflow_of
from opsbot.app.runs.touch import refuse
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.run import Act, Run
from opsbot.domain.runbook import Action, Runbook, Step
from opsbot.domain.typed import command

_ENDED: Final = frozenset({"done", "skipped"})

_UNTOLD: Final = frozenset({"executing", "waiting", "unknown"})
"""How a message stands that nobody is known to read."""

_UNGOOD: Final = {
    "failed": "did not verify",
    "waiting": "is not verified yet",
    "executing": "is not verified yet",
    "unknown": "is not verified yet",
}
"""What is said of a check by how it stands; one that nobody began holds nothing."""


def must_not_be_held(run: Run, book: Runbook, step: Step, action: Action | None = None) -> None:
    """
    Go on where nothing before a step in its lane holds it: what comes after a check rests on it.

    *action* is what was pressed: a kill needs no runbook, and its own command is named.

    Raises:
        NeedsMoreWords: what holds it, how it stands, and who gets past it.
    """
    found = _held(run, book, step)
    if found is not None:
        stop, so = found
        raise _refused(run, book, stop, so, step, action)


def unsaid(run: Run, step: Step, number: int) -> Act | None:
    """
    Return the message of a step that waits while an update of that step would say that people know.

    None where they do, where none was begun here, and for whatever is no such update.
    """
    if "update" not in step.actions[number - 1].arguments:
        return None
    before = enumerate(step.actions[: number - 1], 1)
    acts = (run.act(step.id, nth) for nth, one in before if one.verb == "comms")
    return next((act for act in acts if act is not None and act.state in _UNTOLD), None)


def must_be_told_first(run: Run, step: Step, number: int) -> None:
    """
    Go on where nothing that people are to read is still on its way to them.

    Raises:
        NeedsMoreWords: which message waits; saying that they know would be a lie.
    """
    waits = unsaid(run, step, number)
    if waits is not None:
        raise refuse(
            f"{waits.result or 'The message'} of {titled(step)} is not published, and this would say that people know",
            "Publish it first; or skip the step, for a reason.",
        )


def _held(run: Run, book: Runbook, step: Step) -> tuple[Step, str] | None:
    """Return the first step before one that holds their lane, and how it stands; None where none does."""
    if run.mode == "show":
        return None
    for one in book.lane(step.lane):
        if one.id == step.id:
            return None
        if so := _standing(run, one):
            return one, so
    return None


def _standing(run: Run, step: Step) -> str:
    """Return how a step stands that what comes after has to wait for, empty where nothing has to."""
    mark = run.mark(step.id)
    if mark.state in _ENDED or (mark.passed and mark.state == "open"):
        return ""
    if mark.state == "blocked" and holds_lane(step):
        return "is blocked"
    for number, action in enumerate(step.actions, 1):
        if action.verb == "approve" and not run.settled(step.id, number):
            return "is not approved"
        if action.verb == "verify":
            act = run.act(step.id, number)
            # A tick that was taken off since makes it no better: only a new look, or the commander, does.
            so = "" if act is None else _UNGOOD.get(act.state, "")
            if so or mark.state == "failed":
                return so or _UNGOOD["failed"]
    return ""


def _refused(  # what holds what, and what was wanted
    run: Run, book: Runbook, stop: Step, so: str, step: Step, action: Action | None
) -> NeedsMoreWords:
    lead = "the commander skips it" if _checked(stop) else "skip it"
    hint = f"Settle that first; or {lead}, for a reason."
    if action is not None and action.verb == "kill":
        typed = (" ".join(one) for one in by_hand(action, workflow=workflow_of(run, book)).commands)
        hint = f"{hint} A kill waits for nothing: {', '.join(command(one) for one in typed)}."
    return refuse(
        f"{titled(stop)} {so} and holds the {stop.lane} lane, and {titled(step)} comes after it",
        hint,
    )


def _checked(step: Step) -> bool:
    return any(one.verb in ("verify", "capture") for one in step.actions)
