"""How long something takes, as runbooks write it: `90s`, `10m`, `1h30m`, `2d`. Pure."""

import re
from typing import Final

_UNITS_S: Final = (86_400, 3_600, 60, 1)
_FORM: Final = re.compile(
    r"(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m(?:in)?)?(?:(\d{1,6})s)?", re.IGNORECASE | re.ASCII
)


def duration_s(text: str) -> int | None:
    """Return a duration in seconds, blanks left out; None for anything else, and for nothing at all."""
    found = _FORM.fullmatch("".join(text.split()))
    if found is None:
        return None
    parts = (int(part or 0) for part in found.groups())
    return sum(count * unit for count, unit in zip(parts, _UNITS_S, strict=True)) or None
