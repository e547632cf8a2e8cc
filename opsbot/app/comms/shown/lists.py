"""Messages and templates as lists: a line each, and the machine's form beside it. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from opsbot.app.comms.order import first_due
from opsbot.app.comms.second import pending
from opsbot.app.comms.shown.words import STANDING
from opsbot.app.environment import policy_of
from opsbot.app.fleet.words import clock, moment
from opsbot.domain.change import Json
from opsbot.domain.comms.message import Message
from opsbot.domain.comms.templates import Template
from opsbot.domain.policy.rules import shown
from opsbot.domain.said import Said, inert
from opsbot.domain.state import State
from opsbot.domain.typed import command

_SO: Final = {
    "due": "on its way",
    "failed": "failed",
    "unsure": "not known whether it is there, tried again",
}
"""What a target is that is not settled."""


def message_line(state: State, message: Message, headline: str, now_ms: int) -> str:
    """Return one message in a list: how far it is, and what it waits for."""
    by = shown(policy_of(state), message.author)
    at = moment(message.published_ms or message.made_ms, now_ms)
    left = [_left(state, message, name) for name in message.sent]
    open_ = "".join(f"; {one}" for one in left if one)
    return (
        f"`{message.id}` {message.incident} to {message.audience}, {message.stage}:"
        f" {STANDING[message.standing]}{_asked(state, message)} {at}, written by {by}:"
        f" {inert(headline, limit=120)}{open_}"
    )


def _asked(state: State, message: Message) -> str:
    """Return which approvals a message waits for, and until when."""
    waits = pending(state, message) if message.standing == "waiting" else ()
    if not waits:
        return ""
    ids = ", ".join(one.id for one in waits)
    return f" ({ids}, until {clock(min(one.expires_ms for one in waits))})"


def _left(state: State, message: Message, name: str) -> str:
    """Return what is not settled at a target, empty for nothing."""
    so, target = message.sent[name].state, f"`{inert(name, limit=60)}`"
    first = first_due(state, message, name) if so == "due" else ""
    if first:
        return f"{target} waits for {first}"
    return f"{target} {_SO[so]}" if so in _SO else ""


def listed_body(message: Message, headline: str) -> Json:
    """Return the machine's form of one message in a list."""
    return {
        "message": message.id,
        "incident": message.incident,
        "audience": message.audience,
        "stage": message.stage,
        "standing": message.standing,
        "author": message.author,
        "headline": headline,
        "published_ms": message.published_ms,
        "sent": {name: one.state for name, one in message.sent.items()},
    }


def list_said(env: str, lines: Sequence[str], bodies: Sequence[Json], *, left: int) -> Said:
    """Return the answer to a list."""
    if not lines:
        hint = f"{command('comms new')} writes one, {command('comms list all')} shows those of what is over."
        return Said("plain", f"No messages to people in {env}", (hint,), body={"messages": []})
    more = (f"and {left} more",) if left > 0 else ()
    title = f"{len(lines)} message{'' if len(lines) == 1 else 's'} to people in {env}"
    return Said("plain", title, (*lines, *more), body={"messages": list(bodies)})


def templates_said(known: Mapping[str, Template], env: str) -> Said:
    """Return the answer that lists the templates."""
    ready = sorted(known.values(), key=lambda one: one.name)
    if not ready:
        return Said("plain", f"There are no templates of messages in {env}", body={"templates": []})
    lines = tuple(
        f"`{one.name}`: {inert(one.title, limit=120)}"
        f"{' (approved in advance: one tap)' if one.holding else ''}"
        for one in ready
    )
    bodies: list[Json] = [
        {
            "template": one.name,
            "title": one.title,
            "audience": one.audience,
            "stage": one.stage,
            "holding": one.holding,
            "fields": [field.name for field in one.fields],
        }
        for one in ready
    ]
    title = f"{len(ready)} templates of messages in {env}"
    return Said("plain", title, lines, body={"templates": bodies})
