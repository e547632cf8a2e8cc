"""The Slack app's manifest, made from the grammar table; scopes are only those that are used. Pure."""

from typing import Any, Final
from urllib.parse import urlsplit

from opsbot.domain.errors import Misconfigured
from opsbot.slack.grammar import SLACK_VERBS, command_of, usage_hint
from opsbot.slack.ids import HOME_OPENED, Shortcut

EVENTS_PATH: Final = "/slack/events"
SCOPE_OF: Final[dict[str, tuple[str, ...]]] = {
    "auth.test": (),
    "chat.postMessage": ("chat:write", "chat:write.public"),
    "chat.update": ("chat:write",),
    "conversations.history": ("channels:history", "groups:history", "im:history"),
    "conversations.info": ("channels:read", "groups:read", "im:read"),
    "conversations.open": ("im:write",),
    "conversations.replies": ("channels:history", "groups:history", "im:history"),
    "files.completeUploadExternal": ("files:write",),
    "files.getUploadURLExternal": ("files:write",),
    "users.info": ("users:read",),
    "users.lookupByEmail": ("users:read.email", "users:read"),
    "views.open": (),
    "views.publish": (),
    "views.push": (),
    "views.update": (),
}
"""Every Web API method that this package calls with the bot token, and the scopes it needs."""

SHORTCUTS: Final = (
    {
        "name": "AI kill switch",
        "type": "global",
        "callback_id": str(Shortcut.KILL),
        "description": "Stop an AI workflow now",
    },
)
EVENTS: Final = (HOME_OPENED,)


def manifest(prefix: str = "ai", *, http_url: str | None = None) -> dict[str, Any]:
    """
    Return the manifest for Socket Mode, or for HTTP where *http_url* is the bot's public address.

    Raises:
        Misconfigured: *http_url* is not an https address.
    """
    url = None if http_url is None else _request_url(http_url)
    interactivity: dict[str, Any] = {"is_enabled": True}
    events: dict[str, Any] = {"bot_events": list(EVENTS)}
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
        "oauth_config": {"scopes": {"bot": scopes()}},
        "settings": {
            "event_subscriptions": events,
            "interactivity": interactivity,
            "socket_mode_enabled": url is None,
            "org_deploy_enabled": False,
            "token_rotation_enabled": False,
        },
    }


def scopes() -> list[str]:
    """Return the bot scopes, sorted: those of the methods that are called, and `commands`."""
    return sorted({"commands", *(scope for needed in SCOPE_OF.values() for scope in needed)})


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
