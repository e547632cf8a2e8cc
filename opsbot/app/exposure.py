"""How many responses workflows served in a window, from the samples of the fleet's counters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from opsbot.app.exposure_port import ServedHistory
from opsbot.domain.errors import StoreLost
from opsbot.domain.served.count import Counted, Window, count
from opsbot.domain.served.served import HOUR_MS, SAMPLES, Hour

MOST_HOURS: Final = 60 * 24
"""Hours that one question reads at most; nothing is kept for longer."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """
    Every sample from some moment to now, of some workflows.

    *first_ms* is where the first of them begins and *last_ms* where the last one ends, None where
    there is none.
    """

    hours: tuple[Hour, ...] = ()

    @property
    def first_ms(self) -> int | None:
        """Return from when on something was sampled."""
        return min((one.from_ms for hour in self.hours for one in hour[SAMPLES]), default=None)

    @property
    def last_ms(self) -> int | None:
        """Return until when something was sampled."""
        return max((one.to_ms for hour in self.hours for one in hour[SAMPLES]), default=None)

    def of(self, workflow: str, window: Window, *, whole_end: bool = False) -> Counted:
        """Return what a workflow served in a window; *whole_end* as in `served_count.count`."""
        return count(workflow, self.hours, window, whole_end=whole_end)


async def samples_since(
    history: ServedHistory, workflows: Sequence[str], since_ms: int
) -> Sampled | None:
    """
    Return the samples of *workflows* from *since_ms* on; None where the store does not answer.

    All up to now: what an instance served while it was silent is only told when it is back.
    """
    try:
        head = await history.head()
        if head.at_ms is None:
            return Sampled()
        last = head.at_ms // HOUR_MS
        first = max(since_ms // HOUR_MS, last - MOST_HOURS)
        hours = await history.hours(first, last, workflows)
    except StoreLost:
        return None
    return Sampled(tuple(hours.values()))
