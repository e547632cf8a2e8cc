"""Actions that nobody pressed in a step that is done: done by a command, or forgotten; it is said either way. Pure."""

from opsbot.app.runs.by_hand import listed
from opsbot.app.runs.labels import label, meant
from opsbot.app.runs.meant import Arguments, IncidentArguments
from opsbot.app.runs.params import workflow_of
from opsbot.app.runs.ticks import PROVEN
from opsbot.domain.run import Run
from opsbot.domain.runbook import Runbook, Step


def is_there(run: Run, given: Arguments | None) -> bool:
    """Return whether an action would only open the incident that the run has."""
    if not isinstance(given, IncidentArguments) or not run.incident:
        return False
    return bool(given.title) and not given.update and given.status is None


def unpressed(run: Run, book: Runbook, step: Step) -> tuple[str, ...]:
    """Return what the buttons say that nobody pressed in a step; those that only evidence settles are told elsewhere."""
    if run.mode == "show" or run.imported:
        return ()
    named = []
    for number, action in enumerate(step.actions, 1):
        given = meant(action, workflow_of(run, book))
        if action.verb in PROVEN or is_there(run, given):
            continue
        if run.act(step.id, number) is None:
            named.append(label(given, action.verb, book))
    return tuple(named)


def unpressed_words(run: Run, book: Runbook, step: Step) -> str:
    """Return that in a few words, empty where everything was pressed."""
    left = unpressed(run, book, step)
    if not left:
        return ""
    named = listed(tuple(f"\u201c{one}\u201d" for one in left))
    return f"{named} {'was' if len(left) == 1 else 'were'} not pressed here"
