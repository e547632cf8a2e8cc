"""`kill`, `restore`, `approve`, `retry`: parse with the grammar, send, show; the same words as in Slack."""

import sys
from dataclasses import replace
from urllib.parse import quote

from opsbot.app.requests import KillRequest, RestoreRequest
from opsbot.cli import printing
from opsbot.cli.api import opened
from opsbot.cli.options import Asked, Refusal
from opsbot.slack.typed import parse


def kill(asked: Asked) -> int:
    """Kill through the bot, or past it with `--redis`."""
    request = replace(
        parse.parse_kill(asked.text, command="opsbot kill"), confirmed="yes" in asked.flags
    )
    if "redis" in asked.values:
        from opsbot.cli import emergency  # noqa: PLC0415  the store's client costs half a second

        return emergency.kill(asked, request)
    body = kill_body(request)
    api = opened(asked)
    try:
        answer = api.do("/v1/kills", body)
    except Refusal as refusal:
        if not agreed(asked, refusal):
            raise
        answer = api.do("/v1/kills", {**body, "confirm": True})
    return printing.said(answer, as_json=asked.json)


def restore(asked: Asked) -> int:
    """Restore, or ask a second person to; the first call of two ends with 1. Or hold one in steps."""
    if (held := parse.parse_hold(asked.text)) is not None:
        body = {"act": "hold" if held.hold else "go_on", "reason": held.reason}
        answer = opened(asked).do(f"/v1/kills/{quote(held.kill, safe='')}/restore", body)
        return printing.said(answer, as_json=asked.json)
    request = parse.parse_restore(asked.text, command="opsbot restore")
    api = opened(asked)
    answer = api.do(restore_path(request), {"reason": request.reason})
    return printing.said(answer, as_json=asked.json)


def approve(asked: Asked) -> int:
    """Grant what waits for a second person, or refuse it."""
    request = parse.parse_approve(asked.text, command="opsbot approve")
    answer = opened(asked).do(
        f"/v1/approvals/{quote(request.approval, safe='')}",
        {"grant": request.grant, "reason": request.reason},
    )
    return printing.said(answer, as_json=asked.json)


def retry(asked: Asked) -> int:
    """Deliver again one undelivered message, or all of them."""
    item = parse.parse_retry(asked.text, command="opsbot retry")
    answer = opened(asked).do(f"/v1/undelivered/{quote(item, safe='')}/retry", {})
    return printing.said(answer, as_json=asked.json)


def kill_body(request: KillRequest) -> dict[str, object]:
    """Return a kill as the HTTP API takes it: the grammar's words as keys."""
    target = request.target
    review = None if request.review_in_s is None else f"{request.review_in_s // 60}m"
    fields = {
        target.kind: True if target.kind == "all" else target.name,
        "mode": request.mode,
        "tenant": request.tenant,
        "tool": request.tool,
        "for": review,
        "break-glass": request.break_glass,
        "reason": request.reason,
        "confirm": request.confirmed,
        "said-mode": request.said_mode,
    }
    return {name: value for name, value in fields.items() if value not in (None, "", False)}


def restore_path(request: RestoreRequest) -> str:
    """Return where a restore is asked for."""
    kind = "kills" if request.target.kind == "kill" else "workflows"
    return f"/v1/{kind}/{quote(request.target.name, safe='')}/restore"


def agreed(asked: Asked, refusal: Refusal) -> bool:
    """Ask the person at the terminal whether a wide kill is meant; false where nobody sits there."""
    if refusal.code != "needs_confirmation" or asked.json or not sys.stdin.isatty():
        return False
    printing.problem(refusal.document, as_json=False)
    return input("Type yes to go on: ").strip().lower() == "yes"
