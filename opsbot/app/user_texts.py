"""What people read while a workflow is paused, in one state: changed, published, kept beside its declaration. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from opsbot.domain.change import Change, Record, Write
from opsbot.domain.comms import Locale
from opsbot.domain.incident import Incident
from opsbot.domain.kill import Kill
from opsbot.domain.state import USER_TEXTS, State
from opsbot.domain.user_texts import UserTexts, as_record, for_clients, from_record
from opsflags import keys


def texts_of(state: State, workflow: str) -> UserTexts:
    """Return the texts of a workflow, empty where only its declaration counts."""
    record = state.kind(USER_TEXTS).get(workflow)
    return UserTexts(workflow) if record is None else from_record(record)


def for_client(state: State, workflow: str, base: Record) -> Record:
    """Return a workflow's record as clients read it: what a file says never takes a published text away."""
    return for_clients(base, texts_of(state, workflow))


def writes(state: State, *changed: UserTexts) -> tuple[Write, ...]:
    """Return what is written when texts change: they themselves, and what clients read of each workflow."""
    known = state.kind(keys.WORKFLOWS)
    kept = [
        Write(USER_TEXTS, one.workflow, None if one.empty else as_record(one)) for one in changed
    ]
    read = [
        Write(keys.WORKFLOWS, one.workflow, for_clients(known[one.workflow], one))
        for one in changed
        if one.workflow in known
    ]
    return (*kept, *read)


def noticed(
    state: State, incident: Incident, texts: Mapping[Locale, str], *, message: str, locale: Locale
) -> tuple[UserTexts, ...]:
    """Return the texts of an incident's workflows with a notice for the kills that it has now."""
    uids = tuple(state.kill(name).uid for name in incident.kills)
    return tuple(
        replace(
            texts_of(state, name),
            locale=locale,
            notice=dict(texts),
            message=message,
            incident=incident.id,
            kills=uids,
        )
        for name in incident.workflows
    )


def withdrawn(state: State, workflows: Collection[str], incident: str) -> tuple[UserTexts, ...]:
    """Return the texts of these workflows without the notice of an incident; only those that had it."""
    mine = (texts_of(state, name) for name in workflows)
    return tuple(
        replace(one, notice={}, message="", incident="", kills=())
        for one in mine
        if one.notice and one.incident == incident
    )


def with_kill(state: State, change: Change, incident: Incident, kill: Kill) -> Change:
    """Return the change by which a kill joins an incident, with what was already published for it shown for that kill too."""
    mine = [texts_of(state, name) for name in incident.workflows]
    more = [
        replace(one, kills=(*one.kills, kill.uid))
        for one in mine
        if one.notice and one.incident == incident.id and kill.uid not in one.kills
    ]
    return replace(change, writes=(*change.writes, *writes(state, *more))) if more else change
