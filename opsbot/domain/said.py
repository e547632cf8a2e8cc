"""What opsbot says, before any surface dresses it: a title, lines, buttons, and the machine's form."""

from dataclasses import dataclass, field
from typing import Literal

from opsbot.domain.change import Record

Tone = Literal["green", "amber", "red", "plain"]
Act = Literal[
    "stop_completely",
    "restore",
    "approve",
    "refuse",
    "give_reason",
    "status",
    "confirm_kill",
    "adopt",
    "question",
    "retry",
    "restore_hold",
    "restore_go_on",
    "route_hold",
    "route_go_on",
    "route_cancel",
    "route_rollback",
    "route_serve",
    "route_show",
]

DONE, REFUSED, USAGE, UNCONFIRMED = 0, 1, 2, 3
"""Exit codes of the command line, the same for every verb."""


@dataclass(frozen=True, slots=True)
class Button:
    """
    One act that the reader may take next.

    *value* is an opaque id (`K-1`, `A-3`, a workflow's name), never state. *confirm* is asked
    before a press counts, where it is not empty.
    """

    act: Act
    label: str
    value: str
    style: Literal["", "primary", "danger"] = ""
    confirm: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """
    One answer or card.

    *title* begins with the effect. *lines* are plain sentences; names stand in backticks; free
    text of people has been made inert by `inert` (one line, no controls, cut). *body* is the
    machine's form, *exit_code* the command line's.
    """

    tone: Tone
    title: str
    lines: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()
    body: Record = field(default_factory=dict)
    exit_code: int = DONE

    def as_text(self) -> str:
        """Return what a terminal prints and a notification says."""
        return "\n".join((self.title, *self.lines))


_RANGES = (
    (0x00, 0x20),
    (0x7F, 0xA0),
    (0xAD, 0xAE),
    (0x115F, 0x1161),
    (0x61C, 0x61D),
    (0x180E, 0x180F),
    (0x200B, 0x2010),
    (0x2028, 0x202F),
    (0x2060, 0x2070),
    (0x2800, 0x2801),
    (0x3164, 0x3165),
    (0xD800, 0xE000),
    (0xFEFF, 0xFF00),
    (0xFFA0, 0xFFA1),
    (0xFFF9, 0xFFFD),
    (0xE0000, 0xE0080),
)
"""
Controls, zero-width and bidirectional marks, blanks that look like nothing, tags: what could hide
or turn around a line. Surrogates that stand alone cannot even be sent.
"""

_INVISIBLE = {code: " " for start, end in _RANGES for code in range(start, end)} | {
    ord("`"): "\u02bc"
}

CUT = 300
"""Characters of free text that a message shows; the whole stands in the journal's text store."""


def inert(text: str, *, limit: int = CUT) -> str:
    """Return free text as one harmless line: no controls, no bidirectional marks, no backticks, cut."""
    line = " ".join(text.translate(_INVISIBLE).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "\u2026"


def visible(text: str, *, limit: int = 900) -> str:
    """Return a sentence of ours that quotes somebody's words: as `inert`, but backticks stay."""
    line = " ".join(text.translate(_INVISIBLE | {ord("`"): "`"}).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "\u2026"
