"""
Commands inside sentences, written in no surface's words; each surface spells them at its edge. Pure.

A sentence about what to type next is made once, before it is known who reads it. So it holds the
command with a mark, and Slack, the terminal and HTTP put their own spelling in its place.
"""

import re
from collections.abc import Callable, Mapping

from opsbot.domain.change import Json

MARK = "\x10"
"""
Opens a command inside backticks. `unmarked` takes it out of whatever people write where that comes
in, and `inert` where it is shown, so that nobody's free text is ever spelled as a command.
"""

Spell = Callable[[str], str]
"""From a command in neutral words (`restore K-1`) to what somebody types on one surface."""

_TYPED = re.compile(f"`{MARK}([^`{MARK}]+)`")


def command(words: str) -> str:
    """Return a command (`restore K-1`) as it stands in a sentence until a surface spells it."""
    return f"`{MARK}{words}`"


def unmarked(text: str) -> str:
    """Return somebody's text without the mark: no keyboard has it, so nothing is lost."""
    return text.replace(MARK, "")


def terminal(words: str) -> str:
    """Spell a command as a terminal types it: every verb has a name there, so HTTP says it too."""
    return f"opsbot {words}"


def spelled(text: str, spell: Spell) -> str:
    """Return *text* with its commands as one surface types them; a mark that was cut open is dropped."""
    return unmarked(_TYPED.sub(lambda found: f"`{spell(found[1])}`", text))


def spelled_json(value: Json, spell: Spell) -> Json:
    """Return a machine's form with the commands in its sentences spelled."""
    if isinstance(value, str):
        return spelled(value, spell)
    if isinstance(value, Mapping):
        return {key: spelled_json(one, spell) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [spelled_json(one, spell) for one in value]
    return value
