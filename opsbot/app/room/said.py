"""What changes of an incident, said in the thread of its card: one reply for each change worth a sentence."""

from dataclasses import dataclass, field

from opsbot.app.environment import Environment
from opsbot.app.one_at_a_time import OneAtATime
from opsbot.app.ports import Delivery, GiveUp, Outbox, Render, RetryLater
from opsbot.app.room.card import IncidentCard
from opsbot.app.room.place import card_key, place
from opsbot.app.room.port import Rooms
from opsbot.app.room.step import AGAIN_S, TRYING, WAIT_S, patient
from opsbot.app.sentences import Sentences
from opsbot.domain.change import Record
from opsbot.domain.errors import Gone, UnknownIncident
from opsbot.domain.incident.incident import Incident
from opsbot.domain.said import Said
from opsbot.domain.state import State


@dataclass(frozen=True, slots=True)
class IncidentSaid:
    """The effect handler `incident_said`; it stands under the card, wherever that is."""

    env: Environment
    rooms: Rooms
    outbox: Outbox
    render: Render
    card: IncidentCard
    _alone: OneAtATime = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_alone", OneAtATime(self.outbox))

    async def __call__(self, delivery: Delivery) -> None:
        """
        Reply with what one entry of the journal changed; without a card there is nothing to reply to.

        Raises:
            RetryLater: the card is not there yet, or Slack says later. GiveUp: from the port.
            StoreLost: it is delivered again.
        """
        state = await self.env.store.refresh()
        try:
            incident = state.incident(str(delivery.effect.body["incident"]))
        except UnknownIncident:
            return
        card = await self._thread(state, incident)
        if card is None:
            return
        revision = int(str(delivery.effect.body["revision"]))
        text = await Sentences(self.env).of_incident(revision, incident)
        if not text:
            return
        async with self._alone.on(delivery.effect.key):
            await self._reply(incident, card, text, delivery)

    async def _reply(self, incident: Incident, card: Record, text: str, delivery: Delivery) -> None:
        """Reply once: whoever comes second looks for the first reply, which stands there by then."""
        blocks, plain = self.render(Said("plain", text))
        try:
            await self.rooms.reply(card, blocks, plain, key=delivery.effect.key)
        except Gone as gone:
            await self.card.anew(incident)
            raise RetryLater("the card was deleted, and is posted anew", after_s=WAIT_S) from gone
        except RetryLater as later:
            raise patient(later, delivery.attempt) from later
        except GiveUp as no:
            if await self.card.archive.noticed(incident):
                raise RetryLater("its channel is archived: it goes elsewhere") from no
            raise

    async def _thread(self, state: State, incident: Incident) -> Record | None:
        """
        Return under what it is said, None where nothing is to be.

        Raises:
            GiveUp: its channel is archived, and there is no other place: it waits to be delivered again.
        """
        if incident.room.archived:
            elsewhere = await self.card.thread(incident)
            if elsewhere is None:
                raise GiveUp(f"the channel of {incident.id} is archived, and it has no other place")
            return elsewhere
        card = await self._card(incident)
        there = place(state, incident, self.card.home)
        return card if card is not None and card["channel"] == there else None

    async def _card(self, incident: Incident) -> Record | None:
        """
        Return the place of the card, None where there is to be none.

        Raises:
            RetryLater: it is on its way, or was moved and says so nowhere yet.
        """
        step = incident.steps.get("card")
        left = await self.outbox.left(card_key(incident))
        if left is None:
            if step is not None and step.state == "due":
                raise RetryLater("the card comes first", after_s=WAIT_S)
            if step is not None and step.detail.endswith(TRYING):
                raise RetryLater("the card comes first", after_s=AGAIN_S)
            return None
        room, kept = incident.room, step is not None and step.state == "done"
        if room.own and kept and left["channel"] != room.channel:
            raise RetryLater("the card moves to its channel first", after_s=WAIT_S)
        return left
