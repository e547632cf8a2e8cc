"""How long something takes, as runbooks write it: `90s`, `10m`, `1h30m`, `2d`. Pure."""

import re
from typing import Final

_UNITS_S: Final = (86_400, 3_600, 60, 1)
_SECOND_MS: Final = 1_000
_EXACT_MS: Final = 10_000
"""From here on tenths of a second say nothing."""

_FORM: Final = re.compile(
    r"(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m(?:in)?)?(?:(\d{1,6})s)?", re.IGNORECASE | re.ASCII
)


def elapsed(ms: float) -> str:
    """Return how long something took as people say it: `320 ms`, `3.2 s`, `32 s`, `2 min 5 s`, `1 h 3 min`."""
    if round(ms) < _SECOND_MS:
        return f"{ms:.0f} ms"
    if round(ms, -2) < _EXACT_MS:
        return f"{ms / _SECOND_MS:.1f} s"
    minutes, seconds = divmod(round(ms / _SECOND_MS), 60)
    if minutes >= 60:  # noqa: PLR2004  minutes of an hour
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def duration_s(text: str) -> int | None:
    """Return a duration in seconds, blanks left out; None for anything else, and for nothing at all."""
    found = _FORM.fullmatch("".join(text.split()))
    if found is None:
        return None
    parts = (int(part or 0) for part in found.groups())
    return sum(count * unit for count, unit in zip(parts, _UNITS_S, strict=True)) or None
