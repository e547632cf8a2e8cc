"""Words into requests, by the grammar table; what is not understood is refused, never guessed. Pure."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from opsbot.app.requests import (
    ApproveRequest,
    HoldRequest,
    KillRequest,
    RestoreRequest,
    Target,
)
from opsbot.domain import typed
from opsbot.domain.errors import NeedsMoreWords, UnknownMode
from opsbot.slack.grammar import KILL_MODES, KILL_OPTIONS, OPTION_WORDS
from opsbot.slack.typed import tokens
from opsbot.slack.typed.doubt import refuse_doubt, refuse_refusal
from opsbot.slack.typed.words import (
    NAME_LIMIT,
    OPTION,
    Words,
    clean,
    example,
    named,
    shown,
    trimmed,
)

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
REVIEW_MOST_S: Final = 30 * DAY_S

_VALUED = tuple(word for word in OPTION_WORDS if word != "break-glass")
_AS_IN = {one.word: f"{one.word}:{one.value}" for one in KILL_OPTIONS}
_DURATION = re.compile(r"(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m(?:in)?)?", re.IGNORECASE)
_KILL_ID = re.compile(r"k-0*(\d{1,9})", re.IGNORECASE)
_LETTER_ID = re.compile(r"[a-z0-9:_-]{1,60}")
_APPROVAL_ID = re.compile(r"a-0*(\d{1,9})", re.IGNORECASE)
_HOLDS = {"hold": True, "go-on": False, "goon": False}
_HELP = ("help", "?", "--help", "-h")


def wants_help(text: str) -> bool:
    """Return whether the whole text asks for help."""
    return tokens.folded(text.strip()).lower() in _HELP


def parse_kill(text: str, *, command: str = "/ai-kill") -> KillRequest:
    """
    Read the words after `/ai-kill`.

    Raises:
        NeedsMoreWords: no target, an unknown option, or an option twice or after the reason.
        UnknownMode: the nearest in the hint.
    """
    words = Words(tokens.utf8(tokens.plain(text)))
    target: Target | None = None
    options: dict[str, str] = {}
    while (word := words.peek()) is not None:
        if word.strip("-") == "":
            words.at += 1
        elif (option := _option(words, command, first=target is None)) is not None:
            _put(options, option, command)
        elif target is None:
            target = _kill_target(words.take(), command)
        else:
            break
    if target is None:
        raise NeedsMoreWords(
            "Name what to stop; nothing was changed.", hint=example("kill", command)
        )
    reason = _reason(words, command)
    return KillRequest(
        target=target,
        mode=_mode(options["mode"]) if "mode" in options else None,
        tenant=options.get("tenant"),
        tool=options.get("tool"),
        review_in_s=_duration(options["for"], command) if "for" in options else None,
        break_glass="break-glass" in options,
        reason=reason,
        said_mode=_said_mode(reason),
    )


def parse_restore(text: str, *, command: str = "/ai-restore") -> RestoreRequest:
    """
    Read the words after `/ai-restore`.

    Raises:
        NeedsMoreWords: it names neither a workflow nor a kill, or the reason begins like a no:
            `restore K-1 wait` must not begin a restore.
    """
    words = Words(tokens.utf8(tokens.plain(text)))
    if words.peek() is None:
        raise NeedsMoreWords(
            "Name a workflow or a kill; nothing was changed.", hint=example("restore", command)
        )
    name = clean(words.take())
    if kill := _KILL_ID.fullmatch(name):
        target = Target("kill", f"K-{int(kill[1])}")
    elif name == "all" or ":" in name:
        raise NeedsMoreWords(
            f"`{shown(name)}` can't be restored by that name; nothing was changed.",
            hint=f"Lift such a kill by its id, as in `{command} K-12`.",
        )
    else:
        target = Target("workflow", named(name, "restore", command))
    return RestoreRequest(target, _sure(words, of_kill=target.kind == "kill"))


def parse_hold(text: str) -> HoldRequest | None:
    """
    Read `K-12 hold` or `K-12 go-on` after `/ai-restore`; None where it is a restore.

    After a kill's id a reason that begins so stands in quotes, or after `reason:`.

    Raises:
        NeedsMoreWords: what is said to let it go on begins like a no.
    """
    words = Words(tokens.utf8(tokens.plain(text)))
    kill = _KILL_ID.fullmatch(clean(words.take())) if words.peek() is not None else None
    if kill is None:
        return None
    act = _act(words.peek())
    if act == "go" and _act(words.peek(1)) == "on":
        words.at, act = words.at + 1, "go-on"
    if act not in _HOLDS:
        return None
    words.at += 1
    reason = trimmed(words.rest()) if _HOLDS[act] else _sure(words, of_kill=True)
    return HoldRequest(f"K-{int(kill[1])}", _HOLDS[act], reason)


def parse_approve(text: str, *, command: str = "opsbot approve") -> ApproveRequest:
    """
    Read the words after `opsbot approve`.

    Raises:
        NeedsMoreWords: the first word is not an approval's id, or the reason begins like a refusal:
            `no thanks` must not approve.
    """
    words = Words(tokens.utf8(tokens.plain(text)))
    found = _APPROVAL_ID.fullmatch(clean(words.take())) if words.peek() is not None else None
    if found is None:
        raise NeedsMoreWords(
            "Name the approval by its id; nothing was changed.", hint=example("approve", command)
        )
    refuse = clean(words.peek() or "").lstrip("-") == "refuse"
    words.at += refuse
    reason = _labelled(words)
    if not refuse and reason is None:
        refuse_refusal(words, f"{command} A-{int(found[1])}")
    text = words.rest() if reason is None else reason
    return ApproveRequest(f"A-{int(found[1])}", grant=not refuse, reason=trimmed(text))


def parse_retry(text: str, *, command: str = "opsbot retry") -> str:
    """
    Read what to deliver again: an id as `status` shows it, or `all`, which is also meant by nothing.

    Raises:
        NeedsMoreWords: it is neither.
    """
    words = Words(tokens.utf8(tokens.plain(text)))
    word = clean(words.take()) if words.peek() is not None else "all"
    if words.peek() is not None or (word != "all" and not _LETTER_ID.fullmatch(word)):
        raise NeedsMoreWords(
            "Name one undelivered message by its id, or `all`; nothing was changed.",
            hint=example("retry", command),
        )
    return word


def parse_one(text: str, *, name: str, command: str) -> str | None:
    """
    Read an optional workflow, the only word of `status` and `oncall`.

    Raises:
        NeedsMoreWords: there is more than one word.
    """
    words = Words(tokens.utf8(tokens.plain(text)))
    if words.peek() is None:
        return None
    workflow = clean(words.take())
    if words.peek() is not None:
        raise NeedsMoreWords("That takes one workflow at most.", hint=example(name, command))
    return named(workflow, name, command)


def kill_words(request: KillRequest) -> str:
    """Return the words that `parse_kill` reads as *request*, for hints and round trips."""
    target = request.target
    first = {"workflow": target.name, "all": "all", "kill": target.name}.get(
        target.kind, f"{target.kind}:{target.name}"
    )
    parts = [first]
    parts += [f"mode:{request.mode}"] if request.mode else []
    parts += [f"tenant:{request.tenant}"] if request.tenant else []
    parts += [f"tool:{request.tool}"] if request.tool else []
    parts += [f"for:{request.review_in_s // MINUTE_S}m"] if request.review_in_s else []
    parts += ["break-glass"] if request.break_glass else []
    parts += [f"reason: {request.reason}"] if request.reason else []
    return " ".join(parts)


def _option(words: Words, command: str, *, first: bool) -> tuple[str, str] | None:
    """Take the option that stands here; None where the target or the reason begins."""
    word = words.peek() or ""
    dashed, stripped = word.startswith("-"), word.lstrip("-")
    if stripped.lower() in ("break-glass", "breakglass", "break_glass"):
        words.at += 1
        return "break-glass", "yes"
    found = OPTION.fullmatch(stripped)
    key = (found[1] if found else stripped).lower()
    if key in _VALUED and (found or dashed):
        words.at += 1
        following = words.peek() or ""
        if found is None and following and not following.startswith("-"):
            return key, tokens.bare(words.take())
        return key, tokens.bare(found[2]) if found else ""
    if key == "reason" and (found or dashed) and not first:
        return None
    if _suspicious(key, found, dashed=dashed, first=first):
        raise _unknown_option(word, key, command)
    return None


def _suspicious(key: str, found: re.Match[str] | None, *, dashed: bool, first: bool) -> bool:
    """Return whether a word looks like an option that does not exist, rather than like prose."""
    if first and key in ("provider", "model", "workflow"):
        return dashed
    if found is not None and found[2]:
        return not found[2].startswith("//")
    if dashed:
        return key[:1].isalpha()
    return bool(get_close_matches(key, OPTION_WORDS, n=1, cutoff=0.8)) and (
        found is not None or "-" in key
    )


def _unknown_option(word: str, key: str, command: str) -> NeedsMoreWords:
    known = (*OPTION_WORDS, "provider", "model")
    nearest = get_close_matches(key, known, n=1, cutoff=0.5)
    colon = "" if nearest == ["break-glass"] else ":"
    offered = f"Did you mean `{nearest[0]}{colon}`? " if nearest else ""
    options = ", ".join(f"{one}:" if one != "break-glass" else one for one in OPTION_WORDS)
    return NeedsMoreWords(
        f"`{shown(word)}` is not an option; nothing was changed.",
        hint=f"{offered}Options: {options}. If it is the reason, write `reason:` before it."
        f" {example('kill', command)}",
    )


def _put(options: dict[str, str], option: tuple[str, str], command: str) -> None:
    key, value = option
    if not value or len(value) > NAME_LIMIT:
        raise NeedsMoreWords(
            f"`{key}:` needs a value right behind it, of at most {NAME_LIMIT} characters; nothing"
            " was changed.",
            hint=f"As in `{_AS_IN[key]}`, without a space. {example('kill', command)}",
        )
    if options.setdefault(key, value) != value:
        raise NeedsMoreWords(
            f"`{key}:` is there twice, with different values; nothing was changed.",
            hint="Say it once.",
        )


def _kill_target(word: str, command: str) -> Target:
    name = clean(word)
    kind, colon, _ = tokens.bare(word).lower().partition(":")
    if colon and kind in ("provider", "model", "workflow"):
        value = tokens.bare(clean(word, lower=False).partition(":")[2])
        if not value or len(value) > NAME_LIMIT:
            raise NeedsMoreWords(
                f"`{kind}:` needs a name; nothing was changed.", hint=example("kill", command)
            )
        if kind == "model":
            return Target("model", value)
        return (
            Target("provider", value.lower())
            if kind == "provider"
            else Target("workflow", value.lower())
        )
    if name == "all":
        return Target("all")
    if kill := _KILL_ID.fullmatch(name):
        return Target("kill", f"K-{int(kill[1])}")
    return Target("workflow", named(name, "kill", command))


def _reason(words: Words, command: str) -> str:
    if (text := _labelled(words)) is not None:
        return trimmed(text)
    found = OPTION.fullmatch(words.peek() or "")
    quoted = found is None and tokens.unquoted(words.rest()) != words.rest()
    if not quoted:
        for ahead in range(len(words.spans) - words.at):
            _refuse_late(words.peek(ahead) or "", command)
    return trimmed(words.rest())


def _act(word: str | None) -> str:
    return (word or "").lower().lstrip("-").rstrip(".,;:!").replace("_", "-")


def _sure(words: Words, *, of_kill: bool) -> str:
    """Return the reason to let something run again; one that may be a no is asked back."""
    if (reason := _labelled(words)) is not None:
        return trimmed(reason)
    acts = ("hold", "go-on", "cancel") if of_kill else ("hold", "cancel")
    refuse_doubt(
        words, acts, hint=f"{typed.command('restore K-12 hold')} holds a restore in steps."
    )
    return trimmed(words.rest())


def _labelled(words: Words) -> str | None:
    """Return what follows `reason:`; None where the reason does not begin with it."""
    if not (words.peek() or "").lstrip("-").lower().startswith("reason:"):
        return None
    return _colon(words.rest()).partition(":")[2]


def _colon(text: str) -> str:
    return text.replace("\uff1a", ":", 1) if ":" not in text[:12] else text


def _refuse_late(word: str, command: str) -> None:
    """Refuse an option inside the reason: leaving it out would hit more or less than was meant."""
    found = OPTION.fullmatch(word.lstrip("-"))
    dashed = word.startswith("--") and word[2:].lower() in OPTION_WORDS
    if dashed or (found and found[1].lower() in _VALUED and found[2]):
        raise NeedsMoreWords(
            f"`{shown(word)}` stands after the reason has begun; nothing was changed.",
            hint=f"Options come before the reason. {example('kill', command)}"
            " If it belongs to the reason, write `reason:` before it.",
        )


def _mode(value: str) -> str:
    mode = value.lower().replace("-", "_").rstrip(".,;!")
    if mode in KILL_MODES:
        return mode
    nearest = get_close_matches(mode, KILL_MODES, n=1, cutoff=0.5)
    offered = f"Did you mean `mode:{nearest[0]}`? " if nearest else ""
    raise UnknownMode(
        f"There is no mode `{shown(value)}`; nothing was changed.",
        hint=f"{offered}Modes: {', '.join(KILL_MODES)}.",
    )


def _duration(value: str, command: str) -> int:
    found = _DURATION.fullmatch(value)
    days, hours, minutes = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    seconds = days * DAY_S + hours * HOUR_S + minutes * MINUTE_S
    if not MINUTE_S <= seconds <= REVIEW_MOST_S:
        raise NeedsMoreWords(
            f"`for:{shown(value)}` is not a time from 1m to 30d; nothing was changed.",
            hint=f"As in `for:90m`, `for:2h`, `for:1d`. {example('kill', command)}",
        )
    return seconds


def _said_mode(reason: str) -> str | None:
    words: Iterator[str] = iter(tokens.folded(reason[:80]).lower().split())
    first = next(words, "").strip(".,;:!?\"'").replace("-", "_")
    joined = f"{first}_{next(words, '').strip('.,;:!?')}"
    return next((mode for mode in (joined, first) if mode in KILL_MODES), None)
