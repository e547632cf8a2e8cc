"""How many calls were served in a window, as far as samples say, and what they do not say. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from opsbot.domain.fleet import ALIVE_MS
from opsbot.domain.served.served import SAMPLES, Hour, Span
from opsbot.domain.served.text import is_long, together

SLACK_MS: Final = ALIVE_MS
"""How old an instance's last word may be at a sample: at its edges a sample is this unsure."""

Window = tuple[int, int]
"""Two moments in server milliseconds."""


@dataclass(frozen=True, slots=True)
class Counted:
    """
    The calls of one workflow in a window.

    All figures are of the samples from *from_ms* to *to_ms*, None where there are none: these reach
    over the window's ends, and *edge* of the *served* may lie outside. Of *asked* calls *served*
    were let through to a model and *refused* were not; *cut* streams were ended, *eased* calls let
    through by a restore in steps. *fresh* were served by instances that were new: counted since
    each of them started. *unplaced* were served, at a time that is not known, by instances that had
    fallen silent and came back. *instances* is how many were counted at the most and at the least,
    *silent* how many were missing at the most, *ended* how many went, with what they served since
    their last sample. *missing* are the parts of the window that no sample covers, *gaps* those in
    which one sample stands for more than two minutes.
    """

    workflow: str
    from_ms: int | None = None
    to_ms: int | None = None
    served: int = 0
    asked: int = 0
    refused: int = 0
    cut: int = 0
    eased: int = 0
    fresh: int = 0
    edge: int = 0
    unplaced: int = 0
    instances: tuple[int, int] = (0, 0)
    silent: int = 0
    ended: int = 0
    missing: tuple[Window, ...] = ()
    gaps: tuple[Window, ...] = ()

    @property
    def known(self) -> bool:
        """Return whether anybody was counted at all: nothing of nobody is no zero."""
        return self.from_ms is not None and self.instances[0] > 0


def count(
    workflow: str, hours: Sequence[Hour], window: Window, *, whole_end: bool = False
) -> Counted:
    """
    Return what the samples of *hours* say of a workflow in a window.

    *whole_end* leaves out a sample that reaches over the window's end: calls after it are another
    matter than those in it.
    """
    start_ms, end_ms = window
    touching = [
        one
        for one in sorted(_all(hours, SAMPLES), key=lambda span: span.to_ms)
        if one.from_ms < one.to_ms
        and (one.from_ms < end_ms and one.to_ms > start_ms)
        and not (whole_end and one.to_ms > end_ms)
    ]
    missing = tuple(_missing(touching, window))
    if not touching:
        return Counted(workflow, missing=missing)
    first_ms, last_ms = touching[0].from_ms, max(one.to_ms for one in touching)
    inside, across = _placed(_all(hours, workflow), first_ms, last_ms)
    sums = together(inside, first_ms, last_ms)
    sure = (one for one in inside if one.from_ms - SLACK_MS >= start_ms and one.to_ms <= end_ms)
    return Counted(
        workflow=workflow,
        from_ms=first_ms,
        to_ms=last_ms,
        served=sums.served,
        asked=sums.asked,
        refused=sums.refused,
        cut=sums.cut,
        eased=sums.eased,
        fresh=sums.fresh,
        edge=sums.served - sum(one.served for one in sure),
        unplaced=sum(one.served for one in across),
        instances=(sums.heard, _least(touching, inside)),
        silent=sums.silent,
        ended=sums.ended,
        missing=missing,
        gaps=tuple((one.from_ms, one.to_ms) for one in touching if is_long(one)),
    )


def _all(hours: Iterable[Hour], name: str) -> Iterator[Span]:
    return (one for hour in hours for one in hour.get(name, ()))


def _least(samples: Sequence[Span], spans: Sequence[Span]) -> int:
    """Return the fewest instances that one sample counted; a sample without a span counted nobody."""
    heard: dict[Window, int] = {}
    for one in spans:
        heard[one.from_ms, one.to_ms] = one.heard
    return min(heard.get((one.from_ms, one.to_ms), 0) for one in samples)


def _placed(spans: Iterable[Span], first_ms: int, last_ms: int) -> tuple[list[Span], list[Span]]:
    """Return the spans within two moments, and those that reach over one of them."""
    inside, across = [], []
    for one in spans:
        if first_ms <= one.from_ms and one.to_ms <= last_ms:
            inside.append(one)
        elif one.from_ms < last_ms and one.to_ms > first_ms:
            across.append(one)
    return inside, across


def _missing(samples: Sequence[Span], window: Window) -> Iterator[Window]:
    at_ms, end_ms = window
    for one in samples:
        if one.from_ms > at_ms:
            yield at_ms, one.from_ms
        at_ms = max(at_ms, one.to_ms)
    if at_ms < end_ms:
        yield at_ms, end_ms
