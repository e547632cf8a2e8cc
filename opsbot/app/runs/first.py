"""Who was first: the answer to whoever pressed a button of a step that somebody else has dealt with. Pure."""

from opsbot.app.environment import policy_of
from opsbot.app.incident.words import lasted
from opsbot.domain.errors import StaleButton
from opsbot.domain.policy.rules import shown
from opsbot.domain.run import Act, Mark, Run
from opsbot.domain.runbook import Step
from opsbot.domain.said import inert
from opsbot.domain.state import State
from opsbot.domain.typed import command

TITLE = 80
_SO = {
    "done": "is done",
    "skipped": "was skipped",
    "failed": "did not work",
    "blocked": "is blocked",
}


def titled(step: Step) -> str:
    """Return a step's title as a sentence quotes it."""
    return f"\u201c{inert(step.title, limit=TITLE)}\u201d"


def must_be_first(
    state: State, now_ms: int, mark: Mark, step: Step, by: str, seen: int | None
) -> None:
    """
    Go on where nobody else changed a step since its version that was on the screen.

    Raises:
        StaleButton: who did, when and what; theirs stands and nothing was changed.
    """
    if seen is not None and mark.version > seen and mark.by and mark.by != by:
        raise stale(state, now_ms, mark, step, by)


def must_show_this_revision(run: Run, seen: int | None) -> None:
    """
    Go on where what was on the screen is of the revision that the run walks.

    Raises:
        StaleButton: behind the same step stands something else now, which nobody was shown.
    """
    if seen is not None and seen < run.renewed:
        raise StaleButton(
            f"{run.id} walks a newer revision since that was shown. Nothing was changed.",
            hint=f"Look at it as it is now: {command(f'runbook show {run.id}')}.",
        )


def stale(state: State, now_ms: int, mark: Mark, step: Step, by: str) -> StaleButton:
    """Return the answer to who came second: who was first, and what is so now."""
    if not mark.by:
        return StaleButton(f"{titled(step)} {_so(state, mark)}: there is nothing to change.")
    who = "You" if mark.by == by else name(state, mark.by)
    return StaleButton(
        f"{who} did this {ago(now_ms, mark.at_ms)}: {titled(step)} {_so(state, mark)}."
        " Nothing was changed.",
    )


def pressed_before(state: State, now_ms: int, act: Act, step: Step, by: str) -> StaleButton:
    """Return the answer to who pressed an action second."""
    who = "You" if act.by == by else name(state, act.by)
    how = {"executing": "it is under way", "waiting": "it waits"}.get(
        act.state, f"it is {act.state}"
    )
    result = f" ({act.result})" if act.result else ""
    return StaleButton(
        f"{who} pressed this {ago(now_ms, act.at_ms)}: {how}{result}. Nothing was done again.",
        hint=f"It is an action of {titled(step)}.",
    )


def ago(now_ms: int, at_ms: int) -> str:
    """Return how long ago a moment is, in words."""
    return f"{lasted(max(now_ms - at_ms, 0))} ago"


def name(state: State, identity: str) -> str:
    """Return how people call somebody."""
    return inert(shown(policy_of(state), identity), limit=80) if identity else "opsbot"


def _so(state: State, mark: Mark) -> str:
    if mark.state in _SO:
        return _SO[mark.state]
    if mark.assignee:
        return f"is with {name(state, mark.assignee)}"
    return "is open"
