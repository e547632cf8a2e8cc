"""Makes a value of an immutable source once, and hands it out again for as long as the source is the same."""

from collections.abc import Callable, Mapping
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


class RememberedEach(Generic[S, V]):
    """
    A function over records by id that makes anew only what was replaced since the last call.

    For kinds that only ever grow: reading thousands of records again because one of them changed
    would hold up everybody who asks next.
    """

    __slots__ = ("_known", "_make")

    def __init__(self, make: Callable[[S], V]) -> None:
        self._make = make
        self._known: dict[str, tuple[S, V]] = {}

    def __call__(self, records: Mapping[str, S]) -> tuple[V, ...]:
        """Return what is made of each record, in their order. Raises whatever making one raises."""
        known = self._known
        self._known = {
            name: held
            if (held := known.get(name)) is not None and held[0] is record
            else (record, self._make(record))
            for name, record in records.items()
        }
        return tuple(value for _, value in self._known.values())
