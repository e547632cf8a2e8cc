"""Tell the open pages that something changed; they then ask for the state."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

KEEP_ALIVE_S = 15.0


@dataclass(slots=True)
class Feed:
    """Counts changes in *seq*."""

    seq: int = 0
    _pages: set[asyncio.Event] = field(default_factory=set)

    def changed(self) -> None:
        """Wake every open page."""
        self.seq += 1
        for page in self._pages:
            page.set()

    async def events(self) -> AsyncGenerator[bytes]:
        """Yield server-sent events for one page: the number of the newest change."""
        page = asyncio.Event()
        self._pages.add(page)
        try:
            while True:
                yield f"data: {json.dumps({'seq': self.seq})}\n\n".encode()
                while not await _set_within(page, KEEP_ALIVE_S):
                    yield b": still here\n\n"
                page.clear()
        finally:
            self._pages.discard(page)


async def _set_within(page: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(page.wait(), seconds)
    except TimeoutError:
        return False
    return True
