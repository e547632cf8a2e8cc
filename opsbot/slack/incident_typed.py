"""What was typed after `/ai-incident`, taken word by word; shared by the rooms of its parser. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from opsbot.app.incident.requests import Which
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.incident import number_of
from opsbot.slack import tokens
from opsbot.slack.words import OPTION, Words, clean, example, shown, trimmed, typed

_MENTION: Final = re.compile(r"<@([UW][A-Z0-9]{2,40})(?:\|([^<>\n]*))?>")
_CHANNEL: Final = re.compile(r"<#([CG][A-Z0-9]{2,40})(?:\|([^<>\n]*))?>")
_QUOTES: Final = "\"'`"


@dataclass(slots=True)
class Typed:
    """
    The words after the act.

    *channel* is where they were typed and *command* how the command is called. *people* and
    *channels* are the ids behind the mentions in them: in free text a mention reads as a name.
    """

    words: Words
    channel: str
    command: str
    now_ms: int
    people: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)

    def peek(self) -> str | None:
        """Return the next word as it is compared, None after the last."""
        return self.words.peek()

    def take(self, *, lower: bool = True) -> str:
        """Take the next word without marks around it, empty after the last."""
        return clean(self.words.take(), lower=lower) if self.words.peek() is not None else ""

    def opens_quote(self) -> bool:
        """Return whether the next word begins a quotation; one that is in quotes alone does not."""
        word = self.words.peek() or ""
        first = word[:1]
        return bool(first) and first in _QUOTES and (len(word) == 1 or not word.endswith(first))

    def which(self) -> Which:
        """Take the incident's id where one stands next."""
        name = None if self.opens_quote() else number_of(clean(self.words.peek() or ""))
        if name is None:
            return Which("", self.channel)
        self.words.at += 1
        return Which(name, self.channel)

    def rest(self) -> str:
        """Take everything that is left, as free text."""
        text = trimmed(self.words.rest())
        self.words.at = len(self.words.spans)
        return text

    def text(self, what: str, hint: str = "") -> str:
        """
        Take everything that is left, as free text.

        Raises:
            NeedsMoreWords: nothing is left.
        """
        found = self.rest()
        if not found:
            raise self.wrong(what, f"As in `{self.command} {hint}`." if hint else "")
        return found

    def end(self) -> None:
        """
        Be sure that nothing is left.

        Raises:
            NeedsMoreWords: a word too many; leaving it out would be a guess.
        """
        if (word := self.words.peek()) is not None:
            raise self.wrong(f"`{shown(word)}` is one word too many")

    def wrong(self, message: str, hint: str = "") -> NeedsMoreWords:
        """Return a refusal with an example."""
        return NeedsMoreWords(
            f"{message}; nothing was changed.", hint=hint or example("incident", self.command)
        )

    def option(self, *known: str) -> tuple[str, str] | None:
        """
        Take one `word:value` (or `--word value`) of those that are known, None where none stands next.

        Raises:
            NeedsMoreWords: it has no value.
        """
        word = self.words.peek() or ""
        stripped = word.lstrip("-")
        found = OPTION.fullmatch(stripped)
        key = (found[1] if found else stripped).lower()
        if self.opens_quote() or key not in known or (found is None and stripped == word):
            return None
        self.words.at += 1
        value = tokens.bare(found[2]) if found else self._following()
        if not value:
            raise self.wrong(f"`{key}:` needs a value right behind it")
        return key, value

    def option_ahead(self, *known: str) -> bool:
        """Return whether one of these options stands next."""
        at = self.words.at
        try:
            return self.option(*known) is not None
        finally:
            self.words.at = at

    def person(self, word: str) -> str:
        """Return whom a word means: the id behind a mention, else the word itself."""
        bare = word.removeprefix("@")
        return self.people.get(bare, bare)

    def _following(self) -> str:
        after = self.words.peek() or ""
        return "" if after.startswith("-") else self.take(lower=False)


def taken_apart(text: str, *, now_ms: int, channel: str, command: str) -> Typed:
    """Return what was typed; whatever Slack escaped is plain, and mentions keep their ids."""
    people: dict[str, str] = {}
    channels: dict[str, str] = {}
    named = _MENTION.sub(lambda found: "@" + _kept(found, people), text)
    named = _CHANNEL.sub(lambda found: "#" + _kept(found, channels), named)
    return Typed(typed(named), channel, command, now_ms, people, channels)


def _kept(found: re.Match[str], ids: dict[str, str]) -> str:
    """Return the name in a mention, noted with its id; the id itself where the name is not one word's."""
    label = found[2] or ""
    if not re.fullmatch(r"[\w.-]{1,80}", label) or ids.setdefault(label, found[1]) != found[1]:
        return found[1]
    return label
