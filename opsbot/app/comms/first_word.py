"""When users read the first word of an incident: the moment at which it stood in the first place. Pure."""

from opsbot.app.incident.change import changed
from opsbot.domain.actor import OUTBOX
from opsbot.domain.change import Change
from opsbot.domain.comms.message import Message, Sent
from opsbot.domain.state import State


def first_told(state: State, now_ms: int, message: Message, sent: Sent) -> Change | None:
    """
    Return the change that notes when users were told, None where they were before or were not now.

    Published is not public: what no instance shows yet was read by nobody.
    """
    incident = state.incident(message.incident)
    shown = sent.state == "done" and sent.confirmed != 0
    if message.audience != "users" or not shown or incident.times.told is not None:
        return None
    after = incident.timed("told", now_ms)
    change, _ = changed(state, now_ms, incident, after, OUTBOX, verb="comms_sent", echo=True)
    return change
