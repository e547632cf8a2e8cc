"""What is kept of a runbook's version beside its text: its steps in short, for who cannot read that. Pure."""

from collections.abc import Mapping

from opsbot.app.runs.params import names_of
from opsbot.domain.change import Json, Record
from opsbot.domain.placeholders import fill
from opsbot.domain.run import Run
from opsbot.domain.runbook import Runbook
from opsbot.domain.state import TEXTS, State


def outline(book: Runbook) -> Record:
    """Return what is kept of a version: its very text, and its steps in short for who cannot read that."""
    steps: list[Json] = [
        {
            "id": step.id,
            "title": step.title,
            "time_s": step.time_s,
            "lane": step.lane,
            "phase": phase.title,
        }
        for phase in book.phases
        for step in phase.steps
    ]
    return {
        "s": 1,
        "runbook": book.name,
        "called": book.title,
        "source": book.source,
        "steps": steps,
    }


def called(state: State, run: Run, step: str) -> str:
    """Return what a step of a run is called, without free text of people in it."""
    listed = state.kind(TEXTS).get(run.digest, {}).get("steps")
    for one in listed if isinstance(listed, (list, tuple)) else ():
        if isinstance(one, Mapping) and one.get("id") == step:
            return fill(str(one.get("title", "")), names_of(run))
    return step
