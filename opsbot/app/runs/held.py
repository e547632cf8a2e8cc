"""The kills that hold for a run: those of its incident, and those that its own actions made. Pure."""

from collections.abc import Container, Mapping

from opsbot.app.environment import policy_of
from opsbot.app.runs.sight import incident_of
from opsbot.app.words import mode_word, named
from opsbot.domain.policy.rules import shown
from opsbot.domain.run import Run
from opsbot.domain.said import inert
from opsbot.domain.state import State


def kills_of(state: State, run: Run) -> tuple[str, ...]:
    """Return each active kill in a few words: what it holds, and whose it is."""
    incident = incident_of(state, run)
    ids = _made(run) | (set() if incident is None else set(incident.kills))
    return tuple(_words(state, ids).values())


def own_kills(state: State, run: Run) -> Mapping[str, str]:
    """Return each active kill that an action of the run made, by its id, in a few words."""
    return _words(state, _made(run))


def _made(run: Run) -> frozenset[str]:
    return frozenset(one for act in run.acts.values() for one in act.results)


def _words(state: State, ids: Container[str]) -> Mapping[str, str]:
    policy = policy_of(state)
    return {
        kill.id: f"{kill.id} ({named(kill.scope)}: {mode_word(kill.mode)},"
        f" by {inert(shown(policy, kill.actor), limit=80)})"
        for kill in state.active_kills()
        if kill.id in ids
    }
