"""Free text in other people's markup: it reads the same everywhere, and nothing in it is live. Pure."""

import hashlib
import re
from html import escape
from typing import Final

from opsbot.domain.said import HIDDEN

_HIDDEN: Final = {
    code: "" for begin, end in HIDDEN for code in range(begin, end) if code != ord("\n")
}
_TAG: Final = re.compile(r"<(?=[A-Za-z/!?])")
_ENTITY: Final = re.compile(r"&(?=#?[A-Za-z0-9]+;)")
_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9\-._~:/?#@!$&+,;=%]+")
_MARKS: Final = re.compile(r"([\\`*_\[\]<>|~])")
_BEGINS: Final = re.compile(r"^(\s*)([#>+\-=]|\d+[.)])", re.MULTILINE)


def shown(text: str) -> str:
    """Return *text* without controls, bidirectional marks and invisibles; lines stay."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").translate(_HIDDEN)


def for_html_or_text(text: str) -> str:
    """
    Return text for a place that may or may not read it as HTML.

    Only what would begin a tag or an entity is written as one, so that `a < b` and `Q&A` stay.
    """
    return _TAG.sub("&lt;", _ENTITY.sub("&amp;", shown(text)))


def for_html(text: str) -> str:
    """Return text as paragraphs of HTML."""
    paragraphs = re.split(r"\n\s*\n", escape(shown(text).strip()))
    return "".join(f"<p>{one.replace(chr(10), '<br>')}</p>" for one in paragraphs)


def for_markdown(text: str) -> str:
    """Return text for a place that reads Markdown: addresses stay whole, everything else is literal."""
    done, parts = 0, []
    clean = shown(text)
    for found in _ADDRESS.finditer(clean):
        parts += [_literal(clean[done : found.start()]), found[0]]
        done = found.end()
    return "".join([*parts, _literal(clean[done:])])


def _literal(text: str) -> str:
    return _BEGINS.sub(_escaped, _MARKS.sub(r"\\\1", text))


def _escaped(found: re.Match[str]) -> str:
    sign = found[2]
    return f"{found[1]}\\{sign}" if len(sign) == 1 else f"{found[1]}{sign[:-1]}\\{sign[-1]}"


def mark(*key: str) -> str:
    """Return what stands for a key outside: always the same, and it says nothing about us."""
    return hashlib.sha256("\0".join(key).encode()).hexdigest()[:32]
