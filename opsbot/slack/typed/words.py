"""The words of one command, as a phone types them and as the grammar compares them. Pure."""

import re
from dataclasses import dataclass, field
from typing import Final

from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.said import inert
from opsbot.slack.grammar import verb
from opsbot.slack.typed import tokens

NAME_LIMIT: Final = 100
"""Characters of a name; whatever is longer is no name."""

OPTION: Final = re.compile(r"([a-z][a-z_-]{0,30})[:=](.*)", re.IGNORECASE | re.DOTALL)
"""One `word:value`, or `word=value`."""


@dataclass(slots=True)
class Words:
    """The words of one command; *at* moves over them, the text behind each stays as it was typed."""

    text: str
    spans: list[tuple[int, int]] = field(init=False)
    at: int = 0

    def __post_init__(self) -> None:
        found = re.finditer(r"\S+", self.text)
        self.spans = [m.span() for m in found if tokens.folded(m[0])]

    def peek(self, ahead: int = 0) -> str | None:
        """Return a word as the grammar compares it, None after the last."""
        if self.at + ahead >= len(self.spans):
            return None
        begin, end = self.spans[self.at + ahead]
        return tokens.folded(self.text[begin:end])

    def take(self) -> str:
        """Return the next word and go on."""
        word = self.peek()
        assert word is not None
        self.at += 1
        return word

    def rest(self) -> str:
        """Return everything from here on as it was typed."""
        return self.text[self.spans[self.at][0] :].strip() if self.at < len(self.spans) else ""


def typed(text: str) -> Words:
    """Return what was typed, whatever it came through, as words."""
    return Words(tokens.utf8(tokens.plain(text)))


def trimmed(text: str) -> str:
    """Return free text without the quotes around it, cut where it is too long to keep."""
    return tokens.shortened(tokens.unquoted(text.strip()).strip())


def clean(word: str, *, lower: bool = True) -> str:
    """Return a name without marks around it and without the comma that follows it."""
    name = tokens.bare(tokens.bare(word).rstrip(".,;:!"))
    return name.lower() if lower else name


def named(name: str, row: str, command: str) -> str:
    """
    Return a workflow's name.

    Raises:
        NeedsMoreWords: it can be none.
    """
    if not name or len(name) > NAME_LIMIT or ":" in name:
        raise NeedsMoreWords(
            f"`{shown(name)}` is not a workflow's name; nothing was changed.",
            hint=example(row, command),
        )
    return inert(name)


def shown(word: str) -> str:
    """Return a word of somebody's for a sentence of ours."""
    return inert(word, limit=40)


def example(row: str, command: str) -> str:
    """Return one example of a verb's words as a sentence."""
    found = next((one for one in verb(row).examples if one), "")
    return f"For example `{command} {found}`."
