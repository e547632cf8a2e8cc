"""`{{ name }}` in runbooks: a look-up by name after reading, never a template language. Pure."""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from opsbot.domain.prose import Block, Code, Heading, Listing, Paragraph, Prose, Quote, Span, Table
from opsbot.domain.runbook import Value

BUILT_IN: Final = ("incident.id", "incident.title", "incident.severity", "run.id", "runbook")
"""Names that every run knows, beside its parameters; without an incident those of it are empty."""

_NAME: Final = re.compile(r"\{\{[ \t]*([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)[ \t]*\}\}", re.ASCII)
_ANY: Final = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_SHELLS: Final = frozenset({"bash", "sh", "shell", "zsh", "console"})


def names_in(text: str) -> tuple[str, ...]:
    """Return the names that are looked up in a text, in order; `{{ x.__class__ }}` is no name."""
    return tuple(found[1] for found in _NAME.finditer(text))


def odd_in(text: str) -> tuple[str, ...]:
    """Return what stands between double braces and is no name: it stays as it was written."""
    return tuple(found[0] for found in _ANY.finditer(text) if not _NAME.fullmatch(found[0]))


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return a text with known names replaced once; what a value holds is never looked at again."""
    return _NAME.sub(lambda found: values.get(found[1], found[0]), text)


def fill_value(value: Value, values: Mapping[str, str]) -> Value:
    """Return an argument with known names replaced, in lists and mappings as well; keys stay."""
    if isinstance(value, str):
        return fill(value, values)
    if isinstance(value, Mapping):
        return {name: fill_value(one, values) for name, one in value.items()}
    return tuple(fill_value(one, values) for one in value)


def fill_prose(prose: Prose, values: Mapping[str, str]) -> Prose:
    """Return a line with known names replaced in its words and code; never in an address."""
    return tuple(_filled(span, values) for span in prose)


def fill_blocks(blocks: Iterable[Block], values: Mapping[str, str]) -> tuple[Block, ...]:
    """Return blocks with known names replaced; in shell code a value is quoted as one word."""
    return tuple(_block(one, values) for one in blocks)


def names_in_prose(prose: Prose) -> Iterator[str]:
    """Yield the names that are looked up in a line, in order."""
    for span in prose:
        yield from names_in(span.text)
        yield from names_in_prose(span.inner)


def _filled(span: Span, values: Mapping[str, str]) -> Span:
    return replace(span, text=fill(span.text, values), inner=fill_prose(span.inner, values))


def _block(block: Block, values: Mapping[str, str]) -> Block:
    if isinstance(block, (Paragraph, Heading)):
        return replace(block, prose=fill_prose(block.prose, values))
    if isinstance(block, Code):
        return replace(block, text=_code(block, values))
    if isinstance(block, Listing):
        return replace(block, items=tuple(fill_blocks(one, values) for one in block.items))
    if isinstance(block, Quote):
        return replace(block, blocks=fill_blocks(block.blocks, values))
    if isinstance(block, Table):
        return _table(block, values)
    return block


def _table(table: Table, values: Mapping[str, str]) -> Table:
    head = tuple(fill_prose(cell, values) for cell in table.head)
    rows = tuple(tuple(fill_prose(cell, values) for cell in row) for row in table.rows)
    return replace(table, head=head, rows=rows)


def _code(code: Code, values: Mapping[str, str]) -> str:
    if code.language.lower() not in _SHELLS:
        return fill(code.text, values)
    return fill(code.text, {name: shlex.quote(value) for name, value in values.items()})
