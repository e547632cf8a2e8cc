"""Marked-up text as a terminal or plain paper shows it: words and blanks only. Pure."""

import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

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

WIDTH: Final = 92
"""Columns that a line has where nobody says how many there are."""

NARROWEST: Final = 24
"""Columns that text keeps however deep it stands in lists and quotes."""

_HARMLESS: Final = frozenset("\n\t\u200c\u200d")
"""Controls that do something good: two ends of words, and what joins letters of some scripts and emoji."""

_HIDING: Final = frozenset({"Cc", "Cf", "Cs"})
"""Classes of characters that nobody sees and that turn around, hide or command."""

Link = Callable[[str], str]
"""From a link as it is written to where it leads on this surface, empty where it leads nowhere safe."""


def seen(text: str) -> str:
    """
    Return text in which nothing hides: what has no shape is named by its number.

    Terminals act on controls, and a bidirectional mark turns a command around; a runbook that has
    one is shown with it, because dropping it would hide that it is there.
    """
    return "".join(_seen(char) for char in text)


def _seen(char: str) -> str:
    if char.isprintable() or char in _HARMLESS:
        return char
    if unicodedata.category(char) in _HIDING:
        return f"\u27e8U+{ord(char):04X}\u27e9"
    return " "


def line(prose: Iterable[Span]) -> str:
    """Return one line or paragraph; a line's end stays one."""
    return "".join(_words(span) for span in prose)


def _words(span: Span) -> str:
    shown = _SPANS.get(span.kind)
    return seen(span.text) if shown is None else shown(span)


def _link(span: Span) -> str:
    words, url = line(span.inner).strip(), seen(span.url)
    if not url or url.startswith("#") or url in (words, f"mailto:{words}"):
        return words or url
    return f"{words} ({url})" if words else url


_SPANS: Final = {
    "break": lambda _: "\n",
    "code": lambda span: f"`{seen(span.text)}`",
    "image": lambda span: (
        f"[image: {seen(span.text) or 'no words for it'}] {seen(span.url)}".rstrip()
    ),
    "strong": lambda span: line(span.inner),
    "em": lambda span: line(span.inner),
    "strike": lambda span: f"~{line(span.inner)}~",
    "link": _link,
}


def lines(blocks: Sequence[Block], *, width: int = WIDTH) -> Iterator[str]:
    """Yield the lines of *blocks*, an empty one between two of them."""
    for index, block in enumerate(blocks):
        if index:
            yield ""
        yield from _block(block, max(width, NARROWEST))


def wrapped(text: str, *, width: int = WIDTH, first: str = "", rest: str = "") -> Iterator[str]:
    """
    Yield *text* in lines of at most *width* columns, each behind *first* or *rest*.

    Words longer than a line stay whole: a command or an address that is cut cannot be copied.
    """
    for index, part in enumerate(text.split("\n")):
        yield from textwrap.wrap(
            part,
            width=max(width, NARROWEST),
            initial_indent=rest if index else first,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [rest if index else first]


def _block(block: Block, width: int) -> Iterator[str]:
    match block:
        case Paragraph(prose=prose):
            yield from wrapped(line(prose), width=width)
        case Heading(prose=prose):
            yield from wrapped(line(prose).upper(), width=width)
        case Code(text=text):
            yield from (f"    {one}".rstrip() for one in seen(text).rstrip("\n").split("\n"))
        case Listing():
            yield from _listing(block, width)
        case Table():
            yield from _table(block, width)
        case Quote(blocks=blocks):
            yield from (f"| {one}".rstrip() for one in lines(blocks, width=width - 2))
        case Rule():
            yield "-" * min(width, 40)


def _listing(listing: Listing, width: int) -> Iterator[str]:
    for index, item in enumerate(listing.items):
        mark = "- " if listing.start is None else f"{listing.start + index}. "
        rest = " " * len(mark)
        found = list(lines(item, width=width - len(mark))) or [""]
        for nth, one in enumerate(found):
            yield f"{rest if nth else mark}{one}".rstrip()


def _table(table: Table, width: int) -> Iterator[str]:
    """Yield a grid where it fits the page, else one row after the other with what each cell is."""
    head = [_cell(one) for one in table.head]
    rows = [[_cell(one) for one in row] for row in table.rows]
    wide = [max(len(row[nth]) for row in (head, *rows)) for nth in range(len(head))]
    if sum(wide) + 2 * len(wide) > width:
        yield from _rows(head, rows, width)
        return
    yield _grid(head, wide)
    yield "  ".join("-" * one for one in wide)
    yield from (_grid(row, wide) for row in rows)


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    for index, row in enumerate(rows):
        if index:
            yield ""
        for name, cell in zip(head, row, strict=True):
            yield from wrapped(f"{name}: {cell}" if name else cell, width=width, rest="  ")


def _grid(cells: Sequence[str], wide: Sequence[int]) -> str:
    return "  ".join(cell.ljust(size) for cell, size in zip(cells, wide, strict=True)).rstrip()


def _cell(prose: Prose) -> str:
    return line(prose).replace("\n", " ").strip()
