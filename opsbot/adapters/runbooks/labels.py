"""Bold labels of a step: `**Who:** ops · **Time:** 3m`, several to a line; nothing else is bold and a label."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from opsbot.domain.prose import Prose, Span, plain

Label = Literal["Who", "Time", "Expect", "Decide", "Undo", "Skip when", "Continue in"]
LABELS: Final[tuple[Label, ...]] = (
    "Who",
    "Time",
    "Expect",
    "Decide",
    "Undo",
    "Skip when",
    "Continue in",
)
_BY_WORD: Final = {one.casefold(): one for one in LABELS}
_BETWEEN: Final = " \t·|,;"


@dataclass(frozen=True, slots=True)
class Labelled:
    """One label and what it says."""

    label: Label
    prose: Prose


def named(span: Span) -> Label | None:
    """Return the label that a bold piece is, colon included; None for anything else."""
    if span.kind != "strong":
        return None
    word = plain(span.inner).strip()
    return _BY_WORD.get(" ".join(word[:-1].split()).casefold()) if word.endswith(":") else None


def almost(prose: Prose) -> str:
    """Return the bold word that a paragraph begins with as a label does, empty where it does not."""
    if not prose or prose[0].kind != "strong":
        return ""
    word = plain(prose[0].inner).strip()
    after = prose[1].text if len(prose) > 1 and prose[1].kind == "text" else ""
    if word.endswith(":") or after.lstrip().startswith(":"):
        return word.removesuffix(":").strip()
    return ""


def labels(prose: Prose) -> tuple[Labelled, ...]:
    """Return the labels of a paragraph that begins with one; none for any other."""
    if not prose or named(prose[0]) is None:
        return ()
    return tuple(_cut(prose))


def holds_label(prose: Prose) -> Label | None:
    """Return the first label anywhere in a line, at whatever depth."""
    for span in prose:
        found = named(span) or holds_label(span.inner)
        if found is not None:
            return found
    return None


def _cut(prose: Prose) -> Iterator[Labelled]:
    label: Label | None = None
    value: list[Span] = []
    for span in prose:
        found = named(span)
        if found is None:
            value.append(span)
            continue
        if label is not None:
            yield Labelled(label, trimmed(value))
        label, value = found, []
    assert label is not None
    yield Labelled(label, trimmed(value))


def trimmed(prose: Sequence[Span]) -> Prose:
    """Return a line without blanks and separators at its ends."""
    spans = list(prose)
    while spans and spans[0].kind in {"text", "break"}:
        spans[0] = replace(spans[0], text=spans[0].text.lstrip(_BETWEEN))
        if spans[0].text:
            break
        del spans[0]
    while spans and spans[-1].kind in {"text", "break"}:
        spans[-1] = replace(spans[-1], text=spans[-1].text.rstrip(_BETWEEN))
        if spans[-1].text:
            break
        del spans[-1]
    return tuple(spans)
