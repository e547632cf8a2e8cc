"""Keep every page but the workbench's own away from its JSON: Host, Origin and a header."""

import json
from collections.abc import Awaitable, Callable, Mapping
from json import JSONDecodeError
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from opsbot.workbench.slack.model import CannotDo, Json

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
Handler = Callable[[Request], Awaitable[Response]]


def guarded(handler: Handler) -> Handler:
    """Refuse strangers with 403 and turn `CannotDo` into 400 with a hint."""

    async def guard(request: Request) -> Response:
        hint = stranger(request)
        if hint:
            return JSONResponse({"error": "forbidden", "hint": hint}, status_code=403)
        try:
            return await handler(request)
        except CannotDo as refused:
            body = {"error": refused.code, "hint": refused.hint}
            return JSONResponse(body, status_code=400)

    return guard


def stranger(request: Request) -> str:
    """Say why this request is not the workbench's own page, or "" where it is."""
    if hint := foreign(request.headers):
        return hint
    if request.method == "POST" and request.headers.get("x-workbench") != "1":
        return "POST needs the header x-workbench: 1"
    return ""


def foreign(headers: Mapping[str, str]) -> str:
    """Say why a request came by another name or from another page, or "" where it did not."""
    host = headers.get("host", "")
    try:
        if urlsplit(f"//{host}").hostname not in LOOPBACK:
            return "open the workbench by its loopback address"
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return "only the workbench's own page may ask"
    except ValueError:  # `[` alone is no address
        return "open the workbench by its loopback address"
    return ""


class LoopbackOnly:
    """
    Refuse strangers before any route, the stand-in's API, its sockets and the model stub included.

    Those are asked by programs on this machine, which send no Origin; a page of somebody else's
    could reach them by a name that it points here.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 403."""
        hint = "" if scope["type"] == "lifespan" else foreign(Headers(scope=scope))
        if not hint:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": hint})
        else:
            refusal = JSONResponse({"error": "forbidden", "hint": hint}, status_code=403)
            await refusal(scope, receive, send)


async def posted(request: Request) -> Json:
    """
    Read the JSON object of a POST.

    Raises:
        CannotDo: the body is something else.
    """
    try:
        body = json.loads(await request.body())
    except (JSONDecodeError, UnicodeDecodeError):
        body = None
    if not isinstance(body, dict):
        raise CannotDo("not_json", "send one JSON object")
    return body


def text(body: Json, name: str) -> str:
    """
    Take a text that must be there.

    Raises:
        CannotDo: it is missing, or no text.
    """
    value = body.get(name)
    if not isinstance(value, str):
        raise CannotDo("missing_field", f"{name} must be given as text")
    return value


def text_or_none(body: Json, name: str) -> str | None:
    """
    Take a text that may be missing.

    Raises:
        CannotDo: it is there and no text.
    """
    return None if body.get(name) is None else text(body, name)


def rows(body: Json) -> dict[str, dict[str, object]]:
    """
    Take `values`: by block id, by action id.

    Raises:
        CannotDo: they have another shape.
    """
    values = body.get("values") or {}
    if not isinstance(values, dict) or not all(isinstance(row, dict) for row in values.values()):
        raise CannotDo("bad_values", "values are {block_id: {action_id: value}}")
    return values


def whole(body: Json, name: str, least: int, most: int) -> int:
    """
    Take a whole number; *least* where it is not given.

    Raises:
        CannotDo: it is something else, or out of range.
    """
    value = body.get(name, least)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise CannotDo("bad_number", f"{name} is a whole number from {least} to {most}")
    return value
