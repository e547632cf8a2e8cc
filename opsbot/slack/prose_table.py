"""Tables as lines of monospaced text: columns as wide as their words, cut where a phone has no room. Pure."""

import unicodedata
from collections.abc import Sequence
from typing import Final

from opsbot.domain.prose import Prose, Table, plain
from opsbot.slack.mrkdwn import visible

COLUMN: Final = 40
"""Characters of a column; a longer cell is cut."""

COLUMNS: Final = 20
ROWS: Final = 100
"""Columns and rows that are shown; whatever is more is counted."""

_MORE: Final = "\u2026"


def table_lines(table: Table) -> list[str]:
    """Return a table line by line, the head first; what is left out is said in words."""
    rows = [_cells(row) for row in (table.head, *table.rows[:ROWS])]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)] if rows[0] else []
    lines = [_drawn(row, widths) for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return [*lines, *_left_out(table)]


def _cells(row: Sequence[Prose]) -> list[str]:
    return [_cut(" ".join(visible(plain(cell)).split())) for cell in row[:COLUMNS]]


def _cut(text: str) -> str:
    if len(text) <= COLUMN and _width(text) <= COLUMN:
        return text
    text = text[:COLUMN]
    while text and _width(text) > COLUMN - 1:
        text = text[:-1]
    return text + _MORE


def _width(text: str) -> int:
    """Return the columns that a text takes: signs of the east take two."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def _drawn(row: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
    return "  ".join(padded).rstrip()


def _left_out(table: Table) -> list[str]:
    rows, columns = len(table.rows) - ROWS, len(table.head) - COLUMNS
    left = [f"{rows} more rows"] if rows > 0 else []
    left += [f"{columns} more columns"] if columns > 0 else []
    return [f"{_MORE} and {' and '.join(left)}, in the file"] if left else []
