"""What was asked about runs, to the verb that does it: one place for every surface."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, cast

from opsbot.app.run_verbs import RunVerbs
from opsbot.app.runs.requests import (
    EndRun,
    LeadRun,
    MarkStep,
    RunAction,
    RunLook,
    RunWords,
    StartRun,
)
from opsbot.domain.actor import Actor
from opsbot.domain.said import Said

Act = Callable[..., Awaitable[Said]]


async def ask(verbs: RunVerbs, words: RunWords, actor: Actor, *, request_id: str) -> Said:
    """
    Do what was asked, whatever the surface.

    Raises:
        Refused, Unsure: as the verb.
    """
    if isinstance(words, RunLook):
        return await verbs.look(words, actor)
    act = cast("Act", getattr(verbs, ACTS[type(words)]))
    return await act(words, actor, request_id=request_id)


ACTS: Final[Mapping[type[object], str]] = {
    StartRun: "start",
    MarkStep: "mark",
    RunAction: "do",
    LeadRun: "lead",
    EndRun: "end",
}
"""The verb's method for each kind of request; it takes the request, the actor and `request_id=`."""
