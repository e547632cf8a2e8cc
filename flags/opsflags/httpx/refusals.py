"""What a refused model call looks like: the 503 answer and the frame that ends a stream. Pure."""

from __future__ import annotations

import json

from opsflags.decision import Decision
from opsflags.httpx.wire import MESSAGES, RESPONSES
from opsflags.model import PAUSED

KILLED = "ai_workflow_killed"
STATUS = 503


def body(
    workflow: str, decision: Decision, *, mode: str | None = None, locale: str | None = None
) -> dict[str, object]:
    """
    Return the error object of a refusal; every text in it is public.

    *mode* is what is enforced where that is stricter than the decision says, *locale* the language
    of who reads it.
    """
    enforced = mode or decision.mode
    by = f" by {decision.kill}" if decision.kill else f" ({decision.reason})"
    return {
        "type": KILLED,
        "code": KILLED,
        "message": f"Model calls of {workflow} are refused{by}: mode {enforced}.",
        "workflow": workflow,
        "kill": decision.kill,
        "mode": enforced,
        "user_message": decision.message_for(locale) or PAUSED,
    }


def headers(decision: Decision, *, mode: str | None = None) -> dict[str, str]:
    """Return the headers that mark an answer as the guard's, with the kill where one decided."""
    marked = {"x-opsbot-mode": mode or decision.mode}
    if decision.kill:
        marked["x-opsbot-kill"] = decision.kill
    return marked


def refusal_headers(decision: Decision, *, mode: str | None = None) -> dict[str, str]:
    """Return the headers of a 503; SDKs obey `x-should-retry`, so one refusal is one attempt."""
    return {
        "content-type": "application/json",
        "x-should-retry": "false",
        **headers(decision, mode=mode),
    }


def frame(api: str, error: dict[str, object], sequence: int = 0) -> bytes:
    """
    Return the event that ends a stream with *error* in the API's own shape.

    *sequence* is the number of the event where the API counts them.
    """
    if api == MESSAGES:
        return _event("error", {"type": "error", "error": error})
    if api == RESPONSES:
        plain = {"code": error["code"], "message": error["message"], "param": None}
        numbered = {"type": "error", "sequence_number": sequence, **plain, "error": error}
        return _event("error", numbered)
    return b"\n\ndata: " + dump({"error": error}) + b"\n\n"


def dump(value: object) -> bytes:
    """Return *value* as compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _event(name: str, data: dict[str, object]) -> bytes:
    return b"\n\nevent: " + name.encode() + b"\ndata: " + dump(data) + b"\n\n"
