"""What a step becomes by its actions alone: begun by the first press, done where only evidence decides. Pure."""

from dataclasses import replace
from typing import Final

from opsbot.app.runs.lanes import onward
from opsbot.domain.run import Run
from opsbot.domain.runbook import Runbook, Step, Verb

READ_ONLY: Final[frozenset[Verb]] = frozenset({"verify", "approve", "wait", "capture"})
"""Verbs that change nothing: a step of nothing else is done when they are."""


def begun_by(run: Run, step: Step, by: str, now_ms: int) -> Run:
    """Return the run with a step begun by who pressed one of its actions; it is theirs if nobody's."""
    mark = run.mark(step.id)
    begun = replace(
        mark, assignee=mark.assignee or by, begun_ms=mark.begun_ms or now_ms, by=mark.by or by,
        at_ms=mark.at_ms or now_ms,
    )  # fmt: skip
    return replace(run, marks={**run.marks, step.id: begun})


def ticked_by_itself(run: Run, book: Runbook, step: Step, by: str, now_ms: int) -> Run:
    """Return the run with a step done whose actions all are, where nothing is left for people."""
    mark = run.mark(step.id)
    proven = all(run.settled(step.id, number) for number in range(1, len(step.actions) + 1))
    ours = all(one.verb in READ_ONLY for one in step.actions) and bool(step.actions)
    boxes = all(box.id in mark.boxes for box in step.boxes)
    left = mark.state not in ("open", "failed") or step.decide is not None or bool(step.onward)
    if left or not (proven and ours and boxes):
        return run
    done = replace(
        mark, state="done", why="", by=by, at_ms=now_ms, version=run.version + 1, passed="",
        offered="", offered_ms=None,
    )  # fmt: skip
    return onward(replace(run, marks={**run.marks, step.id: done}), book, step)
