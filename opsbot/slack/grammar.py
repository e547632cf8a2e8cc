"""The single table of verbs: parser, help text, command line, docs and Slack manifest are made from it. Pure."""

from dataclasses import dataclass
from typing import Final

from opsbot.domain.said import USAGE, Said
from opsbot.slack.grammar_comms import COMMS_ACTS, COMMS_EXAMPLES
from opsbot.slack.grammar_runbook import RUNBOOK_ACTS, RUNBOOK_EXAMPLES
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
    its own command in front. *acts* are the words that choose what is done, and *terminal* those
    that only a terminal takes, as a file is written there.
    """

    name: str
    slack: str | None
    does: str
    arguments: str = ""
    options: tuple[Option, ...] = ()
    examples: tuple[str, ...] = ()
    cli: bool = True
    acts: tuple[Option, ...] = ()
    terminal: tuple[Option, ...] = ()


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

ROUTE_ACTS: Final = (
    Option("show", "", "what serves now, how far a ramp is and when its next step is due"),
    Option("history", "", "every revision with its note, what its gates say and how it ended"),
    Option("diff r3 r5", "", "what differs between two revisions, and what it does to the price"),
    Option(
        "set …",
        "",
        "store a new revision, which serves nobody yet: the options below in any order, then the"
        " note. What is left out stays as it is in what serves now",
    ),
    Option("stage r4", "", "begin its ramp; without a number that of the newest"),
    Option("stage hold", "", "stay at this step, until somebody says `stage go-on`"),
    Option("stage cancel", "", "give the ramp up: what served before serves everybody again"),
)
ROUTE_OPTIONS: Final = (
    Option(
        "model",
        "openai/gpt-5.2",
        "this model, one of the workflow's `routes.approved`; or several with shares that make"
        " 100: openai/gpt-5.2=70,anthropic/claude-sonnet-5=30",
    ),
    Option(
        "fallback", "a/b,c/d", "models tried in this order when it fails; `fallback:none` for none"
    ),
    Option(
        "prompt", "ref", "the prompt's reference in the team's own store; `prompt:none` for none"
    ),
    Option("tools", "ref", "the tools' reference; `tools:none` for none"),
    Option(
        "param",
        "temperature=0.1",
        "sets one parameter, as often as needed; `param:temperature=` takes it away",
    ),
    Option(
        "strategy",
        "weighted",
        "`pinned` (one model), `weighted` (by shares, sticky), or `cheapest_passing_eval` (opsbot"
        " chooses among the approved)",
    ),
    Option("from", "r3", "begin from this revision instead of the one that serves"),
)

INCIDENT_ACTS: Final = (
    Option(
        "open [workflow] [sev2] title",
        "",
        "open one; in Slack without a title the form. `adopt <#channel|PagerDuty id> …` makes"
        " nothing new",
    ),
    Option("show [INC-7] · list [all] · timeline · export", "", "look"),
    Option(
        "accept · contain · monitor · resolve · reopen · reviewed",
        "",
        "move it on; `resolve stays-off` where the feature stays off",
    ),
    Option(
        "decline · cancel · duplicate INC-3",
        "",
        "it was none, or not one of its own: then a reason",
    ),
    Option(
        "role commander @ines",
        "",
        "offer a role (commander, comms, scribe, responder); without a name take it; then"
        " `role commander accept|decline|leave`",
    ),
    Option("update [next:20m] text", "", "say what is so now, and when more follows"),
    Option(
        "sev · title · summary · type · workflow · exposed · time · private · public",
        "",
        "correct what is known, as in `sev sev1` or `time started:03:10`",
    ),
    Option(
        "note [at:03:10] text · retract INC-7:n3 · page [@who|ack|escalate] · action [owner:@sam] [by:2026-12-01] text",
        "",
        "for the timeline, to PagerDuty, to do afterwards",
    ),
    Option(
        "retry page · remind update_due snooze 15m",
        "",
        "do a failed step again; put a reminder off, or `stop` it",
    ),
)
INCIDENT_OPTIONS: Final = (
    Option("sev", "sev2", "how bad; `sev2` alone is enough, without it what the type proposes"),
    Option("type", "prompt_injection", "what went wrong; it proposes severity, mode and runbook"),
    Option("workflow", "support-copilot", "what is hit; its name alone is enough"),
    Option("kill", "K-3", "the kill that began it"),
    Option("private", "", "nothing of it is announced; `public` where its type would be private"),
    Option("page", "no", "yes calls somebody whatever the severity, no (or `no-page`) nobody"),
    Option("drill", "", "an exercise: in no figure"),
    Option("anyway", "", "though one is open for that workflow"),
    Option(
        "started",
        "03:10",
        "when users were first hit: `10m` ago, `03:10` UTC, or a date with a time; so for"
        " `detected:` too, and with `resolved:` it is a record made afterwards",
    ),
    Option("title", "…", "what follows is the title, whatever it begins with; so in quotes"),
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
        acts=ROUTE_ACTS,
        terminal=(
            Option(
                "picture --out FILE.png",
                "",
                "write the picture of its evaluations over revisions; in Slack it is in the thread"
                " of a revision's card",
            ),
        ),
    ),
    Verb(
        "rollback",
        "rollback",
        "Serve everybody with an older revision again, at once",
        "<workflow> [to r3] [break-glass] [reason]",
        (
            Option(
                "to", "r3", "a revision that served everybody once; without it the last good one"
            ),
            Option(
                "break-glass",
                "",
                "serve it although its evidence does not pass; who answers for the workflow is told",
            ),
        ),
        ("support-copilot wrong answers since r5", "support-copilot to r3 wrong answers"),
    ),
    Verb(
        "incident",
        "incident",
        "Open an incident, look at it, move it, hand it over",
        "<open|show|list|resolve|update|role|…> [INC-7] [words]",
        INCIDENT_OPTIONS,
        (
            "open support-copilot sev2 wrong refund answers",
            "list",
            "role commander @ines",
            "update next:20m we rolled back to r3",
            "resolve INC-7 fixed in r42",
        ),
        acts=INCIDENT_ACTS,
    ),
    Verb(
        "runbook",
        "runbook",
        "Walk a runbook step by step, with its actions one press away",
        "<start|show|done|skip|handover|…> [RUN-1] [words]",
        examples=RUNBOOK_EXAMPLES,
        acts=tuple(Option(words, "", does) for words, does in RUNBOOK_ACTS),
        terminal=(
            Option(
                "show|render <runbook> [name=value …]",
                "",
                "read one, or write it as text, html, markdown or CACAO 2.0: from its file, without"
                " any bot; so do `catalogue` and `list` when none answers",
            ),
            Option("lint [runbook …]", "", "what is wrong with the runbooks, and how to mend it"),
        ),
    ),
    Verb(
        "comms",
        "comms",
        "Tell users and colleagues: from a template, approved, published once",
        "<now|new|publish|list|preview|correct|fact|…> [MSG-3|INC-7] [words]",
        examples=COMMS_EXAMPLES,
        acts=tuple(Option(words, "", does) for words, does in COMMS_ACTS),
        terminal=(
            Option(
                "render <template> [name=value …]",
                "",
                "write a template out with example values, or these: from its file, without any bot",
            ),
            Option("lint [template …]", "", "what is wrong with the templates, and how to mend it"),
            Option(
                "hash <template>",
                "",
                "the hash that its owners approve it by, for `approved:`",
            ),
        ),
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
        "[--live] [--format text|json|github]",
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
        "Measure decisions, propagation, footprint, answers and runbooks",
        "<evaluate|propagation|footprint|answers|runbooks>",
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


def typed(option: Option) -> str:
    """Return how an option is typed."""
    return f"{option.word}{':' if option.value else ''}{option.value}"


def help_said(row: Verb, *, command: str, problem: str = "") -> Said:
    """
    Return the examples of one verb, typed as *command* (`/ai-kill`, `opsbot kill`).

    *problem* goes first where something was typed that the grammar does not know.
    """
    lines = [f"Usage: `{command} {row.arguments}`" if row.arguments else f"Usage: `{command}`"]
    lines += [f"`{f'{command} {example}'.strip()}`" for example in row.examples]
    lines += [f"`{typed(option)}` {option.does}" for option in (*row.acts, *row.options)]
    title = problem or f"{row.does}: `{command}`"
    return Said("plain", title, tuple(lines), body={"help": row.name}, exit_code=USAGE)
