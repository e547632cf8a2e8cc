"""
The wording check: what must never go out, what somebody should look at once. Pure, and linear in its text.

Little is stopped: only what no company can want its users to read. Everything else asks once, because a
check that cries wolf at 3 am is switched off by the next night.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Final

from opsbot.app.comms.view import Finding
from opsbot.app.comms.wording import lists
from opsbot.app.comms.wording.german import GERMAN
from opsbot.app.comms.wording.letters import looks, strange
from opsbot.app.comms.wording.lists import Level, Rule
from opsbot.domain.comms.settings import CommsSettings
from opsbot.domain.comms.templates import MOST_CHARACTERS, Audience, Rendered, Stage
from opsbot.domain.said import inert

ALIKE: Final = 0.9
"""Above this an update says what the last one said."""

MOST_COMPARED: Final = 400
"""Words that are compared in their order; of longer texts only which words they have."""

MOST_SAID: Final = 3
"""Findings of one rule: whoever reads ten has read none."""

USUAL_LENGTH: Final = 1_500
HEADLINE: Final = 120
LONGEST_HEADLINE: Final = 255

_PROMISES: Final[frozenset[Audience]] = frozenset({"users", "stakeholders", "executives"})
_SEPARATE: Final[frozenset[Audience]] = frozenset({"users", "support"})
_SIGNS: Final[dict[str, str]] = {
    **dict.fromkeys("\u2018\u2019", "'"),
    **dict.fromkeys("\u00a0\u202f", " "),
    # Hyphens that look like one; the longer dash between two times is none.
    **dict.fromkeys("\u2010\u2011\u2212", "-"),
    **dict.fromkeys("\u034f\u115f\u1160\u180b\u180c\u180d\u180f", ""),
    **dict.fromkeys(map(chr, range(0xFE00, 0xFE10)), ""),
}
_ONE_FORM: Final = {ord(sign): said for sign, said in _SIGNS.items()}
"""One form of signs that read alike, and nothing of those that nobody sees."""


@dataclass(frozen=True, slots=True)
class Known:
    """
    What the check must know of this company and this incident; `known.known_of` reads it from a state.

    *models* and *providers* by every name, *internal* names of ours (workflows, hosts), *people* as
    they are called. *last* is what this audience read last. *counted*: somebody or the fleet counted
    who was hit, so that `nobody` may be said. *next_ms* is the promise that the message makes.
    """

    models: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()
    internal: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    last: Rendered | None = None
    counted: bool = False
    next_ms: int | None = None


def check(
    rendered: Rendered,
    *,
    audience: Audience,
    stage: Stage,
    settings: CommsSettings,
    known: Known,
) -> tuple[Finding, ...]:
    """
    Return everything that the check found, what stops first; the same rule at most three times.

    Whatever a locale says is looked at, and the headline that stands over it.
    """
    found: list[Finding] = []
    texts = rendered.texts or {"": ""}
    for locale, text in texts.items():
        headline = rendered.headlines.get(locale, rendered.headline)
        one = _Text(_read(headline), _read(text), locale, audience, stage)
        found += _of(one, settings, known)
        found += _repeats(one, known.last)
        found += _disguised(one, settings, known, found)
    kept = _few(dict.fromkeys(found))
    return tuple(sorted(kept, key=lambda finding: finding.level != "stop"))


@dataclass(frozen=True, slots=True)
class _Text:
    headline: str
    body: str
    locale: str
    audience: Audience
    stage: Stage

    @property
    def whole(self) -> str:
        return f"{self.headline}\n{self.body}"


def _disguised(
    text: _Text, settings: CommsSettings, known: Known, found: Sequence[Finding]
) -> Iterator[Finding]:
    """Yield what stands there for eyes alone: in letters of other scripts, under marks, letter by letter."""
    for word, mixed in strange(text.whole, text.locale):
        level: Level = "stop" if mixed and text.audience == "users" else "warn"
        fix = "Type it anew: some of its letters are not what they look like."
        yield Finding("W-SCRIPT", level, inert(word, limit=80), fix)

    def seen(said: str) -> str:
        return looks(said, text.locale)

    eyes = replace(text, headline=seen(text.headline), body=seen(text.body))
    if eyes == text:
        return
    names = replace(
        known,
        models=frozenset(map(seen, known.models)),
        providers=frozenset(map(seen, known.providers)),
        internal=frozenset(map(seen, known.internal)),
        people=frozenset(map(seen, known.people)),
    )
    terms = tuple(map(seen, settings.terms))
    called = {str(nth): seen(one) for nth, one in enumerate(sorted(settings.called))}
    by_eye = replace(settings, terms=terms, public=called, names={})
    said = {(one.rule, seen(one.said).lower()) for one in found}
    for one in _said_by(eyes, by_eye, names):
        if (one.rule, one.said.lower()) not in said:
            yield one


def _said_by(text: _Text, settings: CommsSettings, known: Known) -> Iterator[Finding]:
    """Yield what words alone are found to be."""
    yield from _broken(text)
    yield from _words(text, known)
    if text.audience in _SEPARATE:
        yield from _names(text, settings, known)


def _of(text: _Text, settings: CommsSettings, known: Known) -> Iterator[Finding]:
    yield from _length(text)
    yield from _said_by(text, settings, known)
    yield from _times(text, known)
    if text.audience == "users":
        yield from _shape(text)


def _length(text: _Text) -> Iterator[Finding]:
    size = len(text.body)
    if not text.body.strip():
        yield Finding("W-EMPTY", "stop", text.locale or "text", "Write what users see.")
    if size > MOST_CHARACTERS:
        said = f"{size:,} characters"
        yield Finding("W-LONG", "stop", said, f"At most {MOST_CHARACTERS:,} go out.")
    elif size > USUAL_LENGTH and text.audience == "users":
        said = f"{size:,} characters"
        yield Finding("W-LONG", "warn", said, "Nobody reads it on a phone: keep what users do now.")
    if len(text.headline) > HEADLINE:
        level: Level = "stop" if len(text.headline) > LONGEST_HEADLINE else "warn"
        said = f"a headline of {len(text.headline)} characters"
        yield Finding("W-LONG", level, said, f"Keep it under {HEADLINE}.")


def _broken(text: _Text) -> Iterator[Finding]:
    whole = text.whole
    fix = "Write it as plain words: no target shows markup."
    for found in _matches(lists.MARKUP, whole):
        yield Finding("W-MARKUP", "stop", found, fix)
    for found in _matches(lists.CALLS, whole):
        yield Finding("W-MENTION", "stop", found, "Take it out: it would call everybody there.")
    for found in _matches(lists.HANDLE, whole):
        if lists.CALLS.fullmatch(found) is None:
            yield Finding(
                "W-MENTION", "warn", found, "Take it out, unless it is an address of yours."
            )
    for found in _matches(lists.HOLES, whole):
        yield Finding(
            "W-HOLE", "stop", found, "Something was not filled in: say it, or leave it out."
        )


def _words(text: _Text, known: Known) -> Iterator[Finding]:
    german = text.locale.lower().partition("-")[0] == "de"
    for rule in (*lists.ENGLISH, *(GERMAN if german else ())):
        level = rule.level(text.audience)
        if level is None or (rule.id == "W-NOBODY" and known.counted):
            continue
        yield from _said(rule, level, text.whole)


def _said(rule: Rule, level: Level, whole: str) -> Iterator[Finding]:
    for found in _matches(rule.pattern, whole):
        yield Finding(rule.id, level, found, rule.fix)


def _names(text: _Text, settings: CommsSettings, known: Known) -> Iterator[Finding]:
    """Yield names that mean nothing to users, or are nobody's business outside."""
    whole, low = text.whole, text.whole.lower().replace("\u2013", "-")
    hard: Level = "stop" if text.audience == "users" else "warn"
    fix = "Users know the feature, not what it is made of: call it as they do."
    public = {one.lower() for one in settings.called}
    models = (one for one in known.models if one.lower() not in public)
    for found in (*_matches(lists.MODELS, whole), *_named(models, low)):
        yield Finding("W-MODEL", hard, found, fix)
    for found in _named((*lists.PROVIDERS, *known.providers), low):
        yield Finding(
            "W-THIRD", "warn", found, "Name a third party only if whoever approves wants it."
        )
    own = (one for one in known.internal if one.lower() not in public)
    inside = (
        *_matches(lists.IDS, whole),
        *_matches(lists.HOSTS, whole),
        *_named(settings.terms, low),
    )
    for found in inside:
        yield Finding("W-INTERNAL", hard, found, fix)
    for found in _matches(lists.SHORT_IDS, whole):
        yield Finding("W-INTERNAL", "warn", found, fix)
    for found in _named(own, low):
        # A name that is a plain word may well be meant as one.
        level = hard if any(not one.isalpha() for one in found) else "warn"
        yield Finding("W-INTERNAL", level, found, fix)
    for found in _named(known.people, low):
        level = hard if " " in found else "warn"
        yield Finding("W-PERSON", level, found, "Write \u201cwe\u201d: nobody is named to users.")


def _times(text: _Text, known: Known) -> Iterator[Finding]:
    none = text.stage == "resolved" or (text.stage == "correction" and known.next_ms is None)
    if text.audience in _PROMISES and not none:
        clocked = any(_near_clock(text.body, at) for at in _places(text.body))
        if not clocked:
            hard = text.audience != "executives" and known.next_ms is not None
            said = f"no next update in {text.locale}" if text.locale else "no next update"
            fix = "Say when, as a time with its zone: \u201cNext update by 14:20 UTC.\u201d"
            yield Finding("W-NEXT", "stop" if hard else "warn", said, fix)
    bare = len(lists.CLOCK.findall(text.body)) - len(lists.ZONED.findall(text.body))
    if bare > 0 and not lists.ZONED.search(text.body):
        said = next(lists.CLOCK.finditer(text.body))[0]
        yield Finding(
            "W-ZONE", "warn", said, "Name its zone, as in 14:20 UTC: readers are anywhere."
        )


def _places(body: str) -> Iterator[int]:
    """Yield where a text speaks of the next update; a handful is enough."""
    for count, found in enumerate(lists.NEXT.finditer(body)):
        if count >= 2 * MOST_SAID:
            return
        yield found.start()


def _near_clock(body: str, at: int) -> bool:
    return lists.ZONED.search(body, max(at - 80, 0), at + 160) is not None


def _shape(text: _Text) -> Iterator[Finding]:
    if lists.CAUSE_FIRST.match(text.body):
        fix = "Begin with what users see; the cause comes after it."
        yield Finding("W-ORDER", "warn", text.body.strip()[:60], fix)
    if text.stage == "resolved":
        if lists.CLOCK.search(text.body) is None:
            yield Finding(
                "W-SINCE", "warn", "no time", "Say since when it works again, with its zone."
            )
        if lists.LEFT.search(text.body) is None:
            fix = "Say whether wrong answers or lost data are still out there; that none are, once somebody counted."
            yield Finding("W-LEFT", "warn", "nothing is said of what is left", fix)


def _repeats(text: _Text, last: Rendered | None) -> Iterator[Finding]:
    before = None if last is None else last.texts.get(text.locale)
    if before is None or text.stage == "correction":
        return
    old, new = _read(before).split(), text.body.split()
    if old == new:
        yield Finding("W-REPEAT", "stop", "the very text of the last update", _NEW)
    elif new and _alike(_masked(old), _masked(new)):
        yield Finding("W-REPEAT", "warn", "nearly the text of the last update", _NEW)


_NEW: Final = (
    "Say one new thing: a workaround, what is ruled out, what you try now, or a longer interval."
)


def _alike(old: Sequence[str], new: Sequence[str]) -> bool:
    short = len(old) <= MOST_COMPARED and len(new) <= MOST_COMPARED
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.real_quick_ratio() <= ALIKE or matcher.quick_ratio() <= ALIKE:
        return False
    return not short or matcher.ratio() > ALIKE


def _masked(words: Sequence[str]) -> list[str]:
    """Return words of which numbers are all alike: another time alone is nothing new."""
    return ["0" if any(one.isdigit() for one in word) else word.lower() for word in words]


def _named(names: Iterable[str], low: str) -> Iterator[str]:
    """Yield the names that stand in a text by themselves; *low* is the text in lower case."""
    for name in sorted({one for one in names if len(one) > 1}):
        word, at = name.lower(), low.find(name.lower())
        while at >= 0:
            if _alone(low, at, at + len(word)):
                yield name
                break
            at = low.find(word, at + len(word))


def _alone(low: str, start: int, end: int) -> bool:
    before, after = low[start - 1 : start], low[end : end + 1]
    return not (_joins(before) or _joins(after))


def _joins(char: str) -> bool:
    return char == "_" or char.isalnum()


def _matches(pattern: re.Pattern[str], whole: str) -> Iterator[str]:
    seen: set[str] = set()
    for found in pattern.finditer(whole):
        word = inert(found[0], limit=80)
        if word.lower() not in seen:
            seen.add(word.lower())
            yield word
        if len(seen) >= MOST_SAID:
            return


def _few(found: Iterable[Finding]) -> Iterator[Finding]:
    counts: dict[str, int] = {}
    for one in found:
        counts[one.rule] = counts.get(one.rule, 0) + 1
        if one.level == "stop" or counts[one.rule] <= MOST_SAID:
            yield one


def _read(text: str) -> str:
    """Return a text as eyes read it: no marks that hide between letters, one form of each letter."""
    bare = "".join(one for one in text if unicodedata.category(one) != "Cf")
    return unicodedata.normalize("NFKC", bare).translate(_ONE_FORM)
