"""Whether a word without a step's name means what is current now: somebody else may have gone on just before. Pure."""

from typing import Final

from opsbot.app.runs.first import ago, name, titled
from opsbot.app.runs.requests import MarkStep, RunAction
from opsbot.domain.errors import StaleButton
from opsbot.domain.run import Run
from opsbot.domain.runbook import Runbook, Step
from opsbot.domain.state import State
from opsbot.domain.typed import command

FRESH_MS: Final = 30_000
"""For how long a step that somebody else came to is news: as long as a line takes to type on a phone."""

_ABOUT: Final = frozenset({"done", "failed", "skip", "block", "box", "decide", "do"})
"""Words about the step that was read; the others change nothing that others walk by."""

_TYPED: Final = {
    "done": "done",
    "failed": "failed",
    "skip": "skip",
    "block": "block",
    "box": "tick",
    "decide": "answer",
    "do": "do",
}


class StepMoved(StaleButton):
    """A word named no step, and the current one is another since a moment ago: *run* and *step* are what is so now."""

    def __init__(self, message: str, *, hint: str, run: Run, step: str) -> None:
        """Keep which step is current now, for a surface that can ask about it by a button."""
        super().__init__(message, hint=hint)
        self.run = run
        self.step = step


def must_be_known(  # noqa: PLR0913, PLR0917  one word about one step on one state
    state: State,
    now_ms: int,
    run: Run,
    book: Runbook,
    step: Step,
    by: str,
    request: MarkStep | RunAction,
) -> None:
    """
    Go on where whoever names no step can have read the one that is current.

    A step is news to everybody but who went on to it, and to them as well once they had a hand on it.

    Raises:
        StepMoved: it is current since a moment ago; nothing was changed.
    """
    if request.step or request.seen is not None or request.act not in _ABOUT:
        return
    came = run.came.get(step.lane)
    if came is None or came.step != step.id or came.by == by or now_ms - came.at_ms >= FRESH_MS:
        return
    mark = run.mark(step.id)
    acted = any(act.by == by for key, act in run.acts.items() if key.startswith(f"{step.id}#"))
    if by in (mark.assignee, mark.by) or acted:
        return
    number = book.steps.index(step) + 1
    word = f"runbook {_TYPED[request.act]} step:{number}"
    raise StepMoved(
        f"{titled(step)} is current only since {ago(now_ms, came.at_ms)}, by {name(state, came.by)}."
        " Nothing was changed.",
        hint=f"If you mean that step: {command(word)}.",
        run=run,
        step=step.id,
    )
