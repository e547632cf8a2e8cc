"""`route` and `rollback`: what serves a workflow, from a terminal; the same words as in Slack."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from opsbot.app.requests import RollbackRequest, RouteEdit, StageRequest
from opsbot.cli import printing
from opsbot.cli.api import opened
from opsbot.cli.options import Asked, Usage
from opsbot.domain.change import Json
from opsbot.domain.errors import Misconfigured, NeedsMoreWords
from opsbot.domain.route import Target
from opsbot.domain.said import Said
from opsbot.slack.typed import route as parse


def route(asked: Asked) -> int:
    """Show, compare, set or stage; or write the picture of its evaluations into a file."""
    if "out" in asked.values or asked.words[1:] == ("picture",):
        return _picture(asked)
    words = parse.parse_route(asked.text, command="opsbot route")
    return printing.said(_answered(asked, words), as_json=asked.json)


def _picture(asked: Asked) -> int:
    out = asked.values.get("out")
    if not out or len(asked.words) != 2 or asked.words[1] != "picture":  # noqa: PLR2004  whose, and the word itself
        raise Usage("write `opsbot route <workflow> picture --out FILE.png`")
    png = opened(asked).raw(f"{_path(asked.words[0])}/evaluations.png")
    try:
        Path(out).write_bytes(png)
    except OSError as error:
        raise Misconfigured(f"{out} cannot be written: {error.strerror}.") from error
    title = f"Written to {out}: evaluations of `{asked.words[0]}` over its revisions."
    hint = f"In words: `opsbot eval show {asked.words[0]}`."
    body: dict[str, Json] = {"file": out, "bytes": len(png)}
    return printing.said(Said("plain", title, (hint,), body=body), as_json=asked.json)


def rollback(asked: Asked) -> int:
    """Serve everybody with an older revision again."""
    request = parse.parse_rollback(asked.text, command="opsbot rollback")
    path = f"{_path(request.workflow)}/rollback"
    answer = opened(asked).do(path, rollback_body(request))
    return printing.said(answer, as_json=asked.json)


def _answered(asked: Asked, words: parse.RouteWords) -> Said:
    path = _path(words.workflow)
    if isinstance(words, RouteEdit):
        return opened(asked).do(path, edit_body(words))
    if isinstance(words, StageRequest):
        return opened(asked).do(f"{path}/stage", stage_body(words))
    if isinstance(words, parse.RouteDiff):
        both = {"old": f"r{words.old}", "new": f"r{words.new}"}
        return opened(asked).ask(f"{path}/diff", both)
    if words.what == "set":
        raise NeedsMoreWords(
            "Say what changes; nothing was changed.",
            hint=f"For example `opsbot route {words.workflow} set model:openai/gpt-5-mini note`.",
        )
    return opened(asked).ask(f"{path}/history" if words.what == "history" else path)


def edit_body(edit: RouteEdit) -> dict[str, object]:
    """Return an edit as the HTTP API takes it."""
    fallbacks = edit.fallbacks
    fields: dict[str, object] = {
        "targets": None if edit.targets is None else [_shared(one) for one in edit.targets],
        "fallbacks": None if fallbacks is None else [_named(one) for one in fallbacks],
        "prompt": edit.prompt,
        "params": dict(edit.params) or None,
        "tools": edit.tools,
        "strategy": edit.strategy,
        "base": None if edit.base is None else f"r{edit.base}",
        "note": edit.note or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def stage_body(request: StageRequest) -> dict[str, object]:
    """Return a word on a ramp as the HTTP API takes it."""
    number = {} if request.number is None else {"revision": f"r{request.number}"}
    return {"act": request.act.replace("_", "-"), "reason": request.reason, **number}


def rollback_body(request: RollbackRequest) -> dict[str, object]:
    """Return a rollback as the HTTP API takes it."""
    to = {} if request.to is None else {"to": f"r{request.to}"}
    return {"break-glass": request.break_glass, "reason": request.reason, **to}


def _shared(one: Target) -> Mapping[str, object]:
    return {**_named(one), "weight": one.weight}


def _named(one: Target) -> Mapping[str, object]:
    return {"provider": one.provider, "model": one.model}


def _path(workflow: str) -> str:
    return f"/v1/routes/{quote(workflow, safe='')}"
