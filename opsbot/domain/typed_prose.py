"""Commands in texts that know of no workspace (runbooks), respelled as the surface that shows them types them. Pure."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from opsbot.domain.prose import Block, Heading, Listing, Paragraph, Prose, Quote, Span, Table
from opsbot.domain.typed import Spell, command

USUAL: Final = "ai"
"""The prefix that such a text is written with, whatever the workspace's own is."""

VERBS: Final = frozenset(
    {
        "audit",
        "comms",
        "incident",
        "kill",
        "oncall",
        "restore",
        "rollback",
        "route",
        "runbook",
        "status",
    }
)
"""Slash commands that there are; the rest of a text is nobody's to change."""

_WRITTEN: Final = re.compile(rf"/{USUAL}-((?:{'|'.join(sorted(VERBS))})(?: [^\n]*)?)")


_QUOTED: Final = re.compile(rf"`/{USUAL}-((?:{'|'.join(sorted(VERBS))})(?: [^`\n]*)?)`")


def respelled(code: str, spell: Spell) -> str:
    """Return a piece of code as a surface types it where it is one of our commands, else as it is."""
    found = _WRITTEN.fullmatch(code)
    return code if found is None else spell(found[1])


def marked(text: str) -> str:
    """Return a text whose pieces of code stand in backticks with our commands marked, as `command` does."""
    return _QUOTED.sub(lambda found: command(found[1]), text)


def spelled_prose(prose: Prose, spell: Spell) -> Prose:
    """Return a line with the commands in its pieces of code as one surface types them."""
    return tuple(_span(span, spell) for span in prose)


def spelled_block(block: Block, spell: Spell) -> Block:
    """Return a block with the commands in its pieces of code respelled; fences stay as they are."""
    if isinstance(block, (Paragraph, Heading)):
        return replace(block, prose=spelled_prose(block.prose, spell))
    if isinstance(block, Listing):
        return replace(block, items=tuple(spelled_blocks(one, spell) for one in block.items))
    if isinstance(block, Quote):
        return replace(block, blocks=spelled_blocks(block.blocks, spell))
    if isinstance(block, Table):
        head = tuple(spelled_prose(cell, spell) for cell in block.head)
        rows = tuple(tuple(spelled_prose(cell, spell) for cell in row) for row in block.rows)
        return replace(block, head=head, rows=rows)
    return block


def spelled_blocks(blocks: Iterable[Block], spell: Spell) -> tuple[Block, ...]:
    """Return blocks with the commands in their pieces of code respelled."""
    return tuple(spelled_block(one, spell) for one in blocks)


def _span(span: Span, spell: Spell) -> Span:
    if span.kind == "code":
        return replace(span, text=respelled(span.text, spell))
    return replace(span, inner=spelled_prose(span.inner, spell)) if span.inner else span
