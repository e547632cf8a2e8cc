"""Answer `/api/<method>` as Slack's Web API does: tokens, scopes, rate limits, faults, then the method."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from json import JSONDecodeError
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from opsbot.workbench.slack.catalog import METHODS, Method, scope_for
from opsbot.workbench.slack.desk import Desk
from opsbot.workbench.slack.faults import Fault
from opsbot.workbench.slack.methods import HANDLERS
from opsbot.workbench.slack.model import ApiCall, ApiRefusal, Json
from opsbot.workbench.slack.waiting import in_turn

STRUCTURED = frozenset({"blocks", "view", "metadata", "attachments", "message", "files"})


@dataclass(slots=True)
class WebApi:
    """An ASGI app for one path parameter *method*; every call is kept in *calls*."""

    desk: Desk
    bot_token: str
    app_token: str
    calls: list[ApiCall] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        method = str(request.path_params["method"])
        token, args = await arguments(request)
        fault = self.desk.faults.next_for(method)
        if self.desk.faults.unplugged or (fault and fault.kind == "drop"):
            self._record(method, args, 0, {"ok": False, "error": "unplugged"})
            await hang_up(receive)
            return
        if fault and fault.kind == "timeout":
            self._record(method, args, 0, {"ok": False, "error": "timeout"})
            await gone(receive)
            return
        if fault and fault.kind == "latency":
            await asyncio.sleep(fault.seconds)
        if method == "views.update":
            await in_turn()
        response = self._broken(method, args, fault) or self._answer(method, token, args)
        if fault and fault.kind == "drop_after_effect":
            await hang_up(receive)
            return
        await response(scope, receive, send)

    def _broken(self, method: str, args: Json, fault: Fault | None) -> Response | None:
        if fault and fault.kind == "429":
            return self._limited(method, args, max(1, int(fault.seconds)))
        if fault and fault.kind == "500":
            self._record(method, args, 500, {"ok": False, "error": "internal_error"})
            return PlainTextResponse("Internal Server Error", status_code=500)
        return None

    def _answer(self, method: str, token: str, args: Json) -> Response:
        known = METHODS.get(method)
        try:
            self._allowed(method, known, token, args)
            wait_s = self.desk.rates.wait_s(method, str(args.get("channel")))
            if wait_s:
                return self._limited(method, args, wait_s)
            answer = {"ok": True, **HANDLERS[method](self.desk, parsed(args))}
        except ApiRefusal as refused:
            answer = {"ok": False, "error": refused.error, **refused.extra}
        self._record(method, args, 200, answer)
        headers = {
            "x-oauth-scopes": ",".join(sorted(self.desk.scopes)),
            "x-accepted-oauth-scopes": ",".join(known.scopes if known else ()),
        }
        return JSONResponse(answer, headers=headers)

    def _allowed(self, method: str, known: Method | None, token: str, args: Json) -> None:
        if known is None:
            raise ApiRefusal("unknown_method", req_method=method)
        if known.kind == "none":
            return
        if not token:
            raise ApiRefusal("not_authed")
        if token not in (self.bot_token, self.app_token):
            raise ApiRefusal("invalid_auth")
        if token != {"bot": self.bot_token, "app": self.app_token}[known.kind]:
            raise ApiRefusal("not_allowed_token_type")
        if known.kind == "bot":
            self._scoped(method, known.scopes, args)

    def _scoped(self, method: str, accepted: Sequence[str], args: Json) -> None:
        channel = self.desk.workspace.channels.get(str(args.get("channel")))
        exact = scope_for(method, channel.kind) if channel else ""
        if method == "conversations.list":
            accepted = [_list_scope(kind) for kind in _kinds(args)]
            missing = [scope for scope in accepted if scope not in self.desk.scopes]
            exact = missing[0] if missing else ""
        wanted = [exact] if exact else list(accepted)
        if wanted and not self.desk.scopes.intersection(wanted):
            provided = ",".join(sorted(self.desk.scopes))
            raise ApiRefusal("missing_scope", needed=wanted[0], provided=provided)

    def _limited(self, method: str, args: Json, wait_s: int) -> Response:
        answer = {"ok": False, "error": "ratelimited"}
        self._record(method, args, 429, answer)
        return JSONResponse(answer, status_code=429, headers={"retry-after": str(wait_s)})

    def _record(self, method: str, args: Json, status: int, answer: Json) -> None:
        self.calls.append(ApiCall(method, args, status, answer, self.desk.now()))


def _kinds(args: Json) -> list[str]:
    return str(args.get("types") or "public_channel").split(",")


def _list_scope(kind: str) -> str:
    words = {"public_channel": "channels", "private_channel": "groups", "im": "im"}
    return f"{words.get(kind, 'mpim')}:read"


async def arguments(request: Request) -> tuple[str, Json]:
    """Read token and arguments from the query, a form or a JSON body; structures are decoded."""
    args: Json = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        body = await request.body()
        try:
            sent = json.loads(body or b"{}")
        except JSONDecodeError:
            sent = {}
        args |= sent if isinstance(sent, dict) else {}
    else:
        sent_text = (await request.body()).decode(errors="replace")
        args |= dict(parse_qsl(sent_text, keep_blank_values=True))
    in_body = args.pop("token", "")
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    token = bearer if scheme.lower() == "bearer" else str(in_body)
    return token, {key: decoded(key, value) for key, value in args.items()}


def decoded(key: str, value: object) -> object:
    """Decode an argument that is JSON in a form; what does not parse stays text."""
    if key not in STRUCTURED or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except JSONDecodeError:
        return value


def parsed(args: Json) -> Json:
    """
    Refuse structures that did not parse.

    Raises:
        ApiRefusal: `invalid_blocks_format`, `invalid_metadata_format`, `invalid_limit`,
            `invalid_cursor` or `invalid_arguments`.
    """
    for name in ("limit", "cursor"):
        if not str(args.get(name) or 0).isdecimal():
            raise ApiRefusal(f"invalid_{name}")
    if any(isinstance(value, dict | list) for key, value in args.items() if key not in STRUCTURED):
        raise ApiRefusal("invalid_arguments")
    if isinstance(args.get("blocks"), str):
        raise ApiRefusal("invalid_blocks_format")
    metadata = args.get("metadata")
    if metadata is not None and not (
        isinstance(metadata, dict) and {"event_type", "event_payload"} <= metadata.keys()
    ):
        raise ApiRefusal("invalid_metadata_format")
    if isinstance(args.get("view"), str) or isinstance(args.get("message"), str):
        raise ApiRefusal("invalid_arguments")
    return args


async def gone(receive: Receive) -> None:
    """Wait until the other side has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def hang_up(receive: Receive) -> None:
    """
    Cut the connection without an answer, as a dead server does.

    ASGI has no word for that, so uvicorn's own transport is taken from the bound `receive`, which
    Starlette hands through unwrapped.
    """
    cycle = getattr(receive, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if transport is None:
        raise RuntimeError("faults that cut connections need uvicorn below the stand-in")
    transport.abort()
    await gone(receive)
