"""markdown-it with a fuse: a page that is nested too deeply or takes too long is refused, never cut."""

import re
import time
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from opsbot.adapters.runbooks.text import Unfit

CPU_S = 1.0
"""
Seconds of this thread's own processor time: neighbours on a busy machine refuse nobody's runbook.

A page of 256 KiB as people write them takes a quarter of it; pages made to be slow take ten times that.
"""

MOST_TOKENS = 60_000
"""What 8,000 lines of list come to; a table of 200 x 500 has five times as many."""

DEEPEST = 32
"""Lists and quotes within each other, two levels each; people have been seen to need fourteen."""

_EVERY = 64
_PLAIN: Final = re.compile(r"""(?:[^\W_]|[ .,;:?()/'"%+=#@$^{}|·\u2013\u2014\u2026-])+""")
"""Words without a character that could begin markup, or end a line."""

_ENDING = ["paragraph", "reference", "blockquote", "list", "table"]


@dataclass(slots=True)
class _Fuse:
    until_s: float
    calls: int = 0

    def burn(self) -> None:
        """Look at the clock now and then; it costs more than most rules do."""
        self.calls += 1
        if self.calls % _EVERY == 0:
            self.look()

    def look(self) -> None:
        if time.thread_time() > self.until_s:
            fix = "Split it: very long lines, lists or tables take the parser too long."
            raise Unfit(f"takes more than {CPU_S:g} s to read", fix)


_fuse: ContextVar[_Fuse | None] = ContextVar("runbook_fuse", default=None)


def tokens(text: str) -> Sequence[Token]:
    """
    Return the flat list of a page's tokens.

    Raises:
        Unfit: it is nested too deeply, or takes too long.
    """
    mark = _fuse.set(_Fuse(time.thread_time() + CPU_S))
    try:
        return _parser().parse(text)
    except RecursionError:
        raise Unfit("is nested too deeply", "Flatten it.") from None
    finally:
        _fuse.reset(mark)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": DEEPEST + 8})
    parser.enable(["table", "strikethrough"])
    parser.block.ruler.before("table", "fuse", _block, {"alt": _ENDING})
    parser.inline.ruler.before("text", "fuse", _inline)
    parser.core.ruler.before("inline", "fuse", _core)
    parser.core.ruler.at("inline", _lines)
    parser.core.ruler.push("fuse_end", _core)
    return parser


def _block(state: StateBlock, line: int, _end: int, _silent: bool) -> bool:  # noqa: FBT001  the library's form
    fuse = _fuse.get()
    assert fuse is not None
    fuse.burn()
    if state.level > DEEPEST:
        fix = "Flatten it: the parser would leave out what is below."
        raise Unfit(f"is nested more than {DEEPEST // 2} deep", fix, line + 1)
    return False


def _inline(_state: StateInline, _silent: bool) -> bool:  # noqa: FBT001  the library's form
    fuse = _fuse.get()
    assert fuse is not None
    fuse.burn()
    return False


def _lines(state: StateCore) -> None:
    """Do what the library's own rule does, but give plain words straight on: a quarter of all lines."""
    parse = state.md.inline.parse
    for token in state.tokens:
        if token.type == "inline":
            if _PLAIN.fullmatch(token.content):
                token.children = [Token("text", "", 0, content=token.content)]
            else:
                token.children = []
                parse(token.content, state.md, state.env, token.children)


def _core(state: StateCore) -> None:
    if len(state.tokens) > MOST_TOKENS:
        raise Unfit("holds too many cells or items", "Split it: its tables or lists are too large.")
    fuse = _fuse.get()
    assert fuse is not None
    fuse.look()
