"""Anchors as GitHub makes them from headings, so that a link in a runbook works on both."""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote

_LEFT_OUT: Final = re.compile(r"[^\w\- ]")
ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,79}", re.ASCII)


def slug(title: str) -> str:
    """Return a heading's anchor, before the number that a second one of the same title gets."""
    return _LEFT_OUT.sub("", title.strip().lower()).replace(" ", "-")


def anchors(titles: Iterable[str]) -> tuple[str, ...]:
    """Return the anchor of each heading of a page, in order: `restore`, `restore-1` ..."""
    taken: dict[str, int] = {}
    found = []
    for title in titles:
        plain = made = slug(title)
        while made in taken:
            taken[plain] += 1
            made = f"{plain}-{taken[plain]}"
        taken[made] = 0
        found.append(made)
    return tuple(found)


def split(url: str) -> tuple[str, str]:
    """Return the page and the anchor that an address names; the page is empty for this one."""
    page, _, anchor = unquote(url).partition("#")
    return page, anchor.lower()
