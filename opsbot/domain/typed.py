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

_ACCOUNT = re.compile(r"[UW][A-Z0-9]{1,40}", re.ASCII)
PERSON = re.compile(f"{MARK}@({_ACCOUNT.pattern}){MARK}", re.ASCII)
"""Somebody inside a sentence, by their id at Slack."""

LINK = re.compile(f"{MARK}>(https?://[^{MARK}]+){MARK}([^{MARK}]+){MARK}", re.ASCII)
"""An address inside a sentence, and the words that lead there."""

_ADDRESS = re.compile(r"https?://[^\s<>|\"'`\\\x00-\x20\x7f-\U0010ffff]{1,1000}")
_KEPT = re.compile(f"{PERSON.pattern}|{LINK.pattern}", re.ASCII)
_TYPED = re.compile(f"`{MARK}([^`{MARK}]+)`")


def command(words: str) -> str:
    """Return a command (`restore K-1`) as it stands in a sentence until a surface spells it."""
    return f"`{MARK}{words}`"


def person(account: str) -> str:
    """
    Return the id of somebody whom Slack described as it stands in a sentence: there it becomes a mention.

    Any other surface shows the id. What is no id of Slack's is left as it is.
    """
    return f"{MARK}@{account}{MARK}" if _ACCOUNT.fullmatch(account) else account


def link(url: str, words: str) -> str:
    """
    Return *words* of ours that lead to an address on the web, where a surface has links.

    Any other surface shows the address behind them, and so does every one where it is no plain address
    of the web: what somebody's server answered could be anything.
    """
    bare = words.replace(MARK, "")
    return (
        f"{MARK}>{url}{MARK}{bare}{MARK}"
        if bare and _ADDRESS.fullmatch(url)
        else f"{bare}: {unmarked(url)}"
    )


def unlinked(text: str) -> str:
    """Return a sentence with its addresses written out."""
    return LINK.sub(r"\2: \1", text)


def unmarked(text: str) -> str:
    """Return somebody's text without the mark: no keyboard has it, so nothing is lost."""
    return text.replace(MARK, "")


def terminal(words: str) -> str:
    """Spell a command as a terminal types it: every verb has a name there, so HTTP says it too."""
    return f"opsbot {words}"


def spelled(text: str, spell: Spell) -> str:
    """
    Return *text* with its commands as one surface types them; a mark that was cut open is dropped.

    People and links stay marked for Slack, which makes them mentions and links where it escapes the rest.
    """
    text = _TYPED.sub(lambda found: f"`{spell(found[1])}`", text)
    if spell is terminal:
        return unmarked(unlinked(PERSON.sub(r"\1", text)))
    kept, at = [], 0
    for one in _KEPT.finditer(text):
        kept += [unmarked(text[at : one.start()]), one[0]]
        at = one.end()
    return "".join((*kept, unmarked(text[at:])))


def spelled_json(value: Json, spell: Spell) -> Json:
    """Return a machine's form with the commands in its sentences spelled."""
    if isinstance(value, str):
        return spelled(value, spell)
    if isinstance(value, Mapping):
        return {key: spelled_json(one, spell) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [spelled_json(one, spell) for one in value]
    return value
