"""Instants of a message as they are read outside, and in UTC, which everything else here is in. Pure."""

from opsbot.domain.comms.moments import typed


def both(at_ms: int, zone: str, now_ms: int) -> str:
    """Return an instant in the zone that people outside read, and in UTC: `14:05 CET, 21 Nov (13:05 UTC)`."""
    outside = typed(at_ms, zone, now_ms)
    utc = typed(at_ms, "UTC", now_ms).partition(",")[0]
    return outside if outside.startswith(utc) else f"{outside} ({utc})"
