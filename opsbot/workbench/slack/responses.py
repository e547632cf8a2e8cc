"""Answer `/response/<key>`: five messages within half an hour, for one interaction."""

import json
from dataclasses import dataclass
from json import JSONDecodeError

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from opsbot.workbench.slack.desk import Desk
from opsbot.workbench.slack.limits import ResponseUrl
from opsbot.workbench.slack.model import ApiRefusal, Json, Message
from opsbot.workbench.slack.waiting import in_turn
from opsbot.workbench.slack.web_api import hang_up


@dataclass(slots=True)
class Responses:
    """An ASGI app for one path parameter *key*."""

    desk: Desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        raw = await request.body()
        await in_turn()
        if self.desk.faults.unplugged:
            await hang_up(receive)
            return
        response = self._answer(str(request.path_params["key"]), raw)
        await response(scope, receive, send)

    def _answer(self, key: str, raw: bytes) -> Response:
        url = self.desk.tickets.spend_response(key)
        if isinstance(url, str):
            return JSONResponse({"ok": False, "error": url}, status_code=404)
        try:
            body = json.loads(raw)
            said(self.desk, url, body)
        except (JSONDecodeError, AttributeError):
            return JSONResponse({"ok": False, "error": "invalid_payload"}, status_code=400)
        except ApiRefusal as refused:
            answer = {"ok": False, "error": refused.error, **refused.extra}
            return JSONResponse(answer, status_code=400)
        return PlainTextResponse("ok")


def said(desk: Desk, url: ResponseUrl, body: Json) -> Message | None:
    """
    Do what an answer asks for: replace or delete the message it belongs to, or say something new.

    Without a message to replace (a command's answer) a new one is said.

    Raises:
        ApiRefusal: Slack would not take it.
    """
    original = desk.workspace.find(url.channel, url.message_ts) if url.message_ts else None
    if original is not None and original.user != desk.workspace.bot.id:
        original = None
    if body.get("delete_original"):
        if original is None:
            raise ApiRefusal("message_not_found")
        desk.workspace.drop(original)
        desk.feed.gone(original)
        return None
    message = desk.written(url.channel, body)
    if original is not None and body.get("replace_original"):
        original.text, original.blocks = message.text, message.blocks
        original.edited_ts = message.ts
        desk.feed.message(original)
        return original
    if body.get("response_type", "ephemeral") != "in_channel":
        message.ephemeral_for = url.user
    return desk.post(message)
