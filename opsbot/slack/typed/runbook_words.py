"""What was typed after `/ai-runbook`, taken word by word. Pure."""

from dataclasses import dataclass, field

from opsbot.app.runs.requests import WhichRun
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.incident.incident import number_of
from opsbot.domain.run import run_named
from opsbot.slack.typed.incident_words import Typed
from opsbot.slack.typed.words import clean, example, shown


@dataclass(slots=True)
class RunTyped:
    """
    The words after the act.

    *channel* is where they were typed, *run* the run or the incident that was named so far.
    """

    typed: Typed
    channel: str
    run: str = field(default="")

    @property
    def command(self) -> str:
        """Return how the command is called."""
        return self.typed.command

    @property
    def which(self) -> WhichRun:
        """Return which run is meant."""
        return WhichRun(self.run, self.channel)

    def name(self) -> None:
        """
        Take the id of a run or of an incident where one stands next.

        Raises:
            NeedsMoreWords: another one was named before.
        """
        word = "" if self.typed.opens_quote() else clean(self.typed.peek() or "")
        found = run_named(word) or number_of(word)
        if found is None:
            return
        if self.run not in ("", found):
            raise self.wrong(f"{self.run} and {found} are two", "Name one of them.")
        self.run = found
        self.typed.words.at += 1

    def step(self) -> str:
        """Take `step:…` where it stands next, empty where it does not."""
        option = self.option("step")
        return "" if option is None else option[1].lower()

    def option(self, *known: str) -> tuple[str, str] | None:
        """Take one `word:value` of those that are known. Raises NeedsMoreWords where it has no value."""
        try:
            return self.typed.option(*known)
        except NeedsMoreWords as no:
            raise NeedsMoreWords(no.message, hint=example("runbook", self.command)) from no

    def param_ahead(self) -> bool:
        """Return whether a `name=value` stands next; a link or a time of day is none."""
        return self.typed.param_ahead()

    def param(self) -> tuple[str, str]:
        """Take one `name=value`; in quotes the value may have blanks. Raises NeedsMoreWords."""
        return self.typed.param()

    def number(self, what: str, hint: str) -> int:
        """Take a number that counts from 1. Raises NeedsMoreWords: none stands there."""
        word = clean(self.typed.peek() or "").removeprefix("#")
        if not (word.isascii() and word.isdigit() and len(word) <= 6 and int(word)):  # noqa: PLR2004 - more is no number of anything here
            raise self.wrong(what, f"As in `{self.command} {hint}`.")
        self.typed.words.at += 1
        return int(word)

    def rest(self) -> str:
        """Take everything that is left as free text."""
        return self.typed.rest()

    def words(self, what: str, hint: str) -> str:
        """Take everything that is left as free text. Raises NeedsMoreWords: nothing is."""
        found = self.rest()
        if not found:
            raise self.wrong(what, f"As in `{self.command} {hint}`.")
        return found

    def end(self) -> None:
        """
        Be sure that nothing is left but the run's name.

        Raises:
            NeedsMoreWords: a word too many; leaving it out would be a guess.
        """
        self.name()
        if (word := self.typed.peek()) is not None:
            raise self.wrong(f"`{shown(word)}` is one word too many")

    def wrong(self, message: str, hint: str = "") -> NeedsMoreWords:
        """Return a refusal with an example."""
        return NeedsMoreWords(
            f"{message}; nothing was changed.", hint=hint or example("runbook", self.command)
        )
