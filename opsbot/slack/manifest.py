"""The Slack app's manifest, made from the grammar table; scopes are only those that are used. Pure."""

from typing import Any, Final, Literal, get_args
from urllib.parse import urlsplit

from opsbot.domain.errors import Misconfigured
from opsbot.slack.grammar import SLACK_VERBS, command_of, usage_hint
from opsbot.slack.ids import HOME_OPENED, Shortcut

EVENTS_PATH: Final = "/slack/events"
Profile = Literal["kill-only", "incident", "capture"]
PROFILES: Final[tuple[Profile, ...]] = get_args(Profile)
"""What the app is installed for; each asks for what the one before asks for, and for more."""

SCOPE_OF: Final[dict[str, tuple[str, ...]]] = {
    "auth.test": (),
    "bookmarks.add": ("bookmarks:write",),
    "bookmarks.list": ("bookmarks:read",),
    "chat.getPermalink": (),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write", "chat:write.public"),
    "chat.update": ("chat:write",),
    "conversations.archive": ("channels:manage", "groups:write"),
    "conversations.create": ("channels:manage", "groups:write"),
    "conversations.history": ("channels:history", "groups:history", "im:history"),
    "conversations.info": ("channels:read", "groups:read", "im:read"),
    "conversations.invite": ("channels:manage", "groups:write"),
    "conversations.join": ("channels:join",),
    "conversations.open": ("im:write",),
    "conversations.rename": ("channels:manage", "groups:write"),
    "conversations.replies": ("channels:history", "groups:history", "im:history"),
    "conversations.setPurpose": ("channels:manage", "groups:write"),
    "conversations.setTopic": ("channels:manage", "groups:write"),
    "conversations.unarchive": ("channels:manage", "groups:write"),
    "files.completeUploadExternal": ("files:write",),
    "files.getUploadURLExternal": ("files:write",),
    "pins.add": ("pins:write",),
    "reactions.add": ("reactions:write",),
    "reactions.get": ("reactions:read",),
    "reactions.remove": ("reactions:write",),
    "users.conversations": ("channels:read", "groups:read"),
    "users.info": ("users:read",),
    "users.lookupByEmail": ("users:read.email", "users:read"),
    "views.open": (),
    "views.publish": (),
    "views.push": (),
    "views.update": (),
}
"""Every Web API method that this package calls with the bot token, and the scopes it needs."""

FOR_INCIDENTS: Final = frozenset(
    {
        "bookmarks.add",
        "bookmarks.list",
        "chat.getPermalink",
        "conversations.archive",
        "conversations.create",
        "conversations.invite",
        "conversations.join",
        "conversations.rename",
        "conversations.setPurpose",
        "conversations.setTopic",
        "conversations.unarchive",
        "pins.add",
        "users.conversations",
    }
)
"""Methods that only incidents call: the smallest profile asks for no scope of theirs."""

CAPTURING: Final = frozenset({"reactions.add", "reactions.get", "reactions.remove"})
"""Methods that only the largest profile calls."""

FOR_CAPTURE: Final = ("channels:history", "groups:history", "reactions:read")
"""What reading reactions and messages in an incident's channel takes."""

SHORTCUTS: Final = (
    {
        "name": "AI kill switch",
        "type": "global",
        "callback_id": str(Shortcut.KILL),
        "description": "Stop an AI workflow now",
    },
    {
        "name": "Add to timeline",
        "type": "message",
        "callback_id": str(Shortcut.TIMELINE),
        "description": "Put what this message says into an incident's timeline",
    },
    {
        "name": "Open AI incident",
        "type": "message",
        "callback_id": str(Shortcut.INCIDENT),
        "description": "Open an incident about what this message says",
    },
)
EVENTS: Final = (HOME_OPENED,)
CAPTURED: Final = ("message.channels", "message.groups", "reaction_added", "reaction_removed")
"""Events that the largest profile subscribes to besides."""


def manifest(
    prefix: str = "ai", *, http_url: str | None = None, profile: Profile = "kill-only"
) -> dict[str, Any]:
    """
    Return the manifest for Socket Mode, or for HTTP where *http_url* is the bot's public address.

    *profile* says what the app is installed for, and so what it asks the workspace for.

    Raises:
        Misconfigured: *http_url* is not an https address.
    """
    url = None if http_url is None else _request_url(http_url)
    interactivity: dict[str, Any] = {"is_enabled": True}
    events: dict[str, Any] = {"bot_events": list(events_of(profile))}
    if url is not None:
        interactivity["request_url"] = url
        events["request_url"] = url
    return {
        "_metadata": {"major_version": 1, "minor_version": 1},
        "display_information": {
            "name": "opsbot" if prefix == "ai" else f"opsbot ({prefix})"[:35],
            "description": "Kill switches, routing rollback and incident response for AI workflows",
            "background_color": "#7a1022",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "bot_user": {"display_name": "opsbot", "always_online": True},
            "shortcuts": [dict(one) for one in SHORTCUTS],
            "slash_commands": _commands(prefix, url),
        },
        "oauth_config": {"scopes": {"bot": scopes(profile)}},
        "settings": {
            "event_subscriptions": events,
            "interactivity": interactivity,
            "socket_mode_enabled": url is None,
            "org_deploy_enabled": False,
            "token_rotation_enabled": False,
        },
    }


def scopes(profile: Profile = "kill-only") -> list[str]:
    """Return a profile's bot scopes, sorted: those of the methods that it calls, and `commands`."""
    called = SCOPE_OF.keys() - (FOR_INCIDENTS if profile == "kill-only" else frozenset())
    called -= frozenset() if profile == "capture" else CAPTURING
    wanted = {scope for method in called for scope in SCOPE_OF[method]}
    return sorted({"commands", *wanted, *(FOR_CAPTURE if profile == "capture" else ())})


def events_of(profile: Profile) -> tuple[str, ...]:
    """Return what Slack tells the app by itself."""
    return (*EVENTS, *CAPTURED) if profile == "capture" else EVENTS


def _commands(prefix: str, url: str | None) -> list[dict[str, Any]]:
    made = []
    for row in SLACK_VERBS:
        command: dict[str, Any] = {
            "command": command_of(row, prefix),
            "description": row.does,
            "usage_hint": usage_hint(row),
            "should_escape": True,
        }
        made.append(command if url is None else command | {"url": url})
    return made


def _request_url(http_url: str) -> str:
    parts = urlsplit(http_url)
    if parts.scheme != "https" or not parts.netloc:
        raise Misconfigured(
            f"`{http_url}` is not an address that Slack can call.",
            hint="Give the bot's public https:// address.",
        )
    base = http_url.rstrip("/")
    return base if base.endswith(EVENTS_PATH) else base + EVENTS_PATH
