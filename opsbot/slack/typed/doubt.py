"""Words that may mean no, where a yes is about to be read: they are asked back, never taken as a reason. Pure."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

from opsbot.domain.errors import NeedsMoreWords
from opsbot.slack.typed.words import Words, clean, shown

_END: Final = r"(?!\w)"
_NO: Final = (
    r"no|nope|nah|not|never(?:mind)?|stop|halt|do ?not|don'?t|hang on|hold|wait(?:ing)?|later"
    r"|pause|abort|postpone|cancel|reject|refuse|den(?:y|ies)|decline"
)
_SAYS_NO: Final = re.compile(f"(?:{_NO}){_END}", re.IGNORECASE)
_SAID_NO: Final = re.compile(
    f"(?:{_NO}|stop(?:ped|ping)|denied|denying|paus(?:ed|ing)|abort(?:ed|s|ing)|postponed"
    r"|(?:cancel(?:l)?|reject|refus|declin)(?:ed|es|s|ing))" + _END,
    re.IGNORECASE,
)
_LONG: Final = 5
"""Letters from which a word of which a fifth is wrong is still told from other words."""


def refuse_doubt(words: Words, acts: Sequence[str], *, hint: str) -> None:
    """
    Ask back where a reason begins like a no or like a mistyped one of *acts*.

    A reason in quotes is one on purpose.

    Raises:
        NeedsMoreWords: with *hint*, and how to say that it is the reason all the same.
    """
    if (words.peek() or "").startswith(('"', "'")):
        return
    near = _near_act(words, acts)
    if near is None and not _says_no(words, past=False):
        return
    word = _bare(words.peek(_first(words)))
    asked = f"Did you mean `{near}`?" if near else f"`{word}` begins like a no."
    raise NeedsMoreWords(
        f"{asked} Nothing was changed.",
        hint=f"{hint} If these words are the reason, write `reason:` first.",
    )


def refuse_refusal(words: Words, command: str) -> None:
    """
    Ask back where a reason to approve may be a refusal, or an option that does not exist.

    Raises:
        NeedsMoreWords: nothing approves by mistake.
    """
    word = words.peek() or ""
    late = any(words.peek(ahead) == "--refuse" for ahead in range(len(words.spans) - words.at))
    hint = f"Write `{command} refuse` to refuse it. If these words are the reason to approve it,"
    near = _near_act(words, ("refuse", "cancel", "hold"))
    if late or near or _says_no(words, past=True):
        raise NeedsMoreWords(
            "Did you mean `refuse`? Nothing was changed.", hint=f"{hint} write `reason:` first."
        )
    if word.startswith("-") and clean(word).lstrip("-")[:1].isalpha():
        raise NeedsMoreWords(
            f"`{shown(word)}` is not an option; nothing was changed.",
            hint=f"{hint} write `reason:` first.",
        )


def _says_no(words: Words, *, past: bool) -> bool:
    """
    Return whether what stands here begins like a no, or asks to wait.

    With *past* also `stopped` or `denied`: they begin many a good reason, but are none alone.
    """
    ahead = _first(words)
    first, following = _bare(words.peek(ahead)), _bare(words.peek(ahead + 1))
    alone = words.peek(ahead + 1) is None
    pattern = _SAID_NO if past or alone else _SAYS_NO
    return pattern.match(f"{first} {following}") is not None


def _near_act(words: Words, acts: Sequence[str]) -> str | None:
    """Return the one of *acts* that the next word nearly is: `hold` for `hodl`, not for `holding`."""
    word = _bare(words.peek(_first(words))).replace("_", "-")
    for act in acts:
        cutoff = 0.8 if len(act) >= _LONG else 0.75
        alike = word[:1] == act[:1] or sorted(word) == sorted(act)
        if alike and not word.startswith(act) and get_close_matches(word, [act], cutoff=cutoff):
            return act
    return None


def _first(words: Words) -> int:
    """Return how far ahead the next word is that is not only dashes."""
    ahead = 0
    while (word := words.peek(ahead)) is not None and not word.strip("-"):
        ahead += 1
    return ahead


def _bare(word: str | None) -> str:
    return clean(word or "").lstrip("-")
