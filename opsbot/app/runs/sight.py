"""Which run is meant, and who may see it; one of an incident that they do not see does not exist for them. Pure."""

from collections.abc import Iterable
from typing import Final

from opsbot.app.environment import policy_of
from opsbot.app.incident.sight import involved
from opsbot.app.incident.sight import sees as sees_incident
from opsbot.app.look import may_look
from opsbot.app.runs.requests import WhichRun
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NeedsMoreWords, UnknownIncident, UnknownRun
from opsbot.domain.incident.incident import Incident, number_of
from opsbot.domain.policy.rules import Policy, actor_of_person, identity_of
from opsbot.domain.run import Run, run_named
from opsbot.domain.said import inert
from opsbot.domain.state import State
from opsbot.domain.typed import command

SHOWN: Final = 5


def found(state: State, actor: Actor, which: WhichRun) -> Run:
    """
    Return the run that is meant: by its id, its incident, its channel, or as the only open one.

    Raises:
        UnknownRun: there is none, or none that this person may see; the words are the same.
        NeedsMoreWords: several are open and none was named. NotAllowed: they may not look at all.
    """
    may_look(policy_of(state), actor)
    if which.name:
        return _named(state, actor, which.name)
    open_ = _without_looks(
        state, actor, [one for one in state.open_runs() if sees(state, one, actor)]
    )
    if which.channel:
        here = [one for one in open_ if channel_of(state, one) == which.channel]
        here = here or _over(state, actor, which.channel)
        if here:
            return _one(here)
    return _one(open_)


def _without_looks(state: State, actor: Actor, runs: list[Run]) -> list[Run]:
    """Return the runs that a word may mean: what somebody else only looks through is none, where others are."""
    by = identity_of(policy_of(state), actor)
    walked = [one for one in runs if one.mode != "show" or one.begun_by == by]
    return walked or runs


def _over(state: State, actor: Actor, channel: str) -> list[Run]:
    """Return the newest run that ended in a channel: what a word there is about once all is over."""
    every = (one for one in state.runs() if channel_of(state, one) == channel)
    newest = next(every, None)
    return [newest] if newest is not None and sees(state, newest, actor) else []


def visible(state: State, actor: Actor) -> tuple[Run, ...]:
    """Return the runs that somebody may see, the newest first."""
    return tuple(one for one in state.runs() if sees(state, one, actor))


def sees(state: State, run: Run, actor: Actor) -> bool:
    """Return whether a person may know of a run."""
    incident = incident_of(state, run)
    return incident is None or sees_incident(state, incident, actor)


def aware(state: State, run: Run, people: Iterable[str]) -> tuple[str, ...]:
    """Return who of some people may know of a run: of a private one nobody else is told or asked."""
    incident, policy = incident_of(state, run), policy_of(state)
    if incident is None or not incident.private:
        return tuple(people)
    within = involved(incident)
    return tuple(one for one in people if one in within or _sees_all(state, incident, policy, one))


def _sees_all(state: State, incident: Incident, policy: Policy, identity: str) -> bool:
    person = policy.people.get(identity)
    actor = None if person is None else actor_of_person(policy, person, via="slack")
    return actor is not None and sees_incident(state, incident, actor)


def incident_of(state: State, run: Run) -> Incident | None:
    """Return the incident that a run belongs to, None for a run of its own."""
    if not run.incident:
        return None
    try:
        return state.incident(run.incident)
    except UnknownIncident:
        return None


def channel_of(state: State, run: Run) -> str:
    """Return the channel in which a run goes on, empty where it has none."""
    incident = incident_of(state, run)
    return incident.room.channel if incident is not None else run.channel


def _named(state: State, actor: Actor, word: str) -> Run:
    name, incident = run_named(word), number_of(word)
    if name is not None:
        run = state.run(name)
        # The very words of one that does not exist: a refusal would say that it does.
        return run if sees(state, run, actor) else State().run(name)
    if incident is None:
        raise UnknownRun(
            f"`{inert(word, limit=40)}` is no run and no incident; nothing was changed.",
            hint=f"A run is called as in `RUN-7`; {command('runbook list')} lists them.",
        )
    of = [one for one in visible(state, actor) if one.incident == incident]
    if not of:
        raise UnknownRun(
            f"No runbook is being walked for {incident}; nothing was changed.",
            hint=f"{command('runbook start')} begins one.",
        )
    return _one(of)


def _one(runs: list[Run]) -> Run:
    """Return the only open one, else the newest that is over."""
    open_ = [one for one in runs if one.open]
    if len(open_) == 1 or (runs and not open_):
        return (open_ or runs)[0]
    if not open_:
        raise UnknownRun(
            "No runbook is being walked; nothing was changed.",
            hint=f"{command('runbook catalogue')} lists the runbooks.",
        )
    listed = ", ".join(f"`{one.id}`" for one in open_[:SHOWN])
    raise NeedsMoreWords(
        f"{len(open_)} runs are open: {listed}. None was guessed; nothing was changed.",
        hint=f"Name one, as in `{open_[0].id}`.",
    )
