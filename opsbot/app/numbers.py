"""The numbers that kills, approvals and incidents are called by: each handed out once, never again."""

from opsbot.domain.change import Write
from opsbot.domain.state import SETTINGS, State


def next_number(state: State, what: str) -> int:
    """Return the next free number of an id series; `numbered` records it as used."""
    last = state.setting("ids").get(what, 0)
    return (last if isinstance(last, int) else 0) + 1


def numbered(state: State, what: str, count: int = 1) -> Write:
    """Return the write that uses up the next *count* numbers of a series."""
    last = next_number(state, what) + count - 1
    return Write(SETTINGS, "ids", {"s": 1, **state.setting("ids"), what: last})
