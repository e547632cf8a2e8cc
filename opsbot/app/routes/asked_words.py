"""What somebody reads of a ramp before they approve it: what differs, what it costs, and what will hold it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from opsbot.app.approvals import ramp_of
from opsbot.app.book import book_of
from opsbot.app.model_words import price_line
from opsbot.app.routes.ramp_decision import obstacles_of
from opsbot.app.routes.words import ahead_lines, difference_lines
from opsbot.domain.approval import Approval
from opsbot.domain.errors import UnknownRevision
from opsbot.domain.route import Revision, number_of
from opsbot.domain.routing import confirmed
from opsbot.domain.state import State


@dataclass(frozen=True, slots=True)
class RampAsked:
    """*note* is the commitment to the revision's own note; *lines* are sentences."""

    lines: tuple[str, ...] = ()
    note: str = ""


def ramp_asked(state: State, approval: Approval, now_ms: int) -> RampAsked:
    """Return what an approval of a ramp is about; nothing for any other, and for what is not declared."""
    workflow = state.workflows().get(ramp_of(approval))
    new, old = (_revision(state, approval, name) for name in ("revision", "over"))
    if workflow is None or new is None or old is None:
        return RampAsked()
    price = price_line(book_of(state), old.route, new.route)
    ahead = obstacles_of(state, now_ms, workflow, confirmed(state.routing(workflow.name), 0))
    differs = difference_lines(old.route, new.route) or [f"Its content is that of {old.id}."]
    lines = (*differs, *([price] if price else []), *ahead_lines(ahead))
    return RampAsked(lines, new.note)


def _revision(state: State, approval: Approval, name: str) -> Revision | None:
    action: Mapping[str, object] = approval.action
    number = number_of(str(action.get(name, "")))
    try:
        return None if number is None else state.revision(ramp_of(approval), number)
    except UnknownRevision:
        return None
