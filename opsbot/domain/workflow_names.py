"""What a workflow may be called: plain letters, no word that commands use, nothing that looks alike."""

import re
import unicodedata
from collections.abc import Iterable

_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_RESERVED = frozenset({"all", "help", "list", "show", "any", "none", "live"})
_IDS = re.compile(r"(k|a|e|r|inc)-?\d+")
_ALIKE = (("rn", "m"), ("vv", "w"), ("0", "o"), ("1", "l"), ("i", "l"), ("-", ""))


def name_problem(name: str) -> tuple[str, str] | None:
    """Return what is wrong with a name and the fix; None where nothing is."""
    foreign = [c for c in name if not c.isascii()]
    if foreign:
        told = ", ".join(f"`{c}` ({unicodedata.name(c, 'unnamed')})" for c in foreign[:3])
        fix = "Type it again with a-z, 0-9 and '-': it looks like another name and is not."
        return f"the name has look-alike characters: {told}", fix
    if not _NAME.fullmatch(name):
        fix = "Use a-z, 0-9 and '-', beginning with a letter, at most 63 characters."
        return f"`{name}` is not a name for a workflow", fix
    if name in _RESERVED or _IDS.fullmatch(name):
        return (
            f"the name `{name}` is reserved",
            "Choose another: commands use this word themselves.",
        )
    return None


def looks_like(name: str, others: Iterable[str]) -> str:
    """Return another name that a tired person would mix up with this one; empty for none."""
    mine = _skeleton(name)
    return next((other for other in others if other != name and _skeleton(other) == mine), "")


def _skeleton(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    for seen, meant in _ALIKE:
        folded = folded.replace(seen, meant)
    return folded
