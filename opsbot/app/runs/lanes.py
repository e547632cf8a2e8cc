"""Which step is current in each lane, and where it goes from there; one current step a lane, never two. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from opsbot.domain.run import Mark, Run
from opsbot.domain.runbook import LANES, LaneName, Runbook, Step, Verb

HOLDING: Final[frozenset[Verb]] = frozenset({"verify", "approve"})
"""Verbs whose step keeps its lane until it is settled: what comes after rests on it."""


def first_steps(book: Runbook) -> Mapping[LaneName, str]:
    """Return where each lane begins; a lane without steps is not there."""
    return {lane: steps[0].id for lane in LANES if (steps := book.lane(lane))}


def onward(run: Run, book: Runbook, step: Step) -> Run:
    """
    Return the run with the lane of *step* at what comes next after it; empty at the lane's end.

    A step that is marked out of turn moves nobody: its lane stays where people are at work. What was left open before it comes when nothing is left behind it. A step that holds its lane
    (a failed check, a blocked question) is not gone past.
    """
    if run.focus.get(step.lane) != step.id:
        return run
    lane = book.lane(step.lane)
    here = _index(lane, step.id)
    stop = barrier(run, book, step.lane)
    end = len(lane) if stop is None else _index(lane, stop.id) + 1
    left = [
        (index, one)
        for index, one in enumerate(lane[:end])
        if (stop is not None and one.id == stop.id) or _to_do(run, lane, one)
    ]
    ahead = next((one for index, one in left if index > here), None)
    chosen = ahead or next((one for _, one in left), None)
    return focused(run, step.lane, "" if chosen is None else chosen.id)


def barrier(run: Run, book: Runbook, lane: LaneName) -> Step | None:
    """Return the step that keeps a lane where it is, None where nothing does."""
    return next((one for one in book.lane(lane) if _holds(run.mark(one.id), one)), None)


def jumped(run: Run, book: Runbook, step: Step, target: Step) -> Run:
    """
    Return the run with the lane of *target* at it, as an answer on *step* says.

    Forward: what lies between was led past. Back: everything from there to the question is open again.
    In the other lane nothing is gone past that holds it.
    """
    if target.lane != step.lane:
        after, stop = onward(run, book, step), barrier(run, book, target.lane)
        other = book.lane(target.lane)
        if stop is not None and _index(other, target.id) > _index(other, stop.id):
            return after
        return focused(after, target.lane, target.id)
    lane = book.lane(step.lane)
    here, there = _index(lane, step.id), _index(lane, target.id)
    if there > here:
        past = {
            one.id: replace(run.mark(one.id), passed=step.id)
            for one in lane[here + 1 : there]
            if run.mark(one.id).state == "open"
        }
        run = replace(run, marks={**run.marks, **past})
        moves = run.focus.get(step.lane) in {step.id, *past}
        return focused(run, step.lane, target.id) if moves else run
    again = {one.id: opened_again(run, one.id) for one in lane[there : here + 1]}
    return focused(replace(run, marks={**run.marks, **again}), step.lane, target.id)


def opened_again(run: Run, step: str) -> Mark:
    """Return the mark of a step that is to be done once more; who has it and its notes stay."""
    mark = run.mark(step)
    return replace(
        mark, state="open", boxes=(), choice=None, passed="", why="", on="", recheck_ms=None, waits=(),
        begun_ms=None, reopened=run.version + 1,
    )  # fmt: skip


def unpassed(run: Run, step: str) -> Run:
    """Return the run without what the answer on *step* led past: the question is open again."""
    marks = {
        name: replace(mark, passed="") if mark.passed == step else mark
        for name, mark in run.marks.items()
    }
    return replace(run, marks=marks)


def stepped_back(run: Run, book: Runbook, lane: LaneName) -> Run:
    """Return the run with the focus of one lane a step back; the marks stay as they are."""
    walked = [one for one in book.lane(lane) if not run.mark(one.id).passed]
    now = run.focus.get(lane, "")
    here = next((index for index, one in enumerate(walked) if one.id == now), len(walked))
    return run if here == 0 else focused(run, lane, walked[here - 1].id)


def focused(run: Run, lane: LaneName, step: str) -> Run:
    """Return the run with one lane's current step set."""
    return replace(run, focus={**run.focus, lane: step})


def coming(run: Run, book: Runbook, lane: LaneName) -> tuple[Step, ...]:
    """Return what is still to be done in a lane after its current step, in order."""
    steps, now = book.lane(lane), run.focus.get(lane, "")
    here = next((index for index, one in enumerate(steps) if one.id == now), len(steps))
    return tuple(one for one in steps[here + 1 :] if _to_do(run, steps, one))


def left_behind(run: Run, book: Runbook) -> tuple[Step, ...]:
    """Return what failed or is blocked, and every open step: what a run that ends leaves undone."""
    return tuple(
        one
        for one in book.steps
        if run.mark(one.id).state in ("open", "failed", "blocked") and not run.mark(one.id).passed
    )


def holds_lane(step: Step) -> bool:
    """Return whether what comes after a step rests on it: its question, its check, its approval."""
    return step.decide is not None or any(one.verb in HOLDING for one in step.actions)


def _to_do(run: Run, lane: tuple[Step, ...], step: Step) -> bool:
    mark = run.mark(step.id)
    return mark.state == "open" and not mark.passed and not any(_waited_for(run, lane, step))


def _waited_for(run: Run, lane: tuple[Step, ...], step: Step) -> Iterator[bool]:
    """Yield true for each blocked step that this one takes back: there is nothing to take back yet."""
    for one in lane:
        yield one.undo == step.id and run.mark(one.id).state == "blocked"


def _holds(mark: Mark, step: Step) -> bool:
    if mark.state == "failed":
        return any(one.verb in HOLDING for one in step.actions)
    return mark.state == "blocked" and holds_lane(step)


def _index(lane: tuple[Step, ...], step: str) -> int:
    return next((index for index, one in enumerate(lane) if one.id == step), -1)
