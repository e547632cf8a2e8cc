"""A page cut at its headings, and everything on it that looks like more than it is."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from opsbot.adapters.runbooks.labels import holds_label
from opsbot.adapters.runbooks.prose import Node, prose_of
from opsbot.domain.declaration import Finding, Level
from opsbot.domain.prose import plain
from opsbot.domain.runbook import VERBS

_ID_COMMENT: Final = re.compile(r"\s*<!--\s*id\s*:\s*(.*?)\s*-->\s*", re.DOTALL)
_OPENS: Final = re.compile(r"^ {0,3}(?:#{1,6}\s|```|~~~|\*\*[A-Z][a-z ]+:\*\*)", re.MULTILINE)
_HARMLESS: Final = re.compile(r"<!--|<br\s*/?>", re.IGNORECASE)
_CLOSED_BY: Final = (
    ("<!--", "-->"),
    ("<script", "</script"),
    ("<pre", "</pre"),
    ("<style", "</style"),
    ("<textarea", "</textarea"),
    ("<?", "?>"),
    ("<![cdata[", "]]>"),
    ("<!", ">"),
)
STEP_LEVEL: Final = 3


@dataclass(slots=True)
class Section:
    """What stands under one heading; without one, what stands before the first. *end* is its last line."""

    heading: Node | None
    level: int
    nodes: list[Node] = field(default_factory=list)
    end: int = 0

    @property
    def line(self) -> int:
        """Return the heading's line."""
        return self.heading.line if self.heading is not None else 1

    @property
    def title(self) -> str:
        """Return the heading's words."""
        return " ".join(plain(prose_of(self.heading)).split()) if self.heading is not None else ""


def sections(nodes: Sequence[Node], deepest: int, last: int) -> list[Section]:
    """Return the page cut at headings down to level *deepest*; *last* is the page's last line."""
    found = [Section(None, 0)]
    for node in nodes:
        level = int(node.token.tag[1:]) if node.kind == "heading" else 0
        if 0 < level <= deepest:
            found[-1].end = node.line - 1
            found.append(Section(node, level))
        else:
            found[-1].nodes.append(node)
    found[-1].end = last
    for one in found:
        one.end = max(one.line, min(one.end, one.nodes[-1].end if one.nodes else one.line))
    return found


def id_comment(section: Section) -> tuple[str, int] | None:
    """Return the id that a comment gives a section, and its line; None where there is none."""
    for node in section.nodes:
        if node.kind == "html_block" and (found := _ID_COMMENT.fullmatch(node.token.content)):
            return found[1], node.line
    if section.heading is not None:
        for inline in section.heading.inner:
            for token in inline.token.children or ():
                if found := _ID_COMMENT.fullmatch(token.content):
                    return found[1], section.line
    return None


def is_id_comment(node: Node) -> bool:
    """Return whether it is a comment that gives an id."""
    return node.kind == "html_block" and _ID_COMMENT.fullmatch(node.token.content) is not None


def asks_for(info: str) -> str:
    """Return the verb that a fence asks for in the one form for it, empty where it asks for none."""
    words = info.split()
    return words[1] if len(words) == 2 and words[0] == "yaml" and words[1] in VERBS else ""  # noqa: PLR2004  `yaml` and the verb


def oddities(nodes: Sequence[Node], file: str, *, depth: int = 0) -> Iterator[Finding]:
    """Yield what would be swallowed, or read as less than it looks like (rules E08, E09, W12)."""
    for node in nodes:
        yield from _unclosed(node, file)
        yield from _raw_html(node, file)
        if node.kind == "heading" and depth == 0 and node.token.markup in {"=", "-"}:
            what = f"`{plain(prose_of(node))[:60]}` is a heading by its underline"
            fix = "Write `##` before it; put an empty line before a rule."
            yield Finding(file, node.line, what, fix, "error", "E08")
        if depth:
            yield from _misplaced(node, file)
        deeper = depth + (node.kind in {"blockquote", "bullet_list", "ordered_list"})
        yield from oddities(node.inner, file, depth=deeper)


def _misplaced(node: Node, file: str) -> Iterator[Finding]:
    fix = "Take it out of the list or quote, to the beginning of the line."
    if node.kind == "heading":
        what = f"the heading `{plain(prose_of(node))[:60]}` is inside a list or quote"
        yield Finding(file, node.line, what, fix, "error", "E08")
    elif node.kind == "fence" and asks_for(node.token.info):
        what = f"`{node.token.info.strip()}` is inside a list or quote and would not act"
        yield Finding(file, node.line, what, fix, "error", "E08")
    elif node.kind == "paragraph" and (label := holds_label(prose_of(node))):
        what = f"the label `{label}:` is inside a list or quote and would not count"
        yield Finding(file, node.line, what, fix, "error", "E08")


def _unclosed(node: Node, file: str) -> Iterator[Finding]:
    if node.kind == "fence" and _runs_on(node):
        what = "the code fence that opens here is never closed"
        fix = f"Add a line {node.token.markup} where the code ends: it swallows what follows."
        yield Finding(file, node.line, what, fix, "error", "E09")
    elif node.kind == "html_block":
        content = node.token.content.lstrip()
        begin = next((pair for pair in _CLOSED_BY if content.lower().startswith(pair[0])), None)
        if begin and begin[1] not in content[len(begin[0]) :].lower():
            what = f"the `{begin[0]}` that opens here is never closed"
            fix = f"Add `{begin[1]}`: it swallows what follows."
            yield Finding(file, node.line, what, fix, "error", "E09")


def _runs_on(fence: Node) -> bool:
    """Return whether a fence ends with its page, list or quote, or with the end of the next fence."""
    content, mark = fence.token.content, fence.token.markup
    if fence.end - fence.line + 1 < content.count("\n") + 2:
        return True
    return re.search(rf"^ {{0,3}}{re.escape(mark)}+[ \t]*[\w{{]", content, re.MULTILINE) is not None


def _raw_html(node: Node, file: str) -> Iterator[Finding]:
    """Yield raw HTML, which only a browser draws; comments and line breaks are none."""
    inline = (one.content for one in node.token.children or () if one.type == "html_inline")
    block = [node.token.content.strip()] if node.kind == "html_block" else []
    if any(not _HARMLESS.match(one) for one in (*inline, *block)):
        fix = "Write it as markdown: chats and paper leave tags out."
        yield Finding(file, node.line, "has raw HTML", fix, "warning", "W12")
    if node.kind == "html_block":
        yield from _within_html(node, file)


def _within_html(node: Node, file: str) -> Iterator[Finding]:
    content = node.token.content
    if (found := _OPENS.search(content)) is None or is_id_comment(node):
        return
    line = node.line + content.count("\n", 0, found.start())
    comment = content.lstrip().startswith("<!--")
    level: Level = "warning" if comment else "error"
    where = "a comment" if comment else "raw HTML"
    what = f"a heading, fence or label is inside {where} and is no part of the runbook"
    fix = "Delete it." if comment else "Put an empty line after the HTML, or take the HTML away."
    yield Finding(file, line, what, fix, level, "W12" if comment else "E08")
