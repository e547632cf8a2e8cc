"""Marked-up text as HTML: everything escaped, nothing loaded, no script, and only links that are safe. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final

from opsbot.app.prose_text import Link, seen
from opsbot.domain.prose import (
    Block,
    Code,
    Heading,
    Listing,
    Paragraph,
    Prose,
    Quote,
    Rule,
    Span,
    Table,
)

DEEPEST: Final = 6
"""The lowest heading that HTML has."""

_SAFE: Final = re.compile(
    r"(?:https?://|mailto:)[^\s<>\"'`\\^{}|\x00-\x20\x7f-\x9f]+", re.IGNORECASE
)
_TAGS: Final = {"strong": "strong", "em": "em", "strike": "s"}


def safe(url: str) -> str:
    """Return a link of the web or to write to somebody, empty for every other scheme and for tricks."""
    shown = seen(url)
    return url if shown == url and _SAFE.fullmatch(url) else ""


def text(words: str) -> str:
    """Return plain words, in which nothing hides, as HTML."""
    return escape(seen(words))


def inline(prose: Iterable[Span], *, to: Link = safe) -> str:
    """Return one line; *to* says where a link leads, and what leads nowhere is shown as words."""
    return "".join(_span(span, to) for span in prose)


def _span(span: Span, to: Link) -> str:
    if span.kind == "break":
        return "<br>\n"
    if span.kind == "code":
        return f"<code>{text(span.text)}</code>"
    if span.kind == "link":
        return _link(inline(span.inner, to=to) or text(span.url), span.url, to)
    if span.kind == "image":
        return _link(f"[image: {text(span.text) or 'no words for it'}]", span.url, to)
    tag = _TAGS.get(span.kind)
    return text(span.text) if tag is None else f"<{tag}>{inline(span.inner, to=to)}</{tag}>"


def _link(shown: str, url: str, to: Link) -> str:
    """Return a link, or its words and what was written; an image is one, for nothing is fetched."""
    target = to(url)
    if not target:
        return f"{shown} ({text(url)})" if url and text(url) != shown else shown
    away = "" if target.startswith("#") else ' rel="noreferrer noopener"'
    return f'<a href="{escape(target)}"{away}>{shown}</a>'


def html(blocks: Sequence[Block], *, under: int = 3, to: Link = safe) -> str:
    """Return *blocks* that stand under a heading of level *under*; theirs are lower ones."""
    return "\n".join(_block(block, under, to) for block in blocks)


def _block(block: Block, under: int, to: Link) -> str:  # noqa: PLR0911  one return for each kind of block
    match block:
        case Paragraph(prose=prose):
            return f"<p>{inline(prose, to=to)}</p>"
        case Heading(level=level, prose=prose):
            tag = f"h{min(under + max(level - under, 1), DEEPEST)}"
            return f"<{tag}>{inline(prose, to=to)}</{tag}>"
        case Code(text=code):
            return f"<pre><code>{text(code.rstrip(chr(10)))}</code></pre>"
        case Listing():
            return _listing(block, under, to)
        case Table():
            return "".join(_table(block, to))
        case Quote(blocks=blocks):
            return f"<blockquote>{html(blocks, under=under, to=to)}</blockquote>"
        case Rule():
            return "<hr>"


def _listing(listing: Listing, under: int, to: Link) -> str:
    items = "".join(f"<li>{_item(one, under, to)}</li>" for one in listing.items)
    if listing.start is None:
        return f"<ul>{items}</ul>"
    start = "" if listing.start == 1 else f' start="{int(listing.start)}"'
    return f"<ol{start}>{items}</ol>"


def _item(blocks: Sequence[Block], under: int, to: Link) -> str:
    """Return an item; one that is a single paragraph stands as close as it was written."""
    if len(blocks) == 1 and isinstance(blocks[0], Paragraph):
        return inline(blocks[0].prose, to=to)
    return html(blocks, under=under, to=to)


def _table(table: Table, to: Link) -> Iterator[str]:
    yield '<div class="scroll"><table><thead><tr>'
    yield from (f'<th scope="col">{inline(cell, to=to)}</th>' for cell in table.head)
    yield "</tr></thead><tbody>"
    yield from (f"<tr>{_cells(row, to)}</tr>" for row in table.rows)
    yield "</tbody></table></div>"


def _cells(row: Sequence[Prose], to: Link) -> str:
    return "".join(f"<td>{inline(cell, to=to)}</td>" for cell in row)
