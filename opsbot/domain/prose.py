"""Marked-up text without its markup: what a runbook says, ready to be drawn by any surface. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Span:
    """
    A piece of a line.

    *text* is of `text` and `code`, and what an `image` shows in words; *url* is of `link` and `image`;
    *inner* is what a `strong`, `em`, `strike` or `link` holds. `break` is the end of a line.
    """

    kind: Literal["text", "strong", "em", "strike", "code", "link", "image", "break"]
    text: str = ""
    url: str = ""
    inner: tuple["Span", ...] = ()


Prose: TypeAlias = tuple[Span, ...]
"""One line or paragraph."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph. *line* is where it begins in its file, one-based, as in every block."""

    prose: Prose
    line: int = 0


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a step or an imported page; those that make phases and steps are no blocks."""

    level: int
    prose: Prose
    line: int = 0


@dataclass(frozen=True, slots=True)
class Code:
    """Code to read or to copy, never run; *language* is the first word after the fence."""

    text: str
    language: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Listing:
    """A list. *start* is the number of its first item, None for bullets; each item is blocks."""

    items: tuple[tuple["Block", ...], ...]
    start: int | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """A table; every row has as many cells as the head."""

    head: tuple[Prose, ...]
    rows: tuple[tuple[Prose, ...], ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Quote:
    """What is quoted."""

    blocks: tuple["Block", ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across."""

    line: int = 0


Block: TypeAlias = Paragraph | Heading | Code | Listing | Table | Quote | Rule


def plain(prose: Iterable[Span]) -> str:
    """Return the words of a line without their markup; a line's end is a blank."""
    return "".join(_words(prose))


def _words(prose: Iterable[Span]) -> Iterator[str]:
    for span in prose:
        if span.kind == "break":
            yield " "
        elif span.inner:
            yield from _words(span.inner)
        else:
            yield span.text


def words(text: str) -> Prose:
    """Return plain text as a line."""
    return (Span("text", text),) if text else ()
