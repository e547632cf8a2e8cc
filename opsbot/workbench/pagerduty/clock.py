"""The stand-in's own time, which tests may push, and how PagerDuty writes a moment."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(slots=True)
class Clock:
    """Unix seconds by *wall*, and as many more as were pushed."""

    wall: Callable[[], float] = time.time  # noqa: TID251 - the stand-in plays somebody else's server
    pushed_s: float = 0.0

    def __call__(self) -> float:
        return self.wall() + self.pushed_s

    def push(self, seconds: float) -> None:
        """Let *seconds* pass at once."""
        self.pushed_s += seconds


def stamp(at: float) -> str:
    """Write a moment as REST answers do: whole seconds."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def precise(at: float) -> str:
    """Write a moment as webhooks do: milliseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: str) -> float | None:
    """Read an ISO 8601 moment, UTC where it names no zone; None where it is none."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
