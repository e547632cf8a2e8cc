"""Forms about incidents: made from what was typed or stands on a card, read back field by field. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from opsbot.app.incident.requests import OpenIncident
from opsbot.app.incidents import TITLE
from opsbot.domain.change import Json
from opsbot.domain.errors import OpsbotError
from opsbot.domain.incident.times import ORDER, Moment
from opsbot.domain.incident.types import SEVERITIES, TYPES, UNKNOWN, severity
from opsbot.domain.said import Said, inert
from opsbot.slack.blocks import Block, context, plain_text, said_blocks, section
from opsbot.slack.ids import VALUE, Field, Modal
from opsbot.slack.mrkdwn import esc, line
from opsbot.slack.outlet import Wrong
from opsbot.slack.typed.tokens import REASON_LIMIT, shortened
from opsbot.slack.views import View, above, fitting, form, text_input, typed_input

BY_TYPE: Final = "type"
"""The severity that is left to the type."""

USUAL: Final = "usual"
"""Left to the type, or to the settings of the severity."""

OPTION_LIMIT: Final = 75
MOST: Final = 100
"""Options of one select, and characters of one."""

LINES: Final = 3
"""Runs whose words to users a resolution names; each has its own messages besides."""

NEXT: Final = (
    ("As usual for its severity", USUAL),
    ("In 15 minutes", "900"),
    ("In 20 minutes", "1200"),
    ("In 30 minutes", "1800"),
    ("In an hour", "3600"),
    ("In 2 hours", "7200"),
    ("In 4 hours", "14400"),
)
_KILL: Final = re.compile(r"K-[1-9]\d{0,8}", re.ASCII)
_CHANNEL: Final = re.compile(r"[CG][A-Z0-9]{2,40}", re.ASCII)
_PAGER: Final = re.compile(r"[A-Z0-9]{6,40}", re.ASCII)
_ORIGIN: Final = re.compile(
    r"https?://[\w.:-]{1,200}/archives/[A-Z0-9]{3,40}/p\d{1,20}(\?\S*)?", re.ASCII
)
_CARRIED: Final = {"kill": _KILL, "channel": _CHANNEL, "pager": _PAGER, "origin": _ORIGIN}
"""What a form carries without a field, and what each looks like."""

_TICKS: Final = {
    "add `stays-off` if the feature stays off": "tick the box if the feature stays off",
    "say it again with the word `anyway`": "tick the box and send it again",
}
"""What is typed elsewhere, and is a box in a form."""

Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Draft:
    """
    A form about to be opened: what fills its fields, and what it carries beside them.

    *names* are the declared workflows, *pages* the severities that call somebody. *again*: one is
    open for that workflow, and the form asks whether this is another matter.
    """

    request: OpenIncident
    names: tuple[str, ...] = ()
    pages: frozenset[str] = frozenset()
    again: bool = False

    @property
    def metadata(self) -> str:
        """Return what the form carries: ids and moments, nobody's words."""
        request = self.request
        kept: dict[str, Json] = {
            name: getattr(request, name) for name in _CARRIED if getattr(request, name)
        }
        kept |= {"drill": True} if request.drill else {}
        times: dict[str, Json] = {name: at for name, at in request.times.items()}  # noqa: C416  wider keys
        kept |= {"times": times} if times else {}
        return json.dumps(kept, separators=(",", ":"))


def carried(metadata: str) -> OpenIncident | None:
    """Return what a form carried; None where that was never made here."""
    try:
        kept = json.loads(metadata)
    except ValueError:
        return None
    if not isinstance(kept, dict) or not kept.keys() <= {*_CARRIED, "drill", "times"}:
        return None
    words = {name: kept[name] for name in _CARRIED if name in kept}
    sound = all(
        isinstance(word, str) and _CARRIED[name].fullmatch(word) for name, word in words.items()
    )
    times = _times(kept.get("times", {}))
    if not sound or times is None or kept.get("drill", True) is not True:
        return None
    return OpenIncident("", times=times, drill="drill" in kept, **words)


def _times(kept: object) -> Mapping[Moment, int] | None:
    if not isinstance(kept, dict):
        return None
    read: dict[Moment, int] = {name: kept[name] for name in ORDER if name in kept}
    numbers = all(type(at) is int and 0 <= at < 1 << 50 for at in read.values())
    return read if numbers and len(read) == len(kept) else None


def words_of(request: OpenIncident) -> dict[str, str]:
    """Return what stands in the fields of a form for *request*."""
    severity_ = request.severity or (BY_TYPE if request.type else "")
    return {
        Field.TITLE: request.title,
        Field.SEVERITY: severity_,
        Field.WORKFLOW: request.workflow,
        Field.TYPE: request.type,
        Field.SUMMARY: request.summary,
        Field.PRIVATE: {True: "yes", False: "no", None: USUAL}[request.private],
        Field.PAGE: {True: "yes", False: "no", None: USUAL}[request.page],
    }


def open_modal(
    draft: Draft, words: Mapping[str, str], *, prefix: str, top: Said | None = None
) -> View:
    """Return the form with *words* in its fields; *top* is what to know before sending it again."""
    blocks: list[Block] = []
    if top is not None:
        blocks += said_blocks(Said(top.tone, top.title, top.lines))
    title = text_input("What users see, in a few words", TITLE, initial=words.get(Field.TITLE, ""))
    blocks.append(typed_input(Field.TITLE, "What happens", title))
    blocks.append(
        typed_input(Field.SEVERITY, "How bad", _choice(_severities(draft), words, Field.SEVERITY))
    )
    blocks += _optional(draft, words)
    if draft.again:
        asks: Choices = (("Another matter: open a second one beside it", "anyway"),)
        blocks.append(typed_input(Field.ANYWAY, "One is open already", _boxes(asks), optional=True))
    same = f"The same as a command: /{prefix}-incident open support-copilot sev2 wrong answers"
    blocks.append(context(esc(same)))
    view = form(Modal.INCIDENT, "Open an AI incident", blocks, submit="Open it", key=draft.metadata)
    return fitting(view, top)


def _optional(draft: Draft, words: Mapping[str, str]) -> list[Block]:
    summary = text_input(
        "What is known so far", REASON_LIMIT, many=True, initial=words.get(Field.SUMMARY, "")
    )
    private: Choices = (
        ("As usual for its type", USUAL),
        ("Private: nothing of it is announced", "yes"),
        ("Not private", "no"),
    )
    page: Choices = (
        ("As usual for its severity", USUAL),
        ("Call somebody now", "yes"),
        ("Call nobody", "no"),
    )
    return [
        typed_input(Field.WORKFLOW, "Workflow", _workflows(draft, words), optional=True),
        typed_input(Field.TYPE, "Type", _choice(_types(), words, Field.TYPE), optional=True),
        typed_input(Field.SUMMARY, "Summary", summary, optional=True),
        typed_input(
            Field.PRIVATE, "Who may see it", _choice(private, words, Field.PRIVATE), optional=True
        ),
        typed_input(Field.PAGE, "Paging", _choice(page, words, Field.PAGE), optional=True),
    ]


def request_of(carries: OpenIncident, fields: Mapping[str, str]) -> OpenIncident | Wrong:
    """Return what was filled in; what the form carried beside its fields stays as it was."""
    title = shortened(fields.get(Field.TITLE, "").strip())
    chosen = fields.get(Field.SEVERITY, "")
    if not inert(title):
        return Wrong({Field.TITLE: "Say in a few words what happens."})
    if chosen != BY_TYPE and severity(chosen) is None:
        return Wrong({Field.SEVERITY: "Choose how bad it is."})
    return replace(
        carries,
        title=title,
        severity=severity(chosen),
        workflow=fields.get(Field.WORKFLOW, "").strip().lower(),
        type=fields.get(Field.TYPE, ""),
        summary=shortened(fields.get(Field.SUMMARY, "").strip()),
        private=_WORDS.get(fields.get(Field.PRIVATE, "")),
        page=_WORDS.get(fields.get(Field.PAGE, "")),
        anyway=bool(fields.get(Field.ANYWAY)),
    )


_WORDS: Final = {"yes": True, "no": False}


def update_modal(incident: str, words: Mapping[str, str], *, top: Said | None = None) -> View:
    """Return the form of a status update."""
    text = text_input(
        "What is so now", REASON_LIMIT, many=True, initial=words.get(Field.UPDATE, "")
    )
    chosen = {str(Field.NEXT): words.get(Field.NEXT, USUAL)}
    blocks = [
        *above(top),
        typed_input(Field.UPDATE, f"Update of {incident}", text),
        typed_input(Field.NEXT, "Next update", _choice(NEXT, chosen, Field.NEXT)),
    ]
    view = form(Modal.INCIDENT_UPDATE, "Update", blocks, submit="Post it", key=incident)
    return fitting(view, top)


def resolve_modal(
    incident: str,
    holding: Sequence[str],
    words: Mapping[str, str],
    *,
    top: Said | None = None,
    untold: Sequence[str] = (),
) -> View:
    """Return the form of a resolution; *holding* are its kills that still hold, *untold* what is owed to users."""
    owed = [section(line(one)) for one in untold[:LINES]]
    blocks = [*above(top), *owed, _why(f"How {incident} was resolved", words, optional=True)]
    if holding:
        listed = ", ".join(holding)[:80]
        asks: Choices = (("The feature stays off: the kill holds on", "stays-off"),)
        label = f"{listed} still {'hold' if len(holding) > 1 else 'holds'}"
        blocks.append(typed_input(Field.OFF, label, _boxes(asks), optional=True))
    view = form(Modal.INCIDENT_RESOLVE, "Resolve", blocks, submit="Resolve it", key=incident)
    return fitting(view, top)


def decline_modal(incident: str, words: Mapping[str, str], *, top: Said | None = None) -> View:
    """Return the form that asks why an incident is declined."""
    blocks = [*above(top), _why(f"Why {incident} is none", words)]
    view = form(Modal.INCIDENT_DECLINE, "Decline", blocks, submit="Decline it", key=incident)
    return fitting(view, top)


def ticked(error: OpsbotError) -> OpsbotError:
    """Return a refusal with the words that fit a form: what a command adds as a word is a box here."""
    for word, tick in _TICKS.items():
        error.hint = error.hint.replace(word, tick)
    return error


def _why(label: str, words: Mapping[str, str], *, optional: bool = False) -> Block:
    element = text_input(
        "In a sentence", REASON_LIMIT, many=True, initial=words.get(Field.REASON, "")
    )
    return typed_input(Field.REASON, label, element, optional=optional)


def _severities(draft: Draft) -> Choices:
    named = [(f"{one}: calls somebody" if one in draft.pages else one, one) for one in SEVERITIES]
    return [*named, ("As its type proposes", BY_TYPE)]


def _types() -> Choices:
    return [
        (f"{one.title} ({one.severity}{', private' if one.private else ''})", one.name)
        for one in TYPES
        if one.name != UNKNOWN
    ]


def _workflows(draft: Draft, words: Mapping[str, str]) -> Block:
    """Return a choice of the declared ones; a field to type in where none is known or one is not there."""
    fitting = [name for name in draft.names if 0 < len(name) <= OPTION_LIMIT][:MOST]
    typed = words.get(Field.WORKFLOW, "")
    if not fitting or (typed and typed not in fitting):
        return text_input("support-copilot", MOST, initial=typed)
    return _choice([(name, name) for name in fitting], words, Field.WORKFLOW)


def _choice(choices: Choices, words: Mapping[str, str], name: Field) -> Block:
    options = [_option(label, value) for label, value in choices]
    element: Block = {"type": "static_select", "action_id": VALUE, "options": options}
    chosen = next((one for one in options if one["value"] == words.get(name, "")), None)
    return element | ({"initial_option": chosen} if chosen is not None else {})


def _boxes(choices: Choices) -> Block:
    options = [_option(label, value) for label, value in choices]
    return {"type": "checkboxes", "action_id": VALUE, "options": options}


def _option(label: str, value: str) -> dict[str, Json]:
    return {"text": plain_text(label, OPTION_LIMIT), "value": value}
