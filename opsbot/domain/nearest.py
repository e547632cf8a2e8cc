"""The likeliest of the known words for a mistyped one; a suggestion, never an answer."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, words: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Return the likeliest of *words* for *word*, empty where none is as alike as *cutoff* (0 to 1)."""
    return next(iter(get_close_matches(word, list(words), n=1, cutoff=cutoff)), "")
