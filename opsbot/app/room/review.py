"""Put a review into the thread of its incident's card: the file first, then the picture, each once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from opsbot.app.environment import Environment
from opsbot.app.ports import Chat, Delivery, GiveUp, Outbox, Picture, Pictures, RetryLater
from opsbot.app.review.export import chart_of, document
from opsbot.app.review.read import Reviews
from opsbot.app.room.card import IncidentCard
from opsbot.app.room.place import card_key, place
from opsbot.domain.change import Record
from opsbot.domain.errors import UnknownIncident
from opsbot.domain.incident.incident import Incident
from opsbot.domain.picture.timeline import alt_text

CARD_S: Final = 5.0
SEEN_AGAIN_S: Final = 60.0
"""When a file that Slack took and does not show yet is looked for again, in seconds."""

GIVE_UP_AFTER: Final = 8
KEPT_S: Final = 30 * 86_400.0
"""How long it is remembered that a file was shown, in seconds."""

Put = Callable[[], Awaitable[Record | None]]


@dataclass(frozen=True, slots=True)
class ReviewShown:
    """
    The effect handler `incident_export`.

    *home* is the channel that is used where neither a workflow nor the settings name one. *card* says
    where things are said of one whose channel is archived.
    """

    env: Environment
    chat: Chat
    outbox: Outbox
    pictures: Pictures
    home: str = ""
    card: IncidentCard | None = None

    async def __call__(self, delivery: Delivery) -> None:
        """
        Show both; what was shown before a crash is found again and not shown twice.

        Raises:
            RetryLater: there is no card yet, or Slack says later. GiveUp: there is nowhere to show it.
            StoreLost: it is delivered again.
        """
        state = await self.env.store.refresh()
        try:
            incident = state.incident(str(delivery.effect.body["incident"]))
        except UnknownIncident:
            return
        thread = await self._thread(incident, place(state, incident, self.home), delivery)
        try:
            await self._shown(incident, thread, delivery)
        except GiveUp as no:
            if await self._closed(incident):
                raise RetryLater("its channel is archived: it goes elsewhere") from no
            raise

    async def _shown(self, incident: Incident, thread: Record, delivery: Delivery) -> None:
        key, review = delivery.effect.key, await Reviews(self.env).of(incident)
        file = document(incident, review, "md")
        await self._once(
            f"{key}:md", lambda: self.chat.share(thread, file, key=f"{key}:md"), delivery
        )
        chart = chart_of(incident, review)
        drawn = Picture(await self.pictures.timeline(chart), chart.title, alt_text(chart))
        await self._once(
            f"{key}:png", lambda: self.chat.upload(thread, drawn, key=f"{key}:png"), delivery
        )

    async def _thread(self, incident: Incident, channel: str, delivery: Delivery) -> Record:
        if incident.room.archived:
            return await self._elsewhere(incident)
        card = await self.outbox.left(card_key(incident))
        if card is None:
            if delivery.attempt >= GIVE_UP_AFTER:
                raise GiveUp(f"{incident.id} has no card to put its review under")
            raise RetryLater("the card comes first", after_s=CARD_S)
        if card["channel"] != channel:
            # A card that stands where it may not be any more (it became private) is no place for more.
            raise GiveUp(f"the card of {incident.id} stands in another channel by now")
        return card

    async def _elsewhere(self, incident: Incident) -> Record:
        found = None if self.card is None else await self.card.thread(incident)
        if found is None:
            raise GiveUp(f"the channel of {incident.id} is archived, and it has no other place")
        return found

    async def _closed(self, incident: Incident) -> bool:
        return self.card is not None and await self.card.archive.noticed(incident)

    async def _once(self, key: str, put: Put, delivery: Delivery) -> None:
        if await self.outbox.left(key) is not None:
            return
        shown = await put()
        if shown is None:
            if delivery.attempt >= GIVE_UP_AFTER:
                raise GiveUp("Slack took the file and never showed it")
            raise RetryLater("Slack took the file and does not show it yet", after_s=SEEN_AGAIN_S)
        await self.outbox.leave(key, shown, ttl_s=KEPT_S)
