"""`runbook`: walk runbooks from a terminal, in the same words as in Slack; read them without any bot."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from opsbot.app.runs.requests import (
    EndRun,
    LeadRun,
    MarkStep,
    RunAction,
    RunLook,
    RunWords,
    StartRun,
    WhichRun,
)
from opsbot.cli import acts, printing
from opsbot.cli.api import Api, Unreachable, opened
from opsbot.cli.options import Asked, Refusal, Usage
from opsbot.domain.errors import Misconfigured
from opsbot.domain.incident.incident import number_of
from opsbot.domain.run import run_named
from opsbot.domain.said import Said
from opsbot.slack.typed.runbook import parse_runbook

AT: Final = "/v1/runs"
USAGE: Final = "opsbot runbook <start|show|steps|done|…>; `opsbot runbook --help` says more"
_LOOKED: Final = {"show": "", "steps": "/steps", "catchup": "/catchup"}
_PLAIN: Final = re.compile(r"[a-z0-9][a-z0-9/-]{0,80}", re.ASCII)
_VALUE: Final = re.compile(r"(-{0,2}[a-z][a-z0-9_]*[=:])(.*\s.*)", re.IGNORECASE | re.DOTALL)


def runbook(asked: Asked) -> int:
    """Do what the words say: from the files where they suffice, else by the bot."""
    if not asked.words:
        raise Usage(USAGE)
    act, rest = asked.words[0].lower(), asked.words[1:]
    if act in ("render", "lint", "catalogue", "catalog") or (
        act in ("show", "read") and _names_a_file(rest)
    ):
        return _from_files(asked, act, rest)
    try:
        return _by_bot(asked)
    except (Unreachable, Misconfigured) as gone:
        if act not in ("list", "ls"):
            gone.hint = " ".join(one for one in (gone.hint, _on_paper(act, rest)) if one)
            raise
        printing.note(f"{gone.message} So the runs are not known; these are the runbooks to walk:")
        return _from_files(asked, "catalogue", ())


def _on_paper(act: str, rest: Sequence[str]) -> str:
    """Return how a runbook is walked where no bot keeps its ticks, empty where its file is not here."""
    from opsbot.cli import runbook_files as files  # noqa: PLC0415  as below

    if not files.there():
        return ""
    name = rest[0] if act == "start" and rest and _PLAIN.fullmatch(rest[0]) else "NAME"
    return f"To go on by its file: `opsbot runbook show {name}`."


def _from_files(asked: Asked, act: str, rest: Sequence[str]) -> int:
    from opsbot.cli import runbook_files as files  # noqa: PLC0415  the parser costs half a second

    if act == "render":
        return files.render(asked, rest)
    if act == "lint":
        return files.lint(asked, rest)
    if files.there():
        return files.show(asked, rest) if act in ("show", "read") else files.catalogue(asked)
    bare = ("read", *rest) if act in ("show", "read") else ("catalogue",)
    return _by_bot(Asked(asked.command, bare, asked.flags, asked.values))


def _names_a_file(rest: Sequence[str]) -> bool:
    """Return whether a runbook is meant, and no run."""
    return bool(rest) and run_named(rest[0]) is None and number_of(rest[0]) is None


def _by_bot(asked: Asked) -> int:
    words = parse_runbook(_typed(asked.words), command="opsbot runbook")
    api = opened(asked)
    if isinstance(words, RunLook):
        return printing.said(_looked(api, words), as_json=asked.json)
    path, body = _CHANGES[type(words)](words)
    try:
        said = api.do(path, body)
    except Refusal as refusal:
        if not isinstance(words, RunAction):
            raise
        if not acts.agreed(asked, refusal):
            raise _with_yes(asked, words, refusal) from refusal
        words = asked_about(words, refusal)
        said = api.do(_CHANGES[RunAction](words)[0], {**action_body(words), "confirm": True})
    return printing.said(said, as_json=asked.json)


def asked_about(words: RunAction, refusal: Refusal) -> RunAction:
    """Return what the yes is for: another step may be current by now, and was not asked about."""
    run, step, seen = (refusal.document.get(one) for one in ("run", "step", "seen"))
    which = replace(words.which, name=str(run)) if run else words.which
    version = seen if isinstance(seen, int) and words.seen is None else words.seen
    return replace(words, which=which, step=str(step or words.step), seen=version)


def _with_yes(asked: Asked, words: RunAction, refusal: Refusal) -> Refusal:
    """Return what is asked first with how to answer it where nobody is there to be asked."""
    if refusal.code != "needs_confirmation":
        return refusal
    named = _typed(asked.words)
    if not words.step and (step := refusal.document.get("step")):
        named = f"{named} {step}"
    again = f"To do it: `opsbot runbook {named} yes`."
    detail = "\n".join(one for one in (str(refusal.document.get("detail", "")), again) if one)
    return Refusal({**refusal.document, "detail": detail, "hint": again})


def _typed(words: Sequence[str]) -> str:
    """Return the words as one line."""
    return " ".join(requoted(one) for one in words)


def requoted(word: str) -> str:
    """Return a word with the quotes that a shell took away around a value with blanks."""
    found = _VALUE.fullmatch(word)
    return word if found is None or '"' in word else f'{found[1]}"{found[2]}"'


def _looked(api: Api, look: RunLook) -> Said:
    if look.what == "list":
        return api.ask(AT, {"every": "true"} if look.every else None)
    if look.what == "catalogue":
        return api.ask("/v1/runbooks")
    if look.what == "read":
        return api.ask(f"/v1/runbooks/{quote(look.runbook)}")
    return api.ask(f"{_run(look.which)}{_LOOKED[look.what]}")


def _run(which: WhichRun) -> str:
    return f"{AT}/{quote(which.name or 'current', safe='')}"


def _step(words: MarkStep | RunAction) -> str:
    return f"{_run(words.which)}/steps/{quote(words.step or 'current', safe='')}"


def start_body(words: StartRun) -> dict[str, object]:
    """Return a beginning as the HTTP API takes it."""
    mode = {} if words.mode == "live" else {"mode": words.mode}
    more = given({"incident": words.incident, "params": dict(words.params)})
    return {"runbook": words.runbook, **mode, **more}


def mark_body(words: MarkStep) -> dict[str, object]:
    """Return a word on a step as the HTTP API takes it."""
    names = ("seen", "who", "words", "box", "option", "url")
    fields = {name: getattr(words, name) for name in names}
    return {"act": words.act, **given({**fields, "for-s": words.for_s})}


def action_body(words: RunAction) -> dict[str, object]:
    """Return a press as the HTTP API takes it."""
    return {"act": words.act, **given({"seen": words.seen, "confirm": words.confirmed})}


def lead_body(words: LeadRun) -> dict[str, object]:
    """Return a word on the lead as the HTTP API takes it."""
    return {"act": words.act, **given({"who": words.who})}


def end_body(words: EndRun) -> dict[str, object]:
    """Return an end as the HTTP API takes it."""
    fields = {"runbook": words.runbook, "words": words.words, "params": dict(words.params)}
    return {"act": words.act, **given(fields)}


def given(fields: Mapping[str, object]) -> dict[str, object]:
    """Return the fields that say anything."""
    return {name: value for name, value in fields.items() if value not in (None, "", False, {})}


_CHANGES: Final[Mapping[type[RunWords], Callable[..., tuple[str, dict[str, object]]]]] = {
    StartRun: lambda words: (AT, start_body(words)),
    MarkStep: lambda words: (_step(words), mark_body(words)),
    RunAction: lambda words: (f"{_step(words)}/actions/{words.number}", action_body(words)),
    LeadRun: lambda words: (f"{_run(words.which)}/lead", lead_body(words)),
    EndRun: lambda words: (f"{_run(words.which)}/end", end_body(words)),
}
"""Where each change is asked for, and its body."""
