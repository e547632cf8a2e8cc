"""What was asked about messages to people, to the verb that does it: one place for every surface."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, cast

from opsbot.app.comms.requests import (
    CommsLook,
    CommsWords,
    DropMessage,
    EditMessage,
    HoldEvidence,
    HoldUsers,
    NewMessage,
    PublishMessage,
    RetryTarget,
    RunClock,
    SetCanned,
    SnoozeUpdate,
    StateFact,
)
from opsbot.app.comms_verbs import CommsVerbs
from opsbot.domain.actor import Actor
from opsbot.domain.said import Said

Act = Callable[..., Awaitable[Said]]


async def ask(verbs: CommsVerbs, words: CommsWords, actor: Actor, *, request_id: str) -> Said:
    """
    Do what was asked, whatever the surface.

    Raises:
        Refused, Unsure: as the verb.
    """
    if isinstance(words, CommsLook):
        return await verbs.look(words, actor)
    act = cast("Act", getattr(verbs, ACTS[type(words)]))
    return await act(words, actor, request_id=request_id)


ACTS: Final[Mapping[type[object], str]] = {
    NewMessage: "new",
    EditMessage: "edit",
    PublishMessage: "publish",
    HoldUsers: "hold",
    DropMessage: "drop",
    RetryTarget: "retry",
    StateFact: "fact",
    SnoozeUpdate: "snooze",
    RunClock: "clock",
    HoldEvidence: "evidence",
    SetCanned: "canned",
}
"""The verb's method for each kind of request; it takes the request, the actor and `request_id=`."""
