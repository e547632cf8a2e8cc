"""Web API methods about reactions to messages: reactions.*; people's own go by the same rules."""

import re
from typing import Final

from opsbot.workbench.slack.desk import Desk
from opsbot.workbench.slack.methods.chat import named, permalink
from opsbot.workbench.slack.model import ApiRefusal, Json, Message

NAME: Final = re.compile(r"[a-z0-9_+'-]{1,100}(::skin-tone-[2-6])?", re.ASCII)
KINDS: Final = 23
"""Different reactions that one message takes from one app."""


def add(desk: Desk, args: Json) -> Json:
    """Add the bot's reaction."""
    put(desk, _message(desk, args), desk.workspace.bot.id, str(args.get("name") or ""))
    return {}


def remove(desk: Desk, args: Json) -> Json:
    """Take the bot's own reaction off."""
    take(desk, _message(desk, args), desk.workspace.bot.id, str(args.get("name") or ""))
    return {}


def get(desk: Desk, args: Json) -> Json:
    """Describe a message with its reactions; it needs no permission to read the channel's history."""
    message = _message(desk, args)
    link = permalink(desk, {"channel": message.channel, "message_ts": message.ts})["permalink"]
    described = {**desk.workspace.described(message), "permalink": link}
    return {"type": "message", "channel": message.channel, "message": described}


def put(desk: Desk, message: Message, user: str, name: str) -> None:
    """
    Add somebody's reaction, and tell the app.

    Raises:
        ApiRefusal: no such emoji, it is there already, or there are too many.
    """
    if not NAME.fullmatch(name):
        raise ApiRefusal("invalid_name")
    who = message.reactions.setdefault(name, [])
    if user in who:
        raise ApiRefusal("already_reacted")
    if len(message.reactions) > KINDS:
        del message.reactions[name]
        raise ApiRefusal("too_many_emoji")
    who.append(user)
    _told(desk, "reaction_added", message, user, name)


def take(desk: Desk, message: Message, user: str, name: str) -> None:
    """
    Take somebody's own reaction off, and tell the app.

    Raises:
        ApiRefusal: there is none of theirs.
    """
    who = message.reactions.get(name, [])
    if user not in who:
        raise ApiRefusal("no_reaction")
    who.remove(user)
    if not who:
        del message.reactions[name]
    _told(desk, "reaction_removed", message, user, name)


def _told(desk: Desk, kind: str, message: Message, user: str, name: str) -> None:
    desk.feed.message(message)
    desk.announce(
        {
            "type": kind,
            "user": user,
            "reaction": name,
            "item": {"type": "message", "channel": message.channel, "ts": message.ts},
            "item_user": message.user,
            "event_ts": desk.ts(),
        }
    )


def _message(desk: Desk, args: Json) -> Message:
    if not args.get("timestamp"):
        raise ApiRefusal("no_item_specified")
    return named(desk, args.get("channel"), args.get("timestamp"))
