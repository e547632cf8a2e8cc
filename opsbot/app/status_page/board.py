"""
The status page of this replica: made anew once a change, kept in memory, put where files survive the store.

Nothing is read from the store to answer a reader. While the store is gone the page stays as it was.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from opsbot.app.comms_rules import settings_of
from opsbot.app.environment import Environment
from opsbot.app.status_page.page import Page
from opsbot.app.status_page.read import (
    Published,
    Source,
    commitments,
    published,
    read,
)
from opsbot.app.status_page.site import Site, site
from opsbot.domain.comms.settings import CommsSettings
from opsbot.domain.incident.settings import HOUR_MS, MINUTE_MS
from opsbot.domain.journal import opens
from opsbot.domain.state import State

AGAIN_MS: Final = MINUTE_MS
"""How often texts are read again though nothing changed (one may have been erased), and writing is tried again."""

AGED_MS: Final = HOUR_MS
"""How old a page may be though nothing changed: what is over leaves it day by day."""


class Shelf(Protocol):
    """Where the files stand."""

    async def put(self, site: Site) -> bool:
        """
        Write every file whole; return whether they are there now, False where newer ones were left.

        Raises:
            OSError: they cannot be written.
        """
        ...

    async def last(self) -> Site | None:
        """Return what was written last, by whomever; None where nothing ever was."""
        ...


class StatusBoard:
    """One replica's page. *url* is where people read it; *unwritten* is told why the files are not there."""

    def __init__(
        self, env: Environment, shelf: Shelf, unwritten: Callable[[str], None], *, url: str = ""
    ) -> None:
        self._env = env
        self._shelf = shelf
        self._unwritten = unwritten
        self._turn = asyncio.Lock()
        self._basis: tuple[CommsSettings, tuple[Published, ...], str] | None = None
        self._seen: tuple[int, ...] = ()
        self._kept: State | None = (
            None  # so that no other object takes the place of one that was seen
        )
        self._page: Page | None = None
        self._site: Site | None = None
        self._read_ms = 0
        self._written = False
        self._failed_ms: int | None = None
        self.url = url

    @property
    def site(self) -> Site | None:
        """Return the page as it is now, None before it was made."""
        return self._site

    async def follow(self) -> None:
        """
        Make the page anew where the state, the texts or the time ask for it; cheap where nothing does.

        Raises:
            StoreLost: the texts could not be read; the page stays as it was.
        """
        async with self._turn:
            state, now_ms = self._env.store.state, self._env.clock.now_ms()
            if self._moved(state) or now_ms - self._read_ms >= AGAIN_MS:
                await self._make(state, now_ms)
            if not self._written and now_ms - (self._failed_ms or 0) >= AGAIN_MS:
                await self._put_down(now_ms)

    async def show(self, state: State) -> None:
        """
        Make the page of *state* and write it, whatever was there before.

        Raises:
            StoreLost: the texts could not be read.
            OSError: the files cannot be written; who asks this replica sees it none the less.
        """
        async with self._turn:
            await self._make(state, self._env.clock.now_ms())
            await self._put()

    def _moved(self, state: State) -> bool:
        """Return whether what the page rests on is another; most changes of the state are not its business."""
        seen = _identities(state)
        if self._basis is not None and self._basis[2] == self.url and seen == self._seen:
            return False
        if self._basis != (settings_of(state), published(state), self.url):
            return True
        self._seen, self._kept = seen, state
        return False

    async def _make(self, state: State, now_ms: int) -> None:
        settings, found = settings_of(state), published(state)
        kept = await self._env.store.texts(commitments(found))
        texts = {name: one.text for name, one in kept.items() if opens(one)}
        page = read(Source(settings, found, self._env.name, self.url, texts, now_ms))
        # Nobody is told that something is new where nothing is: readers' copies stay good.
        if self._page is None or not _alike(self._page, page):
            # A year of long messages takes half a second: kills are answered meanwhile.
            self._site = await asyncio.to_thread(site, page, state.position)
            self._page, self._written, self._failed_ms = page, False, None
        self._basis, self._read_ms = (settings, found, page.url), now_ms
        self._seen, self._kept = _identities(state), state

    async def _put_down(self, now_ms: int) -> None:
        try:
            await self._put()
        except OSError as error:
            self._unwritten(str(error))
        if not self._written:
            self._failed_ms = now_ms

    async def _put(self) -> None:
        if self._site is not None:
            self._written = await self._shelf.put(self._site)


def _identities(state: State) -> tuple[int, ...]:
    """Return which objects the state is made of; records are replaced and never changed in place."""
    return tuple(id(one) for one in state.records.values())


def _alike(before: Page, now: Page) -> bool:
    """Return whether a page says the same as one that was made not long ago."""
    young = now.made_ms - before.made_ms < AGED_MS
    return young and replace(now, made_ms=before.made_ms) == before
