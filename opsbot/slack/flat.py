"""Text in which Slack finds no bold, italics, strike-through or emoji but what this package put there. Pure."""

import re
from typing import Final

_LOOKS: Final = {"*": "\u2217", "_": "\u02cd", "~": "\u223c"}
"""What is shown in the place of a sign that Slack would obey: nothing can be escaped there, only be another sign."""

_COLON: Final = "\ua789"
_RUN: Final = re.compile(r"[*_~]+")
_EMOJI: Final = re.compile(r":(?=[a-z0-9_+'-]*[a-z+]|100:)([a-z0-9_+'-]+):", re.IGNORECASE)
_OURS: Final = re.compile(r"`[^`\n]+`|\*\*([^*\n]+)\*\*")


def flat(text: str) -> str:
    """Return words, escaped already, with every sign replaced that Slack would obey; as long as before."""
    return _EMOJI.sub(rf"{_COLON}\1{_COLON}", _RUN.sub(_shown, text))


def dressed(text: str) -> str:
    """Return one of our sentences, escaped already: `code` as it is, `**bold**` as Slack spells it, all else words."""
    parts, at = [], 0
    for found in _OURS.finditer(text):
        ours = found[0] if found[1] is None else f"*{flat(found[1])}*"
        parts += [flat(text[at : found.start()]), ours]
        at = found.end()
    return "".join((*parts, flat(text[at:])))


def _shown(found: re.Match[str]) -> str:
    """Keep a sign that stands alone within a word (`a_b`) or between blanks (`2 * 3`): Slack does as well."""
    text, start, end = found.string, found.start(), found.end()
    before, after = text[start - 1 : start] or " ", text[end : end + 1] or " "
    beside = (before.isalnum() and after.isalnum()) or (before.isspace() and after.isspace())
    if end - start == 1 and beside:
        return found[0]
    return "".join(_LOOKS[sign] for sign in found[0])
