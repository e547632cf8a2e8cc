"""The command line: the same verbs, words and answers as in Slack, for hands and for scripts."""

import gc
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import cast

from opsbot import __version__
from opsbot.cli import printing
from opsbot.cli.options import Asked, Command, Refusal, Usage, help_of, read
from opsbot.cli.table import COMMANDS, overview
from opsbot.domain.errors import NeedsMoreWords, OpsbotError
from opsbot.domain.said import DONE, REFUSED, USAGE

INTERRUPTED = 130
_HELP = frozenset({"help", "--help", "-h"})
_VERSION = frozenset({"--version", "-V"})

Run = Callable[[Asked], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    try:
        code = _main(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
    except BrokenPipeError:  # `opsbot audit export | head`
        _leave_pipe()
        return REFUSED
    return code


def _leave_pipe() -> None:
    """Let what is still to be written go nowhere: the interpreter writes it out when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _main(words: Sequence[str]) -> int:
    if not words or words[0] in _HELP:
        print(overview())
        return DONE
    if words[0] in _VERSION:
        print(f"opsbot {__version__}")
        return DONE
    command = COMMANDS.get(words[0])
    if command is None:
        return _usage(_unknown(words[0]))
    return _one(command, words[1:])


def _one(command: Command, words: Sequence[str]) -> int:
    if any(word in _HELP - {"help"} for word in words):
        print(help_of(command))
        return DONE
    try:
        asked = read(command, words)
    except Usage as wrong:
        return _usage(str(wrong))
    return _run(command, asked)


def _run(command: Command, asked: Asked) -> int:  # noqa: PLR0911  one return for each way to end
    try:
        return _loaded(command)(asked)
    except Usage as wrong:
        return _usage(str(wrong))
    except NeedsMoreWords as wrong:
        printing.error(wrong, as_json=asked.json)
        return USAGE
    except OpsbotError as error:
        return printing.error(error, as_json=asked.json)
    except Refusal as refusal:
        code = printing.problem(refusal.document, as_json=asked.json)
        return USAGE if refusal.code == NeedsMoreWords.code else code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # for `main`, and no bug
        raise
    except Exception as bug:  # noqa: BLE001  the terminal's boundary: a person reads words first
        return printing.bug(bug, as_json=asked.json)


def _loaded(command: Command) -> Run:
    """
    Import what the verb needs, and only that.

    A kill from a terminal must not wait for the web server, the scheduler and Slack's library to
    be imported: together they cost more than the kill. All of it stays, so that looking for
    garbage meanwhile finds none and takes an eighth of a bot's start.
    """
    module, _, name = command.module.partition(":")
    gc.disable()
    try:
        return cast("Run", getattr(importlib.import_module(module), name))
    finally:
        gc.enable()


def _unknown(word: str) -> str:
    if word.startswith("-"):
        return f"{word!r} stands after the verb, as in `opsbot status --json`; `opsbot help` lists the verbs"
    near = get_close_matches(word.lower(), COMMANDS, n=1, cutoff=0.5)
    offered = f"; did you mean `opsbot {near[0]}`?" if near else "; `opsbot help` lists them"
    return f"opsbot has no verb {word!r}{offered}"


def _usage(text: str) -> int:
    print(text, file=sys.stderr)
    return USAGE
