"""`comms`: tell people from a terminal, in the same words as in Slack; read templates without any bot."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import quote

from opsbot.app.comms.requests import (
    CommsLook,
    CommsWords,
    DropMessage,
    EditMessage,
    HoldEvidence,
    HoldUsers,
    NewMessage,
    PublishMessage,
    RetryTarget,
    RunClock,
    SetCanned,
    SnoozeUpdate,
    StateFact,
)
from opsbot.app.incident.requests import Which
from opsbot.cli import printing
from opsbot.cli.api import Api, opened
from opsbot.cli.options import Asked, Usage
from opsbot.cli.runbooks import given, requoted
from opsbot.domain.change import Json
from opsbot.domain.comms.templates import AUDIENCES
from opsbot.domain.said import USAGE as USAGE_CODE
from opsbot.domain.said import Said
from opsbot.domain.typed import command
from opsbot.slack.typed.comms import bare, parse_comms

AT: Final = "/v1/messages"
USAGE: Final = "opsbot comms <now|new|list|preview|publish|…>; `opsbot comms --help` says more"


def comms(asked: Asked) -> int:
    """Do what the words say: from the files where they suffice, else by the bot."""
    if not asked.words:
        raise Usage(USAGE)
    act, rest = asked.words[0].lower(), asked.words[1:]
    if act in ("render", "lint", "hash"):
        return _from_files(asked, act, rest)
    typed = " ".join(requoted(one) for one in asked.words)
    opens = bare(typed)
    if opens is not None and opens.act == "new":
        return printing.said(_which_template(opened(asked), opens.about), as_json=asked.json)
    words = parse_comms(typed, now_ms=int(time.time() * 1000), command="opsbot comms")
    api = opened(asked)
    if isinstance(words, CommsLook):
        return printing.said(_looked(api, words), as_json=asked.json)
    path, body = change(words)
    return printing.said(api.do(path, body), as_json=asked.json)


def change(words: CommsWords) -> tuple[str, dict[str, object]]:
    """Return where a change is asked for, and its body as the HTTP API takes it."""
    return _CHANGES[type(words)](words)


def _from_files(asked: Asked, act: str, rest: Sequence[str]) -> int:
    from opsbot.cli import comms_files as files  # noqa: PLC0415  the template engine costs half a second

    ways: Mapping[str, Callable[[Asked, Sequence[str]], int]] = {
        "render": files.render,
        "lint": files.lint,
        "hash": files.approved,
    }
    return ways[act](asked, rest)


def _which_template(api: Api, incident: str) -> Said:
    """Return what can be written, each as it is typed: a terminal has no form to pick it from."""
    known = api.ask("/v1/templates").body.get("templates")
    some = [one for one in known if isinstance(one, Mapping)] if isinstance(known, list) else []
    about = f" {incident}" if incident else ""
    lines = tuple(
        f"{one.get('title')}: {command(_typed_new(one, about))}"
        for audience in AUDIENCES
        for one in some
        if one.get("audience") == audience
    )
    title = f"Say which template; nothing was written{f' for {incident}' if incident else ''}"
    hint = "Fields that the fact sheet knows can be left out."
    return Said("amber", title, (*lines, hint), body={"templates": some}, exit_code=USAGE_CODE)


def _typed_new(template: Mapping[str, Json], about: str) -> str:
    fields = template.get("fields")
    asks = "".join(f" {one}=\u2026" for one in fields) if isinstance(fields, list) else ""
    return f"comms new {template.get('template')}{about}{asks}"


def _looked(api: Api, look: CommsLook) -> Said:
    if look.what == "templates":
        return api.ask("/v1/templates")
    if look.what == "preview":
        return api.ask(f"{AT}/{quote(look.message)}")
    if look.what == "facts":
        return api.ask(f"{_incident(look.which)}/facts")
    query = {"incident": look.which.name, "every": "true" if look.every else ""}
    return api.ask(AT, {name: value for name, value in query.items() if value})


def _incident(which: Which) -> str:
    return f"/v1/incidents/{quote(which.name or 'current', safe='')}"


def new_body(words: NewMessage) -> dict[str, object]:
    """Return a draft as the HTTP API takes it."""
    fields = {
        "template": words.template,
        "incident": words.which.name,
        "values": dict(words.values),
        "targets": None if words.targets is None else list(words.targets),
        "corrects": words.corrects,
        "back": words.back,
        "next-s": words.next_s,
    }
    return given(fields)


def edit_body(words: EditMessage) -> dict[str, object]:
    """Return a change of a draft as the HTTP API takes it."""
    fields = {
        "values": None if words.values is None else dict(words.values),
        "targets": None if words.targets is None else list(words.targets),
        "next-s": words.next_s,
        "back": words.back,
        "seen": words.seen,
    }
    return given(fields)


def publish_body(words: PublishMessage) -> dict[str, object]:
    """Return a publication as the HTTP API takes it."""
    anyway = list(words.anyway) or None
    return given({"sha": words.sha, "seen": words.seen, "anyway": anyway})


def clock_body(words: RunClock) -> dict[str, object]:
    """Return a word on a legal clock as the HTTP API takes it."""
    return {
        "name": words.name,
        "act": words.act,
        **given({"from-ms": words.from_ms, "from": words.began}),
    }


_CHANGES: Final[Mapping[type[CommsWords], Callable[..., tuple[str, dict[str, object]]]]] = {
    NewMessage: lambda words: (AT, new_body(words)),
    EditMessage: lambda words: (f"{AT}/{words.message}", edit_body(words)),
    PublishMessage: lambda words: (f"{AT}/{words.message}/publish", publish_body(words)),
    DropMessage: lambda words: (f"{AT}/{words.message}/drop", given({"why": words.why})),
    RetryTarget: lambda words: (f"{AT}/{words.message}/retry", {"target": words.target}),
    HoldUsers: lambda words: (
        f"{_incident(words.which)}/messages/now",
        given({"template": words.template}),
    ),
    StateFact: lambda words: (
        f"{_incident(words.which)}/facts",
        {"name": words.name, "text": words.text, "surety": words.surety},
    ),
    SnoozeUpdate: lambda words: (
        f"{_incident(words.which)}/messages/snooze",
        {"audience": words.audience, "for-s": words.for_s, "why": words.why},
    ),
    RunClock: lambda words: (f"{_incident(words.which)}/clocks", clock_body(words)),
    HoldEvidence: lambda words: (f"{_incident(words.which)}/evidence", {"where": words.where}),
    SetCanned: lambda words: (
        f"/v1/workflows/{quote(words.workflow, safe='')}/texts",
        {"texts": dict(words.texts), "mode": words.mode},
    ),
}
"""Where each change is asked for, and its body."""
