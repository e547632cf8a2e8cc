"""Who keeps the record of exposed data: whoever works on the incident, and those who approve there. Pure."""

from opsbot.app.comms.power import functions
from opsbot.app.environment import policy_of
from opsbot.app.incident.power import may_work
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NotAllowed
from opsbot.domain.incident.incident import Incident
from opsbot.domain.policy.identity import person_of
from opsbot.domain.state import State


def may_keep(state: State, incident: Incident, actor: Actor, now_ms: int) -> str:
    """
    Return the rule by which somebody may hold evidence or run a clock of an incident that they see.

    Raises:
        NotAllowed: with what they may do instead.
    """
    try:
        return may_work(state, incident, actor, now_ms)
    except NotAllowed:
        person = person_of(policy_of(state), actor)
        if person and any(person in people for people in functions(state).values()):
            return "comms-exposure"
        raise
