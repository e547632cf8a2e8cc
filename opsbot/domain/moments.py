"""Instants as people type and read them: absolute, with their zone, in the language of the text. Pure."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from opsbot.domain.comms import Locale

FORMS: Final = "14:05, 2026-11-21 14:05, or 2026-11-21T14:05+01:00"
"""What may be typed, for refusals."""

_CLOCK: Final = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)(?:\s*Uhr)?", re.ASCII)
_MS: Final = re.compile(r"\d{12,14}", re.ASCII)
_ISO: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)\s?(Z|UTC|[+-]\d\d:?\d\d)?", re.ASCII
)
_SPELLED: Final = re.compile(
    r"(\d\d:\d\d)(?: Uhr)? ([A-Z][A-Za-z0-9+-]{1,11})(?: \(([A-Za-z0-9_+/-]{1,40})\))?"
    r"(?:, (\d{1,2})\.? (\w{3,9})\.?)?"
)
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_MONATE: Final = (
    *("Januar", "Februar", "M\u00e4rz", "April", "Mai", "Juni", "Juli"),
    *("August", "September", "Oktober", "November", "Dezember"),
)
_GERMAN_ZONES: Final = {"CET": "MEZ", "CEST": "MESZ"}
_DAY: Final = timedelta(days=1)
SOON_MS: Final = 15 * 60_000
"""How far ahead a time without a date may lie: clocks differ, and people round."""


def instant(said: str, zone: str, now_ms: int) -> int | None:
    """
    Return the instant that somebody typed, in milliseconds since 1970; None where it is none.

    A time without a date is the last one before *now_ms*, for people say when something happened;
    one that comes within a quarter of an hour is meant as well. Without an offset it is of *zone*. What
    `spelled` returned is understood again.
    """
    said = said.strip()
    if _MS.fullmatch(said):
        return int(said)
    if found := _ISO.fullmatch(said):
        return _iso(found, zone)
    if found := _CLOCK.fullmatch(said):
        clock = time(int(found[1]), int(found[2]))
        today = _local(now_ms, zone).date()
        return _last([today - _DAY, today, today + _DAY], clock, "", zone, now_ms)
    if found := _SPELLED.fullmatch(said):
        return _respelled(found, zone, now_ms)
    return None


def spelled(at_ms: int, zone: str, locale: Locale = "en") -> str:
    """Return an instant as people read it: `14:05 CET (Europe/Berlin), 21 Nov`."""
    local = _local(at_ms, zone)
    name = local.tzname() or "UTC"
    name = f"UTC{name}" if name[0] in "+-" else name
    place = "" if name == zone else f" ({zone})"
    if locale.partition("-")[0] == "de":
        name = _GERMAN_ZONES.get(name, name)
        return f"{local:%H:%M} Uhr {name}{place}, {local.day}. {_MONATE[local.month - 1]}"
    return f"{local:%H:%M} {name}{place}, {local.day} {_MONTHS[local.month - 1][:3]}"


def canonical(at_ms: int) -> str:
    """Return an instant as it is kept: in UTC, to the second."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def known_zone(zone: str) -> bool:
    """Return whether a time zone of that name exists."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _local(at_ms: int, zone: str) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(zone))


def _iso(found: re.Match[str], zone: str) -> int | None:
    offset = found[3] or ""
    try:
        at = datetime.fromisoformat(f"{found[1]}T{found[2]}{'' if offset == 'UTC' else offset}")
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC if offset == "UTC" else ZoneInfo(zone))
    return _ms(at)


def _respelled(found: re.Match[str], zone: str, now_ms: int) -> int | None:
    place = found[3] or (found[2] if known_zone(found[2]) else zone)
    if not known_zone(place) or not _CLOCK.fullmatch(found[1]):
        return None
    today = _local(now_ms, place).date()
    clock = time.fromisoformat(found[1])
    if not found[5]:
        return _last((today - _DAY, today, today + _DAY), clock, found[2], place, now_ms)
    month = _month(found[5])
    years = range(today.year - 1, today.year + 2)
    days = () if month is None else _days(years, month, int(found[4]))
    return _nearest(days, clock, found[2], place, now_ms)


def _days(years: Iterable[int], month: int, day: int) -> Sequence[date]:
    found = []
    for year in years:
        try:
            found.append(date(year, month, day))
        except ValueError:  # the 29th of February of most years
            continue
    return found


def _month(word: str) -> int | None:
    for names in (_MONTHS, _MONATE):
        for number, name in enumerate(names, 1):
            if name.lower().startswith(word.lower()):
                return number
    return None


def _nearest(days: Iterable[date], clock: time, name: str, zone: str, now_ms: int) -> int | None:
    """Return the instant nearest to *now_ms*, None where there is none."""
    found = _meant(days, clock, name, zone)
    return min(found, key=lambda ms: abs(ms - now_ms), default=None)


def _last(days: Iterable[date], clock: time, name: str, zone: str, now_ms: int) -> int | None:
    """Return the last instant before *now_ms*, or one that is about to come; None where there is none."""
    return max(
        (ms for ms in _meant(days, clock, name, zone) if ms <= now_ms + SOON_MS), default=None
    )


def _meant(days: Iterable[date], clock: time, name: str, zone: str) -> list[int]:
    """
    Return the instants at which the clock shows that, with that zone's *name*.

    So `14:05 PST` is no time of Berlin, and of an hour that comes twice the named one is meant.
    """
    tz = ZoneInfo(zone)
    every = (
        datetime.combine(day, clock, tzinfo=tz).replace(fold=fold)
        for day in days
        for fold in (0, 1)
    )
    return [_ms(at) for at in every if not name or name in _names(at, zone)]


def _names(at: datetime, zone: str) -> tuple[str, ...]:
    name = at.tzname() or ""
    return (name, f"UTC{name}", _GERMAN_ZONES.get(name, name), zone)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
