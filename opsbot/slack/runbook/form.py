"""Forms about runs: start, skip, blocked, note, whose it is, take back; read field by field. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from opsbot.app.runs.requests import StartRun
from opsbot.domain.run import RunMode
from opsbot.domain.runbook import Param, Runbook
from opsbot.domain.said import Said
from opsbot.slack.blocks import Block, context, plain_text, said_blocks
from opsbot.slack.ids import VALUE, Field, Modal
from opsbot.slack.mrkdwn import Mrkdwn, esc
from opsbot.slack.typed.tokens import REASON_LIMIT
from opsbot.slack.views import View, above, fitting, form, text_input, typed_input

OPTION: Final = 75
MOST: Final = 100
"""Characters of an option, and options of one select."""

PARAM_LIMIT: Final = 200
SKIPS: Final = (
    ("It does not apply here", "does not apply"),
    ("It was done outside opsbot", "done outside opsbot"),
    ("No access, or nobody who has it", "no access"),
    ("Later", "later"),
    ("This is the wrong runbook", "wrong runbook"),
)
OTHER: Final = "other"
AGAIN: Final = (
    ("In 5 minutes", "300"),
    ("In 15 minutes", "900"),
    ("In 30 minutes", "1800"),
    ("In an hour", "3600"),
    ("In 2 hours", "7200"),
    ("In 8 hours", "28800"),
)
USUAL_AGAIN: Final = "900"
MODES: Final[tuple[tuple[str, RunMode], ...]] = (
    ("For real: each action asks before it acts", "live"),
    ("As a drill: actions only say what they would do", "drill"),
    ("Only to look through it", "show"),
)
KINDS: Final = (("A note", "note"), ("Evidence: where something can be seen", "evidence"))
PREFIX: Final = "param_"
_KEPT: Final = re.compile(
    r"(INC-[1-9]\d{0,8})?:([CGD][A-Z0-9]{2,40})?:(live|drill|show):([a-z0-9/_.-]{0,120})", re.ASCII
)
Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Choosing:
    """What a start form is filled with: *books* as (name, title), and what is known of the beginning."""

    books: Sequence[tuple[str, str]]
    request: StartRun


def start_modal(choosing: Choosing, *, prefix: str, top: Said | None = None) -> View:
    """Return the form in which a runbook is picked."""
    request = choosing.request
    books = [(f"{title} ({name})", name) for name, title in choosing.books if len(name) <= OPTION]
    blocks = above(top)
    if books:
        pick = _choice(books[:MOST], request.runbook)
    else:
        pick = text_input("wrong-answers", PARAM_LIMIT, initial=request.runbook)
    blocks.append(typed_input(Field.RUNBOOK, "Which runbook", pick))
    blocks.append(typed_input(Field.RUN_MODE, "How", _radio(MODES, request.mode)))
    same = f"The same as a command: /{prefix}-runbook start wrong-answers workflow=support-copilot"
    blocks.append(context(esc(same)))
    key = _kept(replace(request, runbook=""))
    return fitting(form(Modal.RUN_START, "Walk a runbook", blocks, submit="Begin", key=key), top)


def params_modal(
    book: Runbook, request: StartRun, names: Sequence[str], *, top: Said | None = None
) -> View:
    """Return the form that asks for what a runbook needs; *names* are the declared workflows."""
    blocks = above(top)
    for param in book.params:
        given = request.params.get(param.name, "") or param.default
        blocks.append(
            {
                **typed_input(
                    Field.RUNBOOK,
                    param.name,
                    _param(param, given, names),
                    optional=not param.required,
                ),
                "block_id": f"{PREFIX}{param.name}"[:255],
            }
        )
    key = _kept(replace(request, runbook=book.name))
    return fitting(form(Modal.RUN_PARAMS, "Walk a runbook", blocks, submit="Begin", key=key), top)


def mode_of(word: str) -> RunMode:
    """Return how a run is walked; for real where nobody said."""
    return next((mode for _, mode in MODES if mode == word), "live")


def _kept(request: StartRun) -> str:
    return f"{request.incident}:{request.channel}:{request.mode}:{request.runbook}"


def carried(metadata: str) -> StartRun | None:
    """Return what a start form carried beside its fields; None where the form is none of ours."""
    found = _KEPT.fullmatch(metadata)
    if found is None:
        return None
    return StartRun(found[4], found[1] or "", found[2] or "", mode_of(found[3]))


def with_params(metadata: str, fields: Mapping[str, str]) -> StartRun | None:
    """Return what was filled in; None where the form is none of ours."""
    request = carried(metadata)
    if request is None:
        return None
    params = {
        name.removeprefix(PREFIX): value.strip()
        for name, value in fields.items()
        if name.startswith(PREFIX) and value.strip()
    }
    return replace(request, params=params)


def skip_modal(key: str, words: Mapping[str, str], *, top: Said | None = None) -> View:
    """Return the form that asks why a step is skipped."""
    presets: Choices = (*SKIPS, ("Something else: in the words below", OTHER))
    blocks = [
        *above(top),
        typed_input(Field.PRESET, "Why", _radio(presets, words.get(Field.PRESET, ""))),
        _words("In your words", words, optional=True),
    ]
    return fitting(form(Modal.RUN_SKIP, "Skip this step", blocks, submit="Skip it", key=key), top)


def reason_of(fields: Mapping[str, str]) -> str:
    """Return the reason of a skip: what was chosen, and what was written beside it."""
    chosen = fields.get(Field.PRESET, "")
    preset = chosen if chosen in {value for _, value in SKIPS} else ""
    written = fields.get(Field.REASON, "").strip()
    return ": ".join(part for part in (preset, written) if part)


def block_modal(key: str, words: Mapping[str, str], *, top: Said | None = None) -> View:
    """Return the form that asks on whom or what a step waits, and when to look again."""
    again = words.get(Field.AGAIN, USUAL_AGAIN)
    blocks = [
        *above(top),
        _words("On whom or what it waits", words),
        typed_input(Field.AGAIN, "Look at it again", _choice(AGAIN, again)),
    ]
    return fitting(form(Modal.RUN_BLOCK, "Blocked", blocks, submit="Set it aside", key=key), top)


def seconds_of(fields: Mapping[str, str]) -> int:
    """Return when something blocked is looked at again, in seconds."""
    chosen = fields.get(Field.AGAIN, USUAL_AGAIN)
    return int(chosen if chosen in {value for _, value in AGAIN} else USUAL_AGAIN)


def note_modal(key: str, words: Mapping[str, str], *, top: Said | None = None) -> View:
    """Return the form of a note or a piece of evidence."""
    link: Block = {
        "type": "url_text_input",
        "action_id": VALUE,
        "placeholder": plain_text("https://\u2026 where it can be seen", 150),
    }
    initial = words.get(Field.LINK, "")
    kept: Block = {**link, **({"initial_value": initial} if initial else {})}
    blocks = [
        *above(top),
        typed_input(Field.KIND, "What it is", _radio(KINDS, words.get(Field.KIND, "note"))),
        _words("In words", words, optional=True),
        typed_input(Field.LINK, "A link", kept, optional=True),
        context(Mrkdwn("Keep pointers: no prompts, no personal data.")),
    ]
    return fitting(form(Modal.RUN_NOTE, "Note or evidence", blocks, submit="Keep it", key=key), top)


def assign_modal(key: str, user: str, *, top: Said | None = None) -> View:
    """Return the form that asks who does a step; *user* is who is chosen already."""
    pick: Block = {
        "type": "users_select",
        "action_id": VALUE,
        "placeholder": plain_text("Somebody of this workspace", 150),
    }
    blocks = [
        *above(top),
        typed_input(Field.WHO, "Who does it", {**pick, **({"initial_user": user} if user else {})}),
        context(Mrkdwn("It is theirs once they accept.")),
    ]
    return fitting(
        form(Modal.RUN_ASSIGN, "Give it to somebody", blocks, submit="Ask", key=key), top
    )


def take_back_modal(key: str, said: Said) -> View:
    """Return the question before an action is taken back."""
    blocks = said_blocks(Said(said.tone, said.title, said.lines))
    return form(Modal.RUN_TAKE_BACK, "Take it back?", blocks, submit="Take it back", key=key)


def finish_modal(key: str, words: Mapping[str, str], *, top: Said | None = None) -> View:
    """Return the form that asks why a run is finished with steps left; *top* says which."""
    blocks = [*above(top), _words("Finish it all the same, because", words)]
    return fitting(
        form(Modal.RUN_FINISH, "Finish with steps left?", blocks, submit="Finish it", key=key), top
    )


def _param(param: Param, given: str, names: Sequence[str]) -> Block:
    fitting = [(name, name) for name in names if 0 < len(name) <= OPTION][:MOST]
    if param.type == "workflow" and fitting and (not given or given in names):
        return _choice(fitting, given)
    return text_input(param.type, PARAM_LIMIT, initial=given)


def _words(label: str, words: Mapping[str, str], *, optional: bool = False) -> Block:
    element = text_input(
        "In a sentence", REASON_LIMIT, many=True, initial=words.get(Field.REASON, "")
    )
    return typed_input(Field.REASON, label, element, optional=optional)


def _choice(choices: Choices, chosen: str) -> Block:
    return _with_options("static_select", choices, chosen)


def _radio(choices: Choices, chosen: str) -> Block:
    return _with_options("radio_buttons", choices, chosen)


def _with_options(kind: str, choices: Choices, chosen: str) -> Block:
    options: list[Block] = [
        {"text": plain_text(label, OPTION), "value": value} for label, value in choices
    ]
    initial = next((one for one in options if one["value"] == chosen), None)
    element: Block = {"type": kind, "action_id": VALUE, "options": options}
    return element | ({"initial_option": initial} if initial is not None else {})
