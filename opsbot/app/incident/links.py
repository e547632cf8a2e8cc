"""What kills and incidents do to each other: a kill joins the open incident, its confirmation contains it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from opsbot.app.incident.change import changed
from opsbot.app.target import hits
from opsbot.app.user_texts import with_kill as with_notice
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change
from opsbot.domain.incident.incident import Incident
from opsbot.domain.kill import Kill
from opsbot.domain.state import State


def tied(state: State, kill_id: str) -> tuple[Incident, ...]:
    """Return the open incidents that a kill belongs to, drills aside."""
    return tuple(one for one in state.open_incidents() if not one.drill and kill_id in one.kills)


def untied(state: State, kill_id: str) -> bool:
    """Return whether everybody may be offered to open an incident for a kill; a private one shows nowhere."""
    return all(one.private for one in tied(state, kill_id))


def with_kill(state: State, now_ms: int, change: Change, kill: Kill, actor: Actor) -> Change:
    """
    Return the change of a new kill, with every open incident of a workflow that it hits joined to it.

    A wide kill joins all of them: one provider that is down is behind several incidents at once.
    """
    for before in _of(state, kill):
        after = replace(before, kills=(*before.kills, kill.id))
        change = _beside(state, now_ms, change, before, after, actor)
        change = with_notice(state, change, before, kill)
    return change


def with_confirmation(
    state: State, now_ms: int, change: Change, kill: Kill, actor: Actor
) -> Change:
    """
    Return the change that confirms a kill, with the incidents that it contains.

    An incident is contained when the fleet has confirmed every kill of it that holds, and these hold
    each of its workflows for every customer and tool; the moment is the server's time of the last
    confirmation, and stays what it first was.
    """
    for before in tied(state, kill.id):
        others = [state.kill(name) for name in before.kills if name != kill.id]
        holding = [kill, *(one for one in others if one.active)]
        if any(one.confirmed_ms is None for one in holding) or not _held(state, before, holding):
            continue
        after = before
        if before.times.contained is None:
            after = before.timed("contained", now_ms)
        if before.status == "active":
            after = replace(after, status="contained")
        change = _beside(state, now_ms, change, before, after, actor)
    return change


def narrow(kill: Kill) -> bool:
    """Return whether a kill leaves calls of its workflow alone: those of other tenants, or other tools."""
    return kill.scope.tenant is not None or kill.scope.tool is not None


def _held(state: State, incident: Incident, kills: Sequence[Kill]) -> bool:
    """Return whether each workflow of an incident is hit by a kill that is not narrow."""
    wide, declared = [kill for kill in kills if not narrow(kill)], state.workflows()
    named = [declared[name] for name in incident.workflows if name in declared]
    return bool(wide) and all(any(hits(kill.scope, one) for kill in wide) for one in named)


def _of(state: State, kill: Kill) -> Iterator[Incident]:
    declared = state.workflows()
    for one in state.open_incidents():
        named = (declared[name] for name in one.workflows if name in declared)
        hit = any(hits(kill.scope, workflow) for workflow in named)
        if not one.drill and kill.id not in one.kills and hit:
            yield one


def _beside(
    state: State, now_ms: int, change: Change, before: Incident, after: Incident, actor: Actor
) -> Change:
    more, _ = changed(state, now_ms, before, after, actor, verb=change.verb)
    if more is None:
        return change
    return replace(
        change,
        writes=(*change.writes, *more.writes),
        effects=(*change.effects, *more.effects),
        timers=(*change.timers, *more.timers),
        cancels=(*change.cancels, *more.cancels),
    )
