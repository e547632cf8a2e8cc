"""When things happened in an incident, and how long they took; only from times somebody set. Pure."""

from dataclasses import dataclass, fields
from typing import Final, Literal

from opsbot.domain.change import Json, Record

Moment = Literal[
    "started", "detected", "declared", "acknowledged", "contained", "told", "resolved", "reviewed"
]


@dataclass(frozen=True, slots=True)
class Times:
    """
    The moments of one incident in server milliseconds, None where one is not known or not yet.

    *started* is when users were first hit and *detected* when somebody or something noticed.
    *declared* is the commit of the incident itself, or what a retroactive record says.
    *acknowledged*: a responder took the page, or somebody took command.
    *contained*: the fleet confirmed the last of its kills. *told*: users read the first message.
    """

    declared: int
    started: int | None = None
    detected: int | None = None
    acknowledged: int | None = None
    contained: int | None = None
    told: int | None = None
    resolved: int | None = None
    reviewed: int | None = None

    def of(self, moment: Moment) -> int | None:
        """Return one moment."""
        found = getattr(self, moment)
        assert found is None or isinstance(found, int)
        return found


ORDER: Final[tuple[Moment, ...]] = (
    "started",
    "detected",
    "declared",
    "acknowledged",
    "contained",
    "told",
    "resolved",
    "reviewed",
)


@dataclass(frozen=True, slots=True)
class Measures:
    """
    Milliseconds from detection; None where one end is not known.

    *acknowledge* counts from the declaration, because that is when people were called.
    """

    acknowledge: int | None
    contain: int | None
    tell: int | None
    resolve: int | None


def measures(times: Times) -> Measures:
    """
    Return how long it took; never from a record's last edit, which moves when a title is mended.

    An incident whose detection nobody set was detected when it was declared.
    """
    noticed = times.declared if times.detected is None else times.detected
    return Measures(
        acknowledge=_between(times.declared, times.acknowledged),
        contain=_between(noticed, times.contained),
        tell=_between(noticed, times.told),
        resolve=_between(noticed, times.resolved),
    )


def mean(values: tuple[int | None, ...]) -> int | None:
    """Return the mean of what is known, None where nothing is."""
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known)) if known else None


def out_of_order(times: Times) -> tuple[Moment, Moment] | None:
    """Return the first two moments that contradict each other: what started cannot end before."""
    for early, late in _MUST:
        first, second = times.of(early), times.of(late)
        if first is not None and second is not None and second < first:
            return early, late
    return None


_MUST: Final[tuple[tuple[Moment, Moment], ...]] = (
    ("started", "detected"),
    ("started", "contained"),
    ("started", "resolved"),
    ("detected", "resolved"),
    ("declared", "acknowledged"),
    ("resolved", "reviewed"),
)
"""A kill may be confirmed before anybody declares, and users may be told before it is contained."""


def as_record(times: Times) -> Record:
    """Return the record as it is stored."""
    return {one.name: getattr(times, one.name) for one in fields(times)}


def from_record(value: Json) -> Times:
    """
    Read a stored record.

    Raises:
        KeyError, TypeError: not written by this program.
    """
    if not isinstance(value, dict):
        raise TypeError(f"not an incident's times: {value!r}")
    return Times(**{one.name: value.get(one.name) for one in fields(Times)})  # type: ignore[arg-type]  # our own record


def _between(start: int, end: int | None) -> int | None:
    return None if end is None else max(end - start, 0)
