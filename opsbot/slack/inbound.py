"""From what Slack sends to one frozen invocation: who, what, where, and what makes a repeat a repeat. Pure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from opsbot.slack.ids import VALUE

Kind = Literal["command", "action", "submit", "shortcut", "event"]
Body = Mapping[str, object]
_KINDS: Mapping[str, Kind] = {
    "block_actions": "action",
    "view_submission": "submit",
    "view_closed": "submit",
    "shortcut": "shortcut",
    "message_action": "shortcut",
    "event_callback": "event",
}


@dataclass(frozen=True, slots=True)
class Invocation:
    """
    One thing that somebody did in Slack.

    *key* is the same for every delivery of the same act and for no other. *place* is the message
    or view that a button stands in. *teams* are all workspaces that the payload names for the
    person. *value* and *metadata* are opaque ids of ours. *fields* are a modal's inputs. *channel*
    is where it was typed or clicked; *message_ts*, *message_text* and *message_user* are of the message that a
    shortcut was used on, *message_ts* also of the one that an event is about. *thread_ts* is that of the
    message whose thread something was written in, empty for anything else. *arrived_s*
    is when it came in (seconds, monotonic), None where nobody looked.
    """

    kind: Kind
    name: str
    user: str
    key: str
    user_name: str = ""
    team: str = ""
    enterprise: str = ""
    text: str = ""
    value: str = ""
    trigger: str = ""
    response_url: str = ""
    place: str = ""
    view_type: str = ""
    view_id: str = ""
    metadata: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    channel: str = ""
    message_ts: str = ""
    message_text: str = ""
    message_user: str = ""
    thread_ts: str = ""
    arrived_s: float | None = field(default=None, compare=False)

    @property
    def request_id(self) -> str:
        """What makes a repeated delivery one effect."""
        return "slack:" + hashlib.sha256(f"{self.kind}\n{self.key}".encode()).hexdigest()[:32]


def invocation(body: Body) -> Invocation:
    """Read a payload; whatever is missing is empty, so that policy refuses rather than this raises."""
    kind = _KINDS.get(_text(body, "type"), "command")
    user, view, event = _inner(body, "user"), _inner(body, "view"), _inner(body, "event")
    action = _first_action(body)
    container, message = _inner(body, "container"), _inner(body, "message")
    used_on = message if _text(body, "type") == "message_action" else {}
    at, ts = _about(event)
    return Invocation(
        kind=kind,
        name=_name(kind, body, action),
        user=_text(user, "id") or _text(body, "user_id") or _text(event, "user"),
        key=_key(kind, body),
        user_name=_text(user, "name") or _text(user, "username") or _text(body, "user_name"),
        team=_team(body, user, event),
        enterprise=_text(body, "enterprise_id") or _text(_inner(body, "enterprise"), "id"),
        text=_text(body, "text"),
        value=_text(action, "value") or _text(_inner(action, "selected_option"), "value"),
        trigger=_text(body, "trigger_id"),
        response_url=_text(body, "response_url"),
        place=_text(container, "message_ts") or _text(view, "id"),
        view_type=_text(view, "type"),
        view_id=_text(view, "id"),
        metadata=_text(view, "private_metadata"),
        fields=_fields(view),
        channel=_text(body, "channel_id") or _text(_inner(body, "channel"), "id") or at,
        message_ts=_text(used_on, "ts") or ts,
        message_text=_text(used_on, "text"),
        message_user=_text(used_on, "user") or _text(used_on, "bot_id"),
        thread_ts=_text(event, "thread_ts"),
    )


def _about(event: Body) -> tuple[str, str]:
    """Return channel and timestamp of the message that an event is about, empty for none."""
    item = _inner(event, "item")
    message = _inner(event, "message") or _inner(event, "previous_message")
    ts = _text(item, "ts") or _text(message, "ts") or _text(event, "deleted_ts")
    if not ts and _text(event, "type") == "message":
        ts = _text(event, "ts")
    return _text(item, "channel") or _text(event, "channel"), ts


def _team(body: Body, user: Body, event: Body) -> str:
    return (
        _text(user, "team_id")
        or _text(event, "user_team")
        or _text(body, "team_id")
        or _text(_inner(body, "team"), "id")
    )


def _name(kind: Kind, body: Body, action: Body) -> str:
    if kind == "command":
        return _text(body, "command")
    if kind == "action":
        return _text(action, "action_id")
    if kind == "submit":
        return _text(_inner(body, "view"), "callback_id")
    if kind == "event":
        return _text(_inner(body, "event"), "type")
    return _text(body, "callback_id")


def _key(kind: Kind, body: Body) -> str:
    view = _inner(body, "view")
    if kind == "submit" and _text(view, "id"):
        return f"{_text(view, 'id')}:{_text(view, 'hash')}"
    found = _text(body, "event_id") if kind == "event" else _text(body, "trigger_id")
    return found or json.dumps(body, sort_keys=True, default=str)


def _fields(view: Body) -> Mapping[str, str]:
    values = _inner(_inner(view, "state"), "values")
    return {block: _typed(_inner(_inner(values, block), VALUE)) for block in values}


def _typed(element: Body) -> str:
    chosen = element.get("selected_options")
    if isinstance(chosen, list):
        return ",".join(_text(one, "value") for one in chosen if isinstance(one, Mapping))
    picked = _text(_inner(element, "selected_option"), "value")
    return _text(element, "value") or picked or _text(element, "selected_user")


def _first_action(body: Body) -> Body:
    actions = body.get("actions")
    first = actions[0] if isinstance(actions, list) and actions else {}
    return first if isinstance(first, Mapping) else {}


def _inner(body: Body, name: str) -> Body:
    found = body.get(name)
    return found if isinstance(found, Mapping) else {}


def _text(body: Body, name: str) -> str:
    found = body.get(name)
    return found if isinstance(found, str) else ""
