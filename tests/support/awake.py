"""A clock for surfaces that really wait while the company behind them lives in a night of its own."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.support.world import SATURDAY_NIGHT_MS


@dataclass(frozen=True, slots=True)
class Awake:
    """
    The clock port: it waits as long as people do, and what day it is comes from the world.

    With two days in one test the same words mean another moment, and evidence grows old, as the
    machine's own date goes on.
    """

    wall: Callable[[], int] = lambda: SATURDAY_NIGHT_MS

    def now_ms(self) -> int:
        return self.wall()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
