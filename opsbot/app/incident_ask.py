"""What was asked about incidents, to the verb that does it: one place for every surface."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, cast

from opsbot.app.incident.requests import (
    ActionItem,
    EditIncident,
    HushReminder,
    IncidentLook,
    IncidentWords,
    MoveIncident,
    OpenIncident,
    PageAct,
    RetractNote,
    RetryStep,
    RoleOrder,
    TimelineNote,
)
from opsbot.app.incident_flag_words import opened_as
from opsbot.app.incident_verbs import IncidentVerbs
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.said import Said
from opsbot.domain.typed import command

Act = Callable[..., Awaitable[Said]]


async def ask(verbs: IncidentVerbs, words: IncidentWords, actor: Actor, *, request_id: str) -> Said:
    """
    Do what was asked, whatever the surface.

    Raises:
        NeedsMoreWords: a line of a timeline without its incident. Refused, Unsure: as the verb.
    """
    if isinstance(words, IncidentLook):
        return await _looked(verbs, words, actor)
    if isinstance(words, RetractNote):
        return await verbs.retract(_line(words), actor, request_id=request_id)
    act = cast("Act", getattr(verbs, ACTS[type(words)]))
    said = await act(words, actor, request_id=request_id)
    return opened_as(said, words) if isinstance(words, OpenIncident) else said


ACTS: Final[Mapping[type[object], str]] = {
    OpenIncident: "open",
    MoveIncident: "move",
    EditIncident: "edit",
    RoleOrder: "role",
    RetryStep: "retry",
    HushReminder: "hush",
    TimelineNote: "note",
    PageAct: "page",
    ActionItem: "action",
}
"""The verb's method for each kind of request; it takes the request, the actor and `request_id=`."""


async def _looked(verbs: IncidentVerbs, look: IncidentLook, actor: Actor) -> Said:
    if look.what == "list":
        return await verbs.list(actor, every=look.every)
    if look.what == "timeline":
        return await verbs.timeline(look.which, actor)
    if look.what == "export":
        return await verbs.export(look.which, actor)
    return await verbs.show(look.which, actor)


def _line(words: RetractNote) -> str:
    if not words.which.name:
        raise NeedsMoreWords(
            "Name the line with its incident; nothing was changed.",
            hint=f"As in {command('incident retract INC-7:n3')}.",
        )
    return f"{words.which.name}:{words.line}"
