"""The single table of verbs: parser, help text, command line, docs and Slack manifest are made from it. Pure."""

from dataclasses import dataclass
from typing import Final

from opsbot.domain.said import USAGE, Said
from opsflags.model import MODES


@dataclass(frozen=True, slots=True)
class Option:
    """One `word:value` (or a bare word, where *value* is empty) that stands before the reason."""

    word: str
    value: str
    does: str


@dataclass(frozen=True, slots=True)
class Verb:
    """
    One verb.

    *name* is what the command line calls it (words apart by a space). *slack* is the part of the
    slash command after the prefix, None where the verb lives on the command line only. *arguments*
    is the usage line after the command; *examples* are arguments alone, so that each surface puts
    its own command in front.
    """

    name: str
    slack: str | None
    does: str
    arguments: str = ""
    options: tuple[Option, ...] = ()
    examples: tuple[str, ...] = ()
    cli: bool = True


KILL_MODES: Final = MODES[1:]
"""Modes that a kill may have; `live` is what a restore brings."""

KILL_OPTIONS: Final = (
    Option("mode", "stop", f"one of {', '.join(KILL_MODES)}; without it the declared safe state"),
    Option("tenant", "T", "only this tenant"),
    Option("tool", "N", "only this tool"),
    Option("for", "2h", "ask after this time whether it should stay (90m, 2h, 1d); never lifts it"),
    Option(
        "break-glass", "", "for people outside the role: one workflow, seen and adopted by others"
    ),
)

VERBS: Final = (
    Verb(
        "kill",
        "kill",
        "Stop or degrade an AI workflow now",
        "<workflow|all|provider:P|model:M> [mode:stop] [tenant:T] [tool:N] [for:2h]"
        " [break-glass] [reason]",
        KILL_OPTIONS,
        (
            "support-copilot wrong refund answers",
            "support-copilot mode:no_tools tenant:acme injected through a ticket",
            "provider:openai mode:fallback provider is down",
            "all mode:stop leaking customer data",
        ),
    ),
    Verb(
        "restore",
        "restore",
        "Lift the kills of a workflow, under policy",
        "<workflow|K-12> [reason]",
        examples=("support-copilot fixed in r42", "K-12"),
    ),
    Verb(
        "approve",
        None,
        "Approve or refuse what waits for a second person",
        "<A-1> [refuse] [reason]",
        examples=("A-1", "A-1 refuse evidence is from yesterday"),
    ),
    Verb(
        "status",
        "status",
        "Show what is switched, and how far it is confirmed",
        "[workflow]",
        examples=("", "support-copilot"),
    ),
    Verb(
        "audit",
        "audit",
        "Read or verify the journal",
        "<tail [N]|verify|export>",
        examples=("tail", "tail 20", "verify"),
    ),
    Verb(
        "oncall",
        "oncall",
        "Show who answers for a workflow",
        "[workflow]",
        examples=("", "support-copilot"),
    ),
    Verb("instances", None, "List running clients and what each has acknowledged"),
    Verb(
        "policy explain",
        None,
        "Say why somebody may or may not do something",
        "<who> <verb> <workflow>",
        examples=("U0ONCALL kill support-copilot",),
    ),
    Verb(
        "check",
        None,
        "Check declarations and policy before they are merged",
        "[--format text|json|github]",
    ),
    Verb("new workflow", None, "Walk an owner through declaring a workflow", "[name]"),
    Verb("doctor", None, "Check settings, store, clock and Slack from this machine"),
    Verb("serve", None, "Run the bot"),
    Verb(
        "demo",
        None,
        "Run everything on this machine, without any account",
        "[--port 8321] [--headless] [--clients 12] [--frozen 1]",
    ),
    Verb("bench", None, "Measure evaluation and propagation", "<evaluate|propagation|footprint>"),
    Verb("slack manifest", None, "Print the Slack app's manifest", "<--http URL|--socket>"),
)

SLACK_VERBS: Final = tuple(verb for verb in VERBS if verb.slack is not None)
OPTION_WORDS: Final = tuple(option.word for option in KILL_OPTIONS)


def verb(name: str) -> Verb:
    """
    Return the row of that name.

    Raises:
        KeyError: there is no such verb.
    """
    for row in VERBS:
        if row.name == name:
            return row
    raise KeyError(name)


def command_of(row: Verb, prefix: str) -> str:
    """Return the slash command (`/ai-kill`) of a verb that Slack has."""
    return f"/{prefix}-{row.slack}"


def usage_hint(row: Verb) -> str:
    """Return what Slack shows while the command is typed."""
    return row.arguments


def help_said(row: Verb, *, command: str, problem: str = "") -> Said:
    """
    Return the examples of one verb, typed as *command* (`/ai-kill`, `opsbot kill`).

    *problem* goes first where something was typed that the grammar does not know.
    """
    lines = [f"Usage: `{command} {row.arguments}`" if row.arguments else f"Usage: `{command}`"]
    lines += [f"`{f'{command} {example}'.strip()}`" for example in row.examples]
    lines += [
        f"`{option.word}{':' if option.value else ''}{option.value}` {option.does}"
        for option in row.options
    ]
    title = problem or f"{row.does}: `{command}`"
    return Said("plain", title, tuple(lines), body={"help": row.name}, exit_code=USAGE)
