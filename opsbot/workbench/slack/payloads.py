"""Build the payloads that Slack sends: commands, clicks, submissions, shortcuts, events."""

import secrets
from dataclasses import dataclass
from typing import Any

from opsbot.workbench.slack.desk import Desk
from opsbot.workbench.slack.elements import chosen
from opsbot.workbench.slack.limits import RESPONSE_URL_S, ResponseUrl
from opsbot.workbench.slack.methods.views import described
from opsbot.workbench.slack.model import Channel, Json, Message, Person, View
from opsbot.workbench.slack.workspace import APP_ID

VERIFICATION = "workbench-verification-token"


@dataclass(slots=True)
class Payloads:
    """Build payloads from the state at this moment; triggers and response URLs are handed out here."""

    desk: Desk

    def command(self, person: Person, channel: Channel, command: str, text: str) -> Json:
        """A slash command, as form fields."""
        names = {"channels": channel.name, "groups": "privategroup", "im": "directmessage"}
        return {
            "token": VERIFICATION,
            "team_id": person.team_id,
            "team_domain": self.desk.workspace.name.lower(),
            "channel_id": channel.id,
            "channel_name": names[channel.kind],
            "user_id": person.id,
            "user_name": person.name,
            "command": command,
            "text": text,
            "api_app_id": APP_ID,
            "is_enterprise_install": "false",
            "response_url": self._response_url(person, channel.id),
            "trigger_id": self._trigger(person),
        }

    def message_click(
        self, person: Person, message: Message, pair: tuple[Json, Json], value: Any, state: Json
    ) -> Json:
        """A click in a message; ephemeral messages are not carried in it."""
        channel = self.desk.workspace.channels[message.channel]
        ephemeral = message.ephemeral_for is not None
        container: Json = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": message.channel,
            "is_ephemeral": ephemeral,
        }
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        body = self._person_did("block_actions", person) | {
            "container": container,
            "channel": {"id": channel.id, "name": channel.name or "directmessage"},
            "state": state,
            "response_url": self._response_url(person, channel.id, message),
            "trigger_id": self._trigger(person),
            "actions": [self._action(pair, value)],
        }
        return body if ephemeral else body | {"message": self.desk.workspace.described(message)}

    def view_click(
        self, person: Person, view: View, pair: tuple[Json, Json], value: Any, state: Json
    ) -> Json:
        """A click in a modal or on the Home tab."""
        return self._person_did("block_actions", person) | {
            "container": {"type": "view", "view_id": view.id},
            "view": described(self.desk, view, state),
            "trigger_id": self._trigger(person, view),
            "actions": [self._action(pair, value)],
        }

    def submission(self, person: Person, view: View, state: Json) -> Json:
        """A modal's submission."""
        return self._person_did("view_submission", person) | {
            "view": described(self.desk, view, state),
            "trigger_id": self._trigger(person, view),
            "response_urls": self._response_urls(person, view, state),
        }

    def closed(self, person: Person, view: View) -> Json:
        """A modal that asked to know was closed by hand."""
        return self._person_did("view_closed", person) | {
            "view": described(self.desk, view),
            "is_cleared": bool(view.body.get("clear_on_close")),
        }

    def shortcut(self, person: Person, callback_id: str) -> Json:
        """A global shortcut."""
        return self._person_did("shortcut", person) | {
            "callback_id": callback_id,
            "action_ts": self.desk.ts(),
            "trigger_id": self._trigger(person),
        }

    def message_shortcut(self, person: Person, callback_id: str, message: Message) -> Json:
        """A shortcut on a message."""
        channel = self.desk.workspace.channels[message.channel]
        return self._person_did("message_action", person) | {
            "callback_id": callback_id,
            "action_ts": self.desk.ts(),
            "trigger_id": self._trigger(person),
            "message_ts": message.ts,
            "channel": {"id": channel.id, "name": channel.name or "directmessage"},
            "message": self.desk.workspace.described(message),
            "response_url": self._response_url(person, channel.id, message),
        }

    def suggestion(self, person: Person, pair: tuple[Json, Json], query: str, where: Json) -> Json:
        """What somebody types into an external select."""
        block, element = pair
        return self._person_did("block_suggestion", person) | {
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            "value": query,
            **where,
        }

    def event(self, event: Json) -> Json:
        """An event with its envelope and an id of its own."""
        space = self.desk.workspace
        channel = space.channels.get(str(event.get("channel")))
        return {
            "token": VERIFICATION,
            "team_id": space.team_id,
            "api_app_id": APP_ID,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{secrets.token_hex(5).upper()}",
            "event_time": int(self.desk.epoch()),
            "is_ext_shared_channel": channel is not None and channel.is_ext_shared,
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": space.team_id,
                    "user_id": space.bot.id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
        }

    def _person_did(self, kind: str, person: Person) -> Json:
        space = self.desk.workspace
        return {
            "type": kind,
            "token": VERIFICATION,
            "api_app_id": APP_ID,
            "team": {"id": space.team_id, "domain": space.name.lower()},
            "user": {
                "id": person.id,
                "username": person.name,
                "name": person.name,
                "team_id": person.team_id,
            },
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _action(self, pair: tuple[Json, Json], value: Any) -> Json:
        block, element = pair
        kept: Json = {key: element[key] for key in ("text", "value", "style") if key in element}
        return {
            **kept,
            **chosen(element, value),
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            "action_ts": self.desk.ts(),
        }

    def _trigger(self, person: Person, view: View | None = None) -> str:
        key = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        modal = view.id if view and view.body["type"] == "modal" else None
        return self.desk.tickets.trigger(key, person.id, modal)

    def _response_url(self, person: Person, channel_id: str, message: Message | None = None) -> str:
        key = secrets.token_urlsafe(24)
        until = self.desk.now() + RESPONSE_URL_S
        self.desk.tickets.response(
            key,
            ResponseUrl(
                person.id,
                channel_id,
                until,
                message.ts if message else None,
                message.thread_ts if message else None,
            ),
        )
        return f"{self.desk.base_url}/response/{key}"

    def _response_urls(self, person: Person, view: View, state: Json) -> list[Json]:
        urls = []
        for block in view.blocks:
            element = block.get("element", {})
            if not element.get("response_url_enabled"):
                continue
            row = state["values"][block["block_id"]][element["action_id"]]
            channel = row.get("selected_conversation") or row.get("selected_channel")
            if channel:
                url = self._response_url(person, channel)
                ids = {"block_id": block["block_id"], "action_id": element["action_id"]}
                urls.append({**ids, "channel_id": channel, "response_url": url})
        return urls
