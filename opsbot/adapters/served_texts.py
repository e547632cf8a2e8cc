"""Reads and writes a history of served calls as texts; the memory twin and Redis keep the same ones."""

from collections.abc import Mapping

from opsbot.domain.served.served import SAMPLES, Base, Hour, Sample
from opsbot.domain.served.text import as_text, base_of, base_text, spans_of

Texts = Mapping[str, str]


def sample_texts(sample: Sample, hour: int) -> tuple[Texts, Texts, Texts]:
    """Return a sample's counters by process, its spans by workflow, and the summaries likewise."""
    return (
        {name: base_text(base) for name, base in sample.learned.items()},
        {name: as_text(spans, hour) for name, spans in sample.spans.items()},
        {
            name: as_text(spans, sample.over if sample.over is not None else hour)
            for name, spans in sample.summary.items()
        },
    )


def known_of(texts: Texts) -> dict[str, Base]:
    """
    Return counters by process.

    One that cannot be read is not known: that process is counted as a new one, and said to be.
    """
    found = {}
    for name, text in texts.items():
        try:
            found[name] = base_of(text)
        except ValueError:
            continue
    return found


def hour_of_texts(minutes: Texts, summary: Texts, hour: int) -> Hour | None:
    """Return an hour by its minutes, else by its sum; None where neither is kept or can be read."""
    for texts in (minutes, summary):
        if SAMPLES not in texts:
            continue
        try:
            return {name: spans_of(text, hour) for name, text in texts.items()}
        except ValueError:
            continue
    return None
