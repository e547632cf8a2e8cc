"""Before anything is changed back where data was exposed, the evidence is put aside; stopping is always free. Pure."""

from collections.abc import Collection, Iterator

from opsbot.app.comms_rules import settings_of
from opsbot.app.incident.sight import sees
from opsbot.domain.actor import Actor
from opsbot.domain.errors import IllegalMove
from opsbot.domain.incident.incident import Incident
from opsbot.domain.run import Attached, Run
from opsbot.domain.state import State
from opsbot.domain.typed import command


def must_hold_evidence(
    state: State, actor: Actor, *, workflows: Collection[str] = (), kills: Collection[str] = ()
) -> None:
    """
    Refuse to change back what an open incident of exposed data is about, until its evidence is held.

    *workflows* and *kills* are what would be changed back.

    Raises:
        IllegalMove: with what to type; an incident that this person may not see is not named.
    """
    for incident in waiting(state, workflows=workflows, kills=kills):
        raise _refused(state, incident, actor)


def waiting(
    state: State, *, workflows: Collection[str] = (), kills: Collection[str] = ()
) -> Iterator[Incident]:
    """Yield the incidents about these workflows and kills whose evidence is not held yet."""
    for incident in state.open_incidents():
        about = not frozenset(workflows).isdisjoint(incident.workflows)
        named = not frozenset(kills).isdisjoint(incident.kills)
        if (about or named) and waits_for_evidence(state, incident):
            yield incident


def waits_for_evidence(state: State, incident: Incident) -> bool:
    """Return whether the way back of an incident is closed until its evidence is held."""
    if incident.drill or not incident.open or incident.type not in settings_of(state).exposure:
        return False
    return not state.comms(incident.id).hold and not any(kept_as_evidence(state, incident))


def kept_as_evidence(state: State, incident: Incident) -> Iterator[tuple[Run, Attached]]:
    """Yield what its walks kept as evidence; whether opsbot captured it or somebody noted it, it says itself."""
    for run in state.runs():
        if run.incident == incident.id and run.mode == "live":
            for one in run.kept:
                if one.kind == "evidence" and one.gone_ms is None:
                    yield run, one


def _refused(state: State, incident: Incident, actor: Actor) -> IllegalMove:
    if not sees(state, incident, actor):
        return IllegalMove(
            "Evidence has to be put aside before this is changed back; nothing was changed.",
            hint="Ask the incident's commander, or security. Killing stays free.",
        )
    say = command(f"comms evidence {incident.id} where it is")
    return IllegalMove(
        f"{incident.id} is about exposed data, and its evidence is not held yet; nothing was changed.",
        hint=f"Put flags, routes, prompts' hashes and the window of the logs aside, then type {say};"
        " or take the `capture` step of its runbook. Killing stays free.",
    )
