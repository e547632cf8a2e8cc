"""What stands after the colons of `/ai-route … set` and in its form, read and written back. Pure."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from opsbot.domain.change import Json
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.route import SEVERAL, STRATEGIES, Number, Strategy, Target, number_of
from opsbot.slack.typed import tokens
from opsbot.slack.typed.words import NAME_LIMIT, shown

NONE: Final = "none"
"""The word that empties a field: `fallback:none`."""

MODELS_LIMIT: Final = 1_000
VALUE_LIMIT: Final = 300
WHOLE: Final = 100
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?(?:[eE][+-]?\d{1,2})?", re.ASCII)
_DIGITS: Final = 15
"""As many digits of a number survive every reader of JSON."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}", re.ASCII)
_SHARE = re.compile(r"(\d{1,3})\s*%?", re.ASCII)


def targets_of(text: str) -> tuple[Target, ...]:
    """
    Read `provider/model`, or several with their shares of a hundred: `a/b=70,c/d=30`, or a line each.

    Raises:
        NeedsMoreWords: a model without its provider, or a share that is none.
    """
    read = [_shared(part) for part in _parts(text)]
    given = [share for _, share in read if share is not None]
    if given and len(given) != len(read):
        raise NeedsMoreWords(
            "Some models have a share and some have none; nothing was changed.",
            hint="Give every model its share of a hundred calls, as in `a/b=70,c/d=30`.",
        )
    return tuple(_target(name, WHOLE if share is None else share) for name, share in read)


def fallbacks_of(text: str) -> tuple[Target, ...]:
    """
    Read the models that are tried in order; `none`, or nothing, is none. Raises as `targets_of`.
    """
    if tokens.folded(text).strip().lower() in ("", NONE):
        return ()
    read = [_shared(part) for part in _parts(text)]
    if any(share is not None for _, share in read):
        raise NeedsMoreWords(
            "A fallback has no share: it is tried when what stands before it fails;"
            " nothing was changed.",
            hint="As in `fallback:anthropic/claude-sonnet-5`.",
        )
    return tuple(_target(name, WHOLE) for name, _ in read)


def reference_of(text: str, key: str) -> str:
    """
    Read a reference into a store of the team's own; `none` is none.

    Raises:
        NeedsMoreWords: it is too long, or more than one word.
    """
    word = tokens.bare(tokens.folded(tokens.utf8(text)).strip())
    if word.lower() == NONE:
        return ""
    if len(word) > NAME_LIMIT or len(word.split()) > 1:
        raise NeedsMoreWords(
            f"`{key}:` takes one reference of at most {NAME_LIMIT} characters; nothing was changed.",
            hint=f"As in `{key}:support-copilot@42`.",
        )
    return word


def strategy_of(text: str) -> Strategy:
    """
    Read a strategy's name.

    Raises:
        NeedsMoreWords: the nearest in the hint.
    """
    word = text.lower().replace("-", "_").rstrip(".,;!")
    for one in STRATEGIES:
        if word == one:
            return one
    nearest = get_close_matches(word, STRATEGIES, n=1, cutoff=0.5)
    offered = f"Did you mean `strategy:{nearest[0]}`? " if nearest else ""
    raise NeedsMoreWords(
        f"There is no strategy `{shown(text)}`; nothing was changed.",
        hint=f"{offered}Strategies: {', '.join(STRATEGIES)}.",
    )


def revision_of(text: str) -> Number:
    """
    Read `r3`.

    Raises:
        NeedsMoreWords: it names no revision.
    """
    number = number_of(tokens.bare(tokens.folded(text)))
    if number is None:
        raise NeedsMoreWords(
            f"`{shown(text)}` is not a revision; nothing was changed.",
            hint="Revisions are `r1`, `r2` and so on; `history` lists them.",
        )
    return number


def param_of(text: str) -> tuple[str, Json]:
    """
    Read one `name=value`; a number and `true` or `false` are typed, `name=` is None: taken away.

    Text that would read as a number stands in quotes: `version="5"`.

    Raises:
        NeedsMoreWords: no name, or a number that readers of JSON would round.
    """
    name, equals, value = tokens.utf8(text).strip().partition("=")
    name = tokens.folded(name).strip()
    if not equals or not _NAME.fullmatch(name):
        raise NeedsMoreWords(
            f"`{shown(text)}` is not `name=value`; nothing was changed.",
            hint="As in `param:temperature=0.1`; `param:temperature=` takes it away.",
        )
    return name, _typed(name, value.strip())


def params_of(lines: str) -> dict[str, Json]:
    """
    Read a `name=value` a line. Raises as `param_of`, and for a name that is there twice.
    """
    found: dict[str, Json] = {}
    for line in filter(str.strip, lines.splitlines()):
        name, value = param_of(line)
        if value is not None:
            put_param(found, name, value)
    return found


def put_param(found: dict[str, Json], name: str, value: Json) -> None:
    """
    Add one parameter.

    Raises:
        NeedsMoreWords: it is there already, with another value.
    """
    if name in found and (found[name] != value or type(found[name]) is not type(value)):
        raise NeedsMoreWords(
            f"`{name}` is there twice, with different values; nothing was changed.",
            hint="Say it once.",
        )
    found[name] = value


def targets_text(targets: Sequence[Target]) -> str:
    """Return what `targets_of` reads, a line each; one model alone needs no share."""
    if len(targets) < SEVERAL:
        return "".join(one.name for one in targets)
    return "\n".join(f"{one.name}={one.weight}" for one in targets)


def fallbacks_text(targets: Iterable[Target]) -> str:
    """Return what `fallbacks_of` reads, a line each."""
    return "\n".join(one.name for one in targets)


def params_text(params: Mapping[str, Json]) -> str | None:
    """Return what `params_of` reads, a line each; None where it could not read them back as they are."""
    text = "\n".join(f"{name}={_written(value)}" for name, value in sorted(params.items()))
    try:
        read = params_of(text)
    except NeedsMoreWords:
        return None
    same = read == dict(params) and all(type(read[one]) is type(params[one]) for one in read)
    return text if same else None


def _parts(text: str) -> list[str]:
    if len(text) > MODELS_LIMIT:
        raise NeedsMoreWords(
            f"Models take at most {MODELS_LIMIT} characters; nothing was changed.",
            hint="As in `model:openai/gpt-5.2`.",
        )
    parts = re.split(r"[,\n]", tokens.utf8(text))
    folded = (tokens.bare(tokens.folded(part).strip()) for part in parts)
    return [part for part in folded if part]


def _shared(part: str) -> tuple[str, int | None]:
    name, equals, share = part.partition("=")
    if not equals:
        return name, None
    found = _SHARE.fullmatch(share.strip())
    if found is None or int(found[1]) > WHOLE:
        raise NeedsMoreWords(
            f"`{shown(share)}` is not a share from 0 to 100; nothing was changed.",
            hint=f"As in `{shown(name)}=70`: of a hundred calls, seventy.",
        )
    return name, int(found[1])


def _target(name: str, weight: int) -> Target:
    provider, slash, model = (word.strip() for word in name.partition("/"))
    if not (provider and slash and model) or len(name) > NAME_LIMIT or len(name.split()) > 1:
        raise NeedsMoreWords(
            f"`{shown(name)}` is not `provider/model`; nothing was changed.",
            hint="As in `openai/gpt-5.2`.",
        )
    return Target(provider.lower(), model, weight)


def _typed(name: str, value: str) -> Json:
    if not value:
        return None
    plain = tokens.folded(value).strip()
    if plain.lower() in ("true", "false"):
        return plain.lower() == "true"
    if number := _NUMBER.fullmatch(plain):
        return _number(name, plain, number[1] is not None or "e" in plain.lower())
    if plain.lower() == "null":
        raise NeedsMoreWords(
            f"`{name}` cannot be null; nothing was changed.", hint=f"`{name}=` takes it away."
        )
    text = _quoted(plain) if plain[:1] == plain[-1:] == '"' and plain[1:] else plain
    if text is None or len(text) > VALUE_LIMIT:
        raise NeedsMoreWords(
            f"The value of `{name}` is not text of at most {VALUE_LIMIT} characters;"
            " nothing was changed.",
            hint='A number, true, false, a word, or text in quotes as in `version="5"`.',
        )
    return text


def _number(name: str, plain: str, broken: bool) -> Json:  # noqa: FBT001 - what the pattern found
    if len(re.sub(r"[eE].*|\D", "", plain)) > _DIGITS:
        raise NeedsMoreWords(
            f"`{shown(plain)}` has more digits than readers of JSON keep; nothing was changed.",
            hint=f'As text it stands in quotes: `{name}="{shown(plain)}"`.',
        )
    return float(plain) if broken else int(plain)


def _quoted(plain: str) -> str | None:
    try:
        found = json.loads(plain)
    except ValueError:
        return None
    return found if isinstance(found, str) else None


def _written(value: Json) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    plain = json.dumps(value)
    try:
        same = _typed("x", value) == value and value.splitlines() == [value]
    except NeedsMoreWords:
        same = False
    return value if same else plain
