"""What people read while a workflow is paused, in one state: changed, published, kept beside its declaration. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final

from opsbot.domain.change import Change, Effect, Record, Write
from opsbot.domain.comms.templates import Locale
from opsbot.domain.comms.user_texts import UserTexts, as_record, for_clients, from_record
from opsbot.domain.incident.incident import Incident
from opsbot.domain.kill import Kill
from opsbot.domain.records import listed
from opsbot.domain.state import USER_TEXTS, State
from opsflags import keys

NOTICE: Final = "comms_notice"
"""The kind of effect; its handler looks again which notice of a workflow stands in front."""


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
    """
    Return the texts of an incident's workflows with a notice for the kills that it has now.

    Of two incidents on one workflow the newer words stand in front, but never those that nobody reads
    in the place of those that somebody does; the others are kept, and come back.
    """
    uids = tuple(state.kill(name).uid for name in incident.kills)
    found = []
    for name in incident.workflows:
        before = texts_of(state, name).forgotten(incident.id)
        mine = replace(
            before.aside(),
            locale=locale,
            notice=dict(texts),
            message=message,
            incident=incident.id,
            kills=uids,
        )
        read = _held(state, before.kills) and not _held(state, uids)
        found.append(mine.brought(before.incident) if read else mine)
    return tuple(found)


def withdrawn(state: State, incident: str, gone: Collection[str] = ()) -> tuple[UserTexts, ...]:
    """Return every text without the notice of an incident, with that of another in its place; only those that had it."""
    every = (texts_of(state, name) for name in state.kind(USER_TEXTS))
    return tuple(
        _filled(state, one.forgotten(incident), gone)
        for one in every
        if one.incident == incident or incident in one.others
    )


def with_kill(state: State, change: Change, incident: Incident, kill: Kill) -> Change:
    """Return the change by which a kill joins an incident, with what was already published for it shown for that kill too."""
    before = {name: _by_then(state, change, name) for name in incident.workflows}
    more = [_joined(state, one, incident.id, kill.uid) for one in before.values()]
    more = [one for one in more if one != before[one.workflow]]
    return replace(change, writes=(*change.writes, *writes(state, *more))) if more else change


def _by_then(state: State, change: Change, workflow: str) -> UserTexts:
    """Return a workflow's texts as the change has them: a kill joins several incidents in one commit."""
    mine = (one for one in change.writes if (one.kind, one.id) == (USER_TEXTS, workflow))
    last = next(reversed([one.record for one in mine if one.record is not None]), None)
    return texts_of(state, workflow) if last is None else from_record(last)


def _joined(state: State, texts: UserTexts, incident: str, uid: str) -> UserTexts:
    if incident not in (texts.incident, *texts.others):
        return texts
    front = texts.incident
    mine = texts if front == incident else texts.brought(incident)
    mine = mine if uid in mine.kills else replace(mine, kills=(*mine.kills, uid))
    if not front or front == incident:
        return mine
    newer = uid in texts.kills and _order(state, texts.message) > _order(state, mine.message)
    return mine.brought(front) if newer or _held(state, texts.kills) else mine


def _filled(state: State, texts: UserTexts, gone: Collection[str]) -> UserTexts:
    """Return texts with the notice of another incident in front where none is; one that is over says nothing."""
    kept = {
        name: one
        for name, one in texts.others.items()
        if state.incident(name).open and one["message"] not in gone
    }
    left = replace(texts, others=kept)
    if left.notice or not kept:
        return left
    newest = max(kept, key=lambda name: _order(state, str(kept[name]["message"])))
    return left.brought(newest)


def freed(state: State, over: Iterable[Kill]) -> tuple[Effect, ...]:
    """Return the work that the end of kills leaves: what nobody reads any more makes way for what somebody does."""
    uids, at = frozenset(one.uid for one in over), state.position
    return tuple(
        Effect(NOTICE, f"notice:{name}:{at.epoch}:{at.revision}", {"workflow": name}, lane="kill")
        for name in state.kind(USER_TEXTS)
        if promoted(state, name, over=uids) != texts_of(state, name)
    )


def promoted(
    state: State, workflow: str, gone: Collection[str] = (), over: Collection[str] = ()
) -> UserTexts:
    """
    Return a workflow's texts with the newest notice in front that somebody reads, where nobody reads the one there.

    *gone* are messages whose words were erased, *over* the uids of kills that end with this commit.
    """
    texts = texts_of(state, workflow)
    held = frozenset(one.uid for one in state.active_kills()) - frozenset(over)
    if not held.isdisjoint(texts.kills):
        return texts
    read = [
        name
        for name, one in texts.others.items()
        if state.incident(name).open
        and one["message"] not in gone
        and not held.isdisjoint(str(uid) for uid in listed(one["kills"]))
    ]
    if not read:
        return texts
    return texts.brought(
        max(read, key=lambda name: _order(state, str(texts.others[name]["message"])))
    )


def _order(state: State, message: str) -> int:
    return state.message(message).order


def _held(state: State, uids: Collection[str]) -> bool:
    return any(one.uid in uids for one in state.active_kills())
