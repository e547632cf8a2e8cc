"""The words of a command line: the verb, its options, and the rest as the grammar's own words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches


class Usage(Exception):
    """The command line cannot be read; exit code 2. Its text says what to write instead."""


class Refusal(Exception):
    """The bot answered with a problem document."""

    def __init__(self, document: Mapping[str, object]) -> None:
        super().__init__(str(document.get("title", "")))
        self.document = document

    @property
    def code(self) -> str:
        """Return the machine's word for the problem."""
        return str(self.document.get("code", ""))


@dataclass(frozen=True, slots=True)
class Command:
    """
    One verb of the command line.

    *module* is imported when the verb is asked for, never before: `opsbot kill` must not pay for
    the server's imports. *flags* take nothing, *values* one word each; both are spelled without
    dashes and mapped to what help says. *passes* are the options left to the grammar, which
    knows `--mode stop` and a phone's `—mode stop`; any other is refused, never read as words.
    *words* are what the grammar reads, with what each does, and *examples* arguments as typed.
    """

    name: str
    module: str
    usage: str
    summary: str
    flags: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    passes: frozenset[str] = frozenset()
    words: Mapping[str, str] = field(default_factory=dict)
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed. *words* are as typed: curly quotes and long dashes are the grammar's business."""

    command: Command
    words: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def json(self) -> bool:
        """Return whether a machine reads the answer."""
        return "json" in self.flags

    @property
    def text(self) -> str:
        """Return the words as one line, as Slack would send it."""
        return " ".join(self.words)


def read(command: Command, argv: Sequence[str]) -> Asked:
    """
    Take *argv* (after the verb) apart; everything after `--` is a word.

    Raises:
        Usage: an option that the verb does not know, or one without its value.
    """
    words: list[str] = []
    flags: set[str] = set()
    values: dict[str, str] = {}
    left = list(argv)
    while left:
        word = left.pop(0)
        if word == "--":
            words += left
            break
        name, equals, value = word[2:].partition("=")
        if not word.startswith("--"):
            words.append(word)
        elif name in command.flags and not equals:
            flags.add(name)
        elif name in command.values:
            values[name] = value if equals else _next(left, word)
        elif re.split("[:=]", word[2:])[0].lower() in command.passes:
            words.append(word)
        else:
            raise Usage(_unknown(command, re.split("[:=]", word[2:])[0]))
    return Asked(command, tuple(words), frozenset(flags), values)


def _next(left: list[str], option: str) -> str:
    if not left:
        raise Usage(f"{option} needs a value")
    return left.pop(0)


def _unknown(command: Command, name: str) -> str:
    known = [*command.flags, *command.values, *sorted(command.passes)]
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    offered = f"; did you mean --{near[0]}?" if near else ""
    words = "; what follows -- is words" if command.passes else ""
    return f"opsbot {command.name} has no option --{name}{offered}{words}"


def help_of(command: Command) -> str:
    """Return what `opsbot <verb> --help` prints."""
    lines = [f"opsbot {command.name} {command.usage}".rstrip(), "", command.summary]
    width = max((len(word) for word in command.words), default=0)
    if command.words:
        lines += ["", *(f"  {word:<{width}}  {what}" for word, what in command.words.items())]
    options = [*((f"--{n}", what) for n, what in command.flags.items())]
    options += [(f"--{n} …", what) for n, what in command.values.items()]
    if options:
        lines += ["", *(f"  {name:<14} {what}" for name, what in options)]
    if command.examples:
        typed = (f"  opsbot {command.name} {one}".rstrip() for one in command.examples)
        lines += ["", "For example:", *typed]
    return "\n".join(lines)
