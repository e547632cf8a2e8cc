"""Instants as people type and read them: absolute, with their zone, in the language of the text. Pure."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from opsbot.domain.comms.templates import Locale

FORMS: Final = "14:05, 14:05 UTC, 21 Nov 14:05, or 20 min ago"
"""What may be typed, for refusals and hints."""

_MS: Final = re.compile(r"\d{12,14}", re.ASCII)
_ISO: Final = re.compile(
    r"((?:19|20)\d\d-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)\s?(Z|UTC|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_AGO: Final = re.compile(
    r"(?:vor )?(?:(\d{1,3}) ?(?:d|days?|tagen?) ?)?(?:(\d{1,4}) ?(?:h|hours?|stunden?) ?)?"
    r"(?:(\d{1,5}) ?(?:m|mins?|minutes?|minuten?) ?)?(?:ago)?",
    re.ASCII | re.IGNORECASE,
)
_NOW: Final = frozenset({"now", "jetzt", "just now"})
_BEGINS, _ENDS = r"(?<![\w:./-])", r"(?![\w:])"
_WORD: Final = r"([^\W\d_]{3,9})\.?"
_YEAR: Final = r"(?: ((?:19|20)\d\d))?"
_DAY_MONTH: Final = re.compile(rf"{_BEGINS}(\d{{1,2}})(?:st|nd|rd|th|\.)? {_WORD}{_YEAR}{_ENDS}")
_MONTH_DAY: Final = re.compile(rf"{_BEGINS}{_WORD} (\d{{1,2}})(?:st|nd|rd|th)?{_YEAR}{_ENDS}")
_YEAR_FIRST: Final = re.compile(
    rf"{_BEGINS}((?:19|20)\d\d)[-/](\d{{1,2}})[-/](\d{{1,2}}){_ENDS}", re.ASCII
)
_DOTTED: Final = re.compile(
    rf"{_BEGINS}(\d{{1,2}})\. ?(\d{{1,2}})\.(?: ?((?:19|20)\d\d))?{_ENDS}", re.ASCII
)
_SLASHED: Final = re.compile(
    rf"{_BEGINS}(\d{{1,2}})/(\d{{1,2}})(?:/((?:19|20)\d\d))?{_ENDS}", re.ASCII
)
_NEAR: Final = re.compile(rf"{_BEGINS}(?:(today|heute)|yesterday|gestern){_ENDS}", re.IGNORECASE)
_CLOCK: Final = re.compile(
    r"(?<![\w:.])(\d{1,2})(?:[:.h](\d\d)(?::(\d\d))?)?(?: ?([ap])\.?m\b\.?)?( ?uhr)?(?=Z|[^\w:.]|\Z)",
    re.ASCII | re.IGNORECASE,
)
_PLACE: Final = re.compile(r"\(([A-Za-z0-9_+/-]{1,40})\)", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_/+-]{0,39}", re.ASCII)
_OFFSET: Final = re.compile(
    r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?([0-5]\d))?", re.ASCII | re.IGNORECASE
)
_FILLERS: Final = frozenset({"at", "on", "um", "am", "den", "the", "uhr"})
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
_NOON: Final = 12
_LONGEST: Final = 100
SOON_MS: Final = 15 * 60_000
FAR_MS: Final = 120 * 86_400_000
"""How far ahead a time without a date may lie: clocks differ, and people round; a date without a year: a promise."""


class Unread(ValueError):
    """What is no time, or could be two; says so as the end of a sentence, with what to write instead."""


@dataclass(frozen=True, slots=True)
class _Zone:
    """A zone, and what it must be called at that time; an empty *name* is any."""

    tz: tzinfo
    name: str = ""


def instant(said: str, zone: str, now_ms: int) -> int | None:
    """Return what `read` returns, None for what it refuses."""
    try:
        return read(said, zone, now_ms)
    except Unread:
        return None


def read(said: str, zone: str, now_ms: int) -> int:
    """
    Return the instant that somebody typed, in milliseconds since 1970.

    A time without a date is the last one before *now_ms*, for people say when something happened;
    one that comes within a quarter of an hour is meant as well. A date without a year is the last one
    as well, or one of the next months.
    Without a zone it is of *zone*. What `spelled` and `typed` returned is understood again.

    Raises:
        Unread: it is no time, or could be two.
    """
    words = " ".join(said.replace(",", " ").split())
    if len(words) > _LONGEST:
        raise _no_time(zone)
    if _MS.fullmatch(words):
        return int(words)
    if found := _ISO.fullmatch(words):
        return _iso(found, zone)
    if words.casefold() in _NOW:
        return now_ms
    if (ago := _AGO.fullmatch(words)) and any(ago.groups()):
        days, hours, minutes = (int(one or 0) for one in ago.groups())
        return now_ms - ((days * 24 + hours) * 60 + minutes) * 60_000
    return _worded(words, zone, now_ms)


def spelled(at_ms: int, zone: str, locale: Locale = "en") -> str:
    """Return an instant as people read it: `14:05 CET (Europe/Berlin), 21 Nov`."""
    local = _local(at_ms, zone)
    name = _named(local)
    place = "" if name == zone else f" ({zone})"
    if locale.partition("-")[0] == "de":
        name = _GERMAN_ZONES.get(name, name)
        return f"{local:%H:%M} Uhr {name}{place}, {local.day}. {_MONATE[local.month - 1]}"
    return f"{local:%H:%M} {name}{place}, {local.day} {_MONTHS[local.month - 1][:3]}"


def typed(at_ms: int, zone: str, now_ms: int) -> str:
    """Return an instant to the minute as people would type it: `14:05 CET, 21 Nov`; with its year where needed."""
    local = _local(at_ms, zone)
    short = f"{local:%H:%M} {_named(local)}, {local.day} {_MONTHS[local.month - 1][:3]}"
    same = instant(short, zone, now_ms)
    if same is not None and same // 60_000 == at_ms // 60_000:
        return short
    at = _local(at_ms, "UTC")
    return f"{at:%H:%M} UTC, {at.day} {_MONTHS[at.month - 1][:3]} {at.year}"


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


def _no_time(zone: str) -> Unread:
    return Unread(f"is a time; write it as {FORMS} (without a zone it is the time in {zone})")


def _local(at_ms: int, zone: str) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(zone))


def _named(local: datetime) -> str:
    name = local.tzname() or "UTC"
    return f"UTC{name}" if name[0] in "+-" else name


def _iso(found: re.Match[str], zone: str) -> int:
    offset = found[3] or ""
    try:
        at = datetime.fromisoformat(f"{found[1]}T{found[2]}{'' if offset == 'UTC' else offset}")
    except ValueError:
        raise _no_time(zone) from None
    if at.tzinfo is not None:
        return _ms(at)
    tz = UTC if offset == "UTC" else ZoneInfo(zone)
    return _only(_on(at.date(), at.time(), tz), at.time(), tz)


def _worded(words: str, zone: str, now_ms: int) -> int:
    """Take the date out, then the clock; what is left is the zone, or nothing that is understood."""
    words, dated = _taken_date(words, now_ms)
    found = _CLOCK.search(words)
    clock = None if found is None else _clock(found)
    if found is None or clock is None:
        raise _no_time(zone)
    where = _zone(f"{words[: found.start()]} {words[found.end() :]}", zone)
    today = datetime.fromtimestamp(now_ms / 1000, where.tz).date()
    if dated is None:
        return _last((today - _DAY, today, today + _DAY), clock, where, now_ms + SOON_MS)
    days = dated(today)
    if not days:
        raise _no_time(zone)
    return _last(days, clock, where, now_ms + FAR_MS)


Days = Callable[[date], Sequence[date]]
"""From today to the days that a date could be: one, or the same one of several years."""


def _taken_date(words: str, now_ms: int) -> tuple[str, Days | None]:
    """Return the words without their date, and the date; None where there is none. Raises Unread."""
    if found := _YEAR_FIRST.search(words):
        return _without(words, found), _calendar(int(found[3]), int(found[2]), found[1])
    if found := _SLASHED.search(words):
        return _without(words, found), _slashed(found, now_ms)
    if found := _NEAR.search(words):
        back = 0 if found[1] else 1
        return _without(words, found), lambda today: (today - back * _DAY,)
    if found := _DOTTED.search(words):
        return _without(words, found), _calendar(int(found[1]), int(found[2]), found[3])
    for pattern, month_at, day_at in ((_DAY_MONTH, 2, 1), (_MONTH_DAY, 1, 2)):
        for one in pattern.finditer(words):
            if (month := _month(one[month_at])) is not None:
                return _without(words, one), _calendar(int(one[day_at]), month, one[3])
    return words, None


def _without(words: str, found: re.Match[str]) -> str:
    return f"{words[: found.start()]} {words[found.end() :]}".strip()


def _slashed(found: re.Match[str], now_ms: int) -> Days:
    """Return what `21/11` must be; what could be two days is refused."""
    one, other, year = int(found[1]), int(found[2]), found[3]
    if one == other or one > _NOON:
        return _calendar(one, other, year)
    if other > _NOON:
        return _calendar(other, one, year)
    names = " or ".join(
        f"{day} {_MONTHS[month - 1][:3]}"
        for day, month in ((one, other), (other, one))
        if day and month
    )
    raise Unread(f"could be {names}; write the month as a word")


def _calendar(day: int, month: int, year: str | None) -> Days:
    def days(today: date) -> Sequence[date]:
        years = (int(year),) if year else range(today.year - 4, today.year + 2)
        return tuple(_real(years, month, day))

    return days


def _real(years: Iterable[int], month: int, day: int) -> Iterable[date]:
    for year in years:
        try:
            yield date(year, month, day)
        except ValueError:  # the 29th of February of most years, or no day at all
            continue


def _month(word: str) -> int | None:
    for names in (_MONTHS, _MONATE):
        for number, name in enumerate(names, 1):
            if name.lower().startswith(word.lower()):
                return number
    return None


def _clock(found: re.Match[str]) -> time | None:
    """Return a time of day; None where it is none, or no more than a number."""
    hour, minute, second = (int(one or 0) for one in found.group(1, 2, 3))
    half = (found[4] or "").lower()
    if not (found[2] or half or found[5]):
        return None
    if half and 1 <= hour <= _NOON:
        hour = hour % _NOON + (_NOON if half == "p" else 0)
    elif half == "p":
        return None
    try:
        return time(hour, minute, second)
    except ValueError:
        return None


def _zone(words: str, zone: str) -> _Zone:
    """Return the zone that is left of what somebody typed. Raises Unread."""
    found = _PLACE.search(words)
    place = found[1] if found else ""
    rest = [one for one in _PLACE.sub(" ", words).split() if one.casefold() not in _FILLERS]
    name = rest[0] if rest else ""
    if len(rest) > 1 or (place and not known_zone(place)):
        raise _no_time(zone)
    if place or not name:
        return _Zone(ZoneInfo(place or zone), name)
    if name.upper() in ("Z", "UTC", "GMT"):
        return _Zone(UTC)
    if offset := _OFFSET.fullmatch(name):
        return _Zone(_offset(offset, zone))
    if not _NAME.fullmatch(name):
        raise _no_time(zone)
    if "/" in name and known_zone(name):
        return _Zone(ZoneInfo(name))
    return _Zone(ZoneInfo(zone), name.upper())


def _offset(found: re.Match[str], zone: str) -> tzinfo:
    ahead = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    if ahead >= _DAY:
        raise _no_time(zone)
    return timezone(ahead if found[1] == "+" else -ahead)


def _last(days: Sequence[date], clock: time, where: _Zone, ends_ms: int) -> int:
    """
    Return the last instant up to *ends_ms* at which the clock shows that; the only one where all are later.

    With a name only what is called so: `14:05 PST` is no time of Berlin, and of an hour that comes
    twice the named one is meant. Without one, an hour that comes twice is refused.
    """
    if where.name:
        every = [ms for day in days for ms in _on(day, clock, where.tz) if _called(ms, where)]
        if not every:
            raise _called_otherwise(days[-1], clock, where)
        return _latest(every, ends_ms)
    about = {_ms(datetime.combine(day, clock, tzinfo=where.tz)): day for day in days}
    found = _on(about[_latest(tuple(about), ends_ms)], clock, where.tz)
    return _only([ms for ms in found if ms <= ends_ms] or found, clock, where.tz)


def _latest(every: Sequence[int], ends_ms: int) -> int:
    return max((ms for ms in every if ms <= ends_ms), default=min(every))


def _on(day: date, clock: time, tz: tzinfo) -> list[int]:
    """Return the instants of a day at which the clock shows that: none, one or two."""
    found = []
    for fold in (0, 1):
        at = datetime.combine(day, clock, tzinfo=tz).replace(fold=fold)
        shows = at.astimezone(UTC).astimezone(tz).replace(tzinfo=None)
        if shows == at.replace(tzinfo=None, fold=0) and _ms(at) not in found:
            found.append(_ms(at))
    return found


def _only(found: Sequence[int], clock: time, tz: tzinfo) -> int:
    if not found:
        raise Unread(
            f"never came: clocks were put forward over {clock:%H:%M} that night; write it in UTC"
        )
    if len(found) > 1:
        local = (datetime.fromtimestamp(ms / 1000, tz) for ms in found)
        both = " or ".join(f"{at:%H:%M} {_named(at)}" for at in local)
        raise Unread(f"came twice that night; write {both}")
    return found[0]


def _called(at_ms: int, where: _Zone) -> bool:
    name = datetime.fromtimestamp(at_ms / 1000, where.tz).tzname() or ""
    return where.name in (name, f"UTC{name}", _GERMAN_ZONES.get(name, name), str(where.tz))


def _called_otherwise(day: date, clock: time, where: _Zone) -> Unread:
    name = _named(datetime.combine(day, clock, tzinfo=where.tz))
    return Unread(
        f"says {where.name}, and in {where.tz} it is {name} then; write {name}, UTC, or an offset such as +01:00"
    )


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
