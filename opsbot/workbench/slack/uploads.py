"""Answer `/upload/v1/<key>`: the bytes of one file that was announced, raw, as the SDKs send them."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from opsbot.workbench.slack.desk import Desk
from opsbot.workbench.slack.web_api import hang_up

FAULT = "upload"
"""What faults call this endpoint, beside the Web API's methods."""


@dataclass(slots=True)
class Uploads:
    """An ASGI app for one path parameter *key*."""

    desk: Desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        data = await request.body()
        fault = self.desk.faults.next_for(FAULT)
        kind = fault.kind if fault else ""
        if self.desk.faults.unplugged or kind == "drop":
            await hang_up(receive)
            return
        response = self._answer(request, data) if kind != "500" else refused("broken", status=500)
        if kind == "drop_after_effect":
            await hang_up(receive)
            return
        await response(scope, receive, send)

    def _answer(self, request: Request, data: bytes) -> Response:
        if request.headers.get("content-type", "").startswith("multipart/"):
            return refused("send the bytes raw: multipart is not modelled here")
        wrong = self.desk.uploads.take(str(request.path_params["key"]), data)
        return refused(wrong) if wrong else PlainTextResponse(f"OK - {len(data)}")


def refused(why: str, *, status: int = 400) -> Response:
    """Answer as an upload URL does that takes nothing: any status but 200."""
    return PlainTextResponse(why, status_code=status)
