"""Which of two current steps somebody means who names none: the one in whose lane they are at work. Pure."""

from collections.abc import Sequence

from opsbot.domain.run import Run
from opsbot.domain.runbook import LaneName, Runbook, Step


def step_at_hand(run: Run, book: Runbook, steps: Sequence[Step], by: str) -> Step | None:
    """
    Return the one of the current *steps* that is theirs, else the one in whose lane they acted last.

    None where that says nothing: then it is asked, as a tick in the wrong lane is read by everybody.
    """
    if not by:
        return None
    theirs = [one for one in steps if run.mark(one.id).assignee == by]
    if len(theirs) == 1:
        return theirs[0]
    lane = _lane_of_last(run, book, by)
    return next((one for one in steps if one.lane == lane), None)


def _lane_of_last(run: Run, book: Runbook, by: str) -> LaneName | None:
    marks = [(mark.version, name) for name, mark in run.marks.items() if mark.by == by]
    acts = [(act.version, key.partition("#")[0]) for key, act in run.acts.items() if act.by == by]
    _, name = max([*marks, *acts], default=(0, ""))
    step = book.step(name)
    return None if step is None else step.lane
