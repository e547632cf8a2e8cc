"""Every verb of the command line: what it is comes from the grammar's table, how it runs stands here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from opsbot.cli.options import Command
from opsbot.slack import grammar

_JSON = {"json": "one JSON document for machines"}
_BOT = {
    "url": "the bot's HTTP address (else OPSBOT_URL, else the local bot)",
    "as": "speak as one of the people whom the local bot keeps",
}
_INCIDENT = (
    *("severity", "public", "no-page", "channel", "pager", "detected", "declared", "acknowledged"),
    *("contained", "told", "resolved", "reviewed", "next", "at", "owner", "by", "done"),
    *("stays-off", "all"),
)
"""What the grammar of incidents reads beside the options in its help."""

_GLASS = {"breakglass", "break_glass"}


@dataclass(frozen=True, slots=True)
class Way:
    """How a verb runs: module and function, flags, options with a value; see `Command`."""

    module: str
    flags: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    passes: frozenset[str] = frozenset()


def _passed(name: str, *more: str) -> frozenset[str]:
    """Return the options that the grammar reads itself; "break-glass" in each of its spellings."""
    words = {option.word for option in grammar.verb(name).options} | set(more)
    return frozenset(words | (_GLASS if "break-glass" in words else set()))


WAYS: Mapping[str, Way] = {
    "kill": Way(
        "opsbot.cli.acts:kill",
        {**_JSON, "yes": "confirm a kill of `all`, a provider or a model"},
        {**_BOT, "redis": "the store's URL: past a dead bot, with a kill-only credential"},
        passes=_passed("kill", "reason"),
    ),
    "restore": Way("opsbot.cli.acts:restore", _JSON, _BOT),
    "route": Way(
        "opsbot.cli.routes:route",
        _JSON,
        {**_BOT, "out": "with `picture`: the file for the PNG of its evaluations over revisions"},
        passes=_passed("route", "note", "reason"),
    ),
    "rollback": Way(
        "opsbot.cli.routes:rollback", _JSON, _BOT, passes=_passed("rollback", "reason")
    ),
    "incident": Way(
        "opsbot.cli.incidents:incident",
        _JSON,
        {
            **_BOT,
            "format": "with `export`: md, html, json or svg (its timeline as a picture)",
            "out": "with `export`: the file for the review",
        },
        passes=_passed("incident", *_INCIDENT),
    ),
    "runbook": Way(
        "opsbot.cli.runbooks:runbook",
        {**_JSON, "fix": "with `lint`: mend white space and quotes around `{{ }}`, and show what"},
        {
            **_BOT,
            "format": "with `render`: text, html, markdown or cacao; with `lint`: text, json or github",
            "out": "with `render`: the file for it",
        },
        passes=_passed("runbook", "step", "for", "all", "drill", "show", "yes"),
    ),
    "comms": Way(
        "opsbot.cli.comms:comms",
        _JSON,
        {**_BOT, "format": "with `lint`: text, json or github"},
        passes=_passed("comms", "next", "to", "back", "anyway", "all", "from", "in", "mode"),
    ),
    "approve": Way(
        "opsbot.cli.acts:approve", _JSON, _BOT, passes=_passed("approve", "refuse", "reason")
    ),
    "retry": Way("opsbot.cli.acts:retry", _JSON, _BOT),
    "status": Way("opsbot.cli.looks:status", _JSON, _BOT),
    "eval": Way(
        "opsbot.cli.evals:evals",
        _JSON,
        {
            **_BOT,
            "workflow": "whose route was evaluated",
            "revision": "which revision of it, as in r4",
            "model": "or which approved model, as in openai/gpt-5-mini",
            "file": "the results, as the tool wrote them",
            "format": "auto, promptfoo, pytest, junit or opsbot",
            "suite": "the suite's name, where the file names none or another",
            "commit": "the code that was evaluated",
        },
    ),
    "instances": Way("opsbot.cli.looks:instances", _JSON, _BOT),
    "oncall": Way("opsbot.cli.looks:oncall", _JSON, _BOT),
    "audit": Way(
        "opsbot.cli.audit:audit",
        _JSON,
        {
            **_BOT,
            "file": "verify this export instead, offline",
            "key": "the public key (hex) that the export must be signed with",
        },
    ),
    "policy explain": Way("opsbot.cli.looks:policy", _JSON, _BOT),
    "check": Way(
        "opsbot.cli.content:check",
        {"live": "ask the bot as well whether today's on-call could do every step of the runbooks"},
        {**_BOT, "format": "text, json or github"},
    ),
    "new workflow": Way("opsbot.cli.content:new"),
    "slack manifest": Way(
        "opsbot.cli.manifest:manifest",
        {"socket": "for Socket Mode"},
        {
            "http": "for signed HTTP, at this public URL",
            "profile": "kill-only, incident or capture: what the app is installed for",
        },
    ),
    "serve": Way("opsbot.cli.serve:serve"),
    "doctor": Way("opsbot.cli.doctor:doctor", _JSON),
    "demo": Way(
        "opsbot.cli.demo:demo",
        {"headless": "open nothing, print the addresses as one JSON line"},
        {
            "port": "port of the page",
            "clients": "how many sample services",
            "frozen": "how many of them freeze on purpose",
        },
    ),
    "bench": Way("opsbot.cli.bench:bench", _JSON, {"clients": "how many clients, as in 1,10,100"}),
}


def _command(row: grammar.Verb) -> Command:
    way = WAYS[row.name]
    first, _, second = row.name.partition(" ")
    usage = f"{second} {row.arguments}".strip()
    listed = (*row.acts, *row.terminal, *row.options)
    return Command(
        first,
        way.module,
        usage,
        row.does,
        way.flags,
        way.values,
        way.passes,
        {grammar.typed(one): one.does for one in listed},
        tuple(f"{second} {one}".strip() for one in row.examples),
    )


COMMANDS: Mapping[str, Command] = {
    command.name: command for command in (_command(row) for row in grammar.VERBS if row.cli)
}


def overview() -> str:
    """Return what a bare `opsbot` prints."""
    rows = [(row.name, row.does) for row in grammar.VERBS if row.cli]
    width = max(len(name) for name, _ in rows)
    return "\n".join(
        (
            "opsbot stops AI that misbehaves, proves that it stopped, and leads people through the rest.",
            "",
            *(f"  {name:<{width}}  {does}" for name, does in rows),
            "",
            "opsbot <verb> --help says more. Exit code: 0 done, 1 refused or failed, 2 usage,",
            "3 stored but not confirmed in time.",
        )
    )
