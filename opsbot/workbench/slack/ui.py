"""
Serve the page of the workbench: the JSON under `/ui/`, for one loopback browser.

Every request is refused (403) unless `Host` is a loopback name and `Origin`, where sent, is the same
loopback host. Every POST needs the header `x-workbench: 1` and a JSON object as body. The person who
acts is named in each request; nothing is remembered between requests. Refusals are
`{"error": "code", "hint": "what to do"}` with status 400, 403 or 404.

`GET /ui/state?user=U1`, everything that person may see:

    {"me": "U1", "seq": 41, "team": {"id": "T0HOME", "name": "Home"},
     "bot": {"user_id": "U0BOT", "name": "opsbot", "deliver_by": "socket", "sockets": 2},
     "people":   [{"id","name","real_name","email","is_bot","is_restricted","team_id","avatar"}],
     "channels": [{"id","name","is_private","is_ext_shared","is_im","is_archived","topic",
                   "purpose","bookmarks":[{"title","link"}], "members": ["U1"], "member": true}],
     "usergroups": [{"id","handle","name","users"}],
     "messages": {"C1": [Message, ...]},        oldest first, own ephemerals among them
     "views":    [View, ...],                   open modals, the topmost last
     "home":     View | null,
     "commands": [{"command": "/ai-kill", "description": "...", "usage_hint": "..."}],
     "shortcuts": [{"name": "...", "type": "global" | "message", "callback_id", "description"}],
     "faults":   {"unplugged": false, "deliveries": 1, "methods": {"chat.postMessage": ["500"]},
                  "half_open": 0}}

Message:

    {"channel","ts","user","text","blocks": [...],"thread_ts": null | "ts","bot_id": null | "B1",
     "ephemeral": false, "edited": null | "ts", "broadcast": false, "pinned": false,
     "reply_count": 0, "reactions": [{"name","users": [...],"count": 1}], "metadata": null | {...},
     "files": [{"id","name","title","mimetype","size","alt_txt"}]}   bytes: GET /ui/file/<id>?user=U1

`text` is mrkdwn (`<@U1>`, `<#C1|name>`, `<!channel>`, `<https://x|y>`; `&lt; &gt; &amp;` are escaped
characters and must stay inert). A message with blocks is drawn from its blocks, else from `text`. A
message with `thread_ts` other than its own `ts` is a reply: shown in the thread, and in the channel
too where `broadcast` is true.

View (a modal or the Home tab):

    {"id","type": "modal" | "home","hash","callback_id","title": "text" | null,
     "submit": "text" | null,"close": "text" | null,"blocks": [...],
     "notify_on_close": false, "errors": {"block_id": "text"}, "previous_id": null | "V1"}

Every block and every element with an action has its id filled in, as Slack does.

Shown, the answer to each POST below:

    {"kind": "nothing" | "message" | "modal" | "errors" | "failed",
     "text": "...", "blocks": [...], "ephemeral": true, "errors": {"block_id": "text"},
     "view": View | null, "message": Message | null, "elapsed_ms": 12.3}

`message`: the acknowledgement carried an answer (it is also in the channel or among the
ephemerals). `modal`: the top modal changed. `errors`: show them beside the inputs. `failed`: show
`text`; the bot did not answer or answered nonsense. `nothing`: acknowledged without a body.

    POST /ui/command  {"user","channel","text": "/ai-kill support-copilot wrong answers"}
    POST /ui/action   {"user","channel"?,"message_ts"? | "view_id"?,"action_id","block_id"?,
                       "value"?, "values"?}
    POST /ui/submit   {"user","view_id","values": {block_id: {action_id: value}}}
    POST /ui/close    {"user","view_id"}
    POST /ui/shortcut {"user","callback_id","channel"?,"message_ts"?}
    POST /ui/home     {"user"}                          opens the Home tab; the view follows as event
    POST /ui/say      {"user","channel","text","thread_ts"?}
    POST /ui/join     {"user","channel"}                a public one; who is not in it cannot write
    POST /ui/react    {"user","channel","message_ts","name": "pushpin"}
    POST /ui/options  {"user","channel"?,"message_ts"? | "view_id"?,"action_id","block_id"?,"query"}
                      for external selects; answers {"options": [...], "option_groups": [...]}

A value is what was chosen, by element: nothing for a button; the option's `value` for static_select,
external_select, radio_buttons and overflow; a list of those for checkboxes and multi selects; an id (or
list) for users_, channels_ and conversations_ selects; text for plain_text_input, email, url and
number; "2026-11-21" for datepicker, "14:30" for timepicker, Unix seconds for datetimepicker. In
`values` an input that was left alone may be absent: its initial value counts. `confirm` dialogs are the
page's business: ask first, then POST.

    POST /ui/fault    {"fault": "unplugged", "on": true}           the Web API is dead
                      {"fault": "method", "method": "chat.postMessage", "times": 1,
                       "kind": "429" | "500" | "timeout" | "latency" | "drop" | "drop_after_effect",
                       "seconds": 2}
                      {"fault": "deliveries", "times": 3}          everything is delivered so often
                      {"fault": "half_open"} | {"fault": "refresh"} | {"fault": "clear"}
                      answers {"faults": {...as in the state}}

`GET /ui/events?user=U1` are server-sent events, each `data:` one JSON object with a rising `seq`:

    {"kind": "hello", "seq": 41}                      first; fetch the state if its seq is older
    {"kind": "message", "message": Message}           new or changed: replace by (channel, ts)
    {"kind": "gone", "channel", "ts"}                 deleted
    {"kind": "views", "views": [View, ...]}           this person's whole modal stack
    {"kind": "home", "home": View | null}
    {"kind": "channel", "channel": {...}}             new or changed channel
    {"kind": "bot", "bot": {...}}                     sockets came or went
    {"kind": "faults", "faults": {...}}
    {"kind": "reset"}                                 too slow: fetch the state again
"""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import asdict
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from opsbot.workbench.slack.desk import Desk
from opsbot.workbench.slack.feed import channel_json, message_json, view_json
from opsbot.workbench.slack.model import CannotDo, Json, Message, Shown
from opsbot.workbench.slack.sockets import Sockets
from opsbot.workbench.slack.ui_files import Files
from opsbot.workbench.slack.ui_guard import guarded, posted, rows, text, text_or_none, whole
from opsbot.workbench.slack.workspace import Workspace

KEEP_ALIVE_S = 15.0


class Screen(Protocol):
    """What the page needs of the stand-in; each call as that class describes it."""

    desk: Desk
    sockets: Sockets
    workspace: Workspace

    @property
    def commands(self) -> list[Json]: ...
    @property
    def shortcuts(self) -> list[Json]: ...
    @property
    def deliver_by(self) -> str: ...
    async def slash(self, user_id: str, channel_id: str, text: str) -> Shown: ...
    async def click(  # noqa: PLR0913 - as the stand-in has it
        self,
        user_id: str,
        *,
        action_id: str,
        block_id: str | None,
        message_ts: str | None,
        channel_id: str | None,
        view_id: str | None,
        value: Any,
        values: dict[str, dict[str, Any]],
    ) -> Shown: ...
    async def submit(
        self, user_id: str, view_id: str, values: dict[str, dict[str, Any]]
    ) -> Shown: ...
    async def close_view(self, user_id: str, view_id: str) -> Shown: ...
    async def open_home(self, user_id: str) -> Shown: ...
    async def shortcut(
        self, user_id: str, callback_id: str, message_ts: str | None, channel_id: str | None
    ) -> Shown: ...
    async def say(
        self, user_id: str, channel_id: str, text: str, thread_ts: str | None
    ) -> Message: ...
    async def join(self, user_id: str, channel_id: str) -> None: ...
    async def react(self, user_id: str, message_ts: str, name: str) -> None: ...
    async def options(
        self,
        user_id: str,
        *,
        action_id: str,
        query: str,
        message_ts: str | None,
        channel_id: str | None,
        view_id: str | None,
    ) -> Json: ...


def routes(screen: Screen) -> list[Route]:
    """List the page's routes, every one of them guarded."""
    page = Page(screen)
    posts = {
        "command": page.command,
        "action": page.action,
        "submit": page.submit,
        "close": page.close,
        "shortcut": page.shortcut,
        "home": page.home,
        "say": page.say,
        "join": page.join,
        "react": page.react,
        "options": page.options,
        "fault": page.fault,
    }
    return [
        Route("/ui/state", guarded(page.state), methods=["GET"]),
        Route("/ui/events", guarded(page.events), methods=["GET"]),
        Route("/ui/file/{id}", guarded(Files(screen).file), methods=["GET"]),
        *(Route(f"/ui/{name}", guarded(do), methods=["POST"]) for name, do in posts.items()),
    ]


class Page:
    """The handlers; each reads one JSON object and answers one."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    async def state(self, request: Request) -> Response:
        """Describe everything that the person may see."""
        user = self._user(dict(request.query_params))
        space, desk = self._screen.workspace, self._screen.desk
        seen = [c for c in space.channels.values() if space.may_see(user, c)]
        home = space.homes.get(user)
        said = {c.id: space.visible(user, c.id) for c in seen}
        return JSONResponse(
            {
                "me": user,
                "seq": desk.feed.seq,
                "team": {"id": space.team_id, "name": space.name},
                "bot": self._bot(),
                "people": [asdict(person) for person in space.people.values()],
                "channels": [channel_json(channel, user) for channel in seen],
                "usergroups": [asdict(group) for group in space.usergroups.values()],
                "messages": {
                    key: [message_json(space, message) for message in row]
                    for key, row in said.items()
                },
                "views": [view_json(view) for view in space.modals.get(user, [])],
                "home": view_json(home) if home else None,
                "commands": self._screen.commands,
                "shortcuts": self._screen.shortcuts,
                "faults": self._faults(),
            }
        )

    async def events(self, request: Request) -> Response:
        """Stream the changes that the person may see."""
        user = self._user(dict(request.query_params))
        return StreamingResponse(
            self._changes(user),
            media_type="text/event-stream",
            headers={"cache-control": "no-store"},
        )

    async def command(self, request: Request) -> Response:
        """Type a slash command."""
        body = await posted(request)
        user = self._user(body)
        return self._shown(
            await self._screen.slash(user, text(body, "channel"), text(body, "text"))
        )

    async def action(self, request: Request) -> Response:
        """Act on an element."""
        body = await posted(request)
        shown = await self._screen.click(
            self._user(body),
            action_id=text(body, "action_id"),
            block_id=text_or_none(body, "block_id"),
            message_ts=text_or_none(body, "message_ts"),
            channel_id=text_or_none(body, "channel"),
            view_id=text_or_none(body, "view_id"),
            value=body.get("value"),
            values=rows(body),
        )
        return self._shown(shown)

    async def submit(self, request: Request) -> Response:
        """Submit the modal on top."""
        body = await posted(request)
        user = self._user(body)
        return self._shown(await self._screen.submit(user, text(body, "view_id"), rows(body)))

    async def close(self, request: Request) -> Response:
        """Close the modal on top."""
        body = await posted(request)
        return self._shown(await self._screen.close_view(self._user(body), text(body, "view_id")))

    async def shortcut(self, request: Request) -> Response:
        """Use a shortcut."""
        body = await posted(request)
        shown = await self._screen.shortcut(
            self._user(body),
            text(body, "callback_id"),
            text_or_none(body, "message_ts"),
            text_or_none(body, "channel"),
        )
        return self._shown(shown)

    async def home(self, request: Request) -> Response:
        """Open the Home tab."""
        body = await posted(request)
        return self._shown(await self._screen.open_home(self._user(body)))

    async def say(self, request: Request) -> Response:
        """Write in a channel."""
        body = await posted(request)
        message = await self._screen.say(
            self._user(body),
            text(body, "channel"),
            text(body, "text"),
            text_or_none(body, "thread_ts"),
        )
        return self._shown(Shown("message", message.text, message=message))

    async def join(self, request: Request) -> Response:
        """Join a channel."""
        body = await posted(request)
        await self._screen.join(self._user(body), text(body, "channel"))
        return self._shown(Shown("nothing"))

    async def react(self, request: Request) -> Response:
        """Add a reaction."""
        body = await posted(request)
        await self._screen.react(self._user(body), text(body, "message_ts"), text(body, "name"))
        return self._shown(Shown("nothing"))

    async def options(self, request: Request) -> Response:
        """Ask what an external select offers."""
        body = await posted(request)
        answer = await self._screen.options(
            self._user(body),
            action_id=text(body, "action_id"),
            query=text(body, "query"),
            message_ts=text_or_none(body, "message_ts"),
            channel_id=text_or_none(body, "channel"),
            view_id=text_or_none(body, "view_id"),
        )
        return JSONResponse(answer)

    async def fault(self, request: Request) -> Response:
        """Break or heal something."""
        body = await posted(request)
        await self._break(body)
        self._screen.desk.feed.all({"kind": "faults", "faults": self._faults()})
        return JSONResponse({"faults": self._faults()})

    async def _break(self, body: Json) -> None:
        faults, sockets = self._screen.desk.faults, self._screen.sockets
        match body.get("fault"):
            case "unplugged":
                faults.unplugged = body.get("on") is True
            case "method":
                self._break_method(body)
            case "deliveries":
                faults.deliveries = whole(body, "times", 1, 10)
            case "half_open":
                sockets.half_open()
            case "refresh":
                await sockets.refresh()
            case "clear":
                faults.clear()
            case other:
                raise CannotDo("unknown_fault", f"there is no fault {other!r}")

    def _break_method(self, body: Json) -> None:
        times, seconds = whole(body, "times", 1, 1000), whole(body, "seconds", 1, 600)
        kind: Any = text(body, "kind")
        self._screen.desk.faults.fail(text(body, "method"), kind, times=times, seconds=seconds)

    def _user(self, body: Json) -> str:
        return self._screen.workspace.person(text(body, "user")).id

    def _bot(self) -> Json:
        bot = self._screen.workspace.bot
        sockets = len(self._screen.sockets.links)
        by = self._screen.deliver_by
        return {"user_id": bot.id, "name": bot.name, "deliver_by": by, "sockets": sockets}

    def _faults(self) -> Json:
        half_open = sum(link.half_open for link in self._screen.sockets.links)
        return {**self._screen.desk.faults.described(), "half_open": half_open}

    def _shown(self, shown: Shown) -> Response:
        space = self._screen.workspace
        return JSONResponse(
            {
                "kind": shown.kind,
                "text": shown.text,
                "blocks": shown.blocks,
                "ephemeral": shown.ephemeral,
                "errors": shown.errors,
                "view": view_json(shown.view) if shown.view else None,
                "message": message_json(space, shown.message) if shown.message else None,
                "elapsed_ms": round(shown.elapsed_ms, 1),
            }
        )

    async def _changes(self, user: str) -> AsyncGenerator[str]:
        async with self._screen.desk.feed.open(user) as queue:
            while True:
                try:
                    change = await asyncio.wait_for(queue.get(), KEEP_ALIVE_S)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if change["kind"] == "bot":
                    change = {**change, "bot": self._bot()}
                yield f"data: {json.dumps(change)}\n\n"
