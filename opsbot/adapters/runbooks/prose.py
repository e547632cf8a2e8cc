"""From the parser's tokens to a tree of text; everything is kept, raw HTML as the words in it."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markdown_it.token import Token

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
    words,
)

_HTML: Final = (
    "a|abbr|article|aside|b|big|blockquote|body|br|caption|center|cite|code|col|colgroup|dd|del|details"
    "|dfn|div|dl|dt|em|figcaption|figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input"
    "|ins|kbd|label|li|link|main|mark|meta|nav|ol|p|picture|pre|q|s|samp|script|section|small|source"
    "|span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|textarea|tfoot|th|thead|title|tr|tt"
    "|u|ul|var|video|wbr"
)
_TAG: Final = re.compile(
    rf"<!--.*?(?:-->|\Z)|</?(?:{_HTML})(?=[\s/>])[^<>]*>", re.DOTALL | re.IGNORECASE
)
"""Comments and tags of HTML; `<pod-name>` is none of them, but a word that somebody has to replace."""

_BREAK: Final = re.compile(r"<br\s*/?>", re.IGNORECASE)
_PAIRS: Final = {"strong": "strong", "em": "em", "s": "strike", "link": "link"}


@dataclass(slots=True)
class Node:
    """
    One token of the page with what it holds; *line* and *end* are one-based, *end* the last line.

    *kind* is what it is, without the `_open` of a pair; *prose* the line that a paragraph, heading or
    cell holds.
    """

    token: Token
    kind: str
    inner: tuple["Node", ...] = ()
    line: int = 0
    end: int = 0
    prose: Prose = ()


def tree(tokens: Sequence[Token]) -> tuple[Node, ...]:
    """Return the flat list of tokens as a tree."""
    stack: list[tuple[Token | None, list[Node]]] = [(None, [])]
    for token in tokens:
        if token.nesting > 0:
            stack.append((token, []))
        elif token.nesting < 0:
            opened, inner = stack.pop()
            assert opened is not None
            stack[-1][1].append(_node(opened, tuple(inner)))
        else:
            stack[-1][1].append(_node(token, ()))
    return tuple(stack[0][1])


def _node(token: Token, inner: tuple[Node, ...]) -> Node:
    around = (inner[0].line - 1, inner[-1].end) if inner else (0, 0)
    begin, end = token.map or around
    held = inner[0].token if inner and inner[0].kind == "inline" else None
    prose = spans(held.children or ()) if held is not None else ()
    return Node(token, token.type.removesuffix("_open"), inner, begin + 1, end, prose)


def prose_of(node: Node) -> Prose:
    """Return the line that a paragraph, heading or cell holds; none for anything else."""
    return node.prose


def spans(tokens: Sequence[Token]) -> Prose:
    """Return the pieces of a line; pieces of plain text that touch are one."""
    stack: list[tuple[Token | None, list[Span]]] = [(None, [])]
    for token in tokens:
        kind = token.type.rpartition("_")[0]
        if token.nesting > 0:
            stack.append((token, []))
        elif token.nesting < 0 and len(stack) > 1:
            opened, inner = stack.pop()
            assert opened is not None
            stack[-1][1].append(_pair(kind, opened, tuple(inner)))
        else:
            _add(stack[-1][1], token)
    return tuple(stack[0][1])


def _pair(kind: str, opened: Token, inner: Prose) -> Span:
    named = _PAIRS.get(kind, "em")
    if named == "link":
        return Span("link", url=str(opened.attrGet("href") or ""), inner=inner)
    return Span(named, inner=inner)  # type: ignore[arg-type]  # the table's values are kinds


def _add(found: list[Span], token: Token) -> None:
    if token.type == "code_inline":
        found.append(Span("code", token.content))
    elif token.type == "image":
        source = str(token.attrGet("src") or "")
        found.append(Span("image", plain(spans(token.children or ())), source))
    elif token.type == "hardbreak" or _BREAK.fullmatch(token.content):
        found.append(Span("break"))
    else:
        _text(found, " " if token.type == "softbreak" else _kept(token))


def _kept(token: Token) -> str:
    return _TAG.sub("", token.content) if token.type == "html_inline" else token.content


def _text(found: list[Span], text: str) -> None:
    if not text:
        return
    if found and found[-1].kind == "text":
        found[-1] = Span("text", found[-1].text + text)
    else:
        found.append(Span("text", text))


def blocks(nodes: Sequence[Node]) -> tuple[Block, ...]:
    """Return blocks as they are drawn; comments are none."""
    return tuple(block for node in nodes for block in _blocks(node))


def _blocks(node: Node) -> Iterator[Block]:
    kind, line = node.kind, node.line
    if kind == "paragraph":
        yield Paragraph(prose_of(node), line)
    elif kind == "heading":
        yield Heading(int(node.token.tag[1:]), prose_of(node), line)
    elif kind in {"fence", "code_block"}:
        language = html.unescape(node.token.info).strip().partition(" ")[0]
        yield Code(node.token.content, language, line)
    elif kind in {"bullet_list", "ordered_list"}:
        yield _listing(node)
    else:
        yield from _others(node)


def _others(node: Node) -> Iterator[Block]:
    kind, line = node.kind, node.line
    if kind == "blockquote":
        yield Quote(blocks(node.inner), line)
    elif kind == "table":
        yield _table(node)
    elif kind == "hr":
        yield Rule(line)
    elif kind == "html_block":
        yield from _of_html(node)
    elif kind == "inline":
        yield Paragraph(spans(node.token.children or ()), line)
    else:
        yield from blocks(node.inner)


def _listing(node: Node) -> Listing:
    first = node.token.attrGet("start")
    start = None if node.kind == "bullet_list" else 1 if first is None else int(first)
    return Listing(tuple(blocks(item.inner) for item in node.inner), start, node.line)


def _table(node: Node) -> Table:
    rows = [row for part in node.inner for row in part.inner]
    cells = [tuple(prose_of(cell) for cell in row.inner) for row in rows]
    return Table(cells[0], tuple(cells[1:]), node.line)


def _of_html(node: Node) -> Iterator[Block]:
    text = html.unescape(_TAG.sub("", _BREAK.sub("\n", node.token.content)))
    for part in text.split("\n\n"):
        told = " ".join(part.split())
        if told:
            yield Paragraph(words(told), node.line)
