"""Refusals and failures as RFC 9457 problem documents; the words are those of every other surface."""

import json
from collections.abc import Mapping

from starlette.responses import Response

from opsbot.app import error_words
from opsbot.domain.errors import OpsbotError
from opsbot.domain.typed import terminal

PROBLEM = "application/problem+json"
DOCS = "urn:opsbot:problem:"

STATUS: Mapping[str, int] = {
    "unknown_workflow": 404,
    "unknown_kill": 404,
    "unknown_approval": 404,
    "unknown_letter": 404,
    "unknown_revision": 404,
    "unknown_incident": 404,
    "unknown_runbook": 404,
    "unknown_run": 404,
    "unknown_message": 404,
    "unknown_template": 404,
    "unpublishable": 409,
    "unreadable_runbook": 409,
    "run_open": 409,
    "illegal_move": 409,
    "incident_open": 409,
    "unknown_mode": 422,
    "route_refused": 422,
    "needs_more_words": 422,
    "bad_declaration": 422,
    "bad_evidence": 422,
    "not_allowed": 403,
    "needs_confirmation": 428,
    "needs_break_glass": 428,
    "route_moved": 409,
    "stale_button": 409,
    "nothing_to_restore": 409,
    "refused": 409,
    "store_lost": 503,
    "not_durable": 503,
    "unsure": 503,
    "unauthenticated": 401,
    "too_large": 413,
    "not_json": 400,
    "reused_key": 422,
    "misconfigured": 500,
}


class Unauthenticated(OpsbotError):
    """The request carries no token that opsbot knows."""

    code = "unauthenticated"


class TooLarge(OpsbotError):
    """The body is larger than any request needs."""

    code = "too_large"


class NotJson(OpsbotError):
    """The body is not a JSON object."""

    code = "not_json"


class ReusedKey(OpsbotError):
    """The same Idempotency-Key came with a different request."""

    code = "reused_key"


def of_error(error: OpsbotError) -> Response:
    """Return the problem document of a refusal, a doubt or a failure."""
    said = error_words.of_error(error).spelled(terminal)
    status = STATUS.get(error.code, 400 if said.exit_code else 500)
    detail = "\n".join(said.lines)
    headers = {"www-authenticate": 'Bearer realm="opsbot"'} if status == 401 else {}  # noqa: PLR2004  the one status that needs the header
    if status == 503:  # noqa: PLR2004  doubt about the store passes or does not; ask again soon
        headers["retry-after"] = "1"
    return problem(status, error.code, said.title, detail=detail, more=said.body, headers=headers)


def problem(
    status: int,
    code: str,
    title: str,
    *,
    detail: str = "",
    more: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return one problem document; *more* are its extension members."""
    document: dict[str, object] = {
        **(more or {}),
        "type": f"{DOCS}{code}",
        "title": title,
        "status": status,
        "code": code,
    }
    if detail:
        document["detail"] = detail
    return Response(
        json.dumps(document, ensure_ascii=False),
        status_code=status,
        media_type=PROBLEM,
        headers={"cache-control": "no-store", **(headers or {})},
    )
