"""Makes a value of an immutable source once, and hands it out again for as long as the source is the same."""

from collections.abc import Callable
from typing import Generic, TypeVar

S = TypeVar("S")
V = TypeVar("V")


class Remembered(Generic[S, V]):
    """
    A function that remembers what it made of the last source, by identity.

    For what many questions read from one state: its records are replaced and never changed in
    place, so the very same object always means the same. One source is kept, not more.
    """

    __slots__ = ("_last", "_make")

    def __init__(self, make: Callable[[S], V]) -> None:
        self._make = make
        self._last: tuple[S, V] | None = None

    def __call__(self, source: S) -> V:
        """Return what is made of *source*. Raises whatever making it raises, each time."""
        last = self._last
        if last is not None and last[0] is source:
            return last[1]
        made = self._make(source)
        self._last = (source, made)
        return made
