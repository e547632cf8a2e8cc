"""The effect handler `comms_card`: the message's card where its incident goes on, edited in place."""

from dataclasses import dataclass, field
from typing import Final

from opsbot.app.comms.read import Reader
from opsbot.app.comms.settings import settings_of
from opsbot.app.comms.shown.words import Around, message_said
from opsbot.app.environment import Environment, policy_of
from opsbot.app.one_at_a_time import OneAtATime
from opsbot.app.ports import Chat, Delivery, Outbox, Render
from opsbot.domain.change import Record
from opsbot.domain.comms.message import Message
from opsbot.domain.errors import Gone, UnknownMessage
from opsbot.domain.incident.incident import Incident

AGAIN_S: Final = 1.0


def card_key(message: Message) -> str:
    """Return the key that a message's card is left under."""
    return f"comms-card:{message.uid}"


@dataclass(frozen=True, slots=True)
class MessageCard:
    """
    The handler.

    *home* is the channel that is used where the incident has none of its own. A private incident's
    messages are shown in its own channel, and nowhere else.
    """

    env: Environment
    reader: Reader
    chat: Chat
    outbox: Outbox
    render: Render
    home: str = ""
    _alone: OneAtATime = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_alone", OneAtATime(self.outbox))

    async def __call__(self, delivery: Delivery) -> None:
        """
        Post the card, or bring it up to date.

        Raises:
            RetryLater, GiveUp: from the port. StoreLost: it is delivered again.
        """
        state = await self.env.store.refresh()
        try:
            message = state.message(str(delivery.effect.body["message"]))
        except UnknownMessage:
            return
        channel = _channel(state.incident(message.incident), self.home)
        if not channel:
            return
        async with self._alone.on(card_key(message), again_s=AGAIN_S):
            await self._kept(self.env.store.state.message(message.id), channel)

    async def _kept(self, message: Message, channel: str) -> None:
        state = self.env.store.state
        around = Around(
            self.env.name, policy_of(state), self.env.clock.now_ms(), settings_of(state).zone
        )
        blocks, text = self.render(message_said(await self.reader.view(message), around))
        left = await self.outbox.left(card_key(message))
        if left is not None and left.get("channel") == channel:
            try:
                await self.chat.update(left, blocks, text)
            except Gone:
                pass  # somebody deleted it: it is posted anew below
            else:
                return
        anew = "" if left is None else f":{channel}:{message.at.revision}"
        place: Record = await self.chat.post(
            channel, blocks, text, key=f"{card_key(message)}{anew}"
        )
        await self.outbox.leave(card_key(message), place)


def _channel(incident: Incident, home: str) -> str:
    """Return where an incident's messages are shown, empty for nowhere."""
    room = incident.room
    if room.live:
        return room.channel
    return "" if incident.private else room.channel or home
