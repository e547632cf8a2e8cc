"""What was asked about incidents, runs and messages, to the verb that does it: one place for every surface."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol, TypeAlias, TypeVar

from opsbot.app.comms import requests as comms
from opsbot.app.incident import requests as incident
from opsbot.app.incident_flag_words import opened_as
from opsbot.app.runs import requests as runs
from opsbot.app.verbs import Verbs
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.said import Said
from opsbot.domain.typed import command

Words: TypeAlias = incident.IncidentWords | runs.RunWords | comms.CommsWords

T = TypeVar("T")
R_contra = TypeVar("R_contra", contravariant=True)

Do: TypeAlias = Callable[[Verbs, T, Actor, str], Awaitable[Said]]
"""Does one kind of request: the verbs, the request, who asks, and the id that makes it one effect."""


class Act(Protocol[R_contra]):
    """A verb that changes something."""

    def __call__(
        self, request: R_contra, actor: Actor, /, *, request_id: str
    ) -> Awaitable[Said]: ...


async def ask(verbs: Verbs, words: Words, actor: Actor, *, request_id: str = "") -> Said:
    """
    Do what was asked, whatever the surface; to look needs no *request_id*.

    Raises:
        NeedsMoreWords: a line of a timeline without its incident. Refused, Unsure: as the verb.
    """
    return await WAYS[type(words)](verbs, words, actor, request_id)


def _way(kind: type[T], do: Do[T]) -> tuple[type[object], Do[object]]:
    """Return an entry of the table; what is asked is looked up by its kind, so it is of that kind."""

    def way(verbs: Verbs, words: object, actor: Actor, request_id: str) -> Awaitable[Said]:
        assert isinstance(words, kind)
        return do(verbs, words, actor, request_id)

    return kind, way


def _act(kind: type[T], verb: Callable[[Verbs], Act[T]]) -> tuple[type[object], Do[object]]:
    return _way(kind, lambda on, words, actor, rid: verb(on)(words, actor, request_id=rid))


async def _opened(
    verbs: Verbs, words: incident.OpenIncident, actor: Actor, request_id: str
) -> Said:
    return opened_as(await verbs.incidents.open(words, actor, request_id=request_id), words)


async def _retracted(
    verbs: Verbs, words: incident.RetractNote, actor: Actor, request_id: str
) -> Said:
    if not words.which.name:
        raise NeedsMoreWords(
            "Name the line with its incident; nothing was changed.",
            hint=f"As in {command('incident retract INC-7:n3')}.",
        )
    line = f"{words.which.name}:{words.line}"
    return await verbs.incidents.retract(line, actor, request_id=request_id)


async def _looked(verbs: Verbs, look: incident.IncidentLook, actor: Actor, _: str) -> Said:
    if look.what == "list":
        return await verbs.incidents.list(actor, every=look.every)
    if look.what == "timeline":
        return await verbs.incidents.timeline(look.which, actor)
    if look.what == "export":
        return await verbs.incidents.export(look.which, actor)
    return await verbs.incidents.show(look.which, actor)


WAYS: Final[Mapping[type[object], Do[object]]] = dict(
    (
        _way(incident.OpenIncident, _opened),
        _way(incident.RetractNote, _retracted),
        _way(incident.IncidentLook, _looked),
        _act(incident.MoveIncident, lambda on: on.incidents.move),
        _act(incident.EditIncident, lambda on: on.incidents.edit),
        _act(incident.RoleOrder, lambda on: on.incidents.role),
        _act(incident.RetryStep, lambda on: on.incidents.retry),
        _act(incident.HushReminder, lambda on: on.incidents.hush),
        _act(incident.TimelineNote, lambda on: on.incidents.note),
        _act(incident.PageAct, lambda on: on.incidents.page),
        _act(incident.ActionItem, lambda on: on.incidents.action),
        _way(runs.RunLook, lambda on, look, actor, _: on.runs.look(look, actor)),
        _act(runs.StartRun, lambda on: on.runs.start),
        _act(runs.MarkStep, lambda on: on.runs.mark),
        _act(runs.RunAction, lambda on: on.runs.do),
        _act(runs.LeadRun, lambda on: on.runs.lead),
        _act(runs.EndRun, lambda on: on.runs.end),
        _way(comms.CommsLook, lambda on, look, actor, _: on.comms.look(look, actor)),
        _act(comms.NewMessage, lambda on: on.comms.new),
        _act(comms.EditMessage, lambda on: on.comms.edit),
        _act(comms.PublishMessage, lambda on: on.comms.publish),
        _act(comms.HoldUsers, lambda on: on.comms.hold),
        _act(comms.DropMessage, lambda on: on.comms.drop),
        _act(comms.RetryTarget, lambda on: on.comms.retry),
        _act(comms.StateFact, lambda on: on.comms.fact),
        _act(comms.SnoozeUpdate, lambda on: on.comms.snooze),
        _act(comms.RunClock, lambda on: on.comms.clock),
        _act(comms.HoldEvidence, lambda on: on.comms.evidence),
        _act(comms.SetCanned, lambda on: on.comms.canned),
    )
)
"""The way of each kind of request."""
