"""The verbs of a timeline: note a line, retract it, follow what becomes of its message, list it all."""

import hashlib
from dataclasses import dataclass, replace
from typing import Final

from opsbot.app.environment import ALTERED, ERASED, Environment, policy_of
from opsbot.app.incident.note_change import (
    Followed,
    Noting,
    at_place,
    decide_follow,
    decide_note,
    decide_retract,
)
from opsbot.app.incident.note_words import author_of, noted_said, retracted_said, timeline_said
from opsbot.app.incident.requests import TimelineNote, Which
from opsbot.app.incident.sight import found
from opsbot.app.timeline.read import Timeline
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.incident.note import Note
from opsbot.domain.said import Said

LONGEST: Final = 2_000
"""Characters of a line; the link leads to a message that is longer."""


@dataclass(frozen=True, slots=True)
class MessageNow:
    """
    What a message in Slack is now. *place* is `channel:ts`.

    *text* None: it is gone. *pinned* None: nobody looked at its reactions.
    """

    place: str
    text: str | None
    pinned: bool | None = None


@dataclass(frozen=True, slots=True)
class IncidentNotes:
    """The use cases."""

    env: Environment

    async def note(self, request: TimelineNote, actor: Actor, *, request_id: str) -> Said:
        """
        Put one line into a timeline; one message is one line, whoever puts it there and how often.

        Raises:
            NeedsMoreWords: no words. IllegalMove: its moment is still to come. And as every change.
            StoreLost: whether it is stored is not known.
        """
        words = shortened(request.text)
        if not words:
            raise NeedsMoreWords("Say what to note; nothing was noted.")
        text, sealed = self.env.sealed(words)
        place = request.place or f"asked:{hashlib.sha256(request_id.encode()).hexdigest()[:32]}"
        noting = Noting(replace(request, place=place), text, sealed)
        await self.env.store.refresh()
        committed, note = await self.env.store.commit(
            request_id, lambda state, now_ms: decide_note(state, now_ms, noting, actor)
        )
        fresh = committed is not None
        return noted_said(await self._told(note), self.env.name, fresh=fresh)

    async def retract(self, name: str, actor: Actor, *, request_id: str) -> Said:
        """
        Take a line (`INC-7:n3`) out of a timeline: it stays in the record, marked as retracted.

        Raises:
            NeedsMoreWords: there is no such line. NotAllowed. StoreLost: as `note`.
        """
        await self.env.store.refresh()
        committed, note = await self.env.store.commit(
            request_id, lambda state, now_ms: decide_retract(state, now_ms, name, actor)
        )
        return retracted_said(await self._told(note), self.env.name, fresh=committed is not None)

    async def follow(self, now: MessageNow, *, request_id: str) -> tuple[Note, ...]:
        """
        Bring every line of a message to what the message is now; return those lines.

        Nobody is asked for a power: that a message was changed, deleted or unpinned is so already.

        Raises:
            StoreLost: it is told again, and comes to the same.
        """
        state = await self.env.store.refresh()
        after = []
        for note in at_place(state, now.place):
            followed = await self._followed(note, now)
            _, one = await self.env.store.commit(
                f"{request_id}:{note.id}",
                lambda state, now_ms, name=note.id, what=followed: decide_follow(  # type: ignore[misc]  # bound now
                    state, now_ms, name, what
                ),
            )
            after.append(one or note)
        return tuple(after)

    async def timeline(self, which: Which, actor: Actor) -> Said:
        """List everything that happened in an incident. Raises UnknownIncident, NeedsMoreWords, NotAllowed."""
        state = await self.env.store.refresh()
        incident = found(state, actor, which)
        told = await Timeline(self.env).told(incident)
        return timeline_said(incident, told, self.env.name, self.env.clock.now_ms())

    async def _followed(self, note: Note, now: MessageNow) -> Followed:
        if now.text is None:
            return Followed(now.place, gone=True)
        if now.pinned is False and note.source == "reaction":
            return Followed(now.place, unpinned=True)
        (kept,) = await self.env.unsealed(note.text)
        words = shortened(now.text)
        if not words or words == kept or kept in (ERASED, ALTERED):
            # What was erased on request is not written down again by an edit of its message.
            return Followed(now.place)
        text, sealed = self.env.sealed(words)
        return Followed(now.place, was=note.text, text=text, sealed=sealed)

    async def _told(self, note: Note) -> tuple[Note, str, str]:
        """Return a line as the store has it, its words, and whose they are."""
        state = self.env.store.state
        kept = next((one for one in state.notes(note.incident) if one.id == note.id), note)
        (text,) = await self.env.unsealed(kept.text)
        return kept, text, author_of(policy_of(state), kept.author)


def shortened(text: str) -> str:
    """Return words as a line keeps them: at most `LONGEST` characters."""
    words = text.strip()
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1].rstrip()}\u2026"
