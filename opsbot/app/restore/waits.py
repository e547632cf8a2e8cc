"""A ramp that waits, for a second person or for what holds it: who is asked or told, and in which words. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from opsbot.app.approvals import Overtaken, let_alone, ramp_of, settled_late, waiting
from opsbot.app.fleet.words import clock
from opsbot.app.restore.lift import cards
from opsbot.app.routed import mark_of, route_card, uid_of
from opsbot.domain.approval import Approval
from opsbot.domain.change import Change, Effect, Record, Timer
from opsbot.domain.policy.rules import Policy, shown
from opsbot.domain.ramp import Step, as_records, steps_of
from opsbot.domain.route import number_of
from opsbot.domain.routing import Routing
from opsbot.domain.said import Button, inert
from opsbot.domain.state import State

HELD = "ramp_held"
"""What the author of a ramp is told, once a step, when it has been held for long."""

LONG_S = 3600
"""A ramp is held for long after one soak time of its step, and this many seconds at least."""


def ramp_words(approval: Approval) -> str:
    """Return what is asked for: `Ramp of r4 of `support-copilot`, over r3`."""
    revision, workflow, over = (
        inert(str(approval.action.get(one, "")), limit=80)
        for one in ("revision", "workflow", "over")
    )
    return f"Ramp of {revision} of `{workflow}`, over {over}"


def waiting_lines(approval: Approval | None, policy: Policy) -> list[str]:
    """Return the sentence about a ramp that waits; none where none does."""
    if approval is None:
        return []
    what, by = ramp_words(approval), shown(policy, approval.requester)
    until = clock(approval.expires_ms)
    return [f"{approval.id} waits for a second person until {until}: {what}, asked by {by}."]


def approval_buttons(approval: Approval | None) -> tuple[Button, ...]:
    """Return the buttons that settle an approval; who may press them is asked at the press."""
    if approval is None:
        return ()
    return (
        Button("approve", f"Approve {approval.id}", approval.id, "primary"),
        Button("refuse", "Refuse", approval.id),
    )


def ramp_cards(approval: Approval) -> tuple[Effect, ...]:
    """Return the effect that brings the card up to date of which an approval is one line."""
    revision = number_of(str(approval.action.get("revision", "")))
    workflow = ramp_of(approval)
    return () if revision is None or not workflow else (route_card(workflow, revision),)


def overtaken_ramps(
    state: State, now_ms: int, workflow: str, *, by: str, but: str = ""
) -> Overtaken:
    """Settle every other approval of a ramp of *workflow*: what it was asked over is so no more."""
    gone = [one for one in waiting(state) if one.id != but and ramp_of(one) == workflow]
    return _settled(gone, now_ms, by)


def overtaken_declared(
    state: State, now_ms: int, declared: Mapping[str, Record], policy: Policy, *, by: str
) -> Overtaken:
    """
    Settle the approvals that *declared* (workflows as stored) or the *policy* with it make void.

    Those of ramps whose steps change or end; and those of everything whose requester is not in the
    policy: nobody could give them, and they would stand in the way of whoever asks next.
    """
    gone = [
        one
        for one in waiting(state)
        if one.requester not in policy.people
        or (ramp_of(one) and one.action.get("steps") != _steps(declared.get(ramp_of(one))))
    ]
    late, names = _settled(gone, now_ms, by), {name for one in gone for name in one.kills}
    kills = tuple(kill for kill in state.active_kills() if kill.id in names)
    return late._replace(effects=(*late.effects, *let_alone(state, gone, ()), *cards(state, kills)))


def _steps(workflow: Record | None) -> list[Record] | None:
    extra = {} if workflow is None else workflow.get("extra", {})
    stages = extra.get("stages") if isinstance(extra, Mapping) else None
    return None if workflow is None else as_records(steps_of(stages))


def _settled(gone: list[Approval], now_ms: int, by: str) -> Overtaken:
    late = settled_late(gone, now_ms, by=by)
    shown_anew = (card for one in gone for card in ramp_cards(one))
    return late._replace(effects=(*late.effects, *shown_anew))


def with_overtaken(change: Change, late: Overtaken) -> Change:
    """Return *change* with the approvals that it overtakes settled in the same commit."""
    return replace(
        change,
        writes=(*change.writes, *late.writes),
        effects=(*change.effects, *late.effects),
        cancels=(*change.cancels, *late.timers),
    )


def reminder(after: Routing, step: Step, *, was: str = "") -> tuple[Timer, ...]:
    """
    Return the timer that tells the author of a ramp that it is held still; none where it *was* held.

    It is bound to this step of this ramp: at any other, and once nothing holds it, nobody is told.
    The last step, everybody's watch, is held for long when it should have been over that long ago.
    """
    now, wait_s = after.candidate, max(step.soak_s, LONG_S)
    if now is None:
        wait_s += step.soak_s
    elif not now.held or was:
        return ()
    body: Record = {
        "what": HELD,
        "workflow": after.workflow,
        "uid": uid_of(after),
        "mark": mark_of(after),
    }
    effect = Effect("tell", f"ramp-held:{after.workflow}:{mark_of(after)}", body)
    return (Timer(f"ramp-held:{after.workflow}", wait_s * 1000, effect),)
