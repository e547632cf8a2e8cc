"""What is said of a runbook beside its steps: of whom it is, for what, how long it takes, how fresh it is. Pure."""

from datetime import date, timedelta
from typing import Final
from urllib.parse import quote

from opsbot.app.fleet.words import counted
from opsbot.domain.runbook import Runbook

DOT: Final = " \u00b7 "
"""What stands between two facts on one line."""

_HOUR_S: Final = 3600
_DAY_S: Final = 24 * _HOUR_S
_EXACT_S: Final = 10 * _HOUR_S
"""From here on minutes say nothing."""


def link_of(name: str) -> str:
    """Return the path of a runbook's page; the name is that of a file, so it may hold anything."""
    return f"/runbooks/{quote(name)}"


def shelved(own: int, imported: int) -> str:
    """Return what a number counts: our own runbooks, and pages of other houses by themselves."""
    pages = (counted(imported, "imported page"),) if imported else ()
    books = (counted(own, "runbook"),) if own or not imported else ()
    return " and ".join((*books, *pages))


def minutes(seconds: int | None) -> str:
    """Return how long something should take as people say it, empty where nobody said: `90 min` is `1 h 30 min`."""
    if not seconds:
        return ""
    if seconds < _HOUR_S:
        return f"{max(round(seconds / 60), 1)} min"
    if seconds >= 2 * _DAY_S:
        return f"{round(seconds / _DAY_S)} days"
    if seconds >= _EXACT_S:
        return f"{round(seconds / _HOUR_S)} h"
    hours, left = divmod(round(seconds / 60), 60)
    return f"{hours} h {left} min" if left else f"{hours} h"


def due_again(runbook: Runbook) -> str:
    """Return the date until which its review holds, empty where that is not known."""
    try:
        reviewed = date.fromisoformat(runbook.reviewed)
    except ValueError:
        return ""
    return "" if runbook.review_days is None else f"{reviewed + timedelta(runbook.review_days)}"


def facts(runbook: Runbook) -> tuple[str, ...]:
    """Return what stands under the title: of whom, for what, how fresh."""
    again = due_again(runbook)
    return tuple(
        one
        for one in (
            runbook.severity or "",
            f"owner {runbook.owner}" if runbook.owner else "",
            f"for {', '.join(runbook.incident_types)}" if runbook.incident_types else "",
            f"reviewed {runbook.reviewed}" if runbook.reviewed else "",
            f"next review {again}" if again else "",
            "imported: to read and to tick, it never acts" if runbook.imported else "",
        )
        if one
    )
