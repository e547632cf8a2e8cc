"""The steps of a restore on one state: when they apply, how one begins, and what stands in the way. Pure."""

from dataclasses import dataclass, replace

from opsbot.app import route_state
from opsbot.app.evidence_hold import waiting
from opsbot.app.target import held_with, struck_by
from opsbot.domain.change import Effect, Position, Record, Timer, Write
from opsbot.domain.gates import Colour, Result, ahead
from opsbot.domain.kill import Kill, as_record, eased
from opsbot.domain.kill_ramp import LONE, WATCH_S, KillRamp, Steps, steps_declared
from opsbot.domain.policy.model import MILD_MODES
from opsbot.domain.same_keys import salt_like
from opsbot.domain.state import ROUTES, State
from opsflags import keys
from opsflags.model import NO_MODEL

UNDO_RULE = "undo-own-kill"
"""The rule by which one's own fresh kill is undone: at once, as it was a mistake."""

UNCONFIRMED = "not every instance has confirmed this step yet"
EVIDENCE = "data was exposed, and its evidence is not held yet"
_RED: tuple[Colour, ...] = ("red", "hard_red")


def steps_for(state: State, kill: Kill) -> Steps | None:
    """Return the steps in which a kill is lifted; None where it is lifted at once."""
    workflow = state.workflows().get(kill.scope.workflow or "")
    if workflow is None or kill.scope.tool is not None or kill.mode not in NO_MODEL:
        return None
    return steps_declared(workflow.extra.get("restore"))


def approved_ramp(kill: Kill) -> bool:
    """Return whether a kill is being lifted in steps that a second person approved."""
    return kill.ramp is not None and not kill.ramp.lone


def lone_steps(state: State, kill: Kill) -> Steps | None:
    """Return the one step that a person may take alone; None where it would let nothing through."""
    if kill.scope.tool is not None or kill.mode in MILD_MODES or kill.ramp is not None:
        return None
    declared = steps_for(state, kill)
    if declared is None:
        return Steps((LONE,), WATCH_S)
    return Steps((min(LONE, declared.percents[0]),), declared.watch_s)


@dataclass(frozen=True, slots=True)
class Attempt:
    """
    One commit that lifts kills: *uid* names the attempt, *by* answers for it.

    *deals* decides which sticky keys it lets through (`same_keys`), whichever of its kills they meet.
    """

    uid: str
    by: str
    approval: str
    at: Position
    now_ms: int
    deals: int


def begun(kill: Kill, steps: Steps, attempt: Attempt) -> Kill:
    """
    Return *kill* at the first of its steps.

    Every kill of one attempt lets the same keys through: a key that is in meets none of them. Where
    one person let the same share through before, that goes on: the same keys, and the time that it
    was watched counts.
    """
    by, at, now_ms = attempt.by, attempt.at, attempt.now_ms
    old = kill.ramp
    ramp = KillRamp(
        uid=salt_like(attempt.deals, kill.uid, attempt.uid),
        steps=steps.percents,
        watch_s=steps.watch_s,
        begun_ms=now_ms,
        since_ms=now_ms,
        by=by,
        approval=attempt.approval,
        whole_at=(kill.at.epoch, kill.at.revision),
        begun_at=(at.epoch, at.revision),
    )
    if by != kill.actor and by not in kill.joined:
        kill = replace(kill, joined=(*kill.joined, by))
    if old is None:
        return eased(kill, ramp, at=at, now_ms=now_ms)
    ramp = replace(
        ramp,
        uid=old.uid,
        begun_ms=old.begun_ms,
        whole_at=old.whole_at,
        begun_at=old.begun_at,
        mark=old.mark + 1,
    )
    if old.percent == ramp.percent:
        return replace(kill, ramp=replace(ramp, since_ms=old.since_ms))
    return eased(kill, ramp, at=at, now_ms=now_ms)


def ended(kill: Kill, *, by: str, at: Position, now_ms: int) -> Kill:
    """Return *kill* as it is over."""
    return replace(kill, ramp=None, ended=at, ended_by=by, ended_ms=now_ms)


def alone(kill: Kill) -> Kill:
    """Return *kill* as one person alone let its ramp begin: nothing follows by itself."""
    assert kill.ramp is not None
    return replace(kill, ramp=replace(kill.ramp, lone=True))


def stored(kill: Kill) -> tuple[Write, ...]:
    """Return what stores a kill, active or ended."""
    if kill.active:
        return (Write(keys.KILLS, kill.id, as_record(kill)),)
    return Write(keys.KILLS, kill.id, None), Write(keys.ENDED, kill.id, as_record(kill))


def timers_of_kill(kill: Kill) -> tuple[str, ...]:
    """Return the timers that end with a kill."""
    named = (f"{what}:{kill.uid}" for what in ("review", "adopt", "queue"))
    return (*named, timer_of(kill))


def watched_until_ms(kill: Kill) -> int:
    """Return when the present step has been watched long enough; counted from when all had it."""
    ramp = kill.ramp
    assert ramp is not None
    confirmed = 0 if kill.confirmed_ms is None else kill.committed_ms + int(kill.confirmed_ms)
    return max(ramp.since_ms, confirmed) + ramp.watch_s * 1000


def look(kill: Kill, why: str = "once") -> Effect:
    """Return the effect that looks at a restore in steps, once and now; *why* makes its key its own."""
    assert kill.ramp is not None
    uid, step = kill.ramp.uid, kill.ramp.step
    body: Record = {"kill": kill.id, "uid": uid, "step": step, "once": True}
    at = f"{kill.at.epoch}:{kill.at.revision}"
    return Effect("restore_ramp", f"restore-ramp:{kill.uid}:{uid}:{step}:{at}:{why}", body)


def due(kill: Kill, now_ms: int) -> Timer:
    """
    Return the timer that looks when the watch is over, and goes on looking while something holds.

    It is bound to this step of this attempt, and to its mark: at any other it finds nothing to do.
    """
    effect = look(kill, f"due:{now_ms}")
    assert kill.ramp is not None
    body: Record = {**effect.body, "once": False, "mark": kill.ramp.mark}
    wait = max(watched_until_ms(kill) - now_ms, 0)
    return Timer(timer_of(kill), wait, replace(effect, body=body))


def timer_of(kill: Kill) -> str:
    """Return the id of the one timer that a kill's restore in steps has."""
    return f"restore-ramp:{kill.uid}"


def looks(state: State, workflow: str) -> tuple[Effect, ...]:
    """Return a look at every restore in steps that touches a workflow, for what changes what is known."""
    at = f"{state.position.epoch}:{state.position.revision + 1}"
    touching = route_state.killing(state, state.workflows()[workflow])
    return tuple(look(kill, f"evidence:{at}") for kill in touching if kill.ramp is not None)


def red(state: State, kill: Kill, now_ms: int) -> Result | None:
    """Return a gate that was measured red, of enough cases, since the restore began."""
    found = _reds(state, kill, now_ms)
    return next((one for one in found if one.measurement and enough(one)), None)


def enough(result: Result) -> bool:
    """Return whether a result rests on as many cases as its gate asks for."""
    return result.measurement is not None and result.measurement.n >= result.gate.min_n


def _reds(state: State, kill: Kill, now_ms: int) -> list[Result]:
    assert kill.ramp is not None
    found = []
    for workflow in struck_by(kill.scope, state.workflows()):
        if workflow.name not in state.kind(ROUTES):
            continue
        active = state.routing(workflow.name).id
        results = route_state.evidence(state, workflow, active, now_ms)
        found += [
            one
            for one in results
            if one.colour in _RED
            and one.measurement
            # Where its clock was set back since, nobody knows what came first: red takes it back.
            and (one.measurement.at_ms >= kill.ramp.begun_ms or ahead(kill.ramp.begun_ms, now_ms))
        ]
    return found


def obstacles_of(state: State, kill: Kill, now_ms: int) -> tuple[str, ...]:
    """Return everything but time that keeps the next step from coming."""
    ramp = kill.ramp
    assert ramp is not None
    beside = (other for other in held_with(state, kill) if other.ramp is None)
    newer = [one for one in beside if (one.at.epoch, one.at.revision) > ramp.begun_at]
    return (
        *([UNCONFIRMED] if kill.confirmed_ms is None else []),
        *(f"{one.brief}, of too few cases to take it back" for one in _reds(state, kill, now_ms)),
        *(f"{other.id} (`{other.mode}`) restricts it since" for other in newer),
        *([EVIDENCE] if any(waiting(state, workflows=_of(kill), kills=(kill.id,))) else []),
    )


def _of(kill: Kill) -> tuple[str, ...]:
    return () if kill.scope.workflow is None else (kill.scope.workflow,)
