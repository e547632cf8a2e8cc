"""What publishing does to promises: the one that was open is kept or broken, the next is made. Pure."""

from dataclasses import replace

from opsbot.app.incident.promises import Promised, rhythmic, with_rhythms, written
from opsbot.domain.comms.cadence import FINAL, next_due, told
from opsbot.domain.comms.message import Message
from opsbot.domain.comms.settings import CommsSettings
from opsbot.domain.comms.templates import Audience, Stage
from opsbot.domain.comms.told import IncidentComms
from opsbot.domain.incident.incident import Incident
from opsbot.domain.incident.settings import MINUTE_MS


def after_publish(
    was: IncidentComms,
    message: Message,
    incident: Incident,
    now_ms: int,
    *,
    base: IncidentComms | None = None,
) -> Promised:
    """
    Return what publishing *message* now does to the words around its incident.

    The commit takes its *writes*, *timers* and *cancels*. *base* is the record as the same commit
    changes it for another reason (its places), where it does; *was* is what the store holds.
    """
    audience = message.audience
    before = was.rhythm(audience)
    promise = message.next_ms if rhythmic(incident) else None
    after = told(before, message.id, message.stage, at_ms=now_ms, next_ms=promise)
    if not rhythmic(incident):
        after = replace(after, due_ms=None, overdue_ms=None)
    return written(was, with_rhythms(base or was, {audience: after}), incident, now_ms)


def next_promise(
    settings: CommsSettings,
    incident: Incident,
    audience: Audience,
    stage: Stage,
    now_ms: int,
    next_s: int | None = None,
) -> int | None:
    """
    Return the next update that a message written now promises, on a whole minute; None for none.

    *next_s* is what its author asked for, in seconds from now; None is what the cadence says. A last
    message promises none, and a correction only what was asked for.
    """
    if stage in FINAL:
        return None
    if next_s is not None:
        return -(-(now_ms + next_s * 1000) // MINUTE_MS) * MINUTE_MS
    if stage == "correction":
        return None
    return next_due(settings.beat(audience, incident.severity), incident.times.declared, now_ms)
