"""Text that Slack may show: escaping is the only way from str to `Mrkdwn`. Pure."""

import re
from typing import Final, NewType

from opsbot.domain.typed import LINK, PERSON, unlinked
from opsbot.slack.flat import dressed, flat

Mrkdwn = NewType("Mrkdwn", str)
"""Text in Slack's markup in which nothing is live but what this package put there."""

_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_RANGES: Final = (
    *((0x00, 0x0A), (0x0B, 0x20), (0x7F, 0xA0), (0xAD, 0xAE), (0x61C, 0x61D), (0x180E, 0x180F)),
    *((0x200B, 0x2010), (0x2028, 0x202F), (0x2060, 0x2070), (0xFEFF, 0xFF00), (0xD800, 0xE000)),
    *((0xFFF9, 0xFFFC), (0xE0000, 0xE0080)),
)
_HIDDEN: Final = {code: " " for begin, end in _RANGES for code in range(begin, end)}
_WHO: Final = "\ue000"
"""Stands around an id while the text beside it is escaped; a character that means nothing to anybody."""

_MENTION: Final = re.compile(f"{_WHO}([UW][A-Z0-9]+){_WHO}", re.ASCII)
_MORE: Final = "\u2026"


def visible(text: str) -> str:
    """Return *text* without controls, bidirectional marks, invisibles and lone surrogates."""
    return text.translate(_HIDDEN)


def esc(text: str, *, limit: int = 3_000) -> Mrkdwn:
    """
    Return *text* made inert, at most *limit* characters long after escaping.

    It is cut before it is escaped, so that no entity is ever cut in two.
    """
    shown = visible(text)
    size = 0
    for index, char in enumerate(shown):
        size += len(_ENTITIES.get(char, char))
        if size > limit:
            return Mrkdwn(_escaped(_fitting(shown[:index], limit - len(_MORE))) + _MORE)
    return Mrkdwn(_escaped(shown))


def line(text: str, *, limit: int = 3_000) -> Mrkdwn:
    """
    Return one of our sentences: escaped, with its `**bold**` in Slack's own spelling.

    People whom we marked become mentions, and addresses that we marked links; nothing that anybody
    wrote does. They are put where the text was escaped already, behind a sign that was taken out of
    the text before. Where the links have no room, their addresses stand there as words.
    """
    bare = text.replace(_WHO, "")
    links = LINK.findall(bare)
    shown = _mentioned(LINK.sub(lambda _: f"{_WHO}{_WHO}", bare), limit)
    for url, words in links:
        shown = shown.replace(f"{_WHO}{_WHO}", f"<{_escaped(url)}|{esc(words, limit=300)}>", 1)
    if len(shown) <= limit or not links:
        return Mrkdwn(shown.replace(_WHO, ""))
    return Mrkdwn(_mentioned(unlinked(bare), limit).replace(_WHO, ""))


def _mentioned(text: str, limit: int) -> str:
    escaped = esc(PERSON.sub(f"{_WHO}\\1{_WHO}", text), limit=limit)
    return _MENTION.sub(r"<@\1>", dressed(escaped))


def bold(text: str, *, limit: int = 2_900) -> Mrkdwn:
    """Return a title in bold, its own signs as words, unless a star in it would end the bold too early."""
    escaped = Mrkdwn(dressed(esc(" ".join(text.split()), limit=limit)))
    return escaped if "*" in escaped or not escaped else Mrkdwn(f"*{escaped}*")


def words(text: str, *, limit: int = 3_000) -> Mrkdwn:
    """Return text that is words and nothing else: escaped, and no sign in it is obeyed."""
    return Mrkdwn(flat(esc(text.replace("`", "\u02bc"), limit=limit)))


def joined(parts: list[Mrkdwn], between: str = "\n") -> Mrkdwn:
    """Return escaped parts put together; *between* is ours."""
    return Mrkdwn(between.join(parts))


def plain(text: str, *, limit: int) -> str:
    """Return *text* for a plain_text object: one line, nothing invisible, cut to *limit*."""
    shown = " ".join(visible(text).split())
    return shown if len(shown) <= limit else shown[: limit - 1].rstrip() + _MORE


def _fitting(text: str, limit: int) -> str:
    size = sum(len(_ENTITIES.get(char, char)) for char in text)
    end = len(text)
    while size > limit:
        end -= 1
        size -= len(_ENTITIES.get(text[end], text[end]))
    return text[:end]


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
