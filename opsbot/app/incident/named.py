"""What the cards of kills may say of incidents: the public ones that they belong to, and when that changes. Pure."""

from opsbot.domain.incident.flow import NOT_COUNTED
from opsbot.domain.incident.incident import Incident
from opsbot.domain.state import State


def beside(state: State, kill_id: str) -> tuple[Incident, ...]:
    """
    Return the incidents that the card of a kill may name: public ones that it belongs to.

    One that is over is named while the kill holds on, and one that was none is not.
    """
    return tuple(
        one
        for one in state.incidents()
        if kill_id in one.kills and not (one.private or one.drill) and one.status not in NOT_COUNTED
    )


def named_apart(before: Incident, after: Incident) -> bool:
    """Return whether the cards of its kills say another thing of an incident than before."""
    return _named_as(before) != _named_as(after)


def _named_as(incident: Incident) -> tuple[bool, bool, bool, str]:
    room = incident.room
    over = incident.status in NOT_COUNTED
    return incident.private, incident.open, over, room.channel if room.own else ""
