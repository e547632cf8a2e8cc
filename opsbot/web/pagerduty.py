"""Where PagerDuty delivers its webhooks: genuine by the raw body's signature, stored before it is answered."""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from opsbot.domain.pager_event import PagerEvent
from opsbot.web.auth import Access
from opsbot.web.problems import problem
from opsbot.web.routing import Entry

PATH: Final = "/pagerduty/webhooks"
LARGEST: Final = 512 * 1024
"""Bytes; PagerDuty delivers at most 256 KB, and more than that is nobody's."""

SIGNATURE: Final = "x-pagerduty-signature"
DELIVERY: Final = "x-webhook-id"
LONGEST_ID: Final = 100

Genuine = Callable[[str, bytes], bool]
"""From the signature header and the raw body to whether PagerDuty signed it."""

Read = Callable[[bytes], PagerEvent | None]
"""From the raw body to its event, None where it says nothing that can be read."""

Take = Callable[[PagerEvent, str], Awaitable[str]]
"""From an event and its delivery's id to the incident it is about. Raises StoreLost."""

_log = structlog.get_logger(__name__)


class PagerDutyHook:
    """
    The endpoint.

    Only a bad signature is answered with a 4xx: three deliveries in a row that are refused switch
    the subscription off for a day, and all between is lost. So a genuine delivery that cannot be
    read is taken and logged, and our own trouble (the store is away) is a 503: it comes again.
    """

    def __init__(self, genuine: Genuine, read: Read, take: Take) -> None:
        self._genuine = genuine
        self._read = read
        self._take = take

    async def handle(self, request: Request) -> Response:
        """Answer one delivery; it is stored by then. Raises StoreLost, which becomes a 503."""
        raw = await _limited(request)
        if raw is None or not self._genuine(request.headers.get(SIGNATURE, ""), raw):
            return problem(
                401, "forged", "This delivery is not signed by PagerDuty; it was dropped."
            )
        event = self._read(raw)
        if event is None:
            return JSONResponse({"taken": False}, 202)
        delivery = request.headers.get(DELIVERY, "")[:LONGEST_ID] or event.id
        incident = await self._take(event, delivery)
        _log.info("pagerduty_told", type=event.type, incident=incident or None)
        return JSONResponse({"taken": True}, 202)


def entry(hook: PagerDutyHook) -> Entry:
    """Return the route."""
    said = "Deliveries of PagerDuty's webhooks"
    return Entry("POST", PATH, Access.SIGNED, said, anybody=hook.handle, statuses=(202,))


async def _limited(request: Request) -> bytes | None:
    """Return the body, None where it is larger than anything that PagerDuty sends."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return None
    return bytes(body)
