"""The way back as a button: where it leads, what changes with it, what its evidence and price are. Pure."""

import html

from opsbot.app import route_state
from opsbot.app.book import book_of
from opsbot.app.model_words import price_words
from opsbot.app.routes.words import difference_lines
from opsbot.domain.gates import HOUR_MS
from opsbot.domain.route import Revision
from opsbot.domain.routing import Routing
from opsbot.domain.said import Button, inert
from opsbot.domain.state import State
from opsbot.domain.workflow import Workflow

ROOM = 295
"""Characters of a question before a press, with `<` and the like spelled out: Slack shows 300."""

_LINE = 90
_COLOURS = {"red": "RED", "hard_red": "RED", "stale": "stale", "too_few": "too few cases"}


def rollback_buttons(
    state: State, workflow: Workflow, routing: Routing, now_ms: int
) -> tuple[Button, ...]:
    """
    Return the button that goes to the last good revision; none where it serves already.

    Its value names what serves and where it goes, so that a press on an old message is refused.
    """
    serving = state.revision(workflow.name, routing.active)
    good = state.revision(workflow.name, routing.last_good)
    if serving.route == good.route:
        return ()
    value = f"{workflow.name}:{serving.id}:{good.id}"
    question = rollback_question(state, workflow, serving, good, now_ms)
    return (Button("route_rollback", f"Roll back to {good.id}", value, "danger", question),)


def rollback_question(
    state: State, workflow: Workflow, serving: Revision, good: Revision, now_ms: int
) -> str:
    """Return what is asked before the press: every difference that there is room for, evidence, price."""
    head = f"Serve everybody of {inert(workflow.name, limit=60)} with {good.id} instead of {serving.id}?"
    price = price_words(book_of(state), serving.route, good.route)
    tail = [
        f"Evidence of {good.id}: {_evidence(state, workflow, good, now_ms)}.",
        *([f"Price: {price}."] if price else []),
    ]
    left = ROOM - _size(head) - sum(_size(line) + 1 for line in tail)
    return "\n".join((head, *_fitting(difference_lines(serving.route, good.route), left), *tail))


def _fitting(lines: list[str], left: int) -> list[str]:
    kept: list[str] = []
    for at, line in enumerate(lines):
        short = inert(line, limit=_LINE).strip()
        left -= _size(short) + 1
        if left < len("and 99 more"):
            return [*kept, f"and {len(lines) - at} more"]
        kept.append(short)
    return kept


def _size(line: str) -> int:
    return len(html.escape(line, quote=False))


def _evidence(state: State, workflow: Workflow, good: Revision, now_ms: int) -> str:
    if not route_state.gates(workflow):
        return "no gate asks for any"
    results = route_state.evidence(state, workflow, good.id, now_ms)
    ages = [now_ms - one.measurement.at_ms for one in results if one.measurement is not None]
    if not ages:
        return "none"
    bad = sorted({_COLOURS[one.colour] for one in results if one.colour in _COLOURS})
    missing = ["some missing"] if len(ages) < len(results) else []
    how = ", ".join([*bad, *missing]) or "green"
    return f"{max(ages) / HOUR_MS:.0f} h old, {how}"
