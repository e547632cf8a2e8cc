"""Runs of runbooks in a review, in words: what was done, skipped and slow, step by step. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from opsbot.app.incident.words import lasted
from opsbot.app.review.part import Part, Table
from opsbot.domain.review import WalkedRun, WalkedStep

_SO: Final[Mapping[str, str]] = {
    "open": "not done",
    "done": "done",
    "skipped": "skipped",
    "failed": "did not work",
    "blocked": "blocked",
}


def runs_part(runs: Sequence[WalkedRun]) -> Part:
    """Return the section: each run with its steps, planned and actual, and what was left out."""
    if not runs:
        return Part("Runbooks", lines=("No runbook was walked in it.",))
    return Part("Runbooks", below=tuple(_part(one) for one in runs))


def _part(run: WalkedRun) -> Part:
    rows = tuple(_row(one) for one in run.steps if one.state != "passed")
    return Part(
        f"{run.id}: {run.title}",
        lines=tuple(_lines(run)),
        table=Table(("Step", "So", "By", "Took", "Planned", "Why"), rows),
    )


def _lines(run: WalkedRun) -> Iterator[str]:
    mode = {"drill": " as a drill", "show": ", only shown"}.get(run.mode, "")
    took = "it is open still" if run.took_ms is None else f"it took {lasted(run.took_ms)}"
    end = "" if run.status == "open" else f"; {run.status}{f': {run.why}' if run.why else ''}"
    led = f" and led by {run.commander}" if run.commander else ""
    yield f"`{run.runbook}`, begun by {run.by}{led}{mode}; {took}{end}."
    past = sum(one.state == "passed" for one in run.steps)
    if past:
        yield f"Answers led past {past} step{'' if past == 1 else 's'}."
    slow = [one for one in run.steps if one.slow]
    if slow:
        named = "; ".join(
            f"{one.title} took {lasted(one.took_ms or 0)}, planned were {lasted(one.planned_ms or 0)}"
            for one in slow
        )
        yield f"Slower than planned: {named}."


def _row(one: WalkedStep) -> tuple[str, ...]:
    return (
        one.title,
        _SO.get(one.state, one.state),
        one.by,
        "" if one.took_ms is None else lasted(one.took_ms),
        "" if one.planned_ms is None else lasted(one.planned_ms),
        one.why,
    )
