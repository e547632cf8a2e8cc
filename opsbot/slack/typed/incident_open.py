"""`open` and `adopt`: where the options end and the title begins, told apart without a guess. Pure."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from opsbot.app.incident.requests import OpenIncident
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.incident.times import ORDER, Moment
from opsbot.domain.incident.types import TYPES, severity
from opsbot.slack.typed import tokens
from opsbot.slack.typed.incident_bare import (
    Bare,
    bare_option,
    choice,
    refuse_late,
    skip_beside_moment,
    when_bare,
)
from opsbot.slack.typed.incident_words import Typed
from opsbot.slack.typed.when import moment
from opsbot.slack.typed.words import OPTION, clean, named, shown, trimmed

OPTIONS: Final = ("sev", "severity", "type", "workflow", "kill", "page", "channel", "pager", *ORDER)
"""Every `word:value` of an opening."""

FLAGS: Final[Mapping[str, Mapping[str, object]]] = {
    "private": {"private": True},
    "public": {"private": False},
    "drill": {"drill": True},
    "anyway": {"anyway": True},
    "no-page": {"page": False},
}
"""Words that stand before the title without a value."""

_SEVERITY: Final = re.compile(r"sev-?[1-4]", re.ASCII)
"""A severity among other words: `s3` and `2` may begin a title, and are read nowhere but behind `sev:`."""

_LABEL: Final = "title:"
_OTHERWISE: Final = f"If the words belong to the title, write `{_LABEL}` before all of it."
_EITHER: Final = ("private", "public", "drill")
"""Flags with which a title begins as well: what one was read as is said."""

_NOTICED: Final = ("started", "detected")
"""Moments that are plain without a colon; with the others an incident would be over, or told."""

_HOW_BAD: Final = ("high", "low", "medium", "critical", "crit", "major", "minor", "p1", "p2", "p3")
_QUOTES: Final = ('"', "'")
_LAST: Final = ("private", "drill", "anyway", "no-page")
"""Flags that are refused as the last word of a title: lost there, it would be announced or page."""

_KILL: Final = re.compile(r"k-0*([1-9]\d{0,8})", re.IGNORECASE | re.ASCII)
_PAGER: Final = re.compile(
    r"(?:https://[a-z0-9.-]+/incidents/)?([A-Z0-9]{6,40})(?:[/?#]\S*)?", re.ASCII
)
_CHANNEL: Final = re.compile(r"[CG][A-Z0-9]{2,40}", re.ASCII)
_YES: Final = {"yes": True, "no": False}
_SPACED: Final = 4
"""So many words, with spaces between them, are looked at as one declared name."""

_NEAR, _NEAR_DASHED = 0.8, 0.65
"""How like a declared name a word is that may be one mistyped; names with a dash are rarely prose."""


@dataclass(slots=True)
class _Given:
    """What stands before the title."""

    names: Collection[str]
    bares: tuple[Bare, ...]
    fields: dict[str, object] = field(default_factory=dict)
    times: dict[Moment, int] = field(default_factory=dict)

    def put(self, key: str, value: object, said: Typed, word: str) -> None:
        """Keep one value. Raises NeedsMoreWords where another was given before."""
        if self.fields.setdefault(key, value) != value:
            raise said.wrong(f"`{shown(word)}` contradicts what stands before it", "Say it once.")


def opened(said: Typed, names: Collection[str]) -> OpenIncident:
    """
    Read `[workflow] [sev2] [options] title …`; the title is empty where none was typed.

    A word is a workflow only where one of that name is declared. One that looks like a mistyped
    name, an unknown option, and an option behind the title's beginning are refused.

    Raises:
        NeedsMoreWords: with what to write instead.
    """
    return _opened(said, _Given(names, _bares(names, adopting=False)))


def _opened(said: Typed, given: _Given) -> OpenIncident:
    flag = ""
    while (word := said.peek()) is not None and _taken(word, said, given):
        flag = clean(word)
    plain = not said.opens_quote() and (said.peek() or "")[:1] not in _QUOTES
    labelled = (said.peek() or "").lower().startswith(_LABEL)
    title = _title(said, given)
    read = flag if title and plain and not labelled and flag in _EITHER else ""
    return OpenIncident(title, times=given.times, flag=read, **given.fields)  # type: ignore[arg-type]  # filled by name above


def adopted(said: Typed, names: Collection[str]) -> OpenIncident:
    """
    Read `<#channel|PagerDuty id or link> …`: as `open`, making nothing new of what is named.

    Raises:
        NeedsMoreWords: nothing is named that could be adopted.
    """
    word = said.peek() or ""
    place: dict[str, object] = {}
    given = _Given(names, _bares(names, adopting=True))
    if said.option_ahead("channel", "pager") or clean(word) in ("channel", "pager"):
        opening = _opened(said, given)
    else:
        if not word:
            raise said.wrong(
                "Name the channel or the PagerDuty incident to adopt",
                f"As in `{said.command} adopt #inc-outage sev2 wrong answers`.",
            )
        place = _place(said.take(lower=False), said)
        opening = _opened(said, given)
    return OpenIncident(**{**_fields(opening), **place})  # type: ignore[arg-type]  # our own fields


def _fields(opening: OpenIncident) -> dict[str, object]:
    return {name: getattr(opening, name) for name in OpenIncident.__dataclass_fields__}


def _place(word: str, said: Typed) -> dict[str, object]:
    if word.startswith("#"):
        return {"channel": _channel(word, said)}
    return {"pager": _pager(word, said)}


def _taken(word: str, said: Typed, given: _Given) -> bool:
    """Take one word of what stands before the title; false where the title begins."""
    if said.opens_quote() or word.lower().startswith(_LABEL):
        return False
    flag = _flag(word)
    option = None
    if flag is None:
        option = bare_option(said, given.bares, otherwise=_OTHERWISE) or said.option(*OPTIONS)
    if option is not None:
        _put(*option, said, given)
        return True
    if not _plainly(word, flag, said, given):
        return False
    said.words.at += 1
    return True


def _flag(word: str) -> Mapping[str, object] | None:
    """Return what a word without a value says; one in quotes says nothing."""
    bare = clean(word).lstrip("-")
    if bare == "page" and word.startswith("-") and ":" not in word:
        return {"page": True}
    return None if word[:1] in _QUOTES else FLAGS.get(bare)


def _plainly(word: str, flag: Mapping[str, object] | None, said: Typed, given: _Given) -> bool:
    """Take one word that is no `word:value`; false where the title begins with it."""
    bare, quoted = clean(word).lstrip("-"), word[:1] in _QUOTES
    if flag is not None:
        for key, value in flag.items():
            given.put(key, value, said, word)
    elif not quoted and _SEVERITY.fullmatch(bare):
        given.put("severity", severity(bare), said, word)
    elif bare in given.names and "workflow" not in given.fields:
        given.put("workflow", bare, said, word)
    elif quoted or bare:
        if not quoted:
            _refuse_doubt(word, bare, said, given)
        return False
    return True


def _put(key: str, value: str, said: Typed, given: _Given) -> None:
    name = next((one for one in ORDER if one == key), None)
    if name is not None:
        given.times[name] = moment(value, said.now_ms, what=key)
        skip_beside_moment(said)
        return
    to = "severity" if key == "sev" else key
    given.put(to, _VALUES[to](value, said), said, value)


def _refuse_doubt(word: str, bare: str, said: Typed, given: _Given) -> None:
    """
    Refuse a word that begins the title and may have been meant as something else.

    Raises:
        NeedsMoreWords: a name that is nearly declared, or an option that does not exist.
    """
    otherwise = f"If the title begins with it, write `{_LABEL}` before it."
    found = OPTION.fullmatch(word.lstrip("-"))
    key = found[1].lower() if found else bare
    likely = get_close_matches(key, OPTIONS, n=1, cutoff=0.8)
    dashed = word.startswith("-") and bare[:1].isalpha()
    if dashed or (found is not None and likely and found[2] and not found[2].startswith("//")):
        near = likely or get_close_matches(key, (*OPTIONS, *FLAGS), n=1, cutoff=0.5)
        colon = ":" if near and near[0] in OPTIONS else ""
        guess = f"Did you mean `{near[0]}{colon}`? " if near else ""
        raise said.wrong(f"`{shown(word)}` is not an option", guess + otherwise)
    if "workflow" in given.fields:
        return
    _refuse_spaced(bare, said, given, otherwise)
    cutoff = _NEAR_DASHED if "-" in bare else _NEAR
    near = get_close_matches(bare, list(given.names), n=1, cutoff=cutoff)
    if near:
        raise said.wrong(
            f"There is no workflow `{shown(bare)}`", f"Did you mean `{near[0]}`? {otherwise}"
        )


def _refuse_spaced(bare: str, said: Typed, given: _Given, otherwise: str) -> None:
    """Refuse a declared name that is typed with spaces (`support copilot`): in the title it would be nobody's."""
    words = [bare, *(clean(said.words.peek(ahead) or "") for ahead in range(1, _SPACED))]
    spaced = ("-".join(words[:count]) for count in range(2, _SPACED + 1))
    meant = next((one for one in spaced if one in given.names), "")
    if meant:
        raise said.wrong(
            f"`{shown(meant.replace('-', ' '))}` may be the workflow or words of yours",
            f"The workflow is written `{meant}`. {otherwise}",
        )


def _title(said: Typed, given: _Given) -> str:
    text = said.words.rest()
    if tokens.folded(text[: len(_LABEL)]).lower() == _LABEL:
        text = text[len(_LABEL) :]
    elif tokens.unquoted(text) == text:
        _refuse_late(said, given)
        refuse_late(said, _forgotten(given), otherwise=_OTHERWISE)
    said.words.at = len(said.words.spans)
    return trimmed(text)


def _refuse_late(said: Typed, given: _Given) -> None:
    """
    Refuse what was meant as an option and stands in the title.

    Raises:
        NeedsMoreWords: left out it would page nobody, or announce what is private.
    """
    count = len(said.words.spans) - said.words.at
    for ahead in range(count):
        word = said.words.peek(ahead) or ""
        bare = clean(word).lstrip("-")
        found = OPTION.fullmatch(word.lstrip("-"))
        option = found is not None and found[1].lower() in OPTIONS and bool(found[2])
        dashed = word.startswith("-") and bare in (*OPTIONS, *FLAGS)
        forgotten = "severity" not in given.fields and _SEVERITY.fullmatch(bare) is not None
        last = ahead == count - 1 and ahead > 0 and bare in _LAST
        if option or dashed or forgotten or last:
            raise said.wrong(
                f"`{shown(word)}` stands after the title has begun",
                f"Options come before the title. If it belongs to the title, write `{_LABEL}`"
                " before all of it.",
            )


def _bares(names: Collection[str], *, adopting: bool) -> tuple[Bare, ...]:
    """Return what may be typed without its colon; a title begins with most of these words as well."""
    types = choice("type", "type:prompt_injection", [one.name for one in TYPES])
    moments = (when_bare(name, sure=name in _NOTICED) for name in ORDER)
    return (
        _sev("sev"),
        _sev("severity"),
        types,
        choice("workflow", "workflow:support-copilot", names),
        Bare("kill", "kill:K-3", lambda word: bool(_KILL.fullmatch(word)), sure=False),
        Bare("page", "page:no", lambda word: word.lower() in _YES, sure=False),
        Bare("channel", "channel:C0\u2026", _is_channel, sure=adopting),
        Bare("pager", "pager:Q1ABCDEF2", _is_pager, sure=adopting),
        *moments,
    )


def _sev(key: str) -> Bare:
    return Bare(
        key,
        f"{key}:sev2",
        lambda word: severity(word) is not None,
        nearly=lambda words: words.split(" ", 1)[0] in _HOW_BAD,
        value=lambda word: (severity(word) or "SEV2").lower(),
    )


def _is_channel(word: str) -> bool:
    return word.startswith("#") or _CHANNEL.fullmatch(word) is not None


def _is_pager(word: str) -> bool:
    return _PAGER.fullmatch(word) is not None and any(char.isdigit() for char in word)


def _forgotten(given: _Given) -> tuple[Bare, ...]:
    """Return the options that are looked for at the end of a title, as nothing before it says them."""
    wanted = {"sev": "severity", "severity": "severity", "type": "type", "workflow": "workflow"}
    missing = {key for key, name in wanted.items() if name not in given.fields}
    return tuple(one for one in given.bares if one.key in missing)


def _severity(value: str, said: Typed) -> object:
    found = severity(value)
    if found is None:
        raise said.wrong(f"`{shown(value)}` is no severity", "As in `sev2`.")
    return found


def _page(value: str, said: Typed) -> object:
    if value.lower() not in _YES:
        raise said.wrong(f"`page:` is yes or no, not `{shown(value)}`")
    return _YES[value.lower()]


def _type(value: str, said: Typed) -> object:
    return clean(value).replace("-", "_")


def _workflow(value: str, said: Typed) -> object:
    return named(clean(value), "incident", said.command)


def _kill(value: str, said: Typed) -> object:
    found = _KILL.fullmatch(value)
    if found is None:
        raise said.wrong(f"`{shown(value)}` is no kill", "As in `kill:K-3`.")
    return f"K-{int(found[1])}"


def _pager(value: str, said: Typed) -> object:
    found = _PAGER.fullmatch(value)
    if found is None:
        hint = "As in `pager:Q1ABCDEF2`, or the link of its page."
        raise said.wrong(f"`{shown(value)}` is no incident of PagerDuty", hint)
    return found[1]


def _channel(value: str, said: Typed) -> object:
    bare = value.removeprefix("#")
    found = said.channels.get(bare, bare)
    if _CHANNEL.fullmatch(found) is None:
        hint = "Pick it from the list that Slack offers behind `#`, or give its id (C…)."
        raise NeedsMoreWords(
            f"`{shown(value)}` is no channel's id; nothing was changed.", hint=hint
        )
    return found


_VALUES: Final[Mapping[str, Callable[[str, Typed], object]]] = {
    "severity": _severity,
    "type": _type,
    "workflow": _workflow,
    "kill": _kill,
    "page": _page,
    "channel": _channel,
    "pager": _pager,
}
"""What reads the value of each option that is no moment."""
