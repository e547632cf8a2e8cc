"""Markdown that is made to be slow, deep or endless, for the measurement and the tests of reading. Pure."""

from collections.abc import Mapping
from typing import Final

SIZE: Final = 250_000
"""Characters: just below what a runbook may have."""

LINES: Final = 7_900

HOSTILE: Final[Mapping[str, str]] = {
    "quotes": ">" * SIZE,
    "rule of dashes": "- " * 40_000,
    "list": "- a\n" * 20_000,
    "list within the limits": "- a\n" * LINES,
    "list in list": "".join("  " * depth + "- a\n" for depth in range(400)),
    "lists in and out": "\n".join("  " * (at % 14) + "- a" for at in range(6_000)),
    "numbered": "1. " * 30_000,
    "numbered items": "# T\n\n" + "1. a\n" * LINES,
    "quoted lists": "> - " * 12 + "a\n" + ("> " * 24 + "\n") * 5_000,
    "wide table": "|" + "a|" * 500 + "\n|" + "-|" * 500 + "\n" + ("|" + "a|" * 500 + "\n") * 200,
    "wider table": "|" + "a|" * 60_000 + "\n|" + "-|" * 60_000,
    "brackets": "[" * SIZE,
    "brackets both ways": "[a" * (SIZE // 8) + "](b)" * (SIZE // 8),
    "links": "[a](" * (SIZE // 4),
    "images": "![a](" * (SIZE // 5),
    "emphasis": "*a " * (SIZE // 3),
    "mixed emphasis": "**a_ " * (SIZE // 5),
    "closing emphasis": "a**" * (SIZE // 3),
    "underscores": "_a" * (SIZE // 2),
    "strikes": "~~a " * (SIZE // 4),
    "backticks": "".join("`" * count + " " for count in range(700)),
    "tags": "<a " * (SIZE // 3),
    "angles": "<" * SIZE,
    "comment": "<!-- " * (SIZE // 5),
    "cdata": "<![CDATA[" * (SIZE // 9),
    "entities": "&#x;" * (SIZE // 4),
    "backslashes": "\\" * SIZE,
    "references": "[a]: b\n" * LINES + "[a]" * 50_000,
    "fences": "```\n" * LINES + "x",
    "everything unclosed": "**a_ ~~b [c]( `d <e ![ \n" * LINES,
    "headings": "# a\n" * LINES,
    "headings in headings": "".join(f"{'#' * (at % 6 + 1)} Impact\n" for at in range(LINES)),
    "background": "# T\n\n" + "## Impact\n### x\n" * (LINES // 2 - 10),
    "steps": "## P\n\n" + "### S\n" * LINES,
    "steps of one title": "# a\n## a\n" + "### a\n" * LINES,
    "labels": "# T\n## P\n### S\n\n" + "**Who:** a " * 20_000,
    "boxes": "# T\n## P\n### S\n\n" + "- [ ] a\n" * LINES,
    "actions": "# T\n## P\n### S\n\n" + "```yaml kill\na: 1\n```\n" * (LINES // 3 - 10),
    "front matter of brackets": "---\n" + "a: [" * 60_000 + "\n---\n",
    "front matter of braces": "---\n" + "{" * SIZE + "\n---\n",
    "front matter of keys": "---\n" + "".join(f"k{at}: v\n" for at in range(7_000)) + "---\n",
    "long title": "# " + "a-" * 100_000,
    "blanks": " " * SIZE + "a",
    "tabs": "\t" * SIZE,
    "invisible": "\u200b" * 60_000,
}
