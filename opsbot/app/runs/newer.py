"""Runs whose file has a newer revision: marked when the files are declared, so that their messages say so. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from opsbot.app.runs.change import at_next
from opsbot.app.runs.effects import card
from opsbot.domain.change import Effect, Write
from opsbot.domain.run import as_record
from opsbot.domain.runbook import Runbook
from opsbot.domain.state import RUNS, State


def newer_runs(
    state: State, known: Mapping[str, Runbook]
) -> tuple[tuple[Write, ...], tuple[Effect, ...]]:
    """
    Return the writes and the messages of every open run whose file changed, or changed back.

    A file that is gone is no newer revision: the run walks its own text to the end.
    """
    writes, effects = [], []
    for run in state.open_runs():
        book = known.get(run.runbook)
        newer = "" if book is None or book.digest == run.digest else book.digest
        if newer == run.newer:
            continue
        after = replace(run, newer=newer, at=at_next(state), version=run.version + 1)
        writes.append(Write(RUNS, run.id, as_record(after)))
        effects.append(card(after))
    return tuple(writes), tuple(effects)
