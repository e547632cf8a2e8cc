"""What a change of an incident, or the end of an approval's time, does to messages that wait. Pure."""

from dataclasses import replace

from opsbot.app.comms.change import beside, changed
from opsbot.app.comms.publish import settled
from opsbot.app.comms.second import drop_approvals, redrafted, void, workflows_named
from opsbot.app.comms_rules import settings_of
from opsbot.app.environment import policy_of
from opsbot.domain.actor import SCHEDULER
from opsbot.domain.change import Change, Write
from opsbot.domain.comms.told import as_record, from_record
from opsbot.domain.incident.incident import Incident
from opsbot.domain.policy.rules import identity_of
from opsbot.domain.state import COMMS, State


def with_void(state: State, now_ms: int, change: Change | None, after: Incident) -> Change | None:
    """
    Return a change of an incident with the approvals that it makes void, and who made it lighter.

    A yes was given to words under one severity, one type, of some workflows, and for one circle of
    people: under others it is asked for anew.
    """
    if change is None:
        return None
    before = state.incident(after.id)
    change = _eased(state, change, before, after)
    cause = _what(before, after)
    if not cause:
        return change
    waiting = [one for one in state.messages() if one.incident == after.id]
    return beside(change, void(state, now_ms, waiting, change.actor, cause))


def _eased(state: State, change: Change, before: Incident, after: Incident) -> Change:
    """Return a change with who made an incident lighter than what takes two people for words to users."""
    settings, by = settings_of(state), identity_of(policy_of(state), change.actor)
    graver = before.severity in settings.two_person and after.severity not in settings.two_person
    tracked = before.type in settings.exposure and after.type not in settings.exposure
    if change.actor.kind == "system" or not (graver or tracked):
        return change
    mine = [one for one in change.writes if (one.kind, one.id) == (COMMS, after.id)]
    last = mine[-1].record if mine else None
    comms = state.comms(after.id) if last is None else from_record(last)
    kept = replace(comms, eased=tuple(dict.fromkeys((*comms.eased, by))))
    writes = tuple(one for one in change.writes if one not in mine)
    return replace(change, writes=(*writes, Write(COMMS, after.id, as_record(kept))))


def _what(before: Incident, after: Incident) -> str:
    if before.severity != after.severity:
        return f"{after.id} is {after.severity} now, and was {before.severity}"
    if before.type != after.type:
        return f"{after.id} is of type `{after.type}` now"
    if before.private != after.private:
        return f"{after.id} is {'private' if after.private else 'public'} now"
    if set(before.workflows) != set(after.workflows):
        return f"{after.id} is about {workflows_named(after)} now"
    return ""


def decide_expire(state: State, now_ms: int, approval_id: str) -> Change | None:
    """
    Settle an approval of a message that nobody gave in time: the message is a draft again.

    Raises:
        UnknownApproval: no such id.
    """
    approval = state.approval(approval_id)
    if approval.standing != "pending":
        return None
    over = approval.settle("expired", by="", at_ms=now_ms)
    end = settled(over, SCHEDULER)
    message = state.message(str(approval.action["message"]))
    if message.standing != "waiting" or approval.id not in message.approvals:
        return replace(end, verb="approval_expired", rule="system")
    cause = f"{over.id} expired: nobody gave it in time"
    facts = {"approval": over.id, "cause": cause}
    change, _ = changed(state, redrafted(message), SCHEDULER, verb="comms_void", facts=facts)
    rest = drop_approvals(state, now_ms, [message], SCHEDULER, cause, but=over.id)
    return beside(change, end, rest)
