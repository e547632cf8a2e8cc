"""The sections that a review is made of, before any form of it writes them. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a list. *url* leads to where it is from, *struck* says that it was retracted."""

    text: str
    when: str = ""
    url: str = ""
    struck: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """
    One section.

    *missing* are sentences about what nobody filled in; *below* are parts of this part.
    """

    title: str
    lines: tuple[str, ...] = ()
    table: Table | None = None
    items: tuple[Item, ...] = ()
    missing: tuple[str, ...] = ()
    below: tuple["Part", ...] = ()
