"""Pydantic's errors as findings that somebody can act on: the line, what is wrong, and the fix."""

import types
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from opsbot.adapters.catalog.yaml import Document, Where
from opsbot.domain.declaration import Finding
from opsbot.domain.nearest import nearest

_FORMS = {
    "dri": "Write a Slack user id (`U0SUPPORT`) or an e-mail.",
    "slack_channel": "Write the channel's id (`C0SUPPORTAI`), not its name.",
    "approved": "Write `provider/model`, for example `openai/gpt-5.2`.",
    "url": "Write a whole address that begins with http:// or https://.",
    "token_sha256": "Write the SHA-256 of the token, 64 hex digits; never the token.",
    "modes": "Write a list: `modes: [canned, stop]`.",
}
_NEEDED = {
    "dri": "Add `dri:` with a Slack user id or e-mail of who answers for it.",
    "tier": "Add `tier: 1` (user-facing and risky), `2` or `3` (internal).",
    "runbook": "Add `runbook:` with the name of a file in runbooks/.",
    "slack_channel": "Add `slack_channel:` with the channel's id.",
    "modes": "Add `modes:` with what the service can do, for example `[canned, stop]`.",
    "fallback": "Add `fallback:` with who may still kill while no good policy is known.",
}


def findings(error: ValidationError, model: type[BaseModel], document: Document) -> list[Finding]:
    """Return one finding for each thing that pydantic found wrong."""
    return [_finding(detail, model, document) for detail in error.errors(include_url=False)]


def _finding(detail: ErrorDetails, model: type[BaseModel], document: Document) -> Finding:
    where: Where = tuple(part for part in detail["loc"] if part != "[key]")
    key = str(where[-1]) if where else ""
    kind = detail["type"]
    if kind == "extra_forbidden":
        known = _keys(model, where[:-1])
        guess = nearest(key, known)
        fix = f"Did you mean `{guess}`?" if guess else f"Known here: {', '.join(sorted(known))}."
        return document.find(where, f"unknown key `{key}`", fix)
    if kind == "missing":
        return document.find(where, f"`{key}` is missing", _NEEDED.get(key, f"Add `{key}:`."))
    if kind == "literal_error":
        return _not_one_of(detail, where, document)
    return document.find(where, f"{_path(where)}: {_said(detail)}", _form(where))


def _not_one_of(detail: ErrorDetails, where: Where, document: Document) -> Finding:
    given, expected = detail["input"], str(detail.get("ctx", {}).get("expected", ""))
    words = [w.strip("'") for w in expected.replace(" or ", ", ").split(", ")]
    noun = "mode" if _names_mode(where) else "value"
    guess = nearest(str(given), words)
    listed = f"One of: {', '.join(words)}."
    fix = f"Did you mean `{guess}`? {listed}" if guess else listed
    return document.find(where, f"{_path(where)}: unknown {noun} `{given}`", fix)


def _names_mode(where: Where) -> bool:
    return bool({"mode", "modes", "safe_state", "on_hard", "one_person_modes"} & set(where))


def _said(detail: ErrorDetails) -> str:
    given = detail["input"]
    shown = f" (it is `{given}`)" if isinstance(given, (str, int, float, bool)) else ""
    text = detail["msg"]
    if detail["type"] == "string_pattern_mismatch":
        text = "is not of the right form"
    return f"{text[0].lower()}{text[1:]}{shown}"


def _form(where: Where) -> str:
    named = next((str(p) for p in reversed(where) if str(p) in _FORMS), "")
    return _FORMS.get(named, "See flags/schema.json, or another file beside it.")


def _path(where: Where) -> str:
    text = ""
    for part in where:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return f"`{text}`" if text else "the file"


def _keys(model: type[BaseModel], where: Where) -> set[str]:
    found: set[type[BaseModel]] = {model}
    for part in where:
        found = {m for one in found for m in _below(one, part)} or found
    return {field.alias or name for one in found for name, field in one.model_fields.items()}


def _below(model: type[BaseModel], part: str | int) -> set[type[BaseModel]]:
    for name, field in model.model_fields.items():
        if part in {name, field.alias}:
            return _models(field.annotation)
    return set()


def _models(annotation: Any) -> set[type[BaseModel]]:  # a type expression has no type
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    if get_origin(annotation) in {list, dict, Union, types.UnionType, Annotated}:
        return {m for part in get_args(annotation) for m in _models(part)}
    return set()
