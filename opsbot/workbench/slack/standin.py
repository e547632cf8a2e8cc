"""The local stand-in for Slack: one object that an unmodified slack-bolt app cannot tell from it."""

import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from opsbot.workbench.slack import ui
from opsbot.workbench.slack.catalog import DEFAULT_EVENTS, DEFAULT_SCOPES, EVENT_SCOPES
from opsbot.workbench.slack.courier import Courier
from opsbot.workbench.slack.desk import Desk
from opsbot.workbench.slack.elements import Values, find
from opsbot.workbench.slack.faults import Faults
from opsbot.workbench.slack.feed import Feed
from opsbot.workbench.slack.files import FileTickets
from opsbot.workbench.slack.gestures import Gestures
from opsbot.workbench.slack.limits import Rates, Tickets
from opsbot.workbench.slack.model import ApiCall, CannotDo, Json, Message, Shown, View
from opsbot.workbench.slack.payloads import VERIFICATION, Payloads
from opsbot.workbench.slack.responses import Responses
from opsbot.workbench.slack.signed import SignedPost
from opsbot.workbench.slack.sockets import Sockets
from opsbot.workbench.slack.uploads import Uploads
from opsbot.workbench.slack.waiting import Background
from opsbot.workbench.slack.web_api import WebApi
from opsbot.workbench.slack.workspace import Workspace


class SlackStandIn:
    """
    A workspace with its Web API, Socket Mode, signed deliveries, people's gestures and faults.

    Mount *app* at the place that *base_url* names. *now* counts seconds for every deadline and limit
    and may be moved by tests; message timestamps move along. *scopes* are those the app was
    installed with. *manifest*, where set, decides which commands, shortcuts and events exist.
    Call `close` at the end.
    """

    def __init__(  # noqa: PLR0913 - the parts of one app's installation
        self,
        workspace: Workspace,
        *,
        base_url: str,
        bot_token: str,
        app_token: str,
        signing_secret: str,
        scopes: frozenset[str] | None = None,
        request_url: str | None = None,
        manifest: Mapping[str, Any] | None = None,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,  # noqa: TID251 - signatures carry Unix time
    ) -> None:
        offset = wall() - now()
        self.workspace = workspace
        self.faults = Faults()
        self.manifest: Mapping[str, Any] = manifest or {}
        self.desk = Desk(
            workspace=workspace,
            base_url=base_url.rstrip("/"),
            now=now,
            epoch=lambda: now() + offset,
            scopes=DEFAULT_SCOPES if scopes is None else scopes,
            tickets=Tickets(now),
            rates=Rates(now),
            faults=self.faults,
            feed=Feed(workspace),
            uploads=FileTickets(now),
            announce=self._announce,
        )
        self.background = Background()
        self.sockets = Sockets(self.desk)
        signed = SignedPost(request_url or "", signing_secret, wall, self.faults)
        self.courier = Courier(self.desk, self.sockets, signed, self.background)
        if request_url:
            self.courier.by = "http"
        self.payloads = Payloads(self.desk)
        commands = {command["command"]: command for command in self.commands}
        self.gestures = Gestures(
            self.desk, self.courier, self.payloads, commands, strict_commands=bool(self.manifest)
        )
        self.web_api = WebApi(self.desk, bot_token, app_token)
        self.app = self._routes()

    @property
    def calls(self) -> list[ApiCall]:
        """Every Web API call so far."""
        return self.web_api.calls

    @property
    def rates(self) -> Rates:
        """The rate limits; `rates.enforced = False` lifts them."""
        return self.desk.rates

    @property
    def api_url(self) -> str:
        """What `AsyncWebClient(base_url=…)` takes."""
        return f"{self.desk.base_url}/api/"

    @property
    def deliver_by(self) -> Literal["socket", "http"]:
        """Which way payloads go to the bot; may be set at any moment."""
        return self.courier.by

    @deliver_by.setter
    def deliver_by(self, by: Literal["socket", "http"]) -> None:
        self.courier.by = by

    @property
    def request_url(self) -> str:
        """Where HTTP deliveries go; may be set once the bot is up."""
        return self.courier.signed.request_url

    @request_url.setter
    def request_url(self, url: str) -> None:
        self.courier.signed.request_url = url

    @property
    def commands(self) -> list[Json]:
        """The slash commands that the manifest declares."""
        return list(self.manifest.get("features", {}).get("slash_commands", []))

    @property
    def shortcuts(self) -> list[Json]:
        """The shortcuts that the manifest declares."""
        return list(self.manifest.get("features", {}).get("shortcuts", []))

    async def slash(self, user_id: str, channel_id: str, text: str) -> Shown:
        """
        Type a slash command such as `/ai-kill support-copilot wrong answers`.

        Raises:
            CannotDo: that person is not in the channel.
        """
        return await self.gestures.slash(user_id, channel_id, text)

    async def click(  # noqa: PLR0913 - who, where, what, which value
        self,
        user_id: str,
        *,
        action_id: str,
        block_id: str | None = None,
        message_ts: str | None = None,
        channel_id: str | None = None,
        view_id: str | None = None,
        value: Any = None,
        values: Values | None = None,
    ) -> Shown:
        """
        Act on an element of a message or view; *values* are the other inputs around it.

        Raises:
            CannotDo: that person does not see it, or the element does not offer that value.
        """
        on = self.shown(user_id, message_ts=message_ts, channel_id=channel_id, view_id=view_id)
        pair = find(on.blocks, action_id, block_id)
        typed = {key: dict(row) for key, row in (values or {}).items()}
        if value is not None:
            typed.setdefault(pair[0]["block_id"], {})[action_id] = value
        person = self.workspace.person(user_id)
        return await self.gestures.click(person, on, pair, value, typed)

    async def submit(self, user_id: str, view_id: str, values: Values | None = None) -> Shown:
        """
        Submit the modal on top with *values* by block id and action id.

        Raises:
            CannotDo: it is not on top for that person, or a value fits nothing in it.
        """
        return await self.gestures.submit(user_id, view_id, values or {})

    async def close_view(self, user_id: str, view_id: str) -> Shown:
        """
        Close the modal on top.

        Raises:
            CannotDo: it is not on top for that person.
        """
        return await self.gestures.close_view(user_id, view_id)

    async def open_home(self, user_id: str) -> Shown:
        """Open the Home tab; what the bot publishes is then in `workspace.homes`."""
        return await self.gestures.open_home(user_id)

    async def shortcut(
        self,
        user_id: str,
        callback_id: str,
        message_ts: str | None = None,
        channel_id: str | None = None,
    ) -> Shown:
        """
        Use a global shortcut, or one on a message.

        Raises:
            CannotDo: that person does not see the message.
        """
        message = None
        if message_ts is not None:
            seen = self.shown(user_id, message_ts=message_ts, channel_id=channel_id)
            assert isinstance(seen, Message)
            message = seen
        return await self.gestures.shortcut(user_id, callback_id, message)

    async def say(
        self, user_id: str, channel_id: str, text: str, thread_ts: str | None = None
    ) -> Message:
        """
        Write in a channel.

        Raises:
            CannotDo: that person is not in the channel.
        """
        return self.gestures.say(user_id, channel_id, text, thread_ts)

    async def join(self, user_id: str, channel_id: str) -> None:
        """
        Go into a public channel, so that one can write there.

        Raises:
            CannotDo: that person does not see it, or it is archived.
        """
        self.gestures.join(user_id, channel_id)

    async def react(self, user_id: str, message_ts: str, name: str) -> None:
        """
        Add a reaction to a message.

        Raises:
            CannotDo: that person does not see it, or the reaction is there already.
        """
        message = self.shown(user_id, message_ts=message_ts)
        assert isinstance(message, Message)
        self.gestures.react(user_id, message, name)

    async def unreact(self, user_id: str, message_ts: str, name: str) -> None:
        """
        Take one's own reaction off a message.

        Raises:
            CannotDo: that person does not see it, or has no such reaction there.
        """
        message = self.shown(user_id, message_ts=message_ts)
        assert isinstance(message, Message)
        self.gestures.unreact(user_id, message, name)

    async def edit(self, user_id: str, message_ts: str, text: str) -> None:
        """
        Edit one's own message.

        Raises:
            CannotDo: that person does not see it, or did not write it.
        """
        message = self.shown(user_id, message_ts=message_ts)
        assert isinstance(message, Message)
        self.gestures.edit(user_id, message, text)

    async def delete(self, user_id: str, message_ts: str) -> None:
        """
        Delete one's own message.

        Raises:
            CannotDo: that person does not see it, or did not write it.
        """
        message = self.shown(user_id, message_ts=message_ts)
        assert isinstance(message, Message)
        self.gestures.delete(user_id, message)

    async def options(
        self,
        user_id: str,
        *,
        action_id: str,
        query: str,
        message_ts: str | None = None,
        channel_id: str | None = None,
        view_id: str | None = None,
    ) -> Json:
        """
        Ask what an external select offers.

        Raises:
            CannotDo: that person does not see it, or the bot gave no options.
        """
        on = self.shown(user_id, message_ts=message_ts, channel_id=channel_id, view_id=view_id)
        person = self.workspace.person(user_id)
        return await self.gestures.options(person, on, action_id, query)

    def seen_by(self, user_id: str, channel_id: str) -> list[Message]:
        """List what that person sees in the channel, own ephemerals among it."""
        return self.workspace.visible(user_id, channel_id)

    def shown(
        self,
        user_id: str,
        *,
        message_ts: str | None = None,
        channel_id: str | None = None,
        view_id: str | None = None,
    ) -> Message | View:
        """
        Find the message or view that this person sees.

        Raises:
            CannotDo: there is none, or it is somebody else's.
        """
        if view_id is not None:
            view = self.workspace.view(view_id)
            if view is None or view.user != user_id:
                raise CannotDo("no_such_view", f"{user_id} does not see the view {view_id}")
            return view
        ts = message_ts or ""
        found = self.workspace.find(channel_id, ts) if channel_id else self.workspace.locate(ts)
        if found is None or found not in self.workspace.visible(user_id, found.channel):
            raise CannotDo("no_such_message", f"{user_id} does not see the message {ts}")
        return found

    async def verify_request_url(self) -> bool:
        """Whether the request URL answers Slack's challenge, as it must before it is saved."""
        challenge = secrets.token_hex(16)
        payload = {"token": VERIFICATION, "challenge": challenge, "type": "url_verification"}
        response = await self.courier.signed.send("events_api", payload, {})
        return response.is_success and challenge in response.text

    async def close(self) -> None:
        """End deliveries, sockets and connections."""
        await self.background.close()
        await self.sockets.close()
        await self.courier.signed.close()

    def _announce(self, event: Json) -> None:
        name = str(event["type"])
        if name == "message":
            kinds = {"channel": "channels", "group": "groups", "im": "im"}
            name = f"message.{kinds[event['channel_type']]}"
        if name in self._subscribed() and self._hears(name, event):
            self.background.spawn(self.courier.event(self.payloads.event(event)))

    def _subscribed(self) -> frozenset[str]:
        if not self.manifest:
            return DEFAULT_EVENTS
        settings = self.manifest.get("settings", {}).get("event_subscriptions", {})
        return frozenset(settings.get("bot_events", []))

    def _hears(self, name: str, event: Json) -> bool:
        needed = EVENT_SCOPES.get(name)
        if needed is not None and needed not in self.desk.scopes:
            return False
        channel_id = event.get("channel") or event.get("item", {}).get("channel")
        channel = self.workspace.channels.get(str(channel_id))
        return channel is None or self.workspace.bot.id in channel.members

    def _routes(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/api/{method}", self.web_api, methods=["GET", "POST"]),
                Route("/response/{key}", Responses(self.desk), methods=["POST"]),
                Route("/upload/v1/{key}", Uploads(self.desk), methods=["POST"]),
                WebSocketRoute("/link/", self.sockets.serve),
                *ui.routes(self),
            ]
        )
