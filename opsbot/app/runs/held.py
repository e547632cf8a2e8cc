"""The kills that hold for a run: those of its incident, and those that its own actions made. Pure."""

from opsbot.app.environment import policy_of
from opsbot.app.runs.sight import incident_of
from opsbot.app.words import mode_word, named
from opsbot.domain.policy import shown
from opsbot.domain.run import Run
from opsbot.domain.said import inert
from opsbot.domain.state import State


def kills_of(state: State, run: Run) -> tuple[str, ...]:
    """Return each active kill in a few words: what it holds, and whose it is."""
    incident = incident_of(state, run)
    own = {act.result for act in run.acts.values()}
    ids = own | (set() if incident is None else set(incident.kills))
    policy = policy_of(state)
    return tuple(
        f"{kill.id} ({named(kill.scope)}: {mode_word(kill.mode)},"
        f" by {inert(shown(policy, kill.actor), limit=80)})"
        for kill in state.active_kills()
        if kill.id in ids
    )
