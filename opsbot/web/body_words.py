"""What is wrong with a body, in opsbot's words: which key, what it is, what is allowed there. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from opsbot.domain.policy.words import listing
from opsbot.domain.said import inert

_MUST: Final[Mapping[str, str]] = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "none_required": "null",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}
"""Errors that are about a value's type, as what the value must be."""

_SAY: Final = (
    "It takes at least one character that can be seen; where it may be left out, leave it out."
)


def wrong(error: ValidationError, kind: type[BaseModel], body: object) -> tuple[str, str]:
    """Return the first thing that is wrong with *body*, and what is allowed there."""
    found = error.errors(include_url=False)
    where = _where(found[0], body)
    same = [one for one in found if _where(one, body) == where]
    what, allowed = _said(same, _keys(kind, where[:-1]), where)
    return f"{_named(where)}{what}", allowed


def _where(one: ErrorDetails, body: object) -> tuple[int | str, ...]:
    """Return the place in the body: what pydantic adds for the branches of a choice is left out."""
    if one["type"] == "missing":
        return tuple(one["loc"])
    place: list[int | str] = []
    for part in one["loc"]:
        listed = dict(enumerate(body)) if isinstance(body, list) else body
        whole = body is one["input"]  # what comes after it names a branch, not a key
        if whole or not isinstance(listed, Mapping) or part not in listed:
            break
        body = listed[part]
        place.append(part)
    return tuple(place)


def _named(where: Sequence[int | str]) -> str:
    return f"`{inert('.'.join(map(str, where)), limit=100)}`" if where else "The body"


def _said(
    same: Sequence[ErrorDetails], keys: Sequence[str], where: Sequence[int | str]
) -> tuple[str, str]:
    first = same[0]
    if first["type"] == "extra_forbidden":
        return _unknown(str(where[-1]), keys)
    if first["type"] == "missing":
        return " is missing", f"It is needed. {_listed(keys)}"
    limits = [told for one in same if (told := _limit(one)) is not None]
    if limits:
        return limits[0]
    must = list(dict.fromkeys(_MUST[one["type"]] for one in same if one["type"] in _MUST))
    if "a number" in must and "a whole number" in must:
        must.remove("a whole number")
    allowed = f"It must be {listing(must)}." if must else ""
    return f" is {_kind_of(first['input'])}", allowed


def _unknown(key: str, keys: Sequence[str]) -> tuple[str, str]:
    close = get_close_matches(key, keys, n=1, cutoff=0.5)
    meant = f"Did you mean `{close[0]}`? " if close else ""
    return " is not a key here", f"{meant}{_listed(keys)}"


def _listed(keys: Sequence[str]) -> str:
    return f"Keys: {', '.join(f'`{one}`' for one in keys)}." if keys else "There are no keys."


def _limit(one: ErrorDetails) -> tuple[str, str] | None:
    """Return what a value of the right type breaks, and the limit; None where the type is wrong."""
    context, value = one.get("ctx", {}), one["input"]
    most = f"At most {context.get('max_length')} are allowed."
    size = len(value) if isinstance(value, (str, list, dict)) else 0
    told = {
        "string_too_long": (f" has {size} characters", most),
        "too_long": (f" has {size} entries", most),
        "string_too_short": (" is empty", _SAY),
        "string_pattern_mismatch": (" is blank", _SAY),
        "greater_than_equal": (f" is {value}", f"It must be at least {context.get('ge')}."),
        "less_than_equal": (f" is {value}", f"It must be at most {context.get('le')}."),
        "value_error": (f": {context.get('error')}", ""),
    }
    if one["type"] == "literal_error":
        return _choice(value, str(context["expected"]))
    return told.get(one["type"])


def _choice(value: object, expected: str) -> tuple[str, str]:
    choices = [one.strip(" '") for one in expected.replace(" or ", ",").split(",")]
    listed = f"It must be one of {', '.join(f'`{one}`' for one in choices)}."
    if not isinstance(value, str):
        return f" is {_kind_of(value)}", listed
    close = get_close_matches(value, choices, n=1, cutoff=0.5)
    meant = f"Did you mean `{close[0]}`? " if close and close[0] not in _NOT_OFFERED else ""
    return f" is `{inert(value, limit=40)}`", f"{meant}{listed}"


_NOT_OFFERED: Final = frozenset(
    ("cancelled", "cancel", "declined", "decline", "duplicate", "resolved", "reviewed", "leave")
)
"""What ends something is listed and never offered: a typing error must not become it."""


def _kind_of(value: object) -> str:
    names: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "true or false"),
        ((int, float), "a number"),
        (str, "text"),
        (list, "a list"),
        (dict, "an object"),
    )
    return next((name for kind, name in names if isinstance(value, kind)), "null")


def _keys(kind: type[BaseModel], where: Sequence[int | str]) -> list[str]:
    """Return the keys that an object at this place may have."""
    for part in where:
        if isinstance(part, int):
            continue
        field = next((one for name, one in _fields(kind) if name == part), None)
        found = next(_models(field), None)
        if found is None:
            return []
        kind = found
    return [name for name, _ in _fields(kind)]


def _fields(kind: type[BaseModel]) -> Iterator[tuple[str, object]]:
    for name, field in kind.model_fields.items():
        yield field.alias or name, field.annotation


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for one in get_args(annotation):
        yield from _models(one)
