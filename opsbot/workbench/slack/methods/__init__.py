"""Every Web API method the stand-in knows, by name; what each asks for stands in the catalog."""

import secrets
from collections.abc import Callable
from typing import Final

from opsbot.workbench.slack.desk import Desk, validated
from opsbot.workbench.slack.methods import (
    bookmarks,
    chat,
    conversations,
    files,
    people,
    reactions,
    views,
)
from opsbot.workbench.slack.model import Json
from opsbot.workbench.slack.workspace import APP_ID, BOT_ID

Handler = Callable[[Desk, Json], Json]


def auth_test(desk: Desk, args: Json) -> Json:
    """Say who the bot's token is."""
    space = desk.workspace
    return {
        "url": f"{desk.base_url}/",
        "team": space.name,
        "user": space.bot.name,
        "team_id": space.team_id,
        "user_id": space.bot.id,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def open_connection(desk: Desk, args: Json) -> Json:
    """Hand out the address of one WebSocket, good once and for half a minute."""
    ticket = desk.tickets.socket(secrets.token_urlsafe(24))
    address = desk.base_url.replace("http", "ws", 1)
    return {"url": f"{address}/link/?ticket={ticket}&app_id={APP_ID}"}


HANDLERS: Final[dict[str, Handler]] = {
    "api.test": lambda desk, args: {"args": args},
    "auth.test": auth_test,
    "apps.connections.open": open_connection,
    "blocks.validate": lambda desk, args: validated(args),
    "chat.postMessage": chat.post_message,
    "chat.update": chat.update,
    "chat.delete": chat.delete,
    "chat.postEphemeral": chat.post_ephemeral,
    "chat.getPermalink": chat.permalink,
    "views.open": views.open_view,
    "views.push": views.push,
    "views.update": views.update,
    "views.publish": views.publish,
    "conversations.list": conversations.listed,
    "conversations.info": conversations.info,
    "conversations.history": conversations.history,
    "conversations.replies": conversations.replies,
    "conversations.members": conversations.members,
    "conversations.join": conversations.join,
    "conversations.create": conversations.create,
    "conversations.invite": conversations.invite,
    "conversations.setTopic": conversations.set_topic,
    "conversations.setPurpose": conversations.set_purpose,
    "conversations.rename": conversations.rename,
    "conversations.archive": conversations.archive,
    "conversations.unarchive": conversations.unarchive,
    "conversations.open": conversations.opened,
    "files.getUploadURLExternal": files.upload_url,
    "files.completeUploadExternal": files.complete,
    "users.conversations": conversations.of_bot,
    "users.info": people.info,
    "users.list": people.listed,
    "users.lookupByEmail": people.by_email,
    "usergroups.list": people.usergroups,
    "usergroups.users.list": people.usergroup_users,
    "reactions.add": reactions.add,
    "reactions.get": reactions.get,
    "reactions.remove": reactions.remove,
    "pins.add": chat.pin,
    "pins.list": chat.pins,
    "bookmarks.add": bookmarks.add,
    "bookmarks.list": bookmarks.listed,
}
