"""What was typed after `/ai-incident`, taken word by word; shared by the rooms of its parser. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from opsbot.app.incident.requests import Which
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.incident.incident import number_of
from opsbot.slack.typed import tokens
from opsbot.slack.typed.words import OPTION, Words, clean, example, shown, trimmed, typed

_MENTION: Final = re.compile(r"<@([UW][A-Z0-9]{2,40})(?:\|([^<>\n]*))?>")
_CHANNEL: Final = re.compile(r"<#([CG][A-Z0-9]{2,40})(?:\|([^<>\n]*))?>")
PARAM: Final = re.compile(r"-{0,2}([a-z][a-z0-9_-]{0,40})[=:](.*)", re.IGNORECASE | re.DOTALL)
"""One `name=value`."""

_QUOTES: Final = "\"'`"
_LINKS: Final = frozenset(
    (
        *("of", "as", "in", "to", "see", "with", "like", "and", "or", "from", "by", "than", "for"),
        *("is", "was", "were", "on", "at", "into", "after", "before", "via", "not", "under"),
        *("about", "until", "since", "duplicate", "same"),
    )
)
"""Words after which an incident's id is a part of the sentence."""


@dataclass(slots=True)
class Typed:
    """
    The words after the act.

    *channel* is where they were typed and *command* how the command is called. *people* and
    *channels* are the ids behind the mentions in them: in free text a mention reads as a name.
    *act* is what is to be done, and *before* the incident that was named in front of it. *row* is the
    verb whose examples are shown.
    """

    words: Words
    channel: str
    command: str
    now_ms: int
    people: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    act: str = ""
    before: str = ""
    row: str = "incident"

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
        """Take the incident's id where one stands next, or was named in front of everything."""
        if self.before:
            name, self.before = self.before, ""
            return Which(name, self.channel)
        found = self._id(0)
        if found is None:
            return Which("", self.channel)
        self.words.at += 1
        return Which(found, self.channel)

    def also(self, which: Which) -> Which:
        """
        Return *which*, or the id that stands next where none was named yet.

        Raises:
            NeedsMoreWords: another one stands there.
        """
        found = self._id(0)
        if found is None:
            return which
        self.words.at += 1
        return self.agreed(which, found)

    def agreed(self, which: Which, name: str) -> Which:
        """
        Return *which* with the incident *name*.

        Raises:
            NeedsMoreWords: *which* names another.
        """
        if which.name not in ("", name):
            raise self.wrong(f"{which.name} and {name} are two incidents", "Name one of them.")
        return Which(name, which.channel)

    def _id(self, ahead: int) -> str | None:
        word = self.words.peek(ahead) or ""
        quoted = word[:1] in _QUOTES and (len(word) == 1 or not word.endswith(word[:1]))
        return None if quoted else number_of(clean(word))

    def free(self, which: Which) -> tuple[Which, str]:
        """
        Take everything that is left as free text, with the incident that it is about.

        An id in front of the text is the incident's, and so is one behind a text in quotes, or one
        that stands alone.

        Raises:
            NeedsMoreWords: an id ends the text, and may be a part of it.
        """
        left = len(self.words.spans) - self.words.at
        if which.name or not left:
            return which, self.rest()
        if self._id(0) is not None:
            return self.which(), self.rest()
        name = self._id(left - 1)
        if name is None:
            return which, self.rest()
        text = self._without_last()
        if tokens.unquoted(text) != text:
            self.words.at = len(self.words.spans)
            return Which(name, which.channel), trimmed(text)
        if not self._is_quoted() and clean(self.words.peek(left - 2) or "") not in _LINKS:
            raise self.wrong(
                f"`{name}` at the end may be the incident that is meant, or a word of the text",
                f"If it is meant, write `{self.command} {self.act} {name} \u2026`;"
                " if it belongs to the text, put the text in quotes.",
            )
        return which, self.rest()

    def _without_last(self) -> str:
        begin, end = self.words.spans[self.words.at][0], self.words.spans[-1][0]
        return self.words.text[begin:end].strip()

    def _is_quoted(self) -> bool:
        rest = self.words.rest()
        return tokens.unquoted(rest) != rest

    def spoken(self, which: Which, what: str, hint: str) -> tuple[Which, str]:
        """
        Take everything that is left as free text that may not be empty, with its incident.

        Raises:
            NeedsMoreWords: nothing is left; or as `free`.
        """
        which, found = self.free(which)
        if not found:
            raise self.wrong(what, f"As in `{self.command} {hint}`.")
        return which, found

    def rest(self) -> str:
        """Take everything that is left, as free text."""
        text = trimmed(self.words.rest())
        self.words.at = len(self.words.spans)
        return text

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
            f"{message}; nothing was changed.", hint=hint or example(self.row, self.command)
        )

    def param_ahead(self) -> bool:
        """Return whether a `name=value` stands next; a link or a time of day is none."""
        found = PARAM.fullmatch(self.peek() or "")
        return found is not None and not found[2].startswith("//")

    def param(self) -> tuple[str, str]:
        """
        Take one `name=value`; in quotes the value may have blanks.

        Raises:
            NeedsMoreWords: something else stands there, or nothing is behind the sign.
        """
        found = PARAM.fullmatch(self.peek() or "")
        if found is None or found[2].startswith("//"):
            word = shown(self.peek() or "")
            hint = "As in `workflow=support-copilot`; a value with blanks stands in quotes."
            raise self.wrong(f"`{word}` is no `name=value`", hint)
        self.words.at += 1
        value = self._quoted(found[2]) if found[2][:1] in ('"', "'") else tokens.bare(found[2])
        if not value:
            raise self.wrong(f"`{shown(found[1])}=` needs a value right behind it")
        return found[1].lower(), value

    def _quoted(self, first: str) -> str:
        """Take the words up to the closing quote."""
        quote, parts = first[0], [first]
        while (len(parts) == 1 and len(first) == 1) or not parts[-1].endswith(quote):
            word = self.peek()
            if word is None:
                raise self.wrong("A quotation is not closed", f"It begins with {first[:20]}.")
            self.words.at += 1
            parts.append(word)
        return " ".join(parts)[1:-1].strip()

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


def taken_apart(
    text: str, *, now_ms: int, channel: str, command: str, row: str = "incident"
) -> Typed:
    """Return what was typed; whatever Slack escaped is plain, and mentions keep their ids."""
    people: dict[str, str] = {}
    channels: dict[str, str] = {}
    named = _MENTION.sub(lambda found: "@" + _kept(found, people), text)
    named = _CHANNEL.sub(lambda found: "#" + _kept(found, channels), named)
    return Typed(typed(named), channel, command, now_ms, people, channels, row=row)


def _kept(found: re.Match[str], ids: dict[str, str]) -> str:
    """Return the name in a mention, noted with its id; the id itself where the name is not one word's."""
    label = found[2] or ""
    if not re.fullmatch(r"[\w.-]{1,80}", label) or ids.setdefault(label, found[1]) != found[1]:
        return found[1]
    return label
