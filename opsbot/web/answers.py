"""What was said, as HTTP: the machine's form, or all of it for a caller that shows it to a person."""

import json

from starlette.requests import Request
from starlette.responses import Response

from opsbot.domain.said import Said
from opsbot.domain.typed import terminal
from opsbot.web.said_json import SAID, as_record


def answer(request: Request, said: Said, *, status: int = 200) -> Response:
    """Return *said* in the form that the caller accepts, its commands as a terminal types them."""
    said = said.spelled(terminal)
    whole = SAID in request.headers.get("accept", "")
    return Response(
        json.dumps(as_record(said) if whole else said.body, ensure_ascii=False),
        status_code=status,
        media_type=SAID if whole else "application/json",
        headers={"cache-control": "no-store", "vary": "accept"},
    )


def pending(said: Said) -> bool:
    """Return whether the act waits for a second person."""
    return said.body.get("pending") is True
