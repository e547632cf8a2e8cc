"""A review as markdown that reads well as plain text too; what people wrote is only ever text in it. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from opsbot.app.review.part import Item, Part, Table
from opsbot.app.review.words import heading, made, parts, plain
from opsbot.domain.review import Review
from opsbot.domain.said import visible

_LIVE: Final = re.compile(r"([\\*\[\]<>|#~$]|(?<!\w)_|_(?!\w)|&(?=[#\w]))")
"""What markdown could take for markup inside a line."""

_BEGINS: Final = re.compile(r"^(\d{0,9})([-+=.)])(?=\s|$)")
"""What it could take for a list or a heading where a line begins."""

_CODE: Final = re.compile(r"`([^`]*)`")
WHOLE: Final = 20_000


def as_markdown(review: Review) -> str:
    """Return the whole review."""
    lines = [f"# {escaped(heading(review))}", "", escaped(made(review)), ""]
    for part in parts(review):
        lines += _part(part, 2)
    return "\n".join(lines).rstrip() + "\n"


def escaped(text: str) -> str:
    """Return a sentence of which nothing is live but names in backticks."""
    line = visible(plain(text), limit=WHOLE)
    pieces = _CODE.split(line)
    shown = "".join(
        f"`{piece}`" if index % 2 else _LIVE.sub(r"\\\1", piece)
        for index, piece in enumerate(pieces)
    )
    return _BEGINS.sub(r"\1\\\2", shown)


def _part(part: Part, depth: int) -> Iterator[str]:
    yield f"{'#' * depth} {escaped(part.title)}"
    yield ""
    for line in part.lines:
        yield escaped(line)
        yield ""
    yield from _missing(part.missing)
    if part.table is not None:
        yield from _table(part.table)
    yield from (_item(one) for one in part.items)
    if part.items:
        yield ""
    for below in part.below:
        yield from _part(below, depth + 1)


def _missing(missing: Sequence[str]) -> Iterator[str]:
    if missing:
        yield "> **Missing**"
        yield ">"
        yield from (f"> - {escaped(one)}" for one in missing)
        yield ""


def _table(table: Table) -> Iterator[str]:
    yield _row(table.head)
    yield _row(("---",) * len(table.head), raw=True)
    yield from (_row(one) for one in table.rows)
    yield ""


def _row(cells: Sequence[str], *, raw: bool = False) -> str:
    return f"| {' | '.join(one if raw else escaped(one) for one in cells)} |"


def _item(item: Item) -> str:
    text = escaped(item.text)
    struck = f"~~{text}~~" if item.struck else text
    when = f"**{escaped(item.when)}** " if item.when else ""
    url = item.url if _safe(item.url) else ""
    return f"- {when}{struck}{f' ([message](<{url}>))' if url else ''}"


def _safe(url: str) -> bool:
    return re.fullmatch(r"https?://[^\s<>()\"'\\]+", url) is not None
