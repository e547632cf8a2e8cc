"""In front of every listener: only payloads of a known shape pass, and what one listener took no other answers."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

log = structlog.get_logger(__name__)
Body = Mapping[str, object]

VIEWS: Final = frozenset({"view_submission", "view_closed"})
SHORTCUTS: Final = frozenset({"shortcut", "message_action"})
OPTIONS: Final = frozenset({"block_suggestion", "dialog_suggestion"})

TAKEN: Final = "opsbot_taken"
TURN_S: Final = 0.01
TURNS: Final = 3_000
"""How often it is looked for an answer of whoever took it: time awake, however long the process stood still."""


class ShapeGuard(AsyncMiddleware):
    """
    Acknowledges what is not of a known shape, and lets nothing of it reach a listener.

    Bolt reads `actions[0]["action_id"]` and the like before any listener of ours can catch what is
    raised, and it offers dialogs and attachments of old to listeners of buttons.
    """

    async def async_process(  # type: ignore[explicit-override]  # typing.override came with 3.12
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - bolt passes it by this name
    ) -> BoltResponse | None:
        """Pass on a sound payload; answer any other with nothing but that it has arrived."""
        if sound(req.body):
            return await next()
        kind = req.body.get("type")
        log.warning("slack_payload_put_aside", kind=kind if isinstance(kind, str) else "none")
        return BoltResponse(status=200, body={"options": []} if kind in OPTIONS else "")


class Takes(AsyncMiddleware):
    """Marks a payload as taken by the listener behind it."""

    async def async_process(  # type: ignore[explicit-override]  # typing.override came with 3.12
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - bolt passes it by this name
    ) -> BoltResponse | None:
        """Mark it and pass it on."""
        req.context[TAKEN] = True
        await next()
        return resp


class LeftOver(AsyncMiddleware):
    """
    Lets nothing pass that an earlier listener took; its acknowledgement is waited for instead.

    Bolt goes on to the next listener that fits when there is none after 3 s of the wall clock: a
    process that stood still, a clock that was set, a form that Slack opened late. "Nothing was
    changed" would be said of what was done, then.
    """

    async def async_process(  # type: ignore[explicit-override]  # typing.override came with 3.12
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - bolt passes it by this name
    ) -> BoltResponse | None:
        """Pass on what nobody took; else return the acknowledgement of whoever took it."""
        if not req.context.get(TAKEN):
            await next()
            return resp
        for _ in range(TURNS):
            if req.context.ack.response is not None:
                break
            await asyncio.sleep(TURN_S)
        else:
            log.error("slack_never_acknowledged", kind=str(req.body.get("type") or "command"))
        return req.context.ack.response


def plausible(body: object) -> bool:
    """Return whether bolt can read the envelope at all: it looks into these parts before any guard."""
    if not isinstance(body, Mapping):
        return False
    if not isinstance(body.get("event", {}), Mapping):
        return False
    given = body.get("authorizations")
    listed = given if isinstance(given, list) else [] if given is None else None
    if listed is None or not all(isinstance(one, Mapping) for one in listed):
        return False
    return all(isinstance(body.get(name), _NAMED) for name in ("user", "team", "enterprise"))


_NAMED: Final = (str, Mapping, type(None))


def sound(body: Body) -> bool:
    """Return whether a payload has what its kind is told apart by."""
    kind = body.get("type")
    if kind is None:
        return _said(body, "command")
    if kind == "block_actions":
        actions = body.get("actions")
        return isinstance(actions, list) and bool(actions) and _said(actions[0], "action_id")
    if kind in VIEWS:
        return _said(body.get("view"), "callback_id")
    if kind in SHORTCUTS:
        return _said(body, "callback_id")
    return kind == "event_callback" and _said(body.get("event"), "type")


def _said(part: object, name: str) -> bool:
    return isinstance(part, Mapping) and isinstance(part.get(name), str)
