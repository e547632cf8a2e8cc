"""The lead of runs when the command of their incident moves: it follows where the commander led. Pure."""

from dataclasses import replace

from opsbot.app.run_effects import REMIND, card, lead_due, timer
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Position, Timer, Write
from opsbot.domain.incident.incident import Incident
from opsbot.domain.run import Run, as_record
from opsbot.domain.state import RUNS, State


def followed(
    state: State, now_ms: int, before: Incident, after: Incident, actor: Actor, *, but: str = ""
) -> Change | None:
    """
    Return the change of every open run of an incident that its commander led: whoever commands now leads it.

    One that somebody else leads stays with them, and so does one whose incident nobody commands any
    more. *but* is a run that is changed in the same commit. None where nothing follows.
    """
    old, new = before.roles.get("commander", ""), after.roles.get("commander", "")
    if not old or not new or old == new:
        return None
    at = Position(state.position.epoch, state.position.revision + 1)
    led = [
        replace(
            one, commander=new, lead_ms=now_ms, offer="", offer_ms=None, at=at,
            version=one.version + 1,
        )
        for one in state.open_runs()
        if one.incident == after.id and one.commander == old and one.id != but
    ]  # fmt: skip
    if not led:
        return None
    return Change(
        verb="run_lead",
        actor=actor,
        writes=tuple(Write(RUNS, one.id, as_record(one)) for one in led),
        facts={"leads": [one.id for one in led]},
        effects=tuple(card(one) for one in led),
        timers=tuple(due for one in led for due in _timers(one, now_ms)),
    )


def _timers(run: Run, now_ms: int) -> tuple[Timer, ...]:
    if run.mode == "show":
        return ()
    return tuple(timer(run, REMIND, name, at_ms, now_ms) for name, at_ms in lead_due(run))
