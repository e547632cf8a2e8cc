"""How an incident moves: which status may follow which, and what makes an illegal move legal. Pure."""

from typing import Final, Literal

Status = Literal[
    "triage",
    "active",
    "contained",
    "monitoring",
    "resolved",
    "reviewed",
    "cancelled",
    "duplicate",
    "declined",
]

STATUSES: Final[tuple[Status, ...]] = (
    "triage",
    "active",
    "contained",
    "monitoring",
    "resolved",
    "reviewed",
    "cancelled",
    "duplicate",
    "declined",
)

OPEN: Final = frozenset({"triage", "active", "contained", "monitoring"})
"""Somebody is at work on it."""

NOT_COUNTED: Final = frozenset({"cancelled", "duplicate", "declined"})
"""It was no incident of its own: in no figure."""

WITH_REASON: Final = frozenset({"cancelled", "duplicate", "declined"})
"""Moves that say why; a duplicate also says of which incident."""

NEXT: Final[dict[Status, frozenset[Status]]] = {
    "triage": frozenset({"active", "declined", "duplicate", "cancelled"}),
    "active": frozenset({"contained", "monitoring", "resolved", "duplicate", "cancelled"}),
    "contained": frozenset({"active", "monitoring", "resolved", "duplicate", "cancelled"}),
    "monitoring": frozenset({"active", "contained", "resolved", "duplicate", "cancelled"}),
    "resolved": frozenset({"active", "reviewed"}),
    "reviewed": frozenset({"active"}),
    "cancelled": frozenset({"active"}),
    "duplicate": frozenset({"active"}),
    "declined": frozenset({"active"}),
}
"""What may follow; `active` after an end is a reopening."""

_WAY: Final[dict[tuple[Status, Status], str]] = {
    ("triage", "contained"): "Accept it first: it becomes active, then contained.",
    ("triage", "monitoring"): "Accept it first, or decline it.",
    ("triage", "resolved"): "Accept it first, or decline it with a reason.",
    ("triage", "reviewed"): "Accept it first, or decline it with a reason.",
    ("active", "declined"): "It was accepted already: cancel it with a reason.",
    ("contained", "declined"): "It was accepted already: cancel it with a reason.",
    ("monitoring", "declined"): "It was accepted already: cancel it with a reason.",
    ("active", "reviewed"): "Resolve it first.",
    ("contained", "reviewed"): "Resolve it first.",
    ("monitoring", "reviewed"): "Resolve it first.",
}


def may_follow(now: Status, to: Status) -> bool:
    """Return whether *to* may follow *now*."""
    return to in NEXT[now]


def reopens(now: Status, to: Status) -> bool:
    """Return whether the move brings back what was over."""
    return now not in OPEN and to == "active"


def way(now: Status, to: Status) -> str:
    """Return how an illegal move becomes legal, in a sentence."""
    if now == to:
        return "It is so already."
    if now not in OPEN and to != "active":
        return "It is over: reopen it first."
    if to == "triage":
        return "Triage is where an incident begins; nothing goes back there."
    listed = ", ".join(one for one in STATUSES if one in NEXT[now])
    return _WAY.get((now, to), f"From {now} it may become: {listed}.")
