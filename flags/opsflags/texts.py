"""What people read while a workflow is paused, by language. Pure."""

from __future__ import annotations

from collections.abc import Iterable

NOTICE = "notice"
"""Words that were approved and published for what is going on; they stand before every other text."""


class Texts:
    """
    Texts by what they are for (`notice`, or a mode) and by language tag, in lower case.

    *locale* is the language of who asks for none, *about* the uids of the kills that the notice is
    about.
    """

    __slots__ = ("_by", "about", "locale")

    def __init__(self, by: dict[str, dict[str, str]], locale: str, about: frozenset[str]) -> None:
        self._by = by
        self.locale = locale
        self.about = about

    def of(self, mode: str, uids: Iterable[str]) -> dict[str, str] | None:
        """Return the texts of a mode by language, the notice's where one of the kills of a call is its."""
        published = None if self.about.isdisjoint(uids) else self._by.get(NOTICE)
        return published or self._by.get(mode)


def texts_from_json(value: object) -> Texts | None:
    """Read a workflow record's `texts`; what cannot be read is left out: no text may keep a kill out."""
    if not isinstance(value, dict):
        return None
    by = {kind: read for kind, texts in value.items() if (read := _by_locale(texts))}
    locale, kills = value.get("locale"), value.get("kills")
    about = frozenset(
        [uid for uid in kills if isinstance(uid, str)] if isinstance(kills, list) else ()
    )
    return Texts(by, locale.lower() if isinstance(locale, str) else "", about) if by else None


def _by_locale(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {
        locale.lower(): text
        for locale, text in value.items()
        if isinstance(locale, str) and isinstance(text, str) and text
    }


def pick(texts: dict[str, str], locale: str) -> str | None:
    """
    Return the text in *locale* (`de-AT`, `pt_BR`), or in its language; None where there is none.

    A longer tag is cut from its end, as RFC 4647 looks up (section 3.4); then any variant of the
    language counts.
    """
    tag = locale.replace("_", "-").lower()
    while tag:
        if tag in texts:
            return texts[tag]
        tag, _, _ = tag.rpartition("-")
    language = locale.replace("_", "-").lower().partition("-")[0]
    near = sorted(one for one in texts if one.partition("-")[0] == language)
    return texts[near[0]] if near else None


def usual(texts: dict[str, str], locale: str) -> str:
    """Return the text of who asks for no language, or for one that there is not."""
    return texts.get(locale) or texts[min(texts)]
