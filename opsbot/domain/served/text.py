"""How spans of served calls are written, an hour at a time; and what stays of an hour that is over. Pure."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from opsbot.domain.served.served import HOUR_MS, SAMPLES, Base, Hour, Span

LONG_MS: Final = 150_000
"""A sample that spans more says that sampling had stopped: it is never put together with others."""

_COUNTS: Final = ("heard", "asked", "refused", "cut", "eased", "fresh", "silent", "ended")
_ADDED: Final = ("asked", "refused", "cut", "eased", "fresh", "ended")
_MOST: Final = ("heard", "silent")
_FIRST: Final = len(_COUNTS) + 2


def as_text(spans: Iterable[Span], hour: int) -> str:
    """Return spans that end in *hour*, to be appended to what is kept of it."""
    return "".join(f"{json.dumps(_numbers(one, hour), separators=(',', ':'))}," for one in spans)


def _numbers(span: Span, hour: int) -> list[int]:
    """Return the end within the hour, the length, and the counts; zeros at the end are left out."""
    found = [span.to_ms - hour * HOUR_MS, span.to_ms - span.from_ms]
    found += [getattr(span, name) for name in _COUNTS]
    while len(found) > 1 and not found[-1]:
        found.pop()
    return found


def spans_of(text: str, hour: int) -> tuple[Span, ...]:
    """
    Return the spans of an hour.

    Raises:
        ValueError: not written by this program.
    """
    try:
        return tuple(_span(numbers, hour) for numbers in json.loads(f"[{text.removesuffix(',')}]"))
    except (TypeError, RecursionError) as error:
        raise ValueError("no spans") from error


def _span(numbers: Sequence[int], hour: int) -> Span:
    """Return one span; numbers of later versions are ignored."""
    to_off, length, *counts = (int(one) for one in (*numbers, 0)[:_FIRST])
    to_ms = hour * HOUR_MS + to_off
    return Span(to_ms - length, to_ms, *counts)


def base_text(base: Base) -> str:
    """Return an instance's counters as they are kept."""
    found = [base.silent_ms, {name: list(one) for name, one in base.counts.items()}]
    found += [dict(base.eased)] if base.eased else []
    return json.dumps(found, separators=(",", ":"))


def base_of(text: str) -> Base:
    """
    Return an instance's counters.

    Raises:
        ValueError: not written by this program.
    """
    try:
        silent_ms, counts, *more = json.loads(text)
        eased = more[0] if more else {}
        return Base(
            int(silent_ms),
            {name: (int(a), int(r), int(c)) for name, (a, r, c) in counts.items()},
            {uid: int(count) for uid, count in eased.items()},
        )
    except (TypeError, AttributeError, RecursionError) as error:
        raise ValueError("no counters") from error


def summary(hour: Hour) -> Hour:
    """
    Return what stays of an hour that is over: one span for every run of samples, and one for the late.

    A late span is none of the samples': it reaches back to when an instance fell silent.
    """
    runs = tuple(_runs(hour.get(SAMPLES, ())))
    kept = {name: _merged(spans, runs) for name, spans in hour.items() if name != SAMPLES}
    return {SAMPLES: runs, **kept}


def _runs(samples: Iterable[Span]) -> Iterator[Span]:
    """Yield what samples without a gap between them span together; a long one stays by itself."""
    run: Span | None = None
    for one in sorted(samples, key=lambda span: span.to_ms):
        if one.to_ms == one.from_ms:
            continue
        if run is not None and run.to_ms == one.from_ms and not is_long(one):
            run = replace(run, to_ms=one.to_ms, heard=run.heard + one.heard)
            continue
        if run is not None:
            yield run
        run = one
        if is_long(one):
            yield one
            run = None
    if run is not None:
        yield run


def is_long(samples: Span) -> bool:
    """Return whether a span of samples is longer than that many are when nothing is in their way."""
    return samples.to_ms - samples.from_ms > LONG_MS * max(samples.heard, 1)


def _merged(spans: Sequence[Span], runs: Sequence[Span]) -> tuple[Span, ...]:
    found, left = [], list(spans)
    for run in runs:
        inside = [one for one in left if run.from_ms <= one.from_ms and one.to_ms <= run.to_ms]
        if inside:
            found.append(together(inside, run.from_ms, run.to_ms))
            left = [one for one in left if one not in inside]
    if left:
        first_ms, last_ms = min(one.from_ms for one in left), max(one.to_ms for one in left)
        found.append(together(left, first_ms, last_ms))
    return tuple(found)


def together(spans: Iterable[Span], from_ms: int, to_ms: int) -> Span:
    """Return spans as one: calls add up, instances are the most that were seen at once."""
    found = tuple(spans)
    sums = {name: sum(getattr(one, name) for one in found) for name in _ADDED}
    most = {name: max((getattr(one, name) for one in found), default=0) for name in _MOST}
    return Span(from_ms, to_ms, **sums, **most)
