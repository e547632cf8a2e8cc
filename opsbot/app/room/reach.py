"""Whether a channel can be written to, asked before it has to be."""

from opsbot.app.ports import GiveUp, RetryLater
from opsbot.app.room.port import Rooms


async def unreachable(rooms: Rooms, channel: str) -> str:
    """Return why a channel cannot be written to, empty where it can; never raises for what it finds."""
    try:
        found = await rooms.look(channel)
    except (RetryLater, GiveUp) as error:
        return str(error) or "Slack does not say why"
    if found.archived:
        return "it is archived"
    return "" if found.member or not found.private else "opsbot is not in it"
