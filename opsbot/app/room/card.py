"""The card of an incident, pinned in its channel, and its announcement in the workflow's: both edited in place."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from opsbot.app.comms.port import Templates
from opsbot.app.comms.targets.none import NoTemplates
from opsbot.app.environment import Environment
from opsbot.app.incident.asked_words import with_asked
from opsbot.app.incident.room_words import announcement, hidden, moved
from opsbot.app.incident.steps import PRIVATE, PRIVATE_NOWHERE, PUBLIC
from opsbot.app.incident.words import incident_said
from opsbot.app.incidents import Incidents
from opsbot.app.ports import Delivery, GiveUp, RetryLater
from opsbot.app.room.archive import IncidentArchive
from opsbot.app.room.make import IncidentRoom
from opsbot.app.room.message import Standing
from opsbot.app.room.place import announcement_key, card_key, place, shared_channel
from opsbot.app.room.port import Rooms
from opsbot.app.room.step import (
    AGAIN_S,
    Due,
    IncidentSteps,
    Outcome,
    StepHandler,
    Wait,
    homeless,
    patient,
)
from opsbot.app.room.telling import with_telling
from opsbot.domain.change import Record
from opsbot.domain.errors import Gone, UnknownIncident
from opsbot.domain.incident.incident import Incident, StepName
from opsbot.domain.said import Said


@dataclass(frozen=True, slots=True)
class IncidentCard:
    """
    The steps card and announce, and the effect `incident_card`, which keeps both up to date.

    *home* is as in `IncidentRoom`; *room* brings in who came to the incident since; *archive* knows
    when nobody can write in its channel any more. *templates* are what people can be told with.
    """

    env: Environment
    incidents: Incidents
    standing: Standing
    rooms: Rooms
    room: IncidentRoom
    archive: IncidentArchive
    home: str = ""
    templates: Templates = field(default_factory=NoTemplates)

    def handlers(self) -> dict[StepName, StepHandler]:
        """Return what does which step."""
        return {"announce": self.announce, "card": self.card}

    async def card(self, due: Due) -> Outcome:
        """
        Post the card in its channel, and pin it there.

        It waits some seconds for the channel, then stands in the workflow's until there is one.
        """
        if not due.settled("channel") and due.may_wait:
            raise Wait("the channel comes first")
        incident = due.incident
        channel = place(self.env.store.state, incident, self.home)
        if not channel:
            return self._nowhere(due)
        try:
            await self._kept(incident, channel)
        except GiveUp:
            if await self.archive.noticed(incident):
                raise RetryLater("its channel is archived: it goes elsewhere") from None
            raise
        return Outcome("done")

    async def announce(self, due: Due) -> Outcome:
        """Say in the workflow's channel, once, that there is an incident and where it goes on."""
        incident = due.incident
        if incident.private:
            return Outcome("skipped", PRIVATE)
        if not due.settled("channel") and due.may_wait:
            raise Wait("the channel comes first")
        channel = shared_channel(self.env.store.state, incident, self.home)
        if not channel:
            return Outcome("skipped", "no channel is declared for it")
        if due.settled("channel") and place(self.env.store.state, incident, self.home) == channel:
            return Outcome("skipped", "its card stands in that channel")
        await self.standing.put(
            announcement_key(incident), channel, lambda: self._announcement(incident.id)
        )
        return Outcome("done")

    async def keep(self, delivery: Delivery, steps: IncidentSteps) -> None:
        """
        Bring everything that stands in Slack up to date: the effect handler `incident_card`.

        What fails for good is shown as the failure of its step; it keeps nothing else from its turn.

        Raises:
            RetryLater: for some of it, after the rest was done. StoreLost: it is delivered again.
        """
        state = await self.env.store.refresh()
        try:
            incident = state.incident(str(delivery.effect.body["incident"]))
        except UnknownIncident:
            return
        if await self._leaves(incident, delivery, steps):
            return
        if await self.archive.opened_by_hand(incident):
            return  # that is a change, and brings its own work
        later = await self._each(incident, steps)
        if later is not None:
            raise patient(later, delivery.attempt)

    async def _each(self, incident: Incident, steps: IncidentSteps) -> RetryLater | None:
        """Keep each part; return the last that has to wait. What is archived meanwhile brings its own work."""
        parts: tuple[tuple[StepName, Callable[[Incident], Awaitable[None]]], ...] = (
            ("card", self._keep_card),
            ("announce", self._keep_announcement),
            ("invite", self.room.newcomers),
        )
        later: RetryLater | None = None
        for name, keep in parts:
            try:
                await keep(incident)
            except GiveUp as no:
                if await self.archive.noticed(incident):
                    return None
                await steps.failed(incident, name, str(no))
            except RetryLater as again:
                later = again
        return later

    async def _leaves(self, incident: Incident, delivery: Delivery, steps: IncidentSteps) -> bool:
        """Return whether it has to leave its channel, as everybody may read there; then nothing is said."""
        try:
            if not await self.room.unfit(incident):
                return False
        except GiveUp as no:
            await steps.failed(incident, "channel", str(no))
            return True
        except RetryLater as later:
            raise patient(later, delivery.attempt) from later
        await steps.failed(incident, "channel", PUBLIC, homeless)
        return True

    async def anew(self, incident: Incident) -> None:
        """Post the card again that somebody deleted. Raises as `keep`."""
        await self.standing.forget(card_key(incident))
        await self._keep_card(incident)

    async def said(self, incident_id: str) -> Said:
        """Return the card as of now."""
        state = await self.env.store.refresh()
        incident = state.incident(incident_id)
        said = incident_said(await self.incidents.view(incident))
        now_ms = self.env.clock.now_ms()
        said = with_telling(said, state, incident, self.templates.known(), now_ms)
        return with_asked(said, state, incident, now_ms)

    async def _keep_card(self, incident: Incident) -> None:
        left = await self.standing.where(card_key(incident))
        if left is None:
            return None  # its step posts it
        if incident.room.archived and left["channel"] == incident.room.channel:
            return await self._keep_archived(incident)
        channel = place(self.env.store.state, incident, self.home)
        if channel:
            return await self._kept(incident, channel)
        return await self._hide(card_key(incident), left, incident)

    async def _keep_archived(self, incident: Incident) -> None:
        """
        Bring the card of one that goes on to where it can be read; at its end it stays as it was.

        While its channel is being opened again it waits: a card that comes back at once is only noise.
        """
        step = incident.steps.get("archive")
        waits = step is not None and step.state == "due"
        channel = shared_channel(self.env.store.state, incident, self.home)
        if incident.open and channel and not waits:
            await self._kept(incident, channel)

    async def thread(self, incident: Incident) -> Record | None:
        """
        Return under what something is said while its channel is archived, None where there is nothing.

        At its end that is its announcement; one that goes on has its card there.

        Raises:
            RetryLater: its channel is being opened again, or Slack says later. GiveUp: from the port.
        """
        step = incident.steps.get("archive")
        if incident.open and step is not None and step.state == "due":
            raise RetryLater("its channel is opened again first", after_s=AGAIN_S)
        channel = shared_channel(self.env.store.state, incident, self.home)
        if not channel:
            return None
        left = await self.standing.where(announcement_key(incident))
        if left is not None and left["channel"] == channel and not incident.open:
            return left
        await self._kept(incident, channel)
        return await self.standing.where(card_key(incident))

    async def _keep_announcement(self, incident: Incident) -> None:
        key = announcement_key(incident)
        left = await self.standing.where(key)
        if left is None:
            return None
        if incident.private:
            return await self._hide(key, left, incident)
        await self.standing.put(key, str(left["channel"]), lambda: self._announcement(incident.id))
        return None

    async def _kept(self, incident: Incident, channel: str) -> None:
        key, gone = card_key(incident), moved(incident)
        if await self._announces(incident, channel):
            gone = await self._announcement(incident.id)
        left = await self.standing.put(key, channel, lambda: self.said(incident.id), moved=gone)
        if incident.room.live and channel == incident.room.channel:
            await self._pinned(key, left)

    async def _announces(self, incident: Incident, channel: str) -> bool:
        """
        Return whether the card's old message becomes the announcement, once the card leaves it.

        It does where the card stood in the channel for announcements, and none was posted there.
        """
        left = await self.standing.where(card_key(incident))
        shared = shared_channel(self.env.store.state, incident, self.home)
        if left is None or channel == left["channel"] or left["channel"] != shared:
            return False
        place: Record = {"channel": left["channel"], "ts": left["ts"]}
        announced = await self.standing.where(announcement_key(incident))
        if announced is None:
            await self.standing.outbox.leave(announcement_key(incident), {**place, "print": ""})
        return announced is None or announced["ts"] == left["ts"]

    async def _pinned(self, key: str, place: Record) -> None:
        """
        Pin the card where it stands, once.

        Raises:
            RetryLater: not now, or the card was deleted meanwhile. GiveUp: never; it says so.
        """
        at: Record = {"channel": place["channel"], "ts": place["ts"]}
        if await self.standing.outbox.left(f"{key}:pinned") == at:
            return
        try:
            await self.rooms.pin(at)
        except Gone as gone:
            await self.standing.forget(key)
            raise RetryLater("the card was deleted, and is posted anew") from gone
        except GiveUp as no:
            raise GiveUp(f"it stands there, but is not pinned: {no}") from no
        await self.standing.outbox.leave(f"{key}:pinned", at)

    async def _announcement(self, incident_id: str) -> Said:
        state = await self.env.store.refresh()
        return announcement(await self.incidents.view(state.incident(incident_id)))

    async def _hide(self, key: str, left: Record, incident: Incident) -> None:
        async def taken_back() -> Said:
            return hidden(incident)

        await self.standing.put(key, str(left["channel"]), taken_back)

    def _nowhere(self, due: Due) -> Outcome:
        """Return that there is no place for it; where its channel failed, neither did this succeed."""
        channel = due.incident.steps.get("channel")
        why = "no channel is declared for it"
        if due.incident.private:
            why = PRIVATE_NOWHERE
        failed = channel is not None and channel.state == "failed"
        return Outcome("failed" if failed else "skipped", why)
