"""The shipped runbooks, read once, and what is said in them."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from opsbot.adapters.runbooks.markdown import parse
from opsbot.domain.prose import Block, Heading, Listing, Paragraph, Prose, Quote, plain
from opsbot.domain.runbook import Runbook, Step
from opsbot.slack.typed.incident import parse_incident
from opsbot.slack.typed.parse import parse_kill, parse_restore
from opsbot.slack.typed.route import parse_route
from opsbot.slack.typed.runbook import parse_runbook

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "runbooks").glob("*.md"))
IMPORTED = sorted((ROOT / "runbooks" / "imported").glob("*.md"))
INCIDENTS: Final = {
    *("wrong-answers", "prompt-injection", "data-leak", "runaway-cost"),
    *("quality-regression", "provider-outage", "unsafe-content", "tool-misuse"),
}
DRILL: Final = "kill-switch-drill"
PHASES: Final = ("Detect", "Contain", "Assess", "Tell people", "Verify", "Restore", "Learn")
TOLD_WITHIN: Final = 8
"""The first words to people are among the first steps on paper, too."""

CADENCE_S: Final = {"SEV1": 20 * 60, "SEV2": 30 * 60}
FILLED_IN: Final = (
    (r"\{\{ workflow \}\}", "support-copilot"),
    ("provider:NAME", "provider:openai"),
    ("(tool|tenant):NAME", r"\1:acme"),
    ("NAME", "support-copilot"),
    ("LINK", "https://traces.example.com/1"),
    ("K-…", "K-1"),
    ("from:r5 …", "from:r5 param:temperature=0"),
)
READERS: Final[dict[str, Callable[[str], object]]] = {
    "/ai-kill": parse_kill,
    "/ai-restore": parse_restore,
    "/ai-route": parse_route,
    "/ai-incident": lambda text: parse_incident(text, now_ms=0, names=("support-copilot",)),
    "/ai-runbook": parse_runbook,
    "/ai-status": str,
    "/ai-oncall": str,
}
LONGEST: Final = 30
"""Words of a sentence."""

HARD_WORDS: Final = (
    *("utili[sz]e", "leverage", "mitigat", "remediat", "facilitat", "ensure", "in order to"),
    *("as appropriate", "as needed", "if necessary", "should be", "is being", "are being"),
    *("has been", "have been", "shortly", "asap", "please be", "e\\.g\\.", "i\\.e\\.", "etc\\."),
    *("simply", "obviously", "just "),
)


def book(path: Path) -> Runbook:
    """Return a shipped runbook; one that cannot be read fails with what is wrong."""
    parsed = parse(path.read_bytes(), name=path.stem, file=path.name)
    assert parsed.findings == ()
    assert parsed.runbook is not None
    return parsed.runbook


BOOKS: Final = {path.stem: book(path) for path in FILES}
each = pytest.mark.parametrize("name", sorted(BOOKS))
each_incident = pytest.mark.parametrize("name", sorted(INCIDENTS))


def verbs(step: Step) -> list[str]:
    """Return the verbs of a step in their order."""
    return [one.verb for one in step.actions]


def prose(blocks: tuple[Block, ...]) -> Iterator[Prose]:
    """Yield every line that people read in some blocks."""
    for block in blocks:
        if isinstance(block, (Paragraph, Heading)):
            yield block.prose
        elif isinstance(block, Quote):
            yield from prose(block.blocks)
        elif isinstance(block, Listing):
            for item in block.items:
                yield from prose(item)


def lines(step: Step) -> Iterator[str]:
    """Yield everything that is said on the screen of a step."""
    yield step.title
    yield from (plain(one) for one in prose(step.body))
    yield from (plain(one.prose) for one in step.boxes)
    yield from (plain(one) for one in (step.expect, step.skip_when) if one)
    if step.decide is not None:
        yield plain(step.decide.question)
        yield from (one.label for one in step.decide.options)


def sentences(one: Runbook) -> Iterator[str]:
    """Yield every sentence of a runbook."""
    intro = (plain(line) for line in prose(one.intro))
    for line in (*intro, *(line for step in one.steps for line in lines(step))):
        yield from re.split(r"(?<=[.!?])\s+|(?<=:)\s+", line)


def typed_in(one: Runbook) -> list[str]:
    """Return the slash commands that a runbook shows, with what is to be filled in filled in."""
    codes = re.findall(r"`(/ai-[^`]+)`", one.source)
    for pattern, value in FILLED_IN:
        codes = [re.sub(pattern, value, code) for code in codes]
    return codes
