"""What is said of many measurements: quantiles, and when a reader with pauses sees a moment. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class Summary:
    """Count, best (least), p50 and p99 of one series, in the series' own unit."""

    count: int
    best: float
    p50: float
    p99: float


def quantile(values: Sequence[float], share: float) -> float:
    """
    Return the least measured value that at least *share* (0 to 1) of all do not exceed.

    Never an interpolation: a figure that is shown was measured.

    Raises:
        ValueError: nothing was measured, or *share* is no share.
    """
    if not values:
        raise ValueError("nothing was measured")
    if not 0 <= share <= 1:
        raise ValueError(f"not a share: {share}")
    return sorted(values)[max(ceil(share * len(values)) - 1, 0)]


def summary(values: Sequence[float]) -> Summary:
    """
    Summarise *values*.

    Raises:
        ValueError: nothing was measured.
    """
    best, p50, p99 = (quantile(values, share) for share in (0, 0.5, 0.99))
    return Summary(len(values), best, p50, p99)


def seen_after(moment: float, *, first: float, longest: float, growth: float) -> float:
    """
    Return when something that is true from *moment* on is seen by a reader with growing pauses.

    The reader looks at 0, then after *first*, each pause *growth* times the last, at most
    *longest*; all in one unit. The looks themselves are taken to cost nothing.
    """
    looked, pause = 0.0, first
    while looked < moment:
        looked += pause
        pause = min(pause * growth, longest)
    return looked
