"""Filling a template: values and facts checked, put into the language of each text, and never read again."""

from collections.abc import Mapping
from typing import Final

from opsbot.adapters.comms import sandbox
from opsbot.adapters.comms.sandbox import Forbidden, Unfilled
from opsbot.domain.comms.facts import FACTS, in_language, may_use
from opsbot.domain.comms.templates import (
    MOST_CHARACTERS,
    Audience,
    Field,
    FieldType,
    Locale,
    Rendered,
    Template,
)
from opsbot.domain.comms.values import Here, Unfit, kept, problems, shown
from opsbot.domain.errors import Unpublishable

HEADLINE_MOST: Final = 255
"""Characters of a headline: more, no status page takes."""

_FACT_MOST: Final = 1_000
_READ_WORDS: Final[frozenset[Audience]] = frozenset({"stakeholders", "executives"})
"""Who reads a time or a count that carries words as well, as in `14:05 UTC (believed, not confirmed)`."""


def rendered(
    template: Template, values: Mapping[str, str], facts: Mapping[str, str], here: Here
) -> Rendered:
    """
    Return what a template says.

    Raises:
        Unpublishable: a field is missing, unknown, too long or of another type; a fact is missing that
            the words cannot do without; or the text comes out too long.
    """
    if wrong := problems(template, values, here):
        first, *more = wrong.values()
        raise Unpublishable(first, hint=" ".join(more[:3]) or "Correct it and look again.")
    own = {one.name: (one, kept(one, values.get(one.name, ""), here)) for one in template.fields}
    known = _facts(template, facts, here)
    texts, headlines = {}, {}
    for locale, body in template.bodies.items():
        given = _in(locale, own, known, here)
        texts[locale] = _filled(template, body, given)
        source = template.headlines.get(locale, template.headline)
        headlines[locale] = _line(template, source, given)
    first_locale = next(iter(template.bodies))
    return Rendered(headlines[first_locale], texts, headlines)


def _in(
    locale: Locale,
    own: Mapping[str, tuple[Field, str]],
    facts: Mapping[str, str],
    here: Here,
) -> Mapping[str, str]:
    """Return everything that a text may name, as it is written in its language."""
    filled = {name: shown(field.type, value, here, locale) for name, (field, value) in own.items()}
    read = {name: _read(name, facts, locale) for name in facts if name in FACTS}
    told = {name: shown(FACTS[name].type, value, here, locale) for name, value in read.items()}
    return {**told, **filled}


def _read(name: str, facts: Mapping[str, str], locale: Locale) -> str:
    """Return a fact in a language, or in the one that it is a kind of; as it is else where it has no other form."""
    near = (in_language(name, one) for one in (locale, locale.partition("-")[0]))
    return next((facts[one] for one in near if one in facts), facts[name])


def _facts(template: Template, facts: Mapping[str, str], here: Here) -> Mapping[str, str]:
    """
    Return the facts that this audience may read; what is none of ours, or empty, is as not there.

    So is a time that is none, where people outside read it: no free word gets in by that way, and the
    first word is not held up by what somebody jotted down.
    """
    found: dict[str, str] = {}
    for key, value in facts.items():
        name = key.partition(":")[0]
        if not may_use(name, template.audience) or not value.strip():
            continue
        fact = FACTS[name]
        loose = template.audience in _READ_WORDS
        kind: FieldType = fact.type if fact.type in ("time", "number") and not loose else "line"
        try:
            found[key] = kept(
                Field(name, fact.label, kind, max_length=_FACT_MOST), " ".join(value.split()), here
            )
        except Unfit as unfit:
            if kind == "line":
                raise Unpublishable(
                    f"The fact `{name}` ({fact.label}) {unfit}.",
                    hint="Correct it on the fact sheet.",
                ) from None
    return found


def _filled(template: Template, source: str, given: Mapping[str, str]) -> str:
    try:
        text = sandbox.fill(source, given)
    except Forbidden as bad:
        raise Unpublishable(
            f"The template {template.name} cannot be filled: {bad.message}.", hint=bad.fix
        ) from None
    except Unfilled as bad:
        raise _lacking(template, bad.name) from None
    if not text:
        raise Unpublishable(
            f"The template {template.name} says nothing with these values.",
            hint="Fill in what it is about.",
        )
    return text


def _line(template: Template, source: str, given: Mapping[str, str]) -> str:
    line = " ".join(_filled(template, source, given).split())
    if len(line) > HEADLINE_MOST:
        raise Unpublishable(
            f"The headline comes out with {len(line):,} characters; at most {HEADLINE_MOST} are allowed.",
            hint="Say less in its fields.",
        )
    return line


def _lacking(template: Template, name: str) -> Unpublishable:
    if not name:
        return Unpublishable(
            f"The text comes out longer than {MOST_CHARACTERS:,} characters.",
            hint="Say less in its fields.",
        )
    if name in FACTS:
        return Unpublishable(
            f"The fact `{name}` ({FACTS[name].label}) is not confirmed yet, and {template.name} needs it.",
            hint="Confirm it on the fact sheet, or take a template that says less.",
        )
    return Unpublishable(
        f"The template {template.name} names `{name[:40]}`, which is neither a field nor a fact.",
        hint="Correct the template.",
    )
