"""Opening hours of a human queue, `Mon-Fri 08:00-20:00 Europe/Berlin`: when do they end? Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = re.compile(r"(\w{3})(?:-(\w{3}))? (\d\d:\d\d)-(\d\d:\d\d) (\S+)")


@dataclass(frozen=True, slots=True)
class Hours:
    """Days of the week (0 is Monday) and a span of local time; *closes* after *opens*."""

    days: frozenset[int]
    opens: time
    closes: time
    zone: ZoneInfo
    always: bool = False

    def open_at(self, now_ms: int) -> bool:
        """Return whether somebody takes over now."""
        local = self._local(now_ms)
        return local.weekday() in self.days and self.opens <= local.time() < self.closes

    def closing_ms(self, now_ms: int) -> int | None:
        """
        Return the milliseconds since 1970 at which an open queue closes; None if it never does.

        A queue that closes at midnight and opens at midnight goes on. Of a local time that comes
        twice (clocks go back) it is the one that is still to come.
        """
        day = self._local(now_ms).date()
        if self.always or (self._round and len(self.days) == len(_DAYS)):
            return None
        while self._round and (day + timedelta(days=1)).weekday() in self.days:
            day += timedelta(days=1)
        if self.closes == time.max:
            return _ms(datetime.combine(day + timedelta(days=1), time(0), tzinfo=self.zone))
        end = datetime.combine(day, self.closes, tzinfo=self.zone)
        return _ms(end) if _ms(end) > now_ms else _ms(end.replace(fold=1))

    def opening_ms(self, now_ms: int) -> int:
        """Return the milliseconds since 1970 at which it opens next; now, where it is open."""
        if self.always or self.open_at(now_ms):
            return now_ms
        day = self._local(now_ms).date()
        for ahead in range(len(_DAYS) + 1):
            then = datetime.combine(day + timedelta(days=ahead), self.opens, tzinfo=self.zone)
            if then.weekday() in self.days and _ms(then) > now_ms:
                return _ms(then)
        return now_ms  # not reached: every span has a day within a week

    @property
    def _round(self) -> bool:
        return self.opens == time(0) and self.closes == time.max

    def _local(self, now_ms: int) -> datetime:
        return datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(self.zone)


def parse_hours(text: str) -> Hours:
    """
    Read one span, `Mon-Fri 08:00-20:00 Europe/Berlin`, `Sat 09:00-12:00 UTC`, or `always`.

    Raises:
        ValueError: not of that form, an unknown day or zone, or it closes before it opens.
    """
    if text.strip().lower() == "always":
        return Hours(frozenset(range(7)), time(0), time.max, ZoneInfo("UTC"), always=True)
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"not opening hours: {text!r}; write `Mon-Fri 08:00-20:00 Europe/Berlin`")
    first, last, opens, closes, zone = found.groups()
    hours = Hours(_days(first, last or first), _clock(opens), _clock(closes), _zone(zone))
    if hours.closes <= hours.opens:
        raise ValueError(f"the queue closes before it opens: {text!r}")
    return hours


def next_morning_ms(now_ms: int, *, hour: int = 9) -> int:
    """Return the next *hour* o'clock UTC, at least an hour away."""
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    morning = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    while morning < now + timedelta(hours=1):
        morning += timedelta(days=1)
    return int(morning.timestamp() * 1000)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _days(first: str, last: str) -> frozenset[int]:
    try:
        start, end = _DAYS.index(first.lower()), _DAYS.index(last.lower())
    except ValueError:
        raise ValueError(f"unknown day in {first}-{last}; write Mon, Tue, Wed ...") from None
    return frozenset((start + step) % 7 for step in range((end - start) % 7 + 1))


def _clock(text: str) -> time:
    if text == "24:00":
        return time.max
    return time.fromisoformat(text)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"unknown time zone {name!r}; write Europe/Berlin or UTC") from None
