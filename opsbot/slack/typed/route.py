"""Words of `/ai-route` and `/ai-rollback` into requests; what is not understood is never guessed. Pure."""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Literal

from opsbot.app.requests import RollbackRequest, RouteEdit, StageAct, StageRequest
from opsbot.domain.change import Json
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.route import Number
from opsbot.slack.typed import tokens
from opsbot.slack.typed.doubt import refuse_doubt
from opsbot.slack.typed.route_unknown import KEYS, no_option, options, set_example, unknown
from opsbot.slack.typed.route_values import (
    MODELS_LIMIT,
    fallbacks_of,
    param_of,
    put_param,
    reference_of,
    revision_of,
    strategy_of,
    targets_of,
)
from opsbot.slack.typed.words import (
    NAME_LIMIT,
    OPTION,
    Words,
    clean,
    example,
    named,
    shown,
    trimmed,
    typed,
)

ACTS: Final = ("show", "history", "diff", "set", "stage")
_NOTES: Final = ("note", "reason")
_LISTS: Final = ("model", "fallback")
_NOT_YET: Final = ("hold", "cancel")
"""What a rollback has no act for; begun at once all the same, it would be done before anybody saw."""

_STAGES: Final[Mapping[str, StageAct]] = {
    "hold": "hold",
    "go-on": "go_on",
    "go_on": "go_on",
    "goon": "go_on",
    "cancel": "cancel",
}
_GLASS: Final = ("break-glass", "breakglass", "break_glass")
_REVISION = re.compile(r"r\d+", re.ASCII | re.IGNORECASE)
_NUMBERED = re.compile(r"r?-?\d", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RouteLook:
    """`/ai-route <workflow> show`; *what* is `set` where it stands alone and asks for the form."""

    workflow: str
    what: Literal["show", "history", "set"] = "show"


@dataclass(frozen=True, slots=True)
class RouteDiff:
    """`/ai-route <workflow> diff r3 r5`."""

    workflow: str
    old: Number
    new: Number


RouteWords = RouteLook | RouteDiff | RouteEdit | StageRequest


def parse_route(text: str, *, command: str = "/ai-route") -> RouteWords:
    """
    Read the words after `/ai-route`.

    Raises:
        NeedsMoreWords: no workflow, an unknown word with the nearest, or a value that is none.
    """
    words = typed(text)
    workflow = _workflow(words, "route", command)
    act = _bare(words.take()) if words.peek() is not None else "show"
    if act == "set":
        return _set(words, workflow, command)
    if act == "stage":
        return _stage(words, workflow, command)
    if act == "diff":
        return _diff(words, workflow, command)
    if act in ("show", "history"):
        _no_more(words, command)
        return RouteLook(workflow, "history" if act == "history" else "show")
    if act == "picture":
        raise NeedsMoreWords(
            "The picture is written by a terminal, into a file; nothing was changed.",
            hint=f"`opsbot route {workflow} picture --out FILE.png`. In Slack it is in the thread of"
            " a revision's card.",
        )
    raise unknown(act, ACTS, command, deeper=("stage hold", "stage go-on", "stage cancel"))


def parse_rollback(text: str, *, command: str = "/ai-rollback") -> RollbackRequest:
    """
    Read the words after `/ai-rollback`. Raises as `parse_route`.
    """
    words = typed(text)
    workflow = _workflow(words, "rollback", command)
    to: Number | None = None
    glass = False
    while (word := words.peek()) is not None:
        option = OPTION.fullmatch(word.lstrip("-"))
        key, value = (option[1], option[2]) if option else (word.lstrip("-"), "")
        if not key or key.lower() in _GLASS:
            words.at += 1
            glass = glass or bool(key)
        elif (found := _aim(words, key.lower(), value, command)) is not None:
            if to not in (None, found):
                raise NeedsMoreWords(
                    "`to` is there twice; nothing was changed.", hint=example("rollback", command)
                )
            to = found
        else:
            break
    _refuse_aims(words, command)
    if not _noted(words):
        look = f"{_with('route', command)} {workflow}"
        refuse_doubt(words, _NOT_YET, hint=f"To look first: `{look}`.")
    return RollbackRequest(workflow, to, glass, _free(words))


def _with(verb: str, command: str) -> str:
    """Return another command as the surface of *command* types it."""
    return f"{command.removesuffix('rollback')}{verb}"


def _workflow(words: Words, row: str, command: str) -> str:
    if words.peek() is None:
        raise NeedsMoreWords("Name a workflow; nothing was changed.", hint=example(row, command))
    name = clean(words.take())
    if name in ACTS and (words.peek() or "").lower() not in ("", *ACTS):
        raise NeedsMoreWords(
            f"The workflow comes first, then `{name}`; nothing was changed.",
            hint=example(row, command),
        )
    return named(name, row, command)


def _aim(words: Words, key: str, value: str, command: str) -> Number | None:
    """Take `to r3` where it stands here; None where the reason begins."""
    if key == "to":
        words.at += 1
        named_ = value or (words.take() if words.peek() is not None else "")
        return _revision(named_, command)
    if _REVISION.fullmatch(clean(key)) and not value:
        raise NeedsMoreWords(
            f"Did you mean `to {clean(key)}`? Nothing was changed.",
            hint="Without `to` it goes to the last good revision. If it belongs to the reason,"
            " write `reason:` before it.",
        )
    if key in _NOTES:
        return None
    found = OPTION.fullmatch((words.peek() or "").lstrip("-"))
    if (found and found[2] and not found[2].startswith("//")) or (words.peek() or "")[0] == "-":
        raise NeedsMoreWords(
            f"`{shown(words.peek() or '')}` is not an option; nothing was changed.",
            hint="Options: `to r3`, `break-glass`. If it is the reason, write `reason:` before it."
            f" {example('rollback', command)}",
        )
    return None


def _revision(word: str, command: str) -> Number:
    try:
        return revision_of(word)
    except NeedsMoreWords as error:
        error.hint = (
            f"{error.hint} If `to` begins the reason, write `reason:` before it."
            f" {example('rollback', command)}"
        )
        raise


def _refuse_aims(words: Words, command: str) -> None:
    """Refuse `to r3` inside the reason: to leave it out would serve something that was not meant."""
    if _noted(words):
        return
    every = [words.peek(ahead) or "" for ahead in range(len(words.spans) - words.at)]
    for word, following in itertools.pairwise([*every, ""]):
        lower = word.lower().lstrip("-")
        if (lower == "to" and _REVISION.fullmatch(clean(following))) or (
            lower.startswith("to:") and _REVISION.fullmatch(clean(lower[3:]))
        ):
            raise NeedsMoreWords(
                "`to` stands after the reason has begun; nothing was changed.",
                hint=f"It comes before the reason. {example('rollback', command)}"
                " If it belongs to the reason, write `reason:` before it.",
            )


def _diff(words: Words, workflow: str, command: str) -> RouteDiff:
    both = [words.take() for _ in range(2) if words.peek() is not None]
    if len(both) != 2:  # noqa: PLR2004 - a comparison takes two
        raise NeedsMoreWords(
            "Name two revisions to compare.", hint=f"As in `{command} {workflow} diff r3 r5`."
        )
    _no_more(words, command)
    return RouteDiff(workflow, revision_of(clean(both[0])), revision_of(clean(both[1])))


def _stage(words: Words, workflow: str, command: str) -> StageRequest:
    word = words.peek()
    if word is None or _noted(words):
        return StageRequest(workflow, "begin", reason=_free(words))
    act = _STAGES.get(_bare(word))
    if _bare(word) == "go" and _bare(words.peek(1) or "") == "on":
        words.at, act = words.at + 1, "go_on"
    if act is None:
        if not _NUMBERED.match(clean(word)):
            raise unknown(_bare(word), ("hold", "go-on", "cancel"), command, more="`r4`")
        words.at += 1
        begun = revision_of(clean(word))
        return StageRequest(workflow, "begin", begun, _sure(words, workflow, command))
    words.at += 1
    number = None
    if _REVISION.fullmatch(clean(words.peek() or "")):
        number = revision_of(clean(words.take()))
    note = _sure(words, workflow, command) if act == "go_on" else _free(words)
    return StageRequest(workflow, act, number, note)


def _sure(words: Words, workflow: str, command: str) -> str:
    """Return the reason to serve more of a revision; one that may be a no is asked back."""
    if not _noted(words):
        staged = f"{command} {workflow} stage"
        hint = f"`{staged} hold` holds the steps, `{staged} cancel` takes them back."
        refuse_doubt(words, ("hold", "go-on", "cancel"), hint=hint)
    return _free(words)


def _set(words: Words, workflow: str, command: str) -> RouteEdit | RouteLook:
    given: dict[str, list[str]] = {}
    while (found := _option(words, command)) is not None:
        given.setdefault(found[0], []).append(found[1])
    if not given and words.peek() is None:
        return RouteLook(workflow, "set")
    if not given:
        raise NeedsMoreWords(
            f"Say what changes before `{shown(words.peek() or '')}`; nothing was changed.",
            hint=f"{options()} {set_example(command)}",
        )
    _refuse_late(words, command)
    one = {key: _once(key, values) for key, values in given.items() if key != "param"}
    return RouteEdit(
        workflow=workflow,
        targets=targets_of(one["model"]) if "model" in one else None,
        fallbacks=fallbacks_of(one["fallback"]) if "fallback" in one else None,
        prompt=reference_of(one["prompt"], "prompt") if "prompt" in one else None,
        params=_params(given.get("param", ())),
        tools=reference_of(one["tools"], "tools") if "tools" in one else None,
        strategy=strategy_of(one["strategy"]) if "strategy" in one else None,
        base=revision_of(one["from"]) if "from" in one else None,
        note=_free(words),
    )


def _params(given: Sequence[str]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for one in given:
        name, value = param_of(one)
        put_param(found, name, value)
    return found


def _option(words: Words, command: str) -> tuple[str, str] | None:
    """Take the option that stands here; None where the note begins."""
    while (words.peek() or "").strip("-") == "" and words.peek() is not None:
        words.at += 1
    word = words.peek() or ""
    stripped = word.lstrip("-\"'`")
    found = OPTION.fullmatch(stripped)
    key = (found[1] if found else stripped).lower()
    if key in KEYS and (found or word.startswith("-")):
        words.at += 1
        return key, _value(words, key, found[2] if found else None, command)
    if key in _NOTES and found:
        return None
    if key in KEYS or _suspicious(word, key, found):
        raise no_option(word, key, command)
    return None


def _suspicious(word: str, key: str, found: re.Match[str] | None) -> bool:
    """Return whether a word looks like an option that does not exist, rather than like prose."""
    if found is not None and found[2]:
        return not found[2].startswith("//")
    if word.startswith("-"):
        return key[:1].isalpha()
    return found is not None and bool(get_close_matches(key, KEYS, n=1, cutoff=0.8))


def _value(words: Words, key: str, behind: str | None, command: str) -> str:
    """Return what stands behind `key:`, or where there was no colon (`--key`), the next word."""
    following = words.peek()
    value = behind or ""
    if behind is None and following is not None and not _is_option(following):
        value = words.take()
    while key in _LISTS and value.endswith(",") and words.peek() is not None:
        value += words.take()
    limit = MODELS_LIMIT if key in (*_LISTS, "param") else NAME_LIMIT
    value = value.rstrip("`") if key == "param" else tokens.bare(value)
    if not value or len(value) > limit:
        raise NeedsMoreWords(
            f"`{key}:` needs a value right behind it, of at most {limit} characters; nothing was"
            " changed.",
            hint=f"Without a space. {set_example(command)}",
        )
    return value


def _is_option(word: str) -> bool:
    found = OPTION.fullmatch(word.lstrip("-"))
    return word.startswith("-") or (found is not None and found[1].lower() in (*KEYS, *_NOTES))


def _once(key: str, values: Sequence[str]) -> str:
    if len(set(values)) > 1:
        raise NeedsMoreWords(
            f"`{key}:` is there twice, with different values; nothing was changed.",
            hint="Say it once.",
        )
    return values[0]


def _refuse_late(words: Words, command: str) -> None:
    """Refuse an option inside the note: leaving it out would serve something else than was meant."""
    if _noted(words):
        return
    for ahead in range(len(words.spans) - words.at):
        word = words.peek(ahead) or ""
        found = OPTION.fullmatch(word.lstrip("-"))
        dashed = word.startswith("--") and word[2:].lower() in KEYS
        if dashed or (found and found[2] and found[1].lower() in KEYS):
            raise NeedsMoreWords(
                f"`{shown(word)}` stands after the note has begun; nothing was changed.",
                hint=f"Options come before the note. {set_example(command)}"
                " If it belongs to the note, write `note:` before it.",
            )


def _no_more(words: Words, command: str) -> None:
    if words.peek() is not None:
        raise NeedsMoreWords(
            f"`{shown(words.peek() or '')}` is one word too many; nothing was changed.",
            hint=example("route", command),
        )


def _noted(words: Words) -> bool:
    found = OPTION.fullmatch((words.peek() or "").lstrip("-"))
    return found is not None and found[1].lower() in _NOTES


def _free(words: Words) -> str:
    """Return the rest as free text; a `note:` or `reason:` that begins it is not part of it."""
    text = words.rest()
    if _noted(words):
        text = re.split(r"[:=\uff1a\uff1d]", text, maxsplit=1)[1]
    return trimmed(text)


def _bare(word: str) -> str:
    return clean(word).lstrip("-")
