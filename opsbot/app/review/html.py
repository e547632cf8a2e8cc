"""A review as one HTML page that needs nothing else: no script, no link to load, light and dark, good on paper. Pure."""

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from opsbot.app.review.part import Item, Part, Table
from opsbot.app.review.words import heading, made, parts, plain
from opsbot.domain.review import Review
from opsbot.domain.said import visible

WHOLE: Final = 20_000
_POLICY: Final = (
    '<meta http-equiv="Content-Security-Policy"'
    " content=\"default-src 'none'; style-src 'unsafe-inline'\">"
)
_CODE: Final = re.compile(r"`([^`]*)`")
_LINK: Final = re.compile(r"https?://[^\s<>\"'\\]+")

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1d1b1f; --dim: #55515b; --paper: #fff; --edge: #dad7e0;
  --soft: #f5f3f8; --warn: #8a3a00; --warn-soft: #fbf0e6; --link: #0060a0 }
@media (prefers-color-scheme: dark) { :root { --ink: #eceaf0; --dim: #aca7b5; --paper: #18161b;
  --edge: #3a3640; --soft: #232027; --warn: #ffb27a; --warn-soft: #33241a; --link: #7cc0ff } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 60rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .5rem }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem; border-bottom: 1px solid var(--edge) }
h3 { font-size: 1.05rem; margin: 1.2rem 0 .4rem }
p { margin: .4rem 0 } .dim, time { color: var(--dim) }
a { color: var(--link) } code { background: var(--soft); padding: .1em .3em; border-radius: .25em }
.scroll { overflow-x: auto } table { border-collapse: collapse; width: 100%; margin: .5rem 0 }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0;
  border-bottom: 1px solid var(--edge); min-width: 5.5rem; overflow-wrap: normal }
th { font-weight: 600 } td code { white-space: nowrap }
ol, ul { padding-left: 1.2rem; margin: .4rem 0 } ol.when { list-style: none; padding: 0 }
ol.when li { padding: .2rem 0 } time { font-variant-numeric: tabular-nums; margin-right: .6em }
s { color: var(--dim) } figure { margin: 1rem 0 } svg { max-width: 100%; height: auto }
.missing { background: var(--warn-soft); border-left: .3rem solid var(--warn); padding: .5rem .9rem;
  margin: .7rem 0 } .missing strong { color: var(--warn) }
@media print { body { max-width: none; padding: 0; font-size: 10pt } h2 { break-after: avoid }
  tr, li, figure { break-inside: avoid } a { color: inherit } .scroll { overflow: visible } }
"""


def as_html(review: Review, picture: str = "") -> str:
    """Return the whole review; *picture* is an SVG of ours that stands above its timeline."""
    body = [
        f"<h1>{_text(heading(review))}</h1>",
        f'<p class="dim">{_text(made(review))}</p>',
    ]
    for part in parts(review):
        body += _part(part, 2, picture if part.title == "Timeline" else "")
    title = escape(visible(plain(heading(review)), limit=200))
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en">',
            '<head><meta charset="utf-8">',
            _POLICY,
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="robots" content="noindex">',
            f"<title>{title}</title>",
            f"<style>{_STYLE}</style></head>",
            "<body>",
            *body,
            "</body></html>",
            "",
        )
    )


def _text(text: str) -> str:
    """Return a sentence as HTML: names in backticks as code, everything else as text."""
    pieces = _CODE.split(visible(plain(text), limit=WHOLE))
    return "".join(
        f"<code>{escape(piece)}</code>" if index % 2 else escape(piece)
        for index, piece in enumerate(pieces)
    )


def _part(part: Part, depth: int, picture: str = "") -> Iterator[str]:
    yield f"<h{depth}>{_text(part.title)}</h{depth}>"
    if picture:
        yield f"<figure>{picture}</figure>"
    yield from (f"<p>{_text(one)}</p>" for one in part.lines)
    yield from _missing(part.missing)
    if part.table is not None:
        yield from _table(part.table)
    yield from _items(part.items)
    for below in part.below:
        yield from _part(below, depth + 1)


def _missing(missing: Sequence[str]) -> Iterator[str]:
    if missing:
        listed = "".join(f"<li>{_text(one)}</li>" for one in missing)
        yield f'<div class="missing"><strong>Missing</strong><ul>{listed}</ul></div>'


def _table(table: Table) -> Iterator[str]:
    head = "".join(f'<th scope="col">{_text(one)}</th>' for one in table.head)
    yield f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>'
    for row in table.rows:
        yield f"<tr>{''.join(f'<td>{_text(one)}</td>' for one in row)}</tr>"
    yield "</tbody></table></div>"


def _items(items: Sequence[Item]) -> Iterator[str]:
    if items:
        yield '<ol class="when">'
        yield from (_item(one) for one in items)
        yield "</ol>"


def _item(item: Item) -> str:
    text = _text(item.text)
    shown = f"<s>{text}</s>" if item.struck else text
    when = f"<time>{_text(item.when)}</time>" if item.when else ""
    link = ""
    if _LINK.fullmatch(item.url):
        link = f' <a href="{escape(item.url)}" rel="noreferrer noopener">message</a>'
    return f"<li>{when}{shown}{link}</li>"
