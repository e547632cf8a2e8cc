"""What people type on phones and in Slack, made plain: links, mentions, dashes, quotes, widths. Pure."""

import html
import re
import unicodedata
from typing import Final

from opsbot.domain.typed import unmarked

REASON_LIMIT: Final = 2_000
"""Characters of a reason that are kept."""

_CONTROL = re.compile(r"<([^<>\n]{1,3000})>")
_DASHES: Final = dict.fromkeys(
    map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"), "-"
)
_QUOTES: Final = {ord(mark): '"' for mark in "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033"} | {
    ord(mark): "'" for mark in "\u2018\u2019\u201a\u201b\u2032\u02bc"
}
_PAIRS: Final = {'"': '"', "'": "'", "`": "`"}


def plain(text: str) -> str:
    """
    Return *text* with Slack's own escapes undone: mentions and links as words, entities decoded.

    `<@U1|olga>` becomes `@olga`, `<https://x|here>` becomes `here (https://x)`. The result is plain
    text: nothing in it is live until somebody forgets to escape it again, and nothing in it is ever
    spelled as a command of ours.
    """
    return unmarked(html.unescape(_CONTROL.sub(_spelled, text)))


def _spelled(match: re.Match[str]) -> str:
    target, _, label = match[1].partition("|")
    if target.startswith("@"):
        return f"@{label or target[1:]}"
    if target.startswith("#"):
        return f"#{label or target[1:]}"
    if target.startswith("!"):
        return label or f"@{target[1:].split('^')[0]}"
    if re.match(r"(https?://|mailto:)", target):
        address = target.removeprefix("mailto:")
        bare = address.removeprefix("https://").removeprefix("http://").rstrip("/")
        return (
            address
            if label in ("", address)
            else label
            if label == bare
            else f"{label} ({address})"
        )
    return match[0]


def folded(word: str) -> str:
    """Return one word as the grammar compares it: plain dashes, quotes and widths, no invisibles."""
    wide = unicodedata.normalize("NFKC", word).translate(_DASHES).translate(_QUOTES)
    return "".join(char for char in wide if unicodedata.category(char) not in ("Cf", "Cc", "Cs"))


def bare(word: str) -> str:
    """Return a folded word without quotes or code marks around it."""
    return word.strip("\"'`")


def unquoted(text: str) -> str:
    """Return *text* without one pair of quotes around the whole of it, curly or straight."""
    if len(text) < 2:  # noqa: PLR2004 - a pair is two
        return text
    first, last = folded(text[0]), folded(text[-1])
    inner = text[1:-1]
    if _PAIRS.get(first) == last and first not in folded(inner):
        return inner.strip()
    return text


def shortened(reason: str) -> str:
    """
    Return a reason of at most `REASON_LIMIT` characters; where it was cut, it says so itself.

    Forms pass it too, so the mark of our own commands is taken out here as well.
    """
    reason = unmarked(reason)
    if len(reason) <= REASON_LIMIT:
        return reason
    mark = f" \u2026 [cut, {len(reason)} characters were typed]"
    return reason[: REASON_LIMIT - len(mark)].rstrip() + mark


def utf8(text: str) -> str:
    """Return *text* without lone surrogates, which no store and no JSON reader takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
