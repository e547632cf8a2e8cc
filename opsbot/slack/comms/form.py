"""Forms about messages to people: which template, what it asks for, why it is given up or put off. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from opsbot.app.comms.requests import EditMessage, NewMessage
from opsbot.app.comms.sheet.words import value_shown
from opsbot.app.comms.view import MessageForm
from opsbot.app.incident.requests import Which
from opsbot.domain.change import Json
from opsbot.domain.comms.moments import FORMS
from opsbot.domain.comms.templates import AUDIENCES, STAGES
from opsbot.domain.comms.templates import Field as Asked
from opsbot.domain.comms.told import Surety
from opsbot.domain.comms.values import Here, Unfit
from opsbot.domain.comms.values import kept as kept_value
from opsbot.domain.said import Said, inert
from opsbot.slack.blocks import Block, context, plain_text, section
from opsbot.slack.ids import VALUE, Field, Modal
from opsbot.slack.mrkdwn import Mrkdwn, esc, joined
from opsbot.slack.typed.tokens import REASON_LIMIT
from opsbot.slack.views import View, above, fitting, form, text_input, typed_input

OPTION: Final = 75
MOST: Final = 100
BOXES: Final = 10
"""Characters of an option, options of one select, boxes of one group."""

PREFIX: Final = "comms_"
USUAL: Final = "usual"
NEXT: Final = (
    ("As usual for its severity", USUAL),
    ("In 15 minutes", "900"),
    ("In 20 minutes", "1200"),
    ("In 30 minutes", "1800"),
    ("In an hour", "3600"),
    ("In 2 hours", "7200"),
    ("In 4 hours", "14400"),
)
LATER: Final = NEXT[1:]
CORRECTED_LINES: Final = 8
"""Lines of a message that a form quotes which corrects it; Slack takes 3,000 characters of a text."""

FINAL: Final = frozenset({"resolved", "correction"})
"""Stages after which nothing more is promised."""

_HINTS: Final = {
    "time": FORMS,
    "number": "212, or 212 of 4310",
    "link": "https://\u2026",
}
_KEPT: Final = re.compile(
    r"(INC-[1-9]\d{0,8})?;([CGD][A-Z0-9]{2,40})?;([a-z0-9-]{0,120})"
    r";(MSG-[1-9]\d{0,8})?;(MSG-[1-9]\d{0,8})?;(\d{1,6})?;(RUN-[1-9]\S{0,130})?",
    re.ASCII,
)
_MARKS: Final[Mapping[Surety, str]] = {"confirmed": "\u2713", "believed": "~", "unknown": "?"}
Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Offered:
    """A template as the form offers it; a *holding* one was approved in advance."""

    name: str
    title: str
    audience: str
    holding: bool = False
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """
    What a form carries beside its fields: ids. *message* is edited at *seen*, *corrects* corrected.

    *press* is the button of a run whose step asked for it.
    """

    incident: str = ""
    channel: str = ""
    template: str = ""
    message: str = ""
    corrects: str = ""
    seen: int | None = None
    press: str = ""

    @property
    def which(self) -> Which:
        """Return which incident is meant."""
        return Which(self.incident, self.channel)

    @property
    def metadata(self) -> str:
        """Return it as the form carries it."""
        seen = "" if self.seen is None else str(self.seen)
        about = (self.incident, self.channel, self.template, self.message, self.corrects)
        return ";".join((*about, seen, self.press))


def carried(metadata: str) -> Kept | None:
    """Return what a form carried; None where it is none of ours."""
    found = _KEPT.fullmatch(metadata)
    if found is None:
        return None
    incident, channel, template, message, corrects, seen, press = (
        one or "" for one in found.groups()
    )
    version = int(seen) if seen else None
    return Kept(incident, channel, template, message, corrects, version, press)


def pick_modal(
    templates: Sequence[Offered], kept: Kept, *, prefix: str, top: Said | None = None
) -> View:
    """Return the form in which a template is picked, by who reads it; what was approved in advance stands first."""
    known = [one for one in templates if len(one.name) <= OPTION][:MOST]
    if known:
        pick = _grouped(known, kept.template)
    else:
        pick = text_input("users-feature-off-investigating", MOST, initial=kept.template)
    same = f"The same as a command: /{prefix}-comms new users-feature-off-identified"
    blocks = [
        *above(top),
        typed_input(Field.TEMPLATE, "What to say, to whom", pick),
        context(esc(same)),
    ]
    return fitting(
        form(Modal.COMMS_PICK, "Tell people", blocks, submit="Go on", key=kept.metadata), top
    )


def fields_modal(
    asked: MessageForm, kept: Kept, words: Mapping[str, str], *, top: Said | None = None
) -> View:
    """
    Return the form that a template's fields make; *words* are what was typed already.

    The fact sheet stands above it: what is confirmed is filled in, and what is not is said.
    """
    template = asked.template
    blocks = [*above(top), *_corrected(asked), *_facts(asked)]
    for one in template.fields:
        given = words.get(f"{PREFIX}{one.name}", asked.values.get(one.name, ""))
        block = typed_input(
            Field.REASON, one.label, _element(one, given), optional=not one.required
        )
        said = one.hint or (_read_in(asked.zone) if one.type == "time" else "")
        hint = {"hint": plain_text(said, 150)} if said else {}
        blocks.append({**block, **hint, "block_id": f"{PREFIX}{one.name}"[:255]})
    blocks.append(typed_input(Field.TARGETS, "Where it goes", _targets(asked, words)))
    if template.stage not in FINAL:
        next_ = _select(NEXT, words.get(Field.NEXT, USUAL))
        blocks.append(typed_input(Field.NEXT, "The next update is promised", next_))
    if asked.goes_back or words.get(Field.BACK):
        why = text_input("In a sentence", REASON_LIMIT, initial=words.get(Field.BACK, ""))
        blocks.append(typed_input(Field.BACK, "Why it steps back a stage", why))
    title = "Correct a message" if kept.corrects else "Tell people"
    blocks.append(context(Mrkdwn("Nothing goes out yet: you read it first, as people will.")))
    return fitting(
        form(Modal.COMMS_FIELDS, title, blocks, submit="Preview", key=kept.metadata), top
    )


def new_of(kept: Kept, fields: Mapping[str, str]) -> NewMessage:
    """Return the draft that was filled in."""
    return NewMessage(
        kept.template,
        kept.which,
        values_of(fields),
        targets_of(fields),
        corrects=kept.corrects,
        back=fields.get(Field.BACK, "").strip(),
        next_s=seconds_of(fields),
    )


def edit_of(kept: Kept, fields: Mapping[str, str]) -> EditMessage:
    """Return the change of a draft that was filled in."""
    return EditMessage(
        kept.message,
        values_of(fields),
        targets_of(fields),
        seconds_of(fields),
        fields.get(Field.BACK, "").strip(),
        kept.seen,
    )


def values_of(fields: Mapping[str, str]) -> Mapping[str, str]:
    """Return a template's fields; an empty one says that nothing is to stand there."""
    return {
        name.removeprefix(PREFIX): value.strip()
        for name, value in fields.items()
        if name.startswith(PREFIX)
    }


def targets_of(fields: Mapping[str, str]) -> tuple[str, ...] | None:
    """Return the targets that were ticked, None where the form could not show them."""
    chosen = fields.get(Field.TARGETS)
    return None if chosen is None else tuple(one for one in chosen.split(",") if one)


def seconds_of(fields: Mapping[str, str]) -> int | None:
    """Return in how many seconds the next update is promised, None for as usual."""
    chosen = fields.get(Field.NEXT, USUAL)
    return int(chosen) if chosen in {value for _, value in LATER} else None


def misfits(asked: MessageForm, fields: Mapping[str, str], now_ms: int) -> Mapping[str, str]:
    """Return what is wrong with what was filled in, by the field below which it is said."""
    here, given = Here(asked.zone, now_ms), values_of(fields)
    found = {}
    for one in asked.template.fields:
        try:
            kept_value(one, given.get(one.name, ""), here)
        except Unfit as unfit:
            found[f"{PREFIX}{one.name}"[:255]] = f"This {unfit}."[:2_000]
    return found


def drop_modal(key: str, words: Mapping[str, str], *, top: Said | None = None) -> View:
    """Return the form that asks why a message is given up."""
    why = text_input("In a sentence", REASON_LIMIT, initial=words.get(Field.REASON, ""))
    blocks = [
        *above(top),
        typed_input(Field.REASON, "Why nobody is to read it", why, optional=True),
    ]
    return fitting(form(Modal.COMMS_DROP, "Give it up", blocks, submit="Give it up", key=key), top)


def refuse_modal(key: str, words: Mapping[str, str], *, top: Said | None = None) -> View:
    """Return the form that asks why a message is not to go out."""
    why = text_input(
        "What is wrong in it, or missing",
        REASON_LIMIT,
        many=True,
        initial=words.get(Field.REASON, ""),
    )
    blocks = [
        *above(top),
        typed_input(Field.REASON, "Why it should not go out like this", why),
        context(Mrkdwn("Whoever wrote it reads this, and can change it and ask again.")),
    ]
    return fitting(form(Modal.COMMS_REFUSE, "Refuse it", blocks, submit="Refuse", key=key), top)


def snooze_modal(key: str, words: Mapping[str, str], *, top: Said | None = None) -> View:
    """Return the form that puts a promised update off."""
    why = text_input("In a sentence", REASON_LIMIT, initial=words.get(Field.REASON, ""))
    blocks = [
        *above(top),
        typed_input(Field.AGAIN, "Later by", _select(LATER, words.get(Field.AGAIN, "900"))),
        typed_input(Field.REASON, "Why", why),
        context(Mrkdwn("People were promised it: the review counts what was put off.")),
    ]
    return fitting(
        form(Modal.COMMS_SNOOZE, "Put it off", blocks, submit="Put it off", key=key), top
    )


def _grouped(templates: Sequence[Offered], chosen: str) -> Block:
    """Return templates to pick from, each audience by itself, in the order in which people are told."""
    by_audience = {
        audience: sorted((one for one in templates if one.audience == audience), key=_in_order)
        for audience in dict.fromkeys((*AUDIENCES, *(one.audience for one in templates)))
    }
    groups: list[Json] = [
        {
            "label": plain_text(audience.capitalize(), OPTION),
            "options": [_option(_label(one), one.name) for one in some],
        }
        for audience, some in by_audience.items()
        if some
    ]
    element: Block = {"type": "static_select", "action_id": VALUE, "option_groups": groups}
    initial = next(
        (_option(_label(one), one.name) for one in templates if one.name == chosen), None
    )
    return element | ({"initial_option": initial} if initial is not None else {})


def _in_order(template: Offered) -> tuple[bool, str, int]:
    """Return the place of a template: what was approved in advance, then each situation from its first word on."""
    at = next((at for at, stage in enumerate(STAGES) if stage == template.stage), len(STAGES))
    return not template.holding, template.name.removesuffix(f"-{template.stage}"), at


def _label(template: Offered) -> str:
    ready = " (approved in advance)" if template.holding else ""
    return f"{template.title[: OPTION - len(ready)]}{ready}"


def _corrected(asked: MessageForm) -> list[Block]:
    """Return what the message said that is corrected: whoever corrects it quotes it."""
    if not asked.said.strip():
        return []
    said = (one for one in asked.said.splitlines() if one.strip())
    quoted = (joined([Mrkdwn("&gt; "), esc(inert(one, limit=300), limit=340)], "") for one in said)
    head = esc(f"{asked.corrects} said, and stays as it was read:")
    return [section(joined([head, *list(quoted)[:CORRECTED_LINES]]))]


def _facts(asked: MessageForm) -> list[Block]:
    lines = [
        f"{_MARKS[one.surety]} {inert(one.label, limit=60)}: {value_shown(one, asked.zone)[:200]}"
        for one in asked.facts
        if one.value
    ]
    if not lines:
        return []
    head = "What is known (\u2713 confirmed, ~ believed, ? unknown); users read only \u2713:"
    return [section(Mrkdwn("\n".join(esc(one, limit=240) for one in (head, *lines[:10]))))]


def _read_in(zone: str) -> str:
    """Return how a time is read that is typed."""
    return f"Without a zone it is the time in {zone}. The preview says how it was read."


def _element(field: Asked, given: str) -> Block:
    if field.type == "choice":
        return _select([(one, one) for one in field.options], given)
    many = field.type == "text"
    hint = _HINTS.get(field.type, "In plain words")
    return text_input(hint, min(field.max_length, 3_000), many=many, initial=given)


def _targets(asked: MessageForm, words: Mapping[str, str]) -> Block:
    """Return boxes, or a list to pick from where there are too many for boxes."""
    options = [_option(one, one) for one in asked.targets if len(one) <= OPTION][:MOST]
    chosen = set(targets_of(words) or asked.chosen)
    initial = [one for one in options if one["value"] in chosen]
    kind = "checkboxes" if len(options) <= BOXES else "multi_static_select"
    element: Block = {"type": kind, "action_id": VALUE, "options": [*options]}
    return element | ({"initial_options": [*initial]} if initial else {})


def _select(choices: Choices, chosen: str) -> Block:
    options = [_option(label, value) for label, value in choices]
    initial = next((one for one in options if one["value"] == chosen), None)
    element: Block = {"type": "static_select", "action_id": VALUE, "options": [*options]}
    return element | ({"initial_option": initial} if initial is not None else {})


def _option(label: str, value: str) -> Block:
    return {"text": plain_text(label, OPTION), "value": value}
