"""`incident`: open, look at, move and hand over incidents from a terminal; the same words as in Slack."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import quote

from opsbot.app.incident.requests import (
    ActionItem,
    EditIncident,
    HushReminder,
    IncidentLook,
    IncidentWords,
    MoveIncident,
    OpenIncident,
    PageAct,
    RetractNote,
    RetryStep,
    RoleOrder,
    TimelineNote,
    Which,
)
from opsbot.app.incident_flag_words import opened_as
from opsbot.cli import incident_review, printing
from opsbot.cli.api import Api, opened
from opsbot.cli.options import Asked, Usage
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.incident.incident import number_of
from opsbot.domain.said import Said
from opsbot.slack.typed.incident import opens, opens_with_option, parse_incident

AT: Final = "/v1/incidents"


def incident(asked: Asked) -> int:
    """Do what the words say about incidents."""
    if incident_review.wants_file(asked):
        return incident_review.export(asked)
    if not asked.words:
        raise Usage(
            "opsbot incident <open|show|list|resolve|…>; `opsbot incident --help` says more"
        )
    api, text = opened(asked), _typed(asked.words)
    words = parse_incident(
        text,
        now_ms=time.time_ns() // 1_000_000,
        names=_names(api) if opens(text) else (),
        command="opsbot incident",
    )
    return printing.said(_answered(api, words), as_json=asked.json)


def _typed(words: Sequence[str]) -> str:
    """
    Return the words as one line, with the quotes that a shell took away around the text in them.

    The text is the last, or stands before an incident's id at the end. One that begins with an
    option stays without: a shell wants quotes for a comma, and nobody means them by that.
    """
    end = len(words) - (number_of(words[-1]) is not None)
    first, last, behind = words[: end - 1], words[end - 1 : end], words[end:]
    quoted = [_quoted(first[0], one) if first else one for one in last]
    return " ".join((*first, *quoted, *behind))


def _quoted(act: str, text: str) -> str:
    split = len(text.split()) > 1 and '"' not in text
    return f'"{text}"' if split and not opens_with_option(act, text) else text


def _names(api: Api) -> tuple[str, ...]:
    """Return the declared workflows: a title is told from a name by them alone."""
    listed = api.ask("/v1/workflows").body.get("workflows")
    return tuple(listed) if isinstance(listed, Mapping) else ()


def _answered(api: Api, words: IncidentWords) -> Said:
    if isinstance(words, IncidentLook):
        return _looked(api, words)
    if isinstance(words, OpenIncident):
        if not words.title:
            raise NeedsMoreWords(
                "Say in a few words what happens; nothing was opened.",
                hint="For example `opsbot incident open support-copilot sev2 wrong refund answers`.",
            )
        return opened_as(api.do(AT, open_body(words)), words)
    path, body = _CHANGES[type(words)]
    return api.do(f"{_path(words.which)}/{path}", body(words))


def _looked(api: Api, look: IncidentLook) -> Said:
    if look.what == "list":
        return api.ask(AT, {"every": "true"} if look.every else None)
    path = _path(look.which)
    return api.ask(path if look.what == "show" else f"{path}/{look.what}")


def _path(which: Which) -> str:
    return f"{AT}/{quote(which.name or 'current', safe='')}"


def open_body(request: OpenIncident) -> dict[str, object]:
    """Return an opening as the HTTP API takes it."""
    names = (name for name in OpenIncident.__dataclass_fields__ if name != "flag")
    return _given({name: getattr(request, name) for name in names})


def move_body(request: MoveIncident) -> dict[str, object]:
    """Return a move as the HTTP API takes it."""
    stays = {"stays-off": True} if request.stays_off else {}
    fields = {"reason": request.reason, "of": request.of, "from": request.expect}
    return {"to": request.to, **stays, **_given(fields)}


def edit_body(request: EditIncident) -> dict[str, object]:
    """Return a change as the HTTP API takes it."""
    names = (
        *("update", "title", "severity", "type", "summary"),
        *("private", "exposed", "workflow", "times"),
    )
    fields = {name: getattr(request, name) for name in names}
    return _given({**fields, "next-update-s": request.next_update_s})


def role_body(order: RoleOrder) -> dict[str, object]:
    """Return a word on a role as the HTTP API takes it."""
    return {"role": order.role, "act": order.act, **_given({"who": order.who})}


def retry_body(request: RetryStep) -> dict[str, object]:
    """Return a retry as the HTTP API takes it."""
    return {"step": request.step}


def reminder_body(request: HushReminder) -> dict[str, object]:
    """Return a word on a reminder as the HTTP API takes it."""
    return {"reminder": request.reminder, **_given({"for-s": request.for_s})}


def note_body(note: TimelineNote) -> dict[str, object]:
    """Return a line of the timeline as the HTTP API takes it."""
    return {"text": note.text, **_given({"at": note.at_ms})}


def retract_body(words: RetractNote) -> dict[str, object]:
    """Return a retraction as the HTTP API takes it."""
    return {"line": words.line}


def page_body(request: PageAct) -> dict[str, object]:
    """Return a word on a page as the HTTP API takes it."""
    return {"act": request.act, **_given({"who": request.who, "reason": request.reason})}


def action_body(item: ActionItem) -> dict[str, object]:
    """Return something to do as the HTTP API takes it."""
    names = ("text", "owner", "due", "done")
    return _given({name: getattr(item, name) for name in names})


def _given(fields: Mapping[str, object]) -> dict[str, object]:
    """Return what was said; false stays where it is an answer, and nothing is left out that counts."""
    return {
        name: dict(value) if isinstance(value, Mapping) else value
        for name, value in fields.items()
        if value not in (None, "", {}) and (value is not False or name in _ANSWERS)
    }


_ANSWERS: Final = ("private", "page")
"""Where false says more than nothing."""

_CHANGES: Final[Mapping[type[object], tuple[str, Callable[..., dict[str, object]]]]] = {
    MoveIncident: ("move", move_body),
    EditIncident: ("edit", edit_body),
    RoleOrder: ("role", role_body),
    RetryStep: ("retry", retry_body),
    HushReminder: ("reminders", reminder_body),
    TimelineNote: ("notes", note_body),
    RetractNote: ("retract", retract_body),
    PageAct: ("page", page_body),
    ActionItem: ("actions", action_body),
}
"""Where each change is asked for, and what makes its body."""
