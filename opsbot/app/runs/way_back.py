"""The way back of an action: what takes it back, through the same policy, or why nothing can. Pure."""

from typing import Final

from opsbot.app.runs.first import titled
from opsbot.app.runs.touch import refuse
from opsbot.domain.prose import plain
from opsbot.domain.run import Act, Run
from opsbot.domain.runbook import Action, Step, Verb
from opsbot.domain.typed import command

PRESSED: Final[frozenset[Verb]] = frozenset({"kill", "route"})
"""What one press takes back, through the same policy."""

NEVER = frozenset({"page", "comms"})
"""What was said to people cannot be unsaid: it is corrected."""


def way_back(run: Run, step: Step, number: int, action: Action) -> Act:
    """
    Return what an action came to, where it can be taken back.

    Raises:
        NeedsMoreWords: it was not done, or cannot be taken back; what to do instead.
    """
    act = run.act(step.id, number)
    if action.verb in NEVER:
        raise refuse(f"`{action.verb}` cannot be taken back", _corrected(act))
    if act is None or act.state not in ("done", "waiting"):
        raise refuse(f"`{action.verb}` of {titled(step)} was not done, so nothing is taken back")
    _must_be_its_own(step, action, act)
    if act.older:
        lifts = f"To lift it: {command(f'restore {act.result}')}." if act.result[:2] == "K-" else ""
        raise refuse(
            f"What was done at {titled(step)} stood there in an older revision, and is not what"
            " would be taken back",
            lifts,
        )
    if action.verb == "rollback":
        workflow = action.arguments.get("workflow") or run.params.get("workflow", "")
        history = command(" ".join(("route", str(workflow), "history")))
        raise refuse(
            "A rollback is taken back by serving the newer revision again, in steps",
            f"{history} names it: begin its ramp.",
        )
    if action.verb not in PRESSED:
        declared = f" It says: {plain(step.undo_words)}" if step.undo_words else ""
        raise refuse(f"`{action.verb}` has no way back of its own", f"Do it by hand.{declared}")
    if not act.result and run.mode == "live":
        raise refuse(
            f"`{action.verb}` of {titled(step)} changed nothing, so nothing is taken back",
            "What was so before it came stays so.",
        )
    return act


def _corrected(act: Act | None) -> str:
    """Return what is done instead about what was said to people."""
    told = "" if act is None else act.result
    if not told.startswith("MSG-"):
        return "Say what is right now: correct it."
    return f"Say what is right now: {command(f'comms correct {told}')}."


def _must_be_its_own(step: Step, action: Action, act: Act) -> None:
    """Refuse to take back what waits still, and a kill that only made another one milder."""
    if act.state == "waiting":
        raise refuse(
            f"`{action.verb}` of {titled(step)} waits for a second person, so nothing is taken back",
            f"Who asked for it withdraws it: {command(f'approve {act.result} refuse')}.",
        )
    if action.verb == "kill" and act.result.startswith("A-"):
        raise refuse(
            f"{titled(step)} made no kill of its own: it changed one that held before",
            f"To see that one: {command('status')}.",
        )
