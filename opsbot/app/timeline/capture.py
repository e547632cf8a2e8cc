"""
What people mark in Slack, taken into a timeline: a pinned message is a line, and stays what it is there.

Slack tells of reactions and edits late, twice and in any order, so nothing is believed of what it
tells but where to look: the message is asked for, and asked for again after the commit.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from opsbot.app.environment import Environment
from opsbot.app.incident.note_change import at_place
from opsbot.app.incident.requests import TimelineNote, Which
from opsbot.app.timeline.notes import IncidentNotes, MessageNow
from opsbot.domain.actor import Actor
from opsbot.domain.incident.incident import Incident
from opsbot.domain.state import State

ROUNDS: Final = 3
"""How often a message is looked at again that changes while it is taken over."""


@dataclass(frozen=True, slots=True)
class Heard:
    """That something happened to a message; *pinned*: somebody marked it just now."""

    channel: str
    ts: str
    pinned: bool = False

    @property
    def place(self) -> str:
        """Return what tells the message from every other one."""
        return f"{self.channel}:{self.ts}"


@dataclass(frozen=True, slots=True)
class Seen:
    """
    A message as it is; *text* None: it is gone. *author* is the account behind it.

    *thread* is the timestamp of the message in whose thread it stands, empty outside any.
    """

    text: str | None
    pinned: bool = False
    author: str = ""
    permalink: str = ""
    thread: str = ""


Look = Callable[[], Awaitable[Seen]]


@dataclass(frozen=True, slots=True)
class Capture:
    """The use case."""

    env: Environment

    async def __call__(
        self, heard: Heard, look: Look, actor: Actor, *, request_id: str
    ) -> bool | None:
        """
        Bring the timeline to what a message is; return whether it stands there, None where it is no matter.

        Only what is pinned in an incident's channel is looked at, and messages that are lines already.

        Raises:
            Refused: whoever pinned it may not add to that incident. StoreLost. And whatever *look* raises.
        """
        state = await self.env.store.refresh()
        room = in_room(state, heard.channel)
        if not at_place(state, heard.place) and (room is None or not heard.pinned):
            return None
        seen = await look()
        for number in range(ROUNDS):
            await self._bring(heard, seen, room, actor, f"{request_id}:{number}")
            again = await look()
            if again == seen:
                break
            seen = again
        return any(one.stands for one in at_place(self.env.store.state, heard.place))

    async def _bring(
        self, heard: Heard, seen: Seen, room: Incident | None, actor: Actor, request_id: str
    ) -> None:
        notes = IncidentNotes(self.env)
        now = MessageNow(heard.place, seen.text, pinned=seen.pinned)
        await notes.follow(now, request_id=f"{request_id}:follow")
        if room is None or seen.text is None or not (heard.pinned and seen.pinned):
            return
        line = TimelineNote(
            Which(room.id),
            seen.text,
            at_ms=moment_of(heard.ts),
            author=seen.author,
            place=heard.place,
            permalink=seen.permalink,
            source="reaction",
        )
        await notes.note(line, actor, request_id=f"{request_id}:note")


def in_room(state: State, channel: str) -> Incident | None:
    """Return the incident whose own channel it is: the open one, else the newest; None for any other."""
    here = [one for one in state.incidents() if one.room.own and one.room.channel == channel]
    if not channel or not here:
        return None
    return min(here, key=lambda one: (not one.open, -one.declared_at.revision))


def moment_of(ts: str) -> int | None:
    """Return when a message was written, in milliseconds; None for what is no timestamp of Slack's."""
    whole, _, part = ts.partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) <= 11):  # noqa: PLR2004  seconds until the year 5138
        return None
    digits = f"{part}000"[:3]
    return int(whole) * 1000 + (int(digits) if digits.isascii() and digits.isdigit() else 0)
