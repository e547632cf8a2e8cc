"""Moments that processes write for each other: one page of shared memory, a few slots a client."""

import mmap
from pathlib import Path
from time import monotonic_ns
from typing import Final

READY: Final = 0
"""Field: not 0 once the client listens on both ways."""

RAW_COUNT: Final = 1
RAW_AT: Final = 2
"""Fields: how many messages the plain socket got, and when the last came (ns, CLOCK_MONOTONIC)."""

SEEN_COUNT: Final = 3
SEEN_AT: Final = 4
"""Fields: how often the client swapped its snapshot, and when it last did."""

FIELDS: Final = 8


class Stamps:
    """
    The page. Each field has one writer; a time is written before its count.

    The readers look at the count first, so a time they read is never older than its count.
    """

    def __init__(self, path: Path, clients: int) -> None:
        size = clients * FIELDS * 8
        with path.open("a+b") as file:
            file.truncate(size)
            self._map = mmap.mmap(file.fileno(), size)
        self._words = memoryview(self._map).cast("q")
        self.clients = clients

    def stamp(self, client: int, count: int, at: int) -> None:
        """Write down that it happened again, now."""
        now = monotonic_ns()
        start = client * FIELDS
        self._words[start + at] = now
        self._words[start + count] += 1

    def ready(self, client: int) -> None:
        """Write down that *client* listens."""
        self._words[client * FIELDS + READY] = 1

    def column(self, field: int) -> list[int]:
        """Return one field of every client."""
        return self._words[field::FIELDS].tolist()

    def close(self) -> None:
        """Let go of the page."""
        self._words.release()
        self._map.close()
