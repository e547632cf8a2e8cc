"""Options of `/ai-incident` typed without their colon: read where nothing else can be meant, else asked back. Pure."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from opsbot.domain.errors import NeedsMoreWords
from opsbot.slack.typed import tokens
from opsbot.slack.typed.incident_words import Typed
from opsbot.slack.typed.when import moment, seconds
from opsbot.slack.typed.words import OPTION, clean, shown

QUOTES: Final = ('"', "'", "`")
_AHEAD: Final = 4
"""Words behind a key that may spell its value: `next update in 20m`."""

_NEXT: Final = re.compile(
    r"(?:update )?(?:is )?(?:in |at |by )?"
    r"(?:\d{1,4} ?(?:m|mins?|minutes?|h|hrs?|hours?|d|days?)\b|\d{1,2}[:.]\d\d\b)",
    re.ASCII,
)
_CLOCK: Final = re.compile(
    r"(?:at )?(?:\d{1,2}(?::\d\d)? ?(?:am|pm|uhr|cet|cest|bst|ist|jst|[cemp][ds]?t)\b"
    r"|\d{1,2}[.h]\d\d\b|noon\b|midnight\b|\d{4}-\d\d-\d\d\b)",
    re.ASCII,
)
_NO_MOMENT: Final = re.compile(
    r"(?:at )?\d{1,3}:\d{2,3}\b|\d{1,4} (?:m|mins?|minutes?|h|hrs?|hours?|d|days?)\b", re.ASCII
)
"""What is meant as a moment and is none: `25:99`, `10 minutes ago`."""

_DAY: Final = re.compile(
    r"(?:next |end of )?(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|today\b|tonight\b|tomorrow\b"
    r"|next \w+|end of \w+|eod\b|eow\b|\d{1,2}[./]\d{1,2}|\d{4}-\d",
    re.ASCII,
)
_BEFORE_PROSE: Final = ("the", "our", "every", "these", "those", "over", "each")
_BESIDE_MOMENTS: Final = ("ago", "utc", "gmt", "z")
_TIMES: Final = "03:10"


@dataclass(frozen=True, slots=True)
class Bare:
    """
    One option that may be typed as two words.

    *fits*: the word behind it is a value of it. *sure*: then nothing else can be meant. *nearly*:
    the words behind it may be meant as its value and are none. *write* is how it is typed whole;
    *value* makes that from the word that was typed.
    """

    key: str
    write: str
    fits: Callable[[str], bool]
    sure: bool = True
    nearly: Callable[[str], bool] = lambda words: False
    value: Callable[[str], str] = lambda word: word
    moment: bool = False


def is_moment(word: str) -> bool:
    """Return whether a word is a moment."""
    try:
        moment(word, 1 << 41)
    except NeedsMoreWords:
        return False
    return True


def when_bare(key: str, *, sure: bool = True) -> Bare:
    """Return an option that takes a moment."""
    return Bare(
        key, f"{key}:{_TIMES}", is_moment, sure,
        lambda words: bool(_CLOCK.match(words) or _NO_MOMENT.match(words)), moment=True,
    )  # fmt: skip


NEXT: Final = Bare(
    "next", "next:20m", lambda word: bool(seconds(word)), nearly=lambda w: bool(_NEXT.match(w))
)
AT: Final = when_bare("at")
OWNER: Final = Bare(
    "owner",
    "owner:@sam",
    lambda word: word.startswith("@") and len(word) > 1,
    nearly=bool,
    value=lambda word: f"@{word.removeprefix('@')}",
)
BY: Final = Bare(
    "by",
    "by:2026-12-01",
    lambda word: re.fullmatch(r"\d{4}-\d\d-\d\d", word, re.ASCII) is not None,
    nearly=lambda words: bool(_DAY.match(words)),
)
DONE: Final = Bare(
    "done", "done:ACT-1", lambda word: re.fullmatch(r"(?i:act)-\d{1,6}", word, re.ASCII) is not None
)


def choice(key: str, write: str, choices: Collection[str]) -> Bare:
    """Return an option whose value is one of some names."""
    named = {_name(one): one for one in choices}

    def near(words: str) -> str:
        typed = [_name(word) for word in words.split()][:_AHEAD]
        spaced = ("-".join(typed[:count]) for count in range(2, len(typed) + 1))
        close = [one for one in spaced if one in named]
        close = close or get_close_matches(typed[0] if typed else "", list(named), n=1, cutoff=0.8)
        return named[close[0]] if close else ""

    return Bare(
        key, write, lambda word: _name(word) in named, nearly=lambda words: bool(near(words)),
        value=lambda word: near(word) or word,
    )  # fmt: skip


def _name(word: str) -> str:
    return word.lower().replace("_", "-")


def bare_option(said: Typed, known: Sequence[Bare], *, otherwise: str) -> tuple[str, str] | None:
    """
    Take an option of *known* that stands next as two words (`next 20m`, `next: 20m`); None for none.

    Raises:
        NeedsMoreWords: it may be the option or the beginning of the text; *otherwise* is how to say
            that it is the text.
    """
    word = said.peek() or ""
    one = _of(word, known)
    if one is None or said.opens_quote() or said.words.peek(1) is None:
        return None
    colon = word.rstrip().endswith((":", "=")) or word.startswith("-")
    behind = _behind(said, 1)
    raw = said.words.peek(1) or ""
    value = clean(raw, lower=False)
    fits = one.fits(value) and not (one.moment and _CLOCK.match(behind))
    fits = fits and (one.sure or colon or not raw.endswith("."))  # `page no. 3` is no `page:no`
    if fits and (one.sure or colon):
        said.words.at += 2
        return one.key, value
    if fits or (not colon and one.nearly(behind)):
        raise _either(said, one, 0, otherwise)
    return None


def _of(word: str, known: Sequence[Bare]) -> Bare | None:
    if word[:1] in QUOTES:
        return None
    key = clean(word).lstrip("-").rstrip("=")
    found = OPTION.fullmatch(word.lstrip("-"))
    whole = found is not None and bool(found[2])
    return None if whole else next((one for one in known if one.key == key), None)


def _behind(said: Typed, at: int) -> str:
    words = (said.words.peek(at + ahead) for ahead in range(_AHEAD))
    return " ".join(clean(word) for word in words if word is not None)


def refuse_late(said: Typed, known: Sequence[Bare], *, otherwise: str, pairs: bool = True) -> None:
    """
    Ask back where one of *known* stands in the text, whole or (*pairs*) as its last two words.

    A text in quotes is one on purpose.

    Raises:
        NeedsMoreWords: left in the text it would be published, and not be so.
    """
    rest = said.words.rest()
    if tokens.unquoted(rest) != rest:
        return
    count = len(said.words.spans) - said.words.at
    for ahead in range(count):
        _refuse_whole(said, known, ahead, otherwise)
    one = _of(said.words.peek(count - 2) or "", known) if pairs and count > 2 else None  # noqa: PLR2004  a word before the two
    before = clean(said.words.peek(count - 3) or "") if one is not None else ""
    last = clean(said.words.peek(count - 1) or "", lower=False) if one is not None else ""
    if one is not None and one.fits(last) and before not in _BEFORE_PROSE:
        raise _either(said, one, count - 2, otherwise)


def _refuse_whole(said: Typed, known: Sequence[Bare], ahead: int, otherwise: str) -> None:
    word = said.words.peek(ahead) or ""
    found = OPTION.fullmatch(word.lstrip("-"))
    one = (
        None if found is None else next((one for one in known if one.key == found[1].lower()), None)
    )
    if one is not None and found is not None and one.fits(clean(found[2], lower=False)):
        raise said.wrong(
            f"`{shown(word)}` stands after the text has begun",
            f"It comes first, as in `{said.command} {said.act} {one.write} …`. {otherwise}",
        )


def _either(said: Typed, one: Bare, at: int, otherwise: str) -> NeedsMoreWords:
    words = [said.words.peek(at + ahead) for ahead in range(_AHEAD + 1)]
    typed = [clean(word or "", lower=False) for word in words if word is not None]
    value = typed[1] if len(typed) > 1 else ""
    meant = one.value(" ".join(typed[1:]) if one.key in _SPACED else value)
    write = f"{one.key}:{meant}" if one.fits(value) or one.key in _MEANT else one.write
    quoted = " ".join(typed[: 2 if one.fits(value) and not one.moment else 4])
    return said.wrong(
        f"`{shown(quoted)}` may be the option or words of yours",
        f"The option is written `{shown(write)}`, in front. {otherwise}",
    )


_MEANT: Final = ("type", "workflow", "owner")
"""Options of which what was probably meant is offered where the typed word is no value."""

_SPACED: Final = ("type", "workflow")
"""Options whose values may be typed with spaces for their dashes: `workflow support copilot`."""


def skip_beside_moment(said: Typed) -> None:
    """Pass over what people write behind a moment and what changes nothing: `10m ago`, `03:10 UTC`."""
    while clean(said.peek() or "") in _BESIDE_MOMENTS and not said.opens_quote():
        said.words.at += 1
