"""What is not understood after `/ai-route`, with the nearest word that is. Pure."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

from opsbot.domain.errors import NeedsMoreWords
from opsbot.slack.grammar import ROUTE_OPTIONS
from opsbot.slack.typed import tokens
from opsbot.slack.typed.words import OPTION, example, shown

KEYS: Final = tuple(option.word for option in ROUTE_OPTIONS)
_PARAMETERS: Final = (
    "temperature",
    "top_p",
    "top_k",
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "seed",
    "reasoning_effort",
    "presence_penalty",
    "frequency_penalty",
)
"""Parameters of models whose names are often typed without `param:`; any other name is taken too."""


def no_option(word: str, key: str, command: str) -> NeedsMoreWords:
    """Return the error for what looks like an option of `set` and is none."""
    found = OPTION.fullmatch(word.lstrip("-"))
    known = (*KEYS, *_PARAMETERS)
    nearest = [key] if key in KEYS else get_close_matches(key, known, n=1, cutoff=0.6)
    if nearest and nearest[0] in _PARAMETERS:
        value = shown(tokens.bare(found[2])) if found and found[2] else "\u2026"
        offered = f"Did you mean `param:{nearest[0]}={value}`? "
    else:
        offered = f"Did you mean `{nearest[0]}:`? " if nearest else ""
    return NeedsMoreWords(
        f"`{shown(word)}` is not an option; nothing was changed.",
        hint=f"{offered}{options()} A parameter of the model is `param:name=value`. If it is the"
        f" note, write `note:` before it. {set_example(command)}",
    )


def unknown(
    word: str,
    known: Sequence[str],
    command: str,
    *,
    more: str = "",
    deeper: Sequence[str] = (),
) -> NeedsMoreWords:
    """Return the error for a word, with the nearest of *known*, or of the last words of *deeper*."""
    typed_as = {one: one for one in known} | {one.split()[-1]: one for one in deeper}
    nearest = [typed_as[one] for one in get_close_matches(word, typed_as, n=1, cutoff=0.5)]
    offered = f"Did you mean `{nearest[0]}`? " if nearest else ""
    listed = ", ".join([*([more] if more else []), *(f"`{one}`" for one in known)])
    return NeedsMoreWords(
        f"`{shown(word)}` is not understood here; nothing was changed.",
        hint=f"{offered}Known: {listed}. {example('route', command)}",
    )


def options() -> str:
    """Return a sentence that names every option of `set`."""
    return f"Options: {', '.join(f'`{key}:`' for key in KEYS)}."


def set_example(command: str) -> str:
    """Return one example of `set` as a sentence."""
    return f"For example `{command} support-copilot set model:openai/gpt-5-mini note words`."
