"""The memory twin of the history of served calls: the same texts, the same steps."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from opsbot.adapters.served_texts import hour_of_texts, known_of, sample_texts
from opsbot.app.exposure_port import Keep
from opsbot.domain.served.served import HOUR_MS, SAMPLES, Basis, Head, Hour, Sample


@dataclass(slots=True)
class Aging:
    """Texts by workflow, and the server's time at which they are gone."""

    texts: dict[str, str] = field(default_factory=dict)
    until_ms: int = 0


@dataclass(slots=True)
class Shelf:
    """What a server keeps of it."""

    number: int = 0
    at_ms: int | None = None
    base: dict[str, str] = field(default_factory=dict)
    minutes: dict[int, Aging] = field(default_factory=dict)
    summaries: dict[int, Aging] = field(default_factory=dict)


class MemoryServed:
    """The `ServedHistory` port on a `Shelf`; no step awaits, so each is whole."""

    def __init__(self, shelf: Shelf, now_ms: Callable[[], int]) -> None:
        self._shelf = shelf
        self._now_ms = now_ms

    async def head(self) -> Head:
        """Return where the history stands."""
        return Head(self._shelf.number, self._shelf.at_ms, self._now_ms())

    async def basis(self) -> Basis:
        """Return what the next sample is counted from."""
        return Basis(self._shelf.number, self._shelf.at_ms, known_of(self._shelf.base))

    async def add(self, sample: Sample, keep: Keep) -> bool:
        """Add a sample in one step."""
        shelf, hour, now_ms = self._shelf, sample.at_ms // HOUR_MS, self._now_ms()
        if shelf.number != sample.number:
            return False
        learned, spans, summary = sample_texts(sample, hour)
        for name in sample.dropped:
            shelf.base.pop(name, None)
        shelf.base |= learned
        _append(shelf.minutes.setdefault(hour, Aging()), spans, now_ms + keep.keep_ms)
        if sample.over is not None:
            shelf.summaries[sample.over] = Aging(dict(summary), now_ms + keep.keep_ms)
            if (ended := shelf.minutes.get(sample.over)) is not None:
                ended.until_ms = now_ms + keep.minutes_ms
        shelf.number, shelf.at_ms = shelf.number + 1, sample.at_ms
        return True

    async def hours(
        self, first: int, last: int, names: Collection[str] | None = None
    ) -> Mapping[int, Hour]:
        """Return what is kept of some hours."""
        wanted = None if names is None else {SAMPLES, *names}
        found = {
            hour: hour_of_texts(
                self._texts(self._shelf.minutes.get(hour), wanted),
                self._texts(self._shelf.summaries.get(hour), wanted),
                hour,
            )
            for hour in range(first, last + 1)
        }
        return {hour: one for hour, one in found.items() if one is not None}

    def _texts(self, kept: Aging | None, names: set[str] | None) -> Mapping[str, str]:
        if kept is None or kept.until_ms <= self._now_ms():
            return {}
        return {name: text for name, text in kept.texts.items() if names is None or name in names}


def _append(hour: Aging, spans: Mapping[str, str], until_ms: int) -> None:
    for name, text in spans.items():
        hour.texts[name] = hour.texts.get(name, "") + text
    hour.until_ms = until_ms
