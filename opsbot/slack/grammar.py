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

ROUTE_OPTIONS: Final = (
    Option(
        "model", "openai/gpt-5.2", "or with shares: openai/gpt-5.2=70,anthropic/claude-sonnet-5=30"
    ),
    Option("fallback", "a/b,c/d", "tried in this order; `fallback:none` for none"),
    Option("prompt", "ref", "the prompt's reference; `prompt:none` for none"),
    Option("tools", "ref", "the tools' reference; `tools:none` for none"),
    Option("param", "name=value", "as often as needed; `param:name=` takes it away"),
    Option("strategy", "weighted", "one of pinned, weighted, cheapest_passing_eval"),
    Option("from", "r3", "start from this revision instead of the one that serves"),
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
        "<workflow|K-12 [hold|go-on]> [reason]",
        examples=("support-copilot fixed in r42", "K-12", "K-12 hold wrong tone in German"),
    ),
    Verb(
        "route",
        "route",
        "Show or change what serves a workflow: model, prompt, parameters, tools",
        "<workflow> [show|history|diff r3 r5|set …|stage [r4|hold|go-on|cancel]] [note]",
        ROUTE_OPTIONS,
        (
            "support-copilot",
            "support-copilot history",
            "support-copilot diff r3 r5",
            "support-copilot set model:openai/gpt-5-mini param:temperature=0.1 half the price",
            "support-copilot stage r4",
            "support-copilot stage hold wrong tone in German",
        ),
    ),
    Verb(
        "rollback",
        "rollback",
        "Serve everybody with an older revision again, at once",
        "<workflow> [to r3] [break-glass] [reason]",
        (
            Option("to", "r3", "this revision; without it the last good one"),
            Option(
                "break-glass", "", "serve it although its evidence does not pass; others are told"
            ),
        ),
        ("support-copilot wrong answers since r5", "support-copilot to r3 wrong answers"),
    ),
    Verb(
        "approve",
        None,
        "Approve or refuse what waits for a second person",
        "<A-1> [refuse] [reason]",
        examples=("A-1", "A-1 refuse evidence is from yesterday"),
    ),
    Verb(
        "retry",
        None,
        "Deliver again what could not be said outside",
        "[item|all]",
        examples=("", "all", "1763712000000-0"),
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
    Verb(
        "eval",
        None,
        "Record what an evaluation found of a route, or show what the gates make of it",
        "<record --workflow W --revision r4 --file F | show W [r4]>",
        examples=(
            "record --workflow support-copilot --revision r4 --file results.json",
            "show support-copilot r4",
        ),
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
    Verb(
        "bench",
        None,
        "Measure decisions, propagation, footprint and answers",
        "<evaluate|propagation|footprint|answers>",
    ),
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
