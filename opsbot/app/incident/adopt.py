"""Who may take over a channel or a page that is there, and which: never one of another open incident. Pure."""

from opsbot.app.incident.requests import OpenIncident
from opsbot.app.incident.sight import sees
from opsbot.domain.actor import Actor
from opsbot.domain.errors import IncidentOpen, NotAllowed
from opsbot.domain.incident.incident import Incident
from opsbot.domain.policy.rules import Verdict
from opsbot.domain.state import State
from opsbot.domain.typed import command


def refuse_adoption(state: State, request: OpenIncident, actor: Actor, verdict: Verdict) -> None:
    """
    Refuse to take over what somebody may not, or what is in use.

    What is adopted is acted on outside: a page is closed with the incident that has it.

    Raises:
        NotAllowed: it takes the power; calling for help makes its own. IncidentOpen: another open
            incident has it, which is not named to those who may not know of it.
    """
    if not request.channel and not request.pager:
        return
    what = "page" if request.pager else "channel"
    if not verdict.allowed:
        raise NotAllowed(
            f"To take over a {what} takes the power over incidents; nothing was opened.",
            rule=verdict.rule,
            hint=f"Open one without it: {command('incident open what happened')} calls for help.",
        )
    for one in state.open_incidents():
        if _paged(one, request.pager) or _housed(one, request.channel):
            raise _in_use(one, _word(one, request), seen=sees(state, one, actor))


def _paged(one: Incident, page: str) -> bool:
    """Return whether a page is an incident's, by PagerDuty's id, its number, or our key."""
    if not page or one.pager is None:
        return False
    known = {one.pager.id, one.pager.key, str(one.pager.number or "")} - {""}
    return page.strip().casefold() in {name.casefold() for name in known}


def _housed(one: Incident, channel: str) -> bool:
    return bool(channel) and (one.room.own or one.room.adopted) and one.room.channel == channel


def _word(one: Incident, request: OpenIncident) -> str:
    return "page" if _paged(one, request.pager) else "channel"


def _in_use(one: Incident, what: str, *, seen: bool) -> IncidentOpen:
    if not seen:
        return IncidentOpen(
            f"That {what} is in use already; nothing was opened.",
            hint="Open one without it: it gets its own.",
        )
    return IncidentOpen(
        f"That {what} belongs to {one.id}, which is open; nothing was opened.",
        hint=f"Look at it: {command(f'incident show {one.id}')}.",
    )
