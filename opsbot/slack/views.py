"""Modals and the Home tab. Pure; a view carries an opaque key at most."""

from collections.abc import Sequence
from typing import Final

from opsbot.domain.block_kit.check import check_view
from opsbot.domain.change import Json
from opsbot.domain.said import Button, Said
from opsbot.slack.block_ids import named
from opsbot.slack.blocks import Block, context, fallback, plain_text, said_blocks, section
from opsbot.slack.grammar import KILL_MODES
from opsbot.slack.ids import VALUE, Field, Modal, Press
from opsbot.slack.mrkdwn import Mrkdwn, esc
from opsbot.slack.typed.tokens import REASON_LIMIT

View = dict[str, Json]
ALL_TARGETS: Final = "all"
SAFE: Final = "safe"
OPTIONS: Final = 100
VIEW_BLOCKS: Final = 100


def kill_modal(names: Sequence[str], *, prefix: str, chosen: str = "") -> View:
    """
    Return the form behind a bare `/ai-kill`, the shortcut and the Home tab.

    With no *names* (the store did not answer in time) the target is typed, not picked.
    """
    blocks: list[Block] = []
    fitting = [name for name in names if 0 < len(name) <= 75][: OPTIONS - 1]  # noqa: PLR2004 - an option's text
    if fitting:
        blocks.append(
            typed_input(Field.TARGET, "What stops", _targets(fitting, chosen), optional=True)
        )
    hint = (
        "A workflow, provider:P or model:M" if fitting else "A workflow, all, provider:P or model:M"
    )
    label = "Or something else" if fitting else "What stops"
    blocks.append(typed_input(Field.OTHER, label, text_input(hint, 100), optional=bool(fitting)))
    blocks.append(typed_input(Field.MODE, "How", _modes()))
    blocks.append(
        typed_input(
            Field.REASON,
            "Why",
            text_input("What went wrong", REASON_LIMIT, many=True),
            optional=True,
        )
    )
    blocks.append(typed_input(Field.GLASS, "Outside the role?", _glass(), optional=True))
    blocks.append(
        context(esc(f"The same as a command: /{prefix}-kill support-copilot wrong answers"))
    )
    return form(Modal.KILL, "Stop an AI workflow", blocks, submit="Stop it")


def confirm_modal(said: Said, key: str) -> View:
    """Return the question that `all`, a provider and a model raise; *key* names what was asked for."""
    blocks = said_blocks(Said(said.tone, said.title, said.lines))
    return form(Modal.CONFIRM_KILL, "Stop all of these?", blocks, submit="Stop them", key=key)


def reason_modal(kill_id: str) -> View:
    """Return the form that asks for a kill's missing reason."""
    block = typed_input(
        Field.REASON, f"Why {kill_id[:20]}?", text_input("What went wrong", REASON_LIMIT, many=True)
    )
    return form(Modal.REASON, "Add a reason", [block], submit="Add", key=kill_id[:100])


def answer_modal(said: Said) -> View:
    """Return an answer as a modal; in the same words as text where its blocks break a limit."""
    view = form(Modal.ANSWER, "opsbot", said_blocks(said))
    if not check_view(view):
        return view
    return form(Modal.ANSWER, "opsbot", [section(Mrkdwn(fallback(said)[:2_900]))])


def home_view(parts: Sequence[Said], *, may_stop: bool = True) -> View:
    """
    Return the switchboard for one person; what does not fit is counted, not dropped in silence.

    *may_stop* is false for somebody whom policy does not let in: no button is shown that only refuses.
    """
    head = Button("status", "Status", "")
    stop: list[Block] = [_open_kill()] if may_stop else []
    blocks: list[Block] = []
    numbered = 0
    for index, part in enumerate(parts):
        more = said_blocks(part, start=numbered)
        numbered += len(part.buttons)
        more = [*more, *stop] if index == 0 else [{"type": "divider"}, *more]
        if len(blocks) + len(more) > VIEW_BLOCKS - 1:
            left = len(parts) - index
            blocks.append(context(esc(f"{left} more not shown here; {head.label} lists them.")))
            break
        blocks += more
    view: View = {"type": "home", "blocks": named(blocks or stop)}
    if not check_view(view):
        return view
    texts = [section(Mrkdwn(fallback(part)[:2_900])) for part in parts[: VIEW_BLOCKS - 2]]
    return {"type": "home", "blocks": [*texts, *stop]}


def _open_kill() -> Block:
    return {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": Press.OPEN_KILL,
                "text": plain_text("Stop an AI workflow\u2026", 75),
                "style": "danger",
            }
        ],
    }


def form(
    callback: Modal, title: str, blocks: Sequence[Block], *, submit: str = "", key: str = ""
) -> View:
    """Return a modal; *key* is what it carries, an opaque id."""
    view: View = {
        "type": "modal",
        "callback_id": callback,
        "title": plain_text(title, 24),
        "close": plain_text("Close", 24),
        "blocks": list(blocks),
    }
    if submit:
        view["submit"] = plain_text(submit, 24)
    if key:
        view["private_metadata"] = key
    return view


def above(top: Said | None) -> list[Block]:
    """Return what is said above the fields of a form that comes back, nothing for a new one."""
    return [] if top is None else said_blocks(Said(top.tone, top.title, top.lines))


def fitting(view: View, top: Said | None) -> View:
    """Return the form, with the title alone above it where all that is to be said breaks a limit."""
    if top is None or not check_view(view):
        return view
    blocks = view["blocks"]
    assert isinstance(blocks, list)
    inputs = [one for one in blocks if isinstance(one, dict) and one["type"] == "input"]
    return {**view, "blocks": [section(Mrkdwn(esc(top.title, limit=2_900))), *inputs]}


def typed_input(block: Field, label: str, element: Block, *, optional: bool = False) -> Block:
    """Return one field of a modal."""
    return {
        "type": "input",
        "block_id": block,
        "label": plain_text(label, 100),
        "element": element,
        "optional": optional,
    }


def text_input(placeholder: str, limit: int, *, many: bool = False, initial: str = "") -> Block:
    """Return a field of text, with *initial* in it as far as it fits."""
    element: Block = {
        "type": "plain_text_input",
        "action_id": VALUE,
        "multiline": many,
        "max_length": limit,
        "placeholder": plain_text(placeholder, 150),
    }
    return element | ({"initial_value": initial[:limit]} if initial else {})


def select(values: Sequence[str], chosen: str) -> Block:
    """Return a choice of one of *values*, which are their own labels."""
    return {
        "type": "static_select",
        "action_id": VALUE,
        "options": [_option(one, one) for one in values],
        "initial_option": _option(chosen, chosen),
    }


def _targets(names: Sequence[str], chosen: str) -> Block:
    options = [_option(name, name) for name in names] + [_option("Everything", ALL_TARGETS)]
    element: Block = {"type": "static_select", "action_id": VALUE, "options": options}
    if chosen in names:
        element["initial_option"] = _option(chosen, chosen)
    return element


def _modes() -> Block:
    options = [_option("Declared safe state", SAFE), *(_option(mode, mode) for mode in KILL_MODES)]
    return {
        "type": "static_select",
        "action_id": VALUE,
        "options": options,
        "initial_option": options[0],
    }


def _glass() -> Block:
    text = "Break the glass: I am not on call and this must stop"
    return {"type": "checkboxes", "action_id": VALUE, "options": [_option(text, "break-glass")]}


def _option(text: str, value: str) -> dict[str, Json]:
    return {"text": plain_text(text, 75), "value": value}
