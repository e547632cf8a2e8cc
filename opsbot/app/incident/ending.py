"""
When the channel of an incident that is over is archived: a due time in the store, set by comparing. Pure.

It is counted from the end that nobody works after (reviewed, or over without ever being one); a
reopening takes it away.
"""

from typing import Final

from opsbot.domain.change import Effect, Timer
from opsbot.domain.incident.flow import NOT_COUNTED
from opsbot.domain.incident.incident import Incident, Room
from opsbot.domain.incident.settings import DAY_MS, IncidentSettings
from opsbot.domain.state import State

ARCHIVE: Final = "incident_archive"
"""The kind of the effect that makes the archiving due."""

ENDED: Final = NOT_COUNTED | {"reviewed"}

AGAIN_MS: Final = DAY_MS
"""When a channel that was still in use is looked at again."""

IN_USE: Final = "another open incident uses it; it is looked at again in a day"
DECLARED: Final = "it is declared as the channel of more than this incident"


def archiving(
    before: Incident, after: Incident, settings: IncidentSettings, now_ms: int
) -> tuple[tuple[Timer, ...], tuple[str, ...]]:
    """Return the timer that a change sets, and the id of the one that it takes away."""
    was, now = ends(before), ends(after)
    if now and not was and settings.archive_after_ms is not None:
        return (archive_timer(after, settings.archive_after_ms, now_ms),), ()
    return (), (timer_id(after),) if was and not now else ()


def ends(incident: Incident) -> bool:
    """Return whether its channel is one that is archived after a while: its own, and never one it adopted."""
    return incident.status in ENDED and incident.room.live and not incident.room.adopted


def archive_timer(incident: Incident, in_ms: int, now_ms: int) -> Timer:
    """Return the timer after which its channel is archived."""
    key = f"{ARCHIVE}:{incident.uid}:{now_ms + in_ms}"
    return Timer(timer_id(incident), in_ms, Effect(ARCHIVE, key, {"incident": incident.id}))


def timer_id(incident: Incident) -> str:
    """Return the id of the one timer that the archiving of an incident has."""
    return f"archive:{incident.uid}"


def kept_for(state: State, incident: Incident, settings: IncidentSettings, home: str) -> str:
    """Return why its channel is not archived though its time has come, empty where it may be."""
    channel = incident.room.channel
    if any(one.room.channel == channel and one.id != incident.id for one in state.open_incidents()):
        return IN_USE
    shared = {one.slack_channel for one in state.workflows().values()}
    return DECLARED if channel in shared | {settings.channel, home} else ""


def closed(room: Room) -> Room:
    """Return a channel that takes no messages any more."""
    return Room(room.channel, room.name, room.own, room.adopted, archived=True)
