"""What buttons of messages to people carry: opaque ids, and the version that stood on the screen. Pure."""

import re
from dataclasses import dataclass
from typing import Final

from opsbot.app.comms.view import MessageView
from opsbot.domain.comms.message import Message
from opsbot.domain.said import Button

_PRESSED: Final = re.compile(r"(MSG-[1-9]\d{0,8})(?::(\d{1,6}))?(?::(anyway|t\d{1,2}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class PressedMessage:
    """
    A press on a message. *seen* is its version then, None where the button says none.

    *anyway*: warnings that were shown are kept. *target* is the place of one in its targets.
    """

    message: str
    seen: int | None = None
    anyway: bool = False
    target: int | None = None


def pressed_message(word: str) -> PressedMessage | None:
    """Return what a button carries, None where none of ours was ever made with that."""
    found = _PRESSED.fullmatch(word)
    if found is None:
        return None
    more = found[3] or ""
    return PressedMessage(
        found[1],
        int(found[2]) if found[2] else None,
        more == "anyway",
        int(more[1:]) if more.startswith("t") else None,
    )


def value(message: Message, more: str = "") -> str:
    """Return what a button about a message carries."""
    return f"{message.id}:{message.version}{f':{more}' if more else ''}"


def message_buttons(view: MessageView) -> tuple[Button, ...]:
    """Return what may be done next with a message, the likeliest first."""
    message = view.message
    if message.standing == "draft":
        return _draft(view)
    if message.standing == "refused":
        return _edit(message), _drop(message)
    if message.standing == "waiting":
        return (
            *(
                button
                for one in view.approvals
                if one.standing == "pending"
                for button in (
                    Button("approve", f"Approve {one.id}", one.id, "primary"),
                    Button("comms_refuse", f"Refuse {one.id}\u2026", one.id, "danger"),
                )
            ),
            _edit(message),
        )
    return _published(view) if message.standing == "published" else ()


def _draft(view: MessageView) -> tuple[Button, ...]:
    message = view.message
    edit, drop = _edit(message), _drop(message)
    if view.blocked or any(one.level == "stop" for one in view.findings):
        return edit, drop
    label = "Ask for approval" if view.needs else "Publish"
    return Button("comms_publish", label, value(message), "primary"), edit, drop


def _published(view: MessageView) -> tuple[Button, ...]:
    message = view.message
    again = [
        Button("comms_retry", f"Retry {name}"[:75], value(message, f"t{place}"), "primary")
        for place, name in enumerate(message.targets)
        if (one := message.sent.get(name)) is not None
        and one.state in ("failed", "unsure")
        and name not in view.late
    ]
    correct = Button("comms_correct", "Correct\u2026", value(message))
    more = Button("comms_new", "Next message\u2026", message.incident)
    return (*again, more, *(() if message.corrected else (correct,)))


def _edit(message: Message) -> Button:
    return Button("comms_edit", "Edit\u2026", value(message))


def _drop(message: Message) -> Button:
    return Button("comms_drop", "Give up\u2026", value(message))
