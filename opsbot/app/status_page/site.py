"""Every file of the status page, ready to be served or put on a disk: the same bytes in either place. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from opsbot.app.status_page.api import documents
from opsbot.app.status_page.atom import feed
from opsbot.app.status_page.html import FEED, document, file_of
from opsbot.app.status_page.page import Page
from opsbot.domain.change import Position
from opsbot.domain.comms.templates import Locale

_FILE: Final = re.compile(
    r"index\.(?:[a-z0-9-]{2,16}\.)?html|feed\.atom|api/v2/[a-z]+(?:/[a-z]+)?\.json"
)
_LOCALE: Final = re.compile(r"[a-z0-9-]{2,16}")


@dataclass(frozen=True, slots=True)
class Site:
    """
    The files by their path below the page. *at* is the state that they are of, *made_ms* when they were made.

    The first of *locales* is the language of the page that opens first; *zone* is that of its times.
    """

    files: Mapping[str, bytes]
    at: Position = Position(0, 0)  # noqa: RUF009  # it is frozen
    made_ms: int = 0
    locales: tuple[Locale, ...] = ("en",)
    zone: str = "UTC"


def site(page: Page, at: Position) -> Site:
    """Return the files of a page."""
    locales = tuple(one for one in page.locales if _LOCALE.fullmatch(one)) or ("en",)
    texts = {file_of(one): document(page, one) for one in locales}
    texts[file_of()] = texts[file_of(locales[0])]
    texts[FEED] = feed(page)
    texts |= documents(page)
    files = {name: one.encode("utf-8", "replace") for name, one in texts.items()}
    return Site(files, at, page.made_ms, locales, page.zone)


def is_file(name: str) -> bool:
    """Return whether a path may be one of ours."""
    return _FILE.fullmatch(name) is not None
