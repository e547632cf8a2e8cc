"""Words that a run still owes to people once its incident is to be over: whose lane waits, at which step. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from opsbot.app.runs.outline import called
from opsbot.domain.incident.incident import Incident
from opsbot.domain.run import Run
from opsbot.domain.said import Said, inert
from opsbot.domain.state import TEXTS, State
from opsbot.domain.typed import command

TITLE: Final = 80
_LEFT: Final = frozenset({"open", "failed", "blocked"})


def owed_lines(state: State, incident: Incident) -> tuple[str, ...]:
    """
    Return a line for each open run of an incident whose comms lane has a step left.

    Resolving asks for none of it: it is said, so that nobody takes silence for an end. Practice
    beside a real incident owes nobody a word.
    """
    runs = [one for one in state.open_runs() if one.incident == incident.id]
    lines = (_line(state, one) for one in runs if one.mode == "live" or _drilled(one, incident))
    return tuple(one for one in lines if one)


def with_owed(said: Said, state: State) -> Said:
    """Return an answer about one incident with the same as `untold` in its machine's form."""
    incident = state.incident(str(said.body["incident"]))
    return replace(said, body={**said.body, "untold": list(owed_lines(state, incident))})


def _drilled(run: Run, incident: Incident) -> bool:
    return incident.drill and run.mode == "drill"


def _line(state: State, run: Run) -> str:
    left = _left(state, run)
    if not left:
        return ""
    now = run.focus.get("comms", "")
    step = now if now in left else next(iter(left))
    title = inert(called(state, run, step), limit=TITLE)
    more = f" ({len(left) - 1} more left)" if len(left) > 1 else ""
    look = command(f"runbook show {run.id}")
    return (
        f"The comms lane of `{run.runbook}` still waits at step {left[step]},"
        f" \u201c{title}\u201d{more}: {look}."
    )


def _left(state: State, run: Run) -> Mapping[str, int]:
    """Return the steps of the comms lane that nobody dealt with, each with its number in the runbook."""
    listed = state.kind(TEXTS).get(run.digest, {}).get("steps")
    steps = listed if isinstance(listed, (list, tuple)) else ()
    comms = {
        str(one.get("id")): number
        for number, one in enumerate(steps, 1)
        if isinstance(one, Mapping) and one.get("lane") == "comms"
    }
    return {
        step: number
        for step, number in comms.items()
        if run.mark(step).state in _LEFT and not run.mark(step).passed
    }
