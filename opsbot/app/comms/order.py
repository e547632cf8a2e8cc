"""Which message a target takes first, and what may not come there any more. Pure."""

from typing import Final

from opsbot.domain.comms.message import Message
from opsbot.domain.comms.settings import IN_APP, STATUS_PAGE
from opsbot.domain.state import State

PATIENCE_MS: Final = 60 * 60_000
"""How long a target is tried by itself; then it is shown as failed, and [Retry] tries again."""


_OWN: Final = frozenset({IN_APP, STATUS_PAGE})
"""They show what stands in the store: trying them again sends nothing anew."""


def sent_until(message: Message, target: str) -> int | None:
    """
    Return from when on a message is not sent to a target any more, None for never.

    Its words promise the next update by then: whoever reads them later reads what is not so.
    """
    return None if target in _OWN else message.next_ms


def too_late(message: Message, target: str, now_ms: int) -> bool:
    """Return whether a message would come to a target after the time of the next update that it promises."""
    until_ms = sent_until(message, target)
    return until_ms is not None and until_ms <= now_ms


def first_due(state: State, message: Message, target: str) -> str:
    """
    Return the message that has to come to a target before another one, empty where none has.

    In the clients the newer words stand in the place of the older ones, which were stored before: an
    instance that does not answer keeps nobody waiting for a correction.
    """
    waits = ("due",) if target == IN_APP else ("due", "unsure")
    older = [
        one
        for one in state.messages()
        if one.incident == message.incident
        and one.standing == "published"
        and one.order < message.order
        and target in one.sent
        and one.sent[target].state in waits
    ]
    return min(older, key=lambda one: one.order).id if older else ""


def unseen(state: State, message: Message, target: str) -> tuple[Message, ...]:
    """Return the earlier messages of its incident that were given up at a target, the oldest first: they may be there."""
    older = (
        one
        for one in state.messages()
        if one.incident == message.incident
        and one.standing == "published"
        and one.order < message.order
        and target in one.sent
        and one.sent[target].state == "failed"
    )
    return tuple(sorted(older, key=lambda one: one.order))


def newer_there(state: State, message: Message, target: str) -> str:
    """
    Return the message that came to a target after another one was let go, empty where none did.

    The older one is not sent there any more: its words and its stage would stand over the newer ones.
    """
    newer = [
        one
        for one in state.messages()
        if one.incident == message.incident
        and one.standing == "published"
        and one.order > message.order
        and target in one.sent
        and one.sent[target].state in ("done", "unsure")
    ]
    return max(newer, key=lambda one: one.order).id if newer else ""
