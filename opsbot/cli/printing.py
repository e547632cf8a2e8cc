"""Answers on a terminal: sentences for people, one JSON document for machines."""

import json
import os
import sys
import traceback
from collections.abc import Mapping

from opsbot.domain.errors import OpsbotError
from opsbot.domain.said import REFUSED, Said, visible
from opsbot.domain.typed import spelled, terminal

_COLOUR = {"green": "32", "amber": "33", "red": "31", "plain": "1"}


def said(answer: Said, *, as_json: bool) -> int:
    """Print an answer and return its exit code; what the bot answered is spelled already."""
    answer = answer.spelled(terminal)
    if as_json:
        print(json.dumps(answer.body, ensure_ascii=False))
    else:
        print(_coloured(answer.title, answer.tone))
        for line in answer.lines:
            print(f"  {line}")
    return answer.exit_code


def problem(document: Mapping[str, object], *, as_json: bool) -> int:
    """Print a refusal or a failure and return 1; people read it on standard error."""
    if as_json:
        print(json.dumps(document, ensure_ascii=False))
        return REFUSED
    print(_coloured(_safe(document.get("title")), "red"), file=sys.stderr)
    for line in str(document.get("detail", "")).splitlines():
        print(f"  {_safe(line)}", file=sys.stderr)
    return REFUSED


def error(failure: OpsbotError, *, as_json: bool) -> int:
    """Print an error raised on this side of the wire and return 1."""
    message, hint = (spelled(one, terminal) for one in (failure.message, failure.hint))
    document: dict[str, object] = {
        "code": failure.code,
        "title": visible(message),
        "detail": "\n".join(visible(line) for line in hint.splitlines()),
        "message": visible(message),
        "hint": visible(hint),
    }
    if failure.code == "store_lost":
        document["stored"] = None
    return problem(document, as_json=as_json)


def bug(failure: Exception, *, as_json: bool) -> int:
    """Print what nobody expected, in words before the trace that helps to mend it; return 1."""
    document = {
        "code": "failed",
        "title": f"opsbot failed at this ({type(failure).__name__}); what happened is not known.",
        "detail": "Look at the state before you repeat it: `opsbot status`. Kills in force hold.\n"
        "`opsbot kill … --redis URL` works past the bot. The trace is for who mends opsbot.",
    }
    code = problem(document, as_json=as_json)
    traceback.print_exception(failure)
    return code


def note(text: str) -> None:
    """Tell a person something that is not part of the answer."""
    print(text, file=sys.stderr)


def _safe(text: object) -> str:
    """Return text of whoever answered without anything that a terminal would act on."""
    return "".join(char for char in str(text or "") if char.isprintable())


def _coloured(text: str, tone: str) -> str:
    plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ
    return text if plain else f"\x1b[{_COLOUR[tone]}m{text}\x1b[0m"
