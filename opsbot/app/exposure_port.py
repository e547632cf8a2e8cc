"""What exposure needs of a store: a history of served calls that grows by one sample at a time."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from opsbot.domain.served.served import HOUR_MS, Basis, Head, Hour, Sample

KEEP_HOURS = 14 * 24
MINUTES_HOURS = 72
"""How many hours minutes are told apart: over a long weekend."""


@dataclass(frozen=True, slots=True)
class Keep:
    """How many hours the history goes back, and how many of them minute by minute."""

    hours: int = KEEP_HOURS
    minutes_hours: int = MINUTES_HOURS

    @property
    def keep_ms(self) -> int:
        """Return how long an hour is kept, in milliseconds."""
        return self.hours * HOUR_MS

    @property
    def minutes_ms(self) -> int:
        """Return how long its minutes are, in milliseconds."""
        return min(self.hours, self.minutes_hours) * HOUR_MS


class ServedHistory(Protocol):
    """The samples. Not journaled, as the fleet is not: a flushed store begins it anew."""

    async def head(self) -> Head:
        """
        Return where the history stands, and the server's time.

        Raises:
            StoreLost: no answer within the deadline.
        """
        ...

    async def basis(self) -> Basis:
        """Return what the next sample is counted from. Raises as `head`."""
        ...

    async def add(self, sample: Sample, keep: Keep) -> bool:
        """
        Add a sample in one step; false where another of its number was first: then nothing is done.

        Raises:
            StoreLost: it is not known whether it was added; adding it again does nothing twice.
            Misconfigured: the store refuses to keep it; nothing was changed.
        """
        ...

    async def hours(
        self, first: int, last: int, names: Collection[str] | None = None
    ) -> Mapping[int, Hour]:
        """
        Return what is kept of the hours *first* to *last* since 1970, of the workflows *names* or all.

        An hour of which nothing is kept, or nothing that can be read, is missing. Raises as `head`.
        """
        ...
