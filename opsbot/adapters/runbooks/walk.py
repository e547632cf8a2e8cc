"""Everything that a runbook says, piece by piece with its line; and where one step leads."""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from opsbot.domain.prose import Block, Code, Heading, Listing, Paragraph, Prose, Quote, Span, Table
from opsbot.domain.runbook import Runbook, Step, Value

Said: TypeAlias = tuple[Prose, int]


def blocks_of(runbook: Runbook) -> Iterator[Block]:
    """Yield every block, those within others as well."""
    yield from _deep(runbook.intro)
    for phase in runbook.phases:
        yield from _deep(phase.intro)
        for step in phase.steps:
            yield from _deep(step.body)


def said_by(runbook: Runbook) -> Iterator[Said]:
    """Yield every line of words and where it stands; labels by the line of their step."""
    for block in blocks_of(runbook):
        yield from _said(block)
    for step in runbook.steps:
        yield from _said_by_step(step)


def codes_of(runbook: Runbook) -> Iterator[Code]:
    """Yield every piece of code."""
    return (one for one in blocks_of(runbook) if isinstance(one, Code))


def spans_of(prose: Prose) -> Iterator[Span]:
    """Yield every piece of a line, those within others as well."""
    for span in prose:
        yield span
        yield from spans_of(span.inner)


def texts_in(value: Value) -> Iterator[str]:
    """Yield every text of an argument."""
    if isinstance(value, str):
        yield value
        return
    parts: Iterable[Value] = value if isinstance(value, tuple) else value.values()
    for one in parts:
        yield from texts_in(one)


def next_steps(runbook: Runbook, step: Step) -> Iterator[str]:
    """Yield the ids of the steps that may come after one in its own lane, or by its links."""
    options = step.decide.options if step.decide is not None else ()
    targets = [found for one in options if (found := runbook.step(one.step)) is not None]
    yield from (one.id for one in targets)
    if step.undo:
        yield step.undo
    if options and (any(one.lane == step.lane for one in targets) or not targets):
        return
    lane = runbook.lane(step.lane)
    at = next((at for at, one in enumerate(lane) if one is step), len(lane))
    yield from (one.id for one in lane[at + 1 : at + 2])


def _said_by_step(step: Step) -> Iterator[Said]:
    yield from ((box.prose, box.line) for box in step.boxes)
    yield from ((prose, step.line) for prose in (step.expect, step.undo_words, step.skip_when))
    if step.decide is not None:
        yield step.decide.question, step.decide.line


def _said(block: Block) -> Iterator[Said]:
    if isinstance(block, (Paragraph, Heading)):
        yield block.prose, block.line
    elif isinstance(block, Table):
        for row in (block.head, *block.rows):
            yield from ((cell, block.line) for cell in row)


def _deep(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        yield block
        if isinstance(block, Listing):
            for item in block.items:
                yield from _deep(item)
        elif isinstance(block, Quote):
            yield from _deep(block.blocks)
