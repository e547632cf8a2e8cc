"""Moments as people type them under stress: `10m`, `03:14`, `2026-11-21T03:14Z`. Pure."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from opsbot.domain.errors import NeedsMoreWords
from opsbot.slack.typed.words import shown

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
_AGO: Final = re.compile(
    r"(?:(\d{1,3})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m(?:in)?)?(?:ago)?", re.IGNORECASE | re.ASCII
)
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?z?", re.IGNORECASE | re.ASCII)


def seconds(word: str) -> int | None:
    """Return how long a word lasts in seconds (`90m`, `2h`, `1d12h`), None where it is no duration."""
    found = _AGO.fullmatch(word)
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return days * DAY_S + hours * HOUR_S + minutes * MINUTE_S


def moment(word: str, now_ms: int, *, what: str = "time") -> int:
    """
    Return the moment that a word means, in milliseconds since 1970.

    `10m` is ten minutes ago. `03:14` is the last time it was that late (UTC). A date with a time is
    itself, in UTC unless it names a zone; a date alone is no moment.

    Raises:
        NeedsMoreWords: it is no moment.
    """
    ago = seconds(word)
    if ago is not None:
        return now_ms - ago * 1000
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    if (clock := _CLOCK.fullmatch(word)) is not None:
        hour, minute, second = (int(part or 0) for part in clock.groups())
        then = now.replace(hour=hour, minute=minute, second=second, microsecond=0)
        return _ms(then if then <= now else then - timedelta(days=1))
    try:
        return dated(word)
    except (ValueError, OverflowError):
        raise NeedsMoreWords(
            f"`{shown(word)}` is no time for `{what}`; nothing was changed.",
            hint="Write `10m` (ago), `03:14` (UTC), or `2026-11-21T03:14Z`.",
        ) from None


def dated(word: str) -> int:
    """
    Return the moment of a date with a time, in milliseconds since 1970; UTC unless it names a zone.

    Raises:
        ValueError, OverflowError: it is none, or before 1970.
    """
    if ":" not in word or not word.isascii():
        raise ValueError(f"no time of day: {word!r}")
    read = datetime.fromisoformat(word.upper())
    found = _ms(read if read.tzinfo is not None else read.replace(tzinfo=UTC))
    if found < 0:
        raise ValueError(f"before 1970: {word!r}")
    return found


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
