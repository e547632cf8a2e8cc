"""The light marking of messages: paragraphs, lists with dashes, **strong** words, links; everything else is words. Pure."""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from opsbot.app.prose_html import safe
from opsbot.domain.prose import Block, Listing, Paragraph, Prose, Span

_MARKED: Final = re.compile(
    r"\*\*(?P<strong>[^*\n]{1,500})\*\*"
    r"|\[(?P<words>[^\[\]\n]{1,300})\]\((?P<url>[^()\s\[\]]{1,1000})\)"
    r"|(?P<bare>https?://[^\s<>\"'\[\]()*]{1,1000})"
)
"""Every repetition ends at a character that cannot be in it, so that no text makes it look twice."""

_ITEM: Final = re.compile(r"[-*\u2022][ \t]+(?=\S)")
_ENDS: Final = ".,;:!?"


def blocks(text: str) -> tuple[Block, ...]:
    """Return what a message says, ready to be drawn."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return tuple(
        block
        for blank, chunk in groupby(lines, key=lambda line: not line.strip())
        if not blank
        for block in _chunk(list(chunk))
    )


def _chunk(lines: list[str]) -> Iterator[Block]:
    for listed, some in groupby(lines, key=lambda line: bool(_ITEM.match(line.strip()))):
        if listed:
            items = (_ITEM.sub("", line.strip(), count=1) for line in some)
            yield Listing(tuple((Paragraph(spans(item)),) for item in items))
        else:
            yield Paragraph(tuple(_broken(list(some))))


def _broken(lines: list[str]) -> Iterator[Span]:
    for nth, line in enumerate(lines):
        if nth:
            yield Span("break")
        yield from spans(line.strip())


def spans(line: str) -> Prose:
    """Return one line; a link that is not safe stays the words that were written."""
    found, at = [], 0
    for mark in _MARKED.finditer(line):
        made, end = _span(mark)
        if made is None:
            continue
        found += [Span("text", line[at : mark.start()])] if at < mark.start() else []
        found.append(made)
        at = end
    return (*found, Span("text", line[at:])) if at < len(line) else tuple(found)


def _span(mark: re.Match[str]) -> tuple[Span | None, int]:
    if strong := mark["strong"]:
        return Span("strong", inner=(Span("text", strong),)), mark.end()
    if words := mark["words"]:
        url = safe(mark["url"])
        made = Span("link", url=url, inner=(Span("text", words),)) if url else None
        return made, mark.end()
    bare = mark["bare"].rstrip(_ENDS)
    made = Span("link", url=bare, inner=(Span("text", bare),)) if safe(bare) else None
    return made, mark.start() + len(bare)
