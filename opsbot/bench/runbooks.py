"""What reading runbooks costs: a megabyte as people write it, and pages and templates made to be slow."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from markdown_it import MarkdownIt

from opsbot.bench import Fill, Read
from opsbot.bench.hostile import HOSTILE
from opsbot.bench.hostile_templates import HOSTILE_TEMPLATES
from opsbot.bench.machine import machine
from opsbot.bench.report import Cell, Promise, Report, Table

MEGABYTE: Final = 1_000_000
ROUNDS: Final = 5
READ_S, HOSTILE_S, TEMPLATE_MS = 1.0, 2.0, 50.0
SHOWN: Final = 8
"""The slowest hostile pages, in the table; all of them are in the promise."""

_FRONT: Final = """\
---
runbook: page-{n}
title: Wrong answers of kind {n}
owner: support-ai
reviewed: 2026-11-01
review_every: 90d
incident_types: [hallucination_harm]
severity: sev2
params:
  workflow: {{type: workflow, required: true}}
---
# Wrong answers of kind {n}

Use this when users get answers that are **false** and can hurt them: a promised refund, a wrong dose.
"""
_STEP: Final = """\

### Look at sample {n}

**Who:** responder · **Time:** 5m

Ask the *failing* questions again, as [the record](https://example.com/{n}) has them; `opsbot status` says what serves.
One good answer proves nothing, because the same question is answered differently each time.
{more}
- [ ] Search all traces for the same claim, back to the last change of model, prompt or index.
- [ ] List the users who read it, and those who acted on it. Write the number into the timeline, with the time of the first one.

**Expect:** a number of users, a first time and a last time, with links.
"""
_ACTION: Final = """
```yaml capture
workflow: "{{ workflow }}"
what: [route, fleet, signals]
```
"""
_TABLE: Final = """
| what | where | how long |
|------|-------|---------:|
| traces | the collector | 30 days |
| prompts | the vault | 7 days |
"""
_MORE: Final = (_ACTION, "", _TABLE, _ACTION, "", "")
_PHASES, _STEPS = 3, 9


def page(number: int) -> str:
    """Return one runbook of about 17 KB, with as many actions and tables as people write."""
    parts = [_FRONT.format(n=number)]
    for phase in range(_PHASES):
        parts.append(f"\n## Phase {phase}\n")
        for step in range(_STEPS):
            more = _MORE[(phase + step) % len(_MORE)]
            parts.append(_STEP.format(n=f"{number}-{phase}-{step}", more=more))
    return "".join(parts)


def pages(size: int = MEGABYTE) -> Sequence[str]:
    """Return whole pages of *size* bytes together, or a little more."""
    found: list[str] = []
    while sum(len(one) for one in found) < size:
        found.append(page(len(found)))
    return found


def report(
    tell: Callable[[str], None],
    read: Read | None,
    *,
    fill: Fill | None = None,
    made: Mapping[str, str] = HOSTILE,
    size: int = MEGABYTE,
    rounds: int = ROUNDS,
) -> Report:
    """
    Read everything in turns, so that a neighbour disturbs all alike; times are of the processor.

    *made* are the pages that were made to be slow, by kind.

    Raises:
        ValueError: *read* is None.
    """
    if read is None:
        raise ValueError("nothing was given that reads runbooks")
    where, given = machine(), pages(size)
    written = sum(len(one.encode()) for one in given)
    ways = _ways(given, read)
    best = dict.fromkeys(ways, float("inf"))
    tell(f"{written / 1e6:.2f} MB in {len(given)} pages, {rounds} rounds ...")
    for _ in range(rounds):
        for name, way in ways.items():
            best[name] = min(best[name], _took(way))
    tell(f"{len(made)} hostile pages, ours and foreign ...")
    found = (_hostile(made[kind], kind, name, read) for kind in made for name in _NAMES)
    hostile = sorted(found, reverse=True)
    per_mb = {name: seconds / written * MEGABYTE for name, seconds in best.items()}
    refused = [] if fill is None else sorted(_filled(fill), reverse=True)
    tables = (*_tables(per_mb, hostile), *_of_templates(refused))
    kept = (*_promises(per_mb, hostile), _template_promise(refused))
    return Report("runbooks", where, tables, kept)


_NAMES: Final = {"page": "ours", "imported/page": "foreign"}
_OURS, _FOREIGN = "as runbooks of ours", "as foreign pages"


def _ways(given: Sequence[str], read: Read) -> dict[str, Callable[[], object]]:
    bare = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

    def all_read(name: str, *, ruled: bool) -> list[str]:
        """Read one after the other and keep none, as a reload does."""
        return [read(text, name.format(n), ruled) for n, text in enumerate(given)]

    return {
        "floor: markdown-it alone": lambda: sum(len(bare.parse(text)) for text in given),
        _FOREIGN: lambda: all_read("imported/page-{}", ruled=False),
        _OURS: lambda: all_read("page-{}", ruled=False),
        "as runbooks of ours, and every rule": lambda: all_read("page-{}", ruled=True),
    }


def _took(way: Callable[[], object]) -> float:
    begun = time.process_time()
    way()
    return time.process_time() - begun


def _hostile(text: str, kind: str, name: str, read: Read) -> tuple[float, str, str, str]:
    begun = time.process_time()
    refused = read(text, name, False)
    return time.process_time() - begun, kind, _NAMES[name], refused or "read"


def _tables(
    per_mb: dict[str, float], hostile: Sequence[tuple[float, str, str, str]]
) -> tuple[Table, ...]:
    floor = next(iter(per_mb.values()))
    rows: list[tuple[Cell, ...]] = [
        (name, seconds, seconds / floor) for name, seconds in per_mb.items()
    ]
    slow: list[tuple[Cell, ...]] = [
        (kind, whose, took, became) for took, kind, whose, became in hostile[:SHOWN]
    ]
    return (
        Table("A megabyte of markdown, best round", ("read", "s", "x floor"), tuple(rows)),
        Table("The slowest hostile pages", ("page", "read as", "s", "came to"), tuple(slow)),
    )


def _filled(fill: Fill) -> Iterator[tuple[float, str, str]]:
    """Yield milliseconds of this processor, the template, and what it came to."""
    fill("{{ feature }}")  # what is loaded once is nobody's fault
    for kind, source in HOSTILE_TEMPLATES.items():
        begun = time.process_time()
        became = fill(source)
        yield (time.process_time() - begun) * 1000, kind, became or "filled"


def _of_templates(refused: Sequence[tuple[float, str, str]]) -> tuple[Table, ...]:
    if not refused:
        return ()
    rows: list[tuple[Cell, ...]] = [(kind, took, became) for took, kind, became in refused[:SHOWN]]
    title = f"The slowest of {len(refused)} hostile templates"
    return (Table(title, ("template", "ms", "came to"), tuple(rows)),)


def _template_promise(refused: Sequence[tuple[float, str, str]]) -> Promise:
    slowest = refused[0][0] if refused else None
    return Promise("the slowest hostile template", TEMPLATE_MS, slowest, "ms")


def _promises(
    per_mb: dict[str, float], hostile: Sequence[tuple[float, str, str, str]]
) -> tuple[Promise, ...]:
    return (
        Promise("a megabyte of foreign pages", READ_S, per_mb[_FOREIGN], "s"),
        Promise("a megabyte of runbooks", READ_S, per_mb[_OURS], "s"),
        Promise("the slowest hostile page", HOSTILE_S, hostile[0][0], "s"),
    )
