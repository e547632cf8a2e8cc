"""What people do in Slack, each as one call: type, click, submit, open, react."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from opsbot.workbench.slack.courier import Answer, Courier
from opsbot.workbench.slack.desk import Desk
from opsbot.workbench.slack.elements import Values, find, state, unfilled
from opsbot.workbench.slack.limits import ResponseUrl
from opsbot.workbench.slack.methods import conversations, reactions
from opsbot.workbench.slack.methods.chat import changed_event, deleted_event
from opsbot.workbench.slack.methods.views import described, replace
from opsbot.workbench.slack.model import (
    ApiRefusal,
    CannotDo,
    Channel,
    Json,
    Message,
    Person,
    Shown,
    View,
)
from opsbot.workbench.slack.payloads import Payloads
from opsbot.workbench.slack.responses import said
from opsbot.workbench.slack.workspace import MODALS

TROUBLE = "We had some trouble connecting. Try again?"


@dataclass(slots=True)
class Gestures:
    """People's hands. Every method raises `CannotDo` for what Slack's client would not allow."""

    desk: Desk
    courier: Courier
    payloads: Payloads
    commands: dict[str, Json]
    strict_commands: bool = False

    async def slash(self, user_id: str, channel_id: str, text: str) -> Shown:
        """Type a slash command and return what its author then sees."""
        person, channel = self._member(user_id, channel_id)
        command, _, rest = text.strip().partition(" ")
        unknown = self.strict_commands and command not in self.commands
        if not command.startswith("/") or unknown or "commands" not in self.desk.scopes:
            return Shown("failed", f"{command} is not a valid command.")
        declared = self.commands.get(command, {})
        words = linked(self.desk, rest.strip()) if declared.get("should_escape", True) else rest
        payload = self.payloads.command(person, channel, command, words)
        before, started = self._top_id(user_id), self.desk.now()
        answer = await self.courier.deliver("slash_commands", payload)
        if answer.problem:
            return Shown("failed", f'{command} failed with the error "{answer.problem}"')
        elapsed_ms = (self.desk.now() - started) * 1000
        url = ResponseUrl(user_id, channel_id, 0)
        return self._answered(command, url, answer, (before, elapsed_ms))

    async def click(
        self, person: Person, on: Message | View, pair: tuple[Json, Json], value: Any, typed: Values
    ) -> Shown:
        """Act on one element of a message or view that this person sees."""
        block, _ = pair
        if block["type"] == "input" and not block.get("dispatch_action"):
            raise CannotDo("not_dispatched", "this input tells the bot nothing before submission")
        described_state = state(on.blocks, typed)
        if isinstance(on, Message):
            build = self.payloads.message_click(person, on, pair, value, described_state)
        else:
            build = self.payloads.view_click(person, on, pair, value, described_state)
        return await self._interact(person.id, build)

    async def submit(self, user_id: str, view_id: str, values: Values) -> Shown:
        """Submit the modal on top; inputs that Slack's client refuses never reach the bot."""
        person, view = self._top(user_id, view_id)
        described_state = state(view.blocks, values)
        errors = unfilled(view.blocks, described_state)
        if errors:
            return Shown("errors", errors=errors, view=view)
        payload = self.payloads.submission(person, view, described_state)
        started = self.desk.now()
        answer = await self.courier.deliver("interactive", payload)
        if answer.problem:
            return Shown("failed", f"{TROUBLE} ({answer.problem})", view=view)
        try:
            return self._submitted(view, answer.body, (self.desk.now() - started) * 1000)
        except ApiRefusal as refused:
            return Shown("failed", f"{TROUBLE} ({refused.error})", view=view)

    async def close_view(self, user_id: str, view_id: str) -> Shown:
        """Close the modal on top by hand."""
        person, view = self._top(user_id, view_id)
        self._remove(view, everything=bool(view.body.get("clear_on_close")))
        if not view.body.get("notify_on_close"):
            return self._now_shows(user_id)
        return await self._interact(user_id, self.payloads.closed(person, view))

    async def open_home(self, user_id: str) -> Shown:
        """Open the app's Home tab; the bot hears of it by an event."""
        person = self.desk.workspace.person(user_id)
        home = self.desk.workspace.homes.get(person.id)
        event = {
            "type": "app_home_opened",
            "user": person.id,
            "channel": self.desk.workspace.im_with(person.id).id,
            "tab": "home",
            "event_ts": self.desk.ts(),
        }
        self.desk.announce(event | ({"view": described(self.desk, home)} if home else {}))
        return Shown("nothing", view=home)

    async def shortcut(self, user_id: str, callback_id: str, message: Message | None) -> Shown:
        """Use a global shortcut, or one on a message."""
        person = self.desk.workspace.person(user_id)
        if message is None:
            payload = self.payloads.shortcut(person, callback_id)
        else:
            payload = self.payloads.message_shortcut(person, callback_id, message)
        return await self._interact(user_id, payload)

    def say(
        self, user_id: str, channel_id: str, text: str, thread_ts: str | None = None
    ) -> Message:
        """Write in a channel; `@name` and `#channel` become mentions, everything else is escaped."""
        person, channel = self._member(user_id, channel_id)
        if thread_ts and self.desk.workspace.find(channel.id, thread_ts) is None:
            raise CannotDo("no_such_thread", "that message is not in this channel")
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        words = linked(self.desk, escaped)
        message = Message(channel.id, self.desk.ts(), person.id, words, thread_ts=thread_ts)
        self.desk.post(message)
        kind = {"channels": "channel", "groups": "group", "im": "im"}[channel.kind]
        event = {**self.desk.workspace.described(message), "channel": channel.id}
        event |= {"event_ts": message.ts, "user_team": person.team_id}
        self.desk.announce({**event, "channel_type": kind})
        if f"<@{self.desk.workspace.bot.id}" in words and not channel.is_im:
            self.desk.announce({**event, "type": "app_mention"})
        return message

    def react(self, user_id: str, message: Message, name: str) -> None:
        """Add a reaction."""
        self._own(lambda: reactions.put(self.desk, message, user_id, name))

    def unreact(self, user_id: str, message: Message, name: str) -> None:
        """Take one's own reaction off."""
        self._own(lambda: reactions.take(self.desk, message, user_id, name))

    def edit(self, user_id: str, message: Message, text: str) -> None:
        """Edit one's own message."""
        if message.user != user_id:
            raise CannotDo("cant_update_message", "only its author edits a message")
        previous = self.desk.workspace.described(message)
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        message.text, message.edited_ts = linked(self.desk, escaped), self.desk.ts()
        self.desk.feed.message(message)
        self.desk.announce(changed_event(self.desk, message, previous))

    def delete(self, user_id: str, message: Message) -> None:
        """Delete one's own message."""
        if message.user != user_id:
            raise CannotDo("cant_delete_message", "only its author deletes a message")
        self.desk.announce(deleted_event(self.desk, message))
        self.desk.workspace.drop(message)
        self.desk.feed.gone(message)

    def archive(self, user_id: str, channel_id: str) -> None:
        """Archive a channel that one is in."""
        _, channel = self._member(user_id, channel_id)
        conversations.close(self.desk, channel)

    def unarchive(self, user_id: str, channel_id: str) -> None:
        """Open a channel again, for the people in it and oneself; the bot has to be invited."""
        channel = self.desk.workspace.channels.get(channel_id)
        if channel is None or not channel.is_archived:
            raise CannotDo("not_archived", f"{channel_id} is no archived channel")
        channel.is_archived = False
        channel.members.add(self.desk.workspace.person(user_id).id)
        self.desk.feed.channel(channel)

    def invite(self, user_id: str, channel_id: str, who: str) -> None:
        """Bring somebody, or the bot, into a channel that one is in."""
        _, channel = self._member(user_id, channel_id)
        conversations.enter(self.desk, channel, self.desk.workspace.person(who).id)

    def join(self, user_id: str, channel_id: str) -> None:
        """Go into a public channel that one can read; of every other one it is not said that it exists."""
        space = self.desk.workspace
        person, channel = space.person(user_id), space.channels.get(channel_id)
        if channel is None or not space.may_see(user_id, channel):
            raise CannotDo("channel_not_found", f"{person.id} sees no channel {channel_id}")
        if channel.is_archived:
            raise CannotDo("is_archived", f"#{channel.name} is archived: nobody joins it any more")
        conversations.enter(self.desk, channel, person.id)

    def _own(self, act: Callable[[], None]) -> None:
        try:
            act()
        except ApiRefusal as refused:
            raise CannotDo(refused.error, "Slack's own client does not do that") from refused

    async def options(self, person: Person, on: Message | View, action_id: str, query: str) -> Json:
        """Ask the bot what an external select offers for *query*."""
        pair = find(on.blocks, action_id)
        if isinstance(on, View):
            where: Json = {"view": described(self.desk, on)}
        else:
            where = {"channel": {"id": on.channel}, "message": self.desk.workspace.described(on)}
        payload = self.payloads.suggestion(person, pair, query, where)
        answer = await self.courier.deliver("interactive", payload)
        if answer.problem:
            raise CannotDo(answer.problem, "the app gave no options in time")
        return {key: answer.body.get(key, []) for key in ("options", "option_groups")}

    async def _interact(self, user_id: str, payload: Json) -> Shown:
        before, started = self._top_id(user_id), self.desk.now()
        answer = await self.courier.deliver("interactive", payload)
        if answer.problem:
            return Shown("failed", f"This app did not respond as it should ({answer.problem})")
        elapsed_ms = (self.desk.now() - started) * 1000
        return self._now_shows(user_id, before, elapsed_ms)

    def _answered(
        self, command: str, url: ResponseUrl, answer: Answer, was: tuple[str | None, float]
    ) -> Shown:
        before, elapsed_ms = was
        if not answer.body:
            return self._now_shows(url.user, before, elapsed_ms)
        try:
            message = said(self.desk, url, answer.body)
        except ApiRefusal as refused:
            return Shown("failed", f'{command} failed with the error "{refused.error}"')
        assert message is not None
        return Shown(
            "message",
            message.text,
            message.blocks,
            ephemeral=message.ephemeral_for is not None,
            message=message,
            elapsed_ms=elapsed_ms,
        )

    def _submitted(self, view: View, body: Json, elapsed_ms: float) -> Shown:
        action = body.get("response_action")
        if action == "errors":
            return self._erred(view, body.get("errors"), elapsed_ms)
        if action == "update":
            replace(self.desk, view, self._next_body(body))
        elif action == "push":
            self._pushed(view, self._next_body(body))
        elif action in (None, "clear"):
            self._remove(view, everything=action == "clear")
        else:
            raise ApiRefusal("invalid_response_action")
        return self._now_shows(view.user, None, elapsed_ms)

    def _erred(self, view: View, errors: object, elapsed_ms: float) -> Shown:
        inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors or not errors.keys() <= inputs:
            raise ApiRefusal("errors_name_no_input")
        view.errors = {str(key): str(text) for key, text in errors.items()}
        self.desk.feed.views(view.user)
        return Shown("errors", errors=view.errors, view=view, elapsed_ms=elapsed_ms)

    def _next_body(self, body: Json) -> Json:
        view = body.get("view")
        if not isinstance(view, dict) or view.get("type") != "modal":
            raise ApiRefusal("invalid_arguments")
        return self.desk.view_body(view)

    def _pushed(self, view: View, body: Json) -> None:
        stack = self.desk.workspace.modals.get(view.user, [])
        if len(stack) >= MODALS:
            raise ApiRefusal("push_limit_reached")
        stack.append(self.desk.new_view(view.user, body, view))
        self.desk.feed.views(view.user)

    def _remove(self, view: View, *, everything: bool) -> None:
        stack = self.desk.workspace.modals.get(view.user, [])
        left = [] if everything else [one for one in stack if one is not view]
        self.desk.workspace.modals[view.user] = left
        self.desk.feed.views(view.user)

    def _now_shows(self, user_id: str, before: str | None = None, elapsed_ms: float = 0.0) -> Shown:
        top = self.desk.workspace.top(user_id)
        if top is None or f"{top.id} {top.hash}" == before:
            return Shown("nothing", elapsed_ms=elapsed_ms)
        return Shown("modal", view=top, elapsed_ms=elapsed_ms)

    def _top_id(self, user_id: str) -> str | None:
        top = self.desk.workspace.top(user_id)
        return f"{top.id} {top.hash}" if top else None

    def _top(self, user_id: str, view_id: str) -> tuple[Person, View]:
        person, top = self.desk.workspace.person(user_id), self.desk.workspace.top(user_id)
        if top is None or top.id != view_id:
            raise CannotDo("not_on_top", f"{user_id} does not see the modal {view_id}")
        return person, top

    def _member(self, user_id: str, channel_id: str) -> tuple[Person, Channel]:
        person = self.desk.workspace.person(user_id)
        channel = self.desk.workspace.channels.get(channel_id)
        if channel is None or user_id not in channel.members:
            name = channel_id if channel is None else f"#{channel.name}"
            who = person.real_name or person.name
            raise CannotDo("not_in_channel", f"{who} is not in {name}: join it first")
        if channel.is_archived:
            raise CannotDo("is_archived", f"{channel_id} is archived: it takes nothing any more")
        return person, channel


def linked(desk: Desk, text: str) -> str:
    """Turn `@name` and `#channel` into the references that Slack sends."""
    people = {person.name: person.id for person in desk.workspace.people.values()}
    channels = {c.name: c.id for c in desk.workspace.channels.values() if not c.is_im}

    def user(match: re.Match[str]) -> str:
        found = people.get(match[1])
        return f"<@{found}|{match[1]}>" if found else match[0]

    def channel(match: re.Match[str]) -> str:
        found = channels.get(match[1])
        return f"<#{found}|{match[1]}>" if found else match[0]

    with_people = re.sub(r"(?<![\w<])@([a-z0-9._-]+)", user, text)
    return re.sub(r"(?<![\w<&])#([\w-]+)", channel, with_people)
