"""What a change of a message sets in motion: its way to each target, its card, words to people. Pure."""

from collections.abc import Iterator
from typing import Final

from opsbot.app.incident.effects import MESSAGE_CARD, message_card
from opsbot.app.incident.effects import card as incident_card
from opsbot.domain.change import Effect, Lane, Record
from opsbot.domain.comms.message import Message
from opsbot.domain.comms.settings import IN_APP
from opsbot.domain.incident.incident import Incident

PUBLISH: Final = "comms_publish"
CARD: Final = MESSAGE_CARD
"""
The kinds of effects, each with its handler.

`comms_publish`: bring a message to one target; body `message`, `target`, `tries`. `comms_card`: bring
its card up to date; body `message`, `incident`. `comms_told`: a direct message.
"""


def publish(message: Message, target: str, *, again: bool = False) -> Effect:
    """
    Return the work of bringing a message to one target; a retry is another effect, told apart by its count.

    *again*: it may have been sent before, so it is looked for first. What clients read is commits alone,
    so it goes the way of a kill: another replica soon takes over what one that died had in hand.
    """
    tries = message.sent[target].tries
    body: Record = {
        "message": message.id,
        "incident": message.incident,
        "target": target,
        "tries": tries,
        **({"again": True} if again else {}),
    }
    lane: Lane = "kill" if target == IN_APP else "rest"
    return Effect(PUBLISH, f"comms:{message.uid}:{target}:{tries}", body, lane=lane)


def cards(message: Message, incident: Incident) -> tuple[Effect, ...]:
    """Return the work of bringing its card and its incident's up to date."""
    return message_card(message), incident_card(incident)


def due(message: Message, *, again: bool = False) -> Iterator[Effect]:
    """Yield the way to each target that a message is still on."""
    for target, sent in message.sent.items():
        if sent.state in ("due", "unsure"):
            yield publish(message, target, again=again)
