"""
Marked-up text as Slack shows it: pieces of markup that each fit a section, in which nothing is live.

Headings, lists, quotes and tables have no markup of their own there: they become lines of text. Pure.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from opsbot.domain.prose import (
    Block,
    Code,
    Heading,
    Listing,
    Paragraph,
    Prose,
    Quote,
    Rule,
    Span,
    Table,
    plain,
)
from opsbot.slack.mrkdwn import Mrkdwn, esc, joined, visible
from opsbot.slack.mrkdwn import words as as_words
from opsbot.slack.prose_table import table_lines

PIECE: Final = 2_900
"""Characters of one section, escaped."""

INDENT: Final = "    "
DEEPEST: Final = 6
"""Levels of lists that are told apart by their indent; a phone has no room for more."""

LONGEST_LINK: Final = 2_000
"""Characters of an address, escaped; of a longer one the words alone are shown."""

BULLET: Final = "\u2022"
ACROSS: Final = "\u2500" * 12
PICTURES: Final = frozenset({"mermaid", "dot", "graphviz", "plantuml"})
"""Languages of fences that are drawings: their text says nothing on a phone."""

DRAWING: Final = Mrkdwn("_(a drawing; it is in the file)_")
_LIVE_LINK: Final = re.compile(r"(?:https?://|mailto:)[^\s<>|]{1,2000}", re.IGNORECASE)
_MARKS: Final = {"strong": "*", "em": "_", "strike": "~"}
_TICK: Final = "\u02bc"
_SENTENCE: Final = re.compile(r"[.!?:;]\s*\Z")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line or a paragraph of text: *pieces* that are never cut, *whole* their dress."""

    whole: Mrkdwn
    pieces: tuple[Mrkdwn, ...]


@dataclass(frozen=True, slots=True)
class _Fence:
    """Lines of monospaced text; each is escaped."""

    lines: tuple[Mrkdwn, ...]


def prose_texts(blocks: Iterable[Block]) -> list[Mrkdwn]:
    """
    Return *blocks* as pieces of markup of at most `PIECE` characters.

    They are cut between blocks where they can be, else between sentences, words or lines of code; a
    link is never cut. What people wrote is escaped, so that a mention in it is words.
    """
    return _packed(_cut(_atoms(blocks, 0)))


def inline(prose: Prose) -> Mrkdwn:
    """Return one line, uncut."""
    return _dressed(prose)


def _atoms(blocks: Iterable[Block], depth: int) -> Iterator[_Line | _Fence]:
    for block in blocks:
        if isinstance(block, Paragraph):
            yield _line(block.prose, _pad(depth))
        elif isinstance(block, Heading):
            yield _line((Span("strong", inner=block.prose),), _pad(depth))
        elif isinstance(block, Listing):
            yield from _listing(block, depth)
        elif isinstance(block, Quote):
            yield from _quoted(_atoms(block.blocks, depth))
        elif isinstance(block, Rule):
            yield _Line(Mrkdwn(ACROSS), (Mrkdwn(ACROSS),))
        else:
            yield _monospaced(block)


def _monospaced(block: Code | Table) -> _Line | _Fence:
    if isinstance(block, Table):
        return _Fence(tuple(_coded(line) for line in table_lines(block)))
    if block.language.lower() in PICTURES:
        return _Line(DRAWING, (DRAWING,))
    return _Fence(tuple(_coded(line) for line in block.text.rstrip("\n").split("\n")))


def _listing(listing: Listing, depth: int) -> Iterator[_Line | _Fence]:
    for index, item in enumerate(listing.items):
        mark = BULLET if listing.start is None else f"{listing.start + index}."
        head, rest = (item[0], item[1:]) if item else (Paragraph(()), ())
        if not isinstance(head, Paragraph):
            head, rest = Paragraph(()), item
        yield _line(head.prose, f"{_pad(depth)}{mark} ")
        yield from _atoms(rest, depth + 1)


def _pad(depth: int) -> str:
    return INDENT * min(depth, DEEPEST)


def _quoted(atoms: Iterable[_Line | _Fence]) -> Iterator[_Line | _Fence]:
    """Put the mark of a quotation before each line; code in it stands beside it, where marks are text."""
    for atom in atoms:
        if isinstance(atom, _Fence) or atom.whole.startswith("&gt; "):
            yield atom
            continue
        mark = Mrkdwn("&gt; ")
        lines = [joined([mark, Mrkdwn(one)], "") for one in atom.whole.split("\n")]
        yield _Line(joined(lines), (mark, *atom.pieces))


def _line(prose: Prose, before: str) -> _Line:
    """Return a paragraph; a mark of a quotation that somebody wrote at its beginning is words."""
    whole = _dressed(prose)
    lead = Mrkdwn(before if before or not whole.startswith("&gt;") else " ")
    broken = whole.replace("\n", "\n" + " " * len(before)) if before else whole
    return _Line(joined([lead, Mrkdwn(broken)], ""), (lead, *_pieces(prose)))


def _dressed(prose: Prose) -> Mrkdwn:
    parts: list[Mrkdwn] = []
    for at, span in enumerate(prose):
        before, after = _beside(prose, at, -1), _beside(prose, at, 1)
        parts.append(_span(span, before, after))
    return joined(parts, "")


def _beside(prose: Prose, at: int, step: int) -> str:
    """Return the character next to a span, a blank at the line's ends."""
    index = at + step
    if not 0 <= index < len(prose):
        return " "
    words = "\n" if prose[index].kind == "break" else plain((prose[index],))
    return (words[-1] if step < 0 else words[0]) if words else " "


def _span(span: Span, before: str, after: str) -> Mrkdwn:
    if span.kind == "break":
        return Mrkdwn("\n")
    if span.kind == "code":
        return _inline_code(span.text)
    if span.kind in ("link", "image"):
        return _link(span)
    if span.kind == "text":
        return _words(span.text)
    return _marked(_MARKS[span.kind], _dressed(span.inner), before + after)


def _marked(mark: str, inner: Mrkdwn, around: str) -> Mrkdwn:
    """Return text in bold and the like, bare where Slack would show the marks instead of obeying."""
    bare = inner.strip()
    fits = bool(bare) and mark not in bare and "\n" not in bare and "`" not in bare[:1] + bare[-1:]
    inside_word = any(one.isalnum() or one == mark for one in around)
    return Mrkdwn(f"{mark}{bare}{mark}") if fits and not inside_word else inner


def _words(text: str) -> Mrkdwn:
    """Return words; a backtick in them opens no code, and no sign in them is obeyed."""
    return as_words(" ".join(text.replace("`", _TICK).split("\n")), limit=_MOST)


def _inline_code(text: str) -> Mrkdwn:
    bare = esc(" ".join(text.replace("`", _TICK).split()), limit=_MOST)
    return Mrkdwn(f"`{bare}`") if bare else Mrkdwn("")


def _coded(line: str) -> Mrkdwn:
    """Return one line of a fence; what would end the fence is written in another mark."""
    return esc(
        line.replace("\t", INDENT).replace("`", _TICK if "```" in line else "`"), limit=_MOST
    )


_MOST: Final = 1 << 20
"""More than a file of text holds: here nothing is cut, the pieces are."""


def _link(span: Span) -> Mrkdwn:
    """Return a link to the web or a mail address; of every other one, and of a picture, the words."""
    inner = span.inner or ((Span("text", span.text),) if span.text else ())
    label = " ".join(visible(plain(inner)).replace("|", "/").replace("`", _TICK).split())
    label = f"Picture: {label or 'without a name'}" if span.kind == "image" else label
    url = esc(span.url, limit=_MOST)
    safe = _LIVE_LINK.fullmatch(span.url) is not None and visible(span.url) == span.url
    if not safe or len(url) > LONGEST_LINK:
        return esc(label, limit=_MOST)
    short = esc(label, limit=300)
    return Mrkdwn(f"<{url}|{short}>" if short else f"<{url}>")


def _pieces(prose: Prose) -> Iterator[Mrkdwn]:
    """Return what a paragraph is cut into where it is too long: words, links, pieces of code."""
    for span in prose:
        if span.kind in ("strong", "em", "strike"):
            yield from _pieces(span.inner)
        elif span.kind == "text":
            yield from (Mrkdwn(one) for one in re.findall(r"\S+\s*|\s+", _words(span.text)))
        else:
            yield _span(span, " ", " ")


def _cut(atoms: Iterable[_Line | _Fence]) -> Iterator[Mrkdwn]:
    for atom in atoms:
        if isinstance(atom, _Fence):
            yield from _cut_fence(atom)
        elif len(atom.whole) <= PIECE:
            yield atom.whole
        else:
            yield from _cut_line(atom)


def _cut_line(line: _Line) -> Iterator[Mrkdwn]:
    """Cut a long paragraph behind its last sentence that fits, else behind its last word."""
    taken: list[Mrkdwn] = []
    size = 0
    for piece in _short(line.pieces):
        while taken and size + len(piece) > PIECE:
            end = _last_sentence(taken)
            yield _trimmed(taken[:end])
            taken = taken[end:]
            size = sum(map(len, taken))
        taken.append(piece)
        size += len(piece)
    if taken:
        yield _trimmed(taken)


def _last_sentence(pieces: Sequence[Mrkdwn]) -> int:
    """Return how many pieces end with a sentence; all of them where that left too little."""
    half = len(pieces) // 2
    found = (at + 1 for at in range(len(pieces) - 1, half, -1) if _SENTENCE.search(pieces[at]))
    return next(found, len(pieces))


def _short(pieces: Iterable[Mrkdwn]) -> Iterator[Mrkdwn]:
    for piece in pieces:
        if len(piece) <= PIECE:
            yield piece
        else:
            bare = piece[1:-1] if piece.startswith("`") else piece
            yield from _bits(Mrkdwn(bare), PIECE)


def _bits(text: Mrkdwn, size: int) -> Iterator[Mrkdwn]:
    """Cut text that has no blank, never inside an entity."""
    at = 0
    while at < len(text):
        end = at + size
        opens = text.rfind("&", max(at, end - 5), end)
        if end < len(text) and opens > at and ";" not in text[opens:end]:
            end = opens
        yield Mrkdwn(text[at:end])
        at = end


def _trimmed(pieces: Sequence[Mrkdwn]) -> Mrkdwn:
    return Mrkdwn(joined(list(pieces), "").strip("\n")) or Mrkdwn(" ")


def _cut_fence(fence: _Fence) -> Iterator[Mrkdwn]:
    room = PIECE - len("```\n\n```")
    lines = (bit for line in fence.lines for bit in (_bits(line, room) if line else (line,)))
    taken: list[Mrkdwn] = []
    size = 0
    for line in lines:
        if taken and size + len(line) + 1 > room:
            yield _fenced(taken)
            taken, size = [], 0
        taken.append(line)
        size += len(line) + 1
    if any(line.strip() for line in taken):
        yield _fenced(taken)


def _fenced(lines: Sequence[Mrkdwn]) -> Mrkdwn:
    return Mrkdwn("```\n" + "\n".join(lines) + "\n```")


def _packed(texts: Iterable[Mrkdwn]) -> list[Mrkdwn]:
    """Put neighbours together as far as they fit."""
    packed: list[Mrkdwn] = []
    for text in texts:
        if not text.strip():
            continue
        if packed and len(packed[-1]) + 1 + len(text) <= PIECE:
            packed[-1] = joined([packed[-1], text])
        else:
            packed.append(text)
    return packed
