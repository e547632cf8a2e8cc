"""What was told to whom, for the card of an incident: the newest word to each audience, where it is read. Pure."""

from collections.abc import Iterator
from typing import Final

from opsbot.app.fleet.words import moment
from opsbot.app.incident.promise_words import AUDIENCE_WORD
from opsbot.domain.comms.message import Message, Sent
from opsbot.domain.comms.templates import AUDIENCES
from opsbot.domain.incident.incident import Incident
from opsbot.domain.said import inert
from opsbot.domain.state import State
from opsbot.domain.typed import command, link

SHOWN: Final = 3
"""Messages that are not let go yet and are named; the others are counted."""


def message_lines(state: State, incident: Incident, now_ms: int) -> Iterator[str]:
    """Yield a line for what each audience read last and how far that is, and one for what waits."""
    mine = [one for one in state.messages() if one.incident == incident.id]
    for audience in AUDIENCES:
        told = [one for one in mine if one.audience == audience and one.standing == "published"]
        if told:
            newest = max(told, key=lambda one: one.order)
            yield from _told(newest, now_ms)
            yield from _undone(one for one in told if one.id != newest.id)
    yield from _open(mine)


def _told(message: Message, now_ms: int) -> Iterator[str]:
    who = AUDIENCE_WORD[message.audience]
    at = moment(message.published_ms or 0, now_ms)
    far = "; ".join(
        _far(name, message.sent[name]) for name in message.targets if name in message.sent
    )
    what = "a correction" if message.stage == "correction" else f"`{message.stage}`"
    wrong = f", corrected by {message.corrected}" if message.corrected else ""
    yield f"{who[0].upper()}{who[1:]} were told {what} {at} ({message.id}{wrong}): {far}."


def _far(target: str, sent: Sent) -> str:
    name = f"`{inert(target, limit=60)}`"
    if sent.state == "done":
        return link(sent.url, inert(target, limit=60)) if sent.url else name
    word = {"due": "on its way", "failed": "failed", "unsure": "not known whether it is there"}
    return f"{name} {word.get(sent.state, inert(sent.detail, limit=60))}"


def _undone(messages: Iterator[Message]) -> Iterator[str]:
    """Yield what did not come to a target, of what is not the newest any more."""
    for one in messages:
        failed = [name for name, sent in one.sent.items() if sent.state in ("failed", "unsure")]
        if failed:
            where = ", ".join(f"`{inert(name, limit=60)}`" for name in failed)
            yield f"{one.id} did not surely come to {where}: {command(f'comms preview {one.id}')}."


def _open(messages: list[Message]) -> Iterator[str]:
    waiting = [one for one in messages if one.standing == "waiting"]
    drafts = [one for one in messages if one.standing == "draft"]
    if waiting:
        yield f"Waits for approval: {_listed(waiting)}."
    if drafts:
        yield f"Written, not published: {_listed(drafts)}."


def _listed(messages: list[Message]) -> str:
    named = ", ".join(f"{one.id} to {one.audience}" for one in messages[:SHOWN])
    more = len(messages) - SHOWN
    return f"{named} and {more} more" if more > 0 else named
