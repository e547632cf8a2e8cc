"""Which scope, token and rate tier each Web API method asks for: the one table. Pure."""

from dataclasses import dataclass
from typing import Final, Literal

TokenKind = Literal["bot", "app", "none"]


@dataclass(frozen=True, slots=True)
class Method:
    """One Web API method; *scopes* are alternatives, any one of them is enough."""

    per_minute: int
    scopes: tuple[str, ...] = ()
    kind: TokenKind = "bot"


T1, T2, T3, T4, SPECIAL = 10, 20, 50, 100, 300
READ = ("channels:read", "groups:read", "im:read", "mpim:read")
HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
WRITE = ("channels:manage", "groups:write", "im:write", "mpim:write")

METHODS: Final[dict[str, Method]] = {
    "api.test": Method(T4, kind="none"),
    "auth.test": Method(SPECIAL),
    "apps.connections.open": Method(T1, ("connections:write",), "app"),
    "blocks.validate": Method(T4, kind="none"),
    "chat.postMessage": Method(SPECIAL, ("chat:write",)),
    "chat.update": Method(T3, ("chat:write",)),
    "chat.delete": Method(T3, ("chat:write",)),
    "chat.postEphemeral": Method(T4, ("chat:write",)),
    "chat.getPermalink": Method(SPECIAL),
    "views.open": Method(T4),
    "views.push": Method(T4),
    "views.update": Method(T4),
    "views.publish": Method(T4),
    "conversations.list": Method(T2, READ),
    "conversations.info": Method(T3, READ),
    "conversations.history": Method(T3, HISTORY),
    "conversations.replies": Method(T3, HISTORY),
    "conversations.members": Method(T4, READ),
    "conversations.join": Method(T3, ("channels:join",)),
    "conversations.create": Method(T2, ("channels:manage", "groups:write")),
    "conversations.invite": Method(T3, ("channels:manage", "groups:write")),
    "conversations.setTopic": Method(T2, ("channels:manage", "groups:write")),
    "conversations.setPurpose": Method(T2, ("channels:manage", "groups:write")),
    "conversations.rename": Method(T2, ("channels:manage", "groups:write")),
    "conversations.archive": Method(T2, ("channels:manage", "groups:write")),
    "conversations.unarchive": Method(T2, ("channels:manage", "groups:write")),
    "conversations.open": Method(T3, ("im:write", "mpim:write")),
    "files.getUploadURLExternal": Method(T4, ("files:write",)),
    "files.completeUploadExternal": Method(T4, ("files:write",)),
    "users.conversations": Method(T3, READ),
    "users.info": Method(T4, ("users:read",)),
    "users.list": Method(T2, ("users:read",)),
    "users.lookupByEmail": Method(T3, ("users:read.email",)),
    "usergroups.list": Method(T2, ("usergroups:read",)),
    "usergroups.users.list": Method(T2, ("usergroups:read",)),
    "reactions.add": Method(T3, ("reactions:write",)),
    "reactions.get": Method(T3, ("reactions:read",)),
    "reactions.remove": Method(T2, ("reactions:write",)),
    "pins.add": Method(T2, ("pins:write",)),
    "pins.list": Method(T2, ("pins:read",)),
    "bookmarks.add": Method(T2, ("bookmarks:write",)),
    "bookmarks.list": Method(T3, ("bookmarks:read",)),
}
"""Calls per minute and scopes, from Slack's published tiers; T1 is "one and more", a small burst."""

BY_KIND: Final[dict[str, str]] = {
    "conversations.info": "read",
    "conversations.members": "read",
    "conversations.history": "history",
    "conversations.replies": "history",
    "conversations.invite": "manage",
    "conversations.setTopic": "manage",
    "conversations.setPurpose": "manage",
    "conversations.rename": "manage",
    "conversations.archive": "manage",
    "conversations.unarchive": "manage",
}
"""Methods whose scope depends on the kind of conversation they name."""

DEFAULT_SCOPES: Final = frozenset(
    {
        "app_mentions:read",
        "bookmarks:read",
        "bookmarks:write",
        "channels:history",
        "channels:join",
        "channels:manage",
        "channels:read",
        "chat:write",
        "chat:write.public",
        "commands",
        "files:write",
        "groups:history",
        "groups:read",
        "groups:write",
        "im:history",
        "im:read",
        "im:write",
        "pins:read",
        "pins:write",
        "reactions:read",
        "reactions:write",
        "usergroups:read",
        "users:read",
        "users:read.email",
    }
)

EVENT_SCOPES: Final[dict[str, str]] = {
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "member_joined_channel": "channels:read",
}
DEFAULT_EVENTS: Final = frozenset(
    {"app_home_opened", "app_mention", "message.im", "member_joined_channel", "reaction_added"}
)


def scope_for(method: str, kind: str) -> str:
    """Name the scope that *method* needs in a conversation of that kind, "" where any will do."""
    word = BY_KIND.get(method)
    if word is None:
        return ""
    if word == "manage":
        return {"channels": "channels:manage", "groups": "groups:write", "im": "im:write"}[kind]
    return f"{kind}:{word}"
