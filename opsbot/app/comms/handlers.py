"""What the outbox worker calls for messages to people: targets, their cards, promises that come due."""

from collections.abc import Mapping

from opsbot.app.comms.deliver import PublishTo
from opsbot.app.comms.effects import CARD, PUBLISH
from opsbot.app.comms.port import Publishers
from opsbot.app.comms.promise.due import Due
from opsbot.app.comms.shown.card import MessageCard
from opsbot.app.comms.targets.promote import Promotes
from opsbot.app.comms.verbs import Comms
from opsbot.app.incident.promises import DUE
from opsbot.app.no_chat import nobody
from opsbot.app.ports import Chat, Handler, Outbox, Render
from opsbot.app.user_texts import NOTICE


def handlers(
    comms: Comms,
    publishers: Publishers,
    outbox: Outbox,
    render: Render,
    chat: Chat | None,
    home: str = "",
) -> Mapping[str, Handler]:
    """Return the handlers by kind of effect; without a chat, cards are due to nobody."""
    card: Handler = nobody
    if chat is not None:
        card = MessageCard(comms.env, comms.reader, chat, outbox, render, home)
    return {
        PUBLISH: PublishTo(comms.env, outbox, publishers),
        CARD: card,
        DUE: Due(comms.env, chat, render),
        NOTICE: Promotes(comms.env),
    }
