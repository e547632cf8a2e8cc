"""Wait for a fact with a deadline, so that no test sleeps for a guess."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import TypeVar

T = TypeVar("T")
PAUSES_S = (0.001, 0.05)
"""Seconds between two looks, at first and at most: a look takes the time of what it waits for."""

PATIENCE = 10
"""
How many times longer a test waits than it says: its deadline is what a quiet machine needs.

A fact that comes late is still a fact; only one that never comes fails a test.
"""


def _pause_s(began: float) -> float:
    """Return how long to rest: a tenth of what was waited so far, so that it is hardly missed."""
    first, most = PAUSES_S
    return min(most, max(first, (time.monotonic() - began) / 10))


async def eventually(
    look: Callable[[], T | Awaitable[T]],
    *,
    timeout_s: float = 5.0,
    until: Callable[[T], bool] = bool,
) -> T:
    """
    Call *look* until *until* holds of its answer, and return that answer.

    *timeout_s* is in seconds, on a quiet machine.

    Raises:
        AssertionError: it did not hold in time; the last answer is in the message.
    """
    began = time.monotonic()
    deadline = began + timeout_s * PATIENCE
    while True:
        answer = look()
        seen: T = await answer if isawaitable(answer) else answer
        if until(seen):
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(
                f"did not hold within {timeout_s * PATIENCE} s; last seen: {seen!r}"
            )
        await asyncio.sleep(_pause_s(began))


def eventually_sync(
    look: Callable[[], T], *, timeout_s: float = 5.0, until: Callable[[T], bool] = bool
) -> T:
    """
    Do what `eventually` does, for tests without a loop.

    Raises:
        AssertionError: it did not hold in time.
    """
    began = time.monotonic()
    deadline = began + timeout_s * PATIENCE
    while True:
        seen = look()
        if until(seen):
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(
                f"did not hold within {timeout_s * PATIENCE} s; last seen: {seen!r}"
            )
        time.sleep(_pause_s(began))
