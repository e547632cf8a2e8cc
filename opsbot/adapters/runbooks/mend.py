"""What a machine may mend in a runbook: white space, and quotes around `{{ }}`. Nothing of what it says is changed."""

import re
from collections.abc import Iterator
from dataclasses import replace
from difflib import unified_diff
from typing import Final

from opsbot.adapters.runbooks.files import read_page
from opsbot.domain.runbook import VERBS, Runbook

_FENCE: Final = re.compile(r"[ \t]*(`{3,}|~{3,})[ \t]*([^`]*)")
_VERB: Final = re.compile(rf"ya?ml +(?:{'|'.join(VERBS)})", re.IGNORECASE)
_VALUE: Final = re.compile(r"(\s*(?:- +)*(?:[\w.-]+: +)?)(\{\{.*\}\}[^#]*?)(\s*)")
_LISTED: Final = re.compile(r"([\[,]\s*)(\{\{[^{}\"']*\}\})(?=\s*[,\]])")
_FRONT: Final = "---"
_BREAK: Final = "  "
"""At the end of a line in markdown: the line ends there for readers as well."""


def mended(text: str, *, name: str) -> str:
    """
    Return a runbook mended; as it is where that would say anything else, or is no runbook even then.

    What is mended once stays as it is.
    """
    after = "\n".join(_lines(text.removeprefix("\ufeff"))).rstrip("\n") + "\n"
    return after if after != text and _same(text, after, name) else text


def diff(before: str, after: str, *, file: str) -> str:
    """Return what differs, as a patch that can be applied; empty for nothing."""
    old, new = (one.splitlines(keepends=True) for one in (before, after))
    lines = unified_diff(old, new, file, file)
    return "".join(one if one.endswith("\n") else f"{one}\n" for one in lines)


def _same(before: str, after: str, name: str) -> bool:
    """Return whether both say the same; what could not be read before has to be a runbook now."""
    old, new = (read_page(one, name=name, file="").runbook for one in (before, after))
    return new is not None and (old is None or _said(old) == _said(new))


def _said(book: Runbook) -> Runbook:
    return replace(book, source="", digest="")


def _lines(text: str) -> Iterator[str]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    front = lines[0].rstrip() == _FRONT
    fence, ours = "", False
    for at, line in enumerate(lines):
        if front:
            yield _quoted(line.rstrip())
            front = at == 0 or line.rstrip() != _FRONT
            continue
        found = _FENCE.fullmatch(line.rstrip())
        if fence:
            closes = found is not None and not found[2] and found[1].startswith(fence)
            yield _quoted(line.rstrip()) if ours else line
            fence = "" if closes else fence
            continue
        if found is not None:
            fence, ours = found[1], _VERB.fullmatch(found[2].strip()) is not None
        following = lines[at + 1].strip() if at + 1 < len(lines) else ""
        yield _trimmed(line, following)


def _trimmed(line: str, following: str) -> str:
    """Return a line of text without white space at its end, but for what ends a line on purpose."""
    bare = line.rstrip()
    broken = bare and following and line.endswith(_BREAK)
    return f"{bare}{_BREAK}" if broken else bare


def _quoted(line: str) -> str:
    """Return a line of YAML with quotes around a value that begins with `{{`."""
    found = _VALUE.fullmatch(line)
    if found is None or found[2][-1:] in "\"'":
        return _LISTED.sub(r'\1"\2"', line)
    value = found[2].rstrip()
    mark = next((one for one in "\"'" if one not in value and "\\" not in value), "")
    return f"{found[1]}{mark}{value}{mark}" if mark else line
