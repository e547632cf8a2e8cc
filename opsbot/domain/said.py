"""What opsbot says, before any surface dresses it: a title, lines, buttons, and the machine's form."""

from dataclasses import dataclass, field, replace
from typing import Literal

from opsbot.domain.change import Record
from opsbot.domain.prose import Block, Prose
from opsbot.domain.typed import MARK, Spell, spelled, spelled_json, terminal
from opsbot.domain.typed_prose import spelled_block, spelled_prose

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
    "incident_open",
    "incident_accept",
    "incident_decline",
    "incident_command",
    "incident_role_accept",
    "incident_role_decline",
    "incident_update",
    "incident_resolve",
    "incident_timeline",
    "incident_review",
    "incident_retry",
    "incident_snooze",
    "incident_hush",
    "run_start",
    "run_do",
    "run_read_back",
    "run_take_back",
    "run_done",
    "run_failed",
    "run_skip",
    "run_box",
    "run_answer",
    "run_take",
    "run_assign",
    "run_accept",
    "run_decline",
    "run_block",
    "run_unblock",
    "run_back",
    "run_undo",
    "run_note",
    "run_steps",
    "run_catchup",
    "run_lead",
    "run_lead_accept",
    "run_lead_decline",
    "run_finish",
    "run_renew",
    "run_read",
    "run_page",
    "run_more",
    "comms_now",
    "comms_new",
    "comms_edit",
    "comms_publish",
    "comms_drop",
    "comms_correct",
    "comms_retry",
    "comms_preview",
    "comms_snooze",
    "comms_refuse",
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
class Item:
    """One line of a list with an act of its own; *mark* stands before it."""

    prose: Prose
    mark: str = ""
    button: Button | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """
    One answer or card.

    *title* begins with the effect. *lines* are plain sentences; names stand in backticks; free
    text of people has been made inert by `inert` (one line, no controls, cut). Commands are marked
    and spelled by no surface yet (`opsbot.domain.typed`). *body* is the machine's form,
    *exit_code* the command line's. *channel* is the id of the channel in which it goes on, for
    surfaces that can lead there; empty for none. *parts* is what it says at length, with its
    structure, for surfaces that can draw that; what matters of it stands in the lines as well. *more*
    are acts that stand in a menu.
    """

    tone: Tone
    title: str
    lines: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()
    body: Record = field(default_factory=dict)
    exit_code: int = DONE
    channel: str = ""
    parts: tuple[Block | Item, ...] = ()
    more: tuple[Button, ...] = ()

    def as_text(self) -> str:
        """Return what a terminal prints."""
        return spelled("\n".join((self.title, *self.lines)), terminal)

    def spelled(self, spell: Spell) -> "Said":
        """Return it with every command in it as one surface types it; called at the surface's edge."""
        return replace(
            self,
            title=spelled(self.title, spell),
            lines=tuple(spelled(one, spell) for one in self.lines),
            buttons=tuple(
                replace(one, confirm=spelled(one.confirm, spell)) for one in self.buttons
            ),
            body={key: spelled_json(one, spell) for key, one in self.body.items()},
            parts=tuple(_part(one, spell) for one in self.parts),
        )


def _part(part: Block | Item, spell: Spell) -> Block | Item:
    if isinstance(part, Item):
        return replace(part, prose=spelled_prose(part.prose, spell))
    return spelled_block(part, spell)


HIDDEN = (
    (0x00, 0x20),
    (0x7F, 0xA0),
    (0xAD, 0xAE),
    (0x34F, 0x350),
    (0x61C, 0x61D),
    (0x115F, 0x1161),
    (0x17B4, 0x17B6),
    (0x180B, 0x1810),
    (0x200B, 0x2010),
    (0x2028, 0x202F),
    (0x2060, 0x2070),
    (0x2800, 0x2801),
    (0x3164, 0x3165),
    (0xD800, 0xE000),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFF00),
    (0xFFA0, 0xFFA1),
    (0xFFF9, 0xFFFD),
    (0x1D173, 0x1D17B),
    (0xE0000, 0xE1000),
)
"""
Controls, zero-width and bidirectional marks, blanks that look like nothing, tags, and selectors in which
whole texts can be hidden: what could hide or turn around a line. The one selector that emoji are written
with stays. Surrogates that stand alone cannot even be sent. Each pair is a first code and one past the last.
"""

_INVISIBLE = {code: " " for start, end in HIDDEN for code in range(start, end)} | {
    ord("`"): "\u02bc"
}

_OURS = _INVISIBLE | {ord("`"): "`", ord(MARK): MARK}

CUT = 300
"""Characters of free text that a message shows; the whole stands in the journal's text store."""


def inert(text: str, *, limit: int = CUT) -> str:
    """Return free text as one harmless line: no controls, no bidirectional marks, no markup of ours, cut."""
    line = " ".join(text.translate(_INVISIBLE).split()).replace("**", "\u2217\u2217")
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "\u2026"


def visible(text: str, *, limit: int = 900) -> str:
    """Return a sentence of ours that quotes somebody's words: as `inert`, but backticks and commands stay."""
    line = " ".join(text.translate(_OURS).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "\u2026"
