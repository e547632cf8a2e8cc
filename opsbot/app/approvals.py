"""What waits for a second person: found by its action or by a kill, and settled with what it named. Pure."""

import hashlib
from collections.abc import Collection
from typing import NamedTuple

from opsbot.app.environment import policy_of
from opsbot.app.fleet.words import moment
from opsbot.domain.approval import Approval, Standing, as_record
from opsbot.domain.change import Effect, Record, Timer, Write
from opsbot.domain.errors import StaleButton
from opsbot.domain.incident.settings import from_record
from opsbot.domain.journal import canonical
from opsbot.domain.kill import Kill
from opsbot.domain.policy.rules import Policy, shown
from opsbot.domain.state import APPROVALS, State


def action_of(kills: tuple[Kill, ...], to: str) -> Record:
    """Return exactly what would be done: which kills, each at which position, to which mode."""
    return {
        "verb": "restore",
        "to": to,
        "kills": [[kill.id, kill.at.epoch, kill.at.revision] for kill in kills],
    }


def hash_of(action: Record) -> str:
    """Return the SHA-256 of an action's canonical JSON, in hex."""
    return hashlib.sha256(canonical(action)).hexdigest()


def waiting(state: State) -> tuple[Approval, ...]:
    """Return every approval that is not settled, the oldest first; its time may be over."""
    every = (state.approval(name) for name in state.kind(APPROVALS))
    left = (one for one in every if one.standing == "pending")
    return tuple(sorted(left, key=lambda one: int(one.id.removeprefix("A-"))))


def pending_for(state: State, action: Record, now_ms: int) -> Approval | None:
    """Return the approval that waits for exactly this action."""
    wanted = hash_of(action)
    found = (one for one in waiting(state) if one.action_hash == wanted)
    return next((one for one in found if one.expires_ms > now_ms), None)


def pending_on(state: State, kill_id: str, now_ms: int) -> Approval | None:
    """Return the approval that waits and names this kill, for its card."""
    found = (one for one in waiting(state) if kill_id in one.kills)
    return next((one for one in found if one.expires_ms > now_ms), None)


def pending_ramp(state: State, workflow: str, now_ms: int) -> Approval | None:
    """Return the approval that waits for a ramp of this workflow, for what shows its route."""
    found = (one for one in waiting(state) if ramp_of(one) == workflow)
    return next((one for one in found if one.expires_ms > now_ms), None)


def must_wait(state: State, approval: Approval, now_ms: int) -> None:
    """
    Go on where an approval still waits.

    Raises:
        StaleButton: it is over, by whom and since when; or nobody gave it in time.
    """
    if approval.standing != "pending":
        how = over_words(policy_of(state), approval, now_ms)
        raise StaleButton(f"{approval.id} is over: {how}. Nothing was changed.")
    if now_ms >= approval.expires_ms:
        at = moment(approval.expires_ms, now_ms)
        raise StaleButton(f"{approval.id} expired at {at}; ask again. Nothing was changed.")


def over_words(policy: Policy, approval: Approval, now_ms: int) -> str:
    """Return how an approval that does not wait any more ended: what, by whom, when, and why."""
    own = approval.standing == "refused" and approval.approver == approval.requester
    by = f" by {shown(policy, approval.approver)}" if approval.approver else ""
    at = "" if approval.settled_ms is None else f" at {moment(approval.settled_ms, now_ms)}"
    why = _void_words(policy, approval) if approval.standing == "void" else ""
    return f"{'withdrawn' if own else approval.standing}{by}{at}{why}"


def _void_words(policy: Policy, approval: Approval) -> str:
    if approval.requester not in policy.people:
        return " because who asked for it is not in the policy any more"
    if approval.cause:
        return f" because {approval.cause}"
    return " because what it asked for was changed"


def ramp_of(approval: Approval) -> str:
    """Return the workflow whose ramp an approval is for, empty where it is for something else."""
    action = approval.action
    return str(action.get("workflow", "")) if action.get("verb") == "stage" else ""


class Overtaken(NamedTuple):
    """What goes with approvals that are overtaken: writes, timers to cancel, buttons to take away."""

    writes: tuple[Write, ...]
    timers: tuple[str, ...]
    effects: tuple[Effect, ...]


def overtaken(
    state: State, now_ms: int, kill_ids: Collection[str], *, by: str, but: str = ""
) -> Overtaken:
    """
    Settle every other approval that names one of these kills, because they change now.

    An approval is bound to kills exactly as they were; left pending, it would offer a button that
    can only disappoint.
    """
    gone = [
        one for one in waiting(state) if one.id != but and not set(one.kills).isdisjoint(kill_ids)
    ]
    late = settled_late(gone, now_ms, by=by)
    return late._replace(effects=(*late.effects, *let_alone(state, gone, kill_ids)))


def settled_late(gone: Collection[Approval], now_ms: int, *, by: str, cause: str = "") -> Overtaken:
    """
    Return what settles approvals that are overtaken by what *by* does; expired where they were.

    *cause* is in our words what that was, where it is known.
    """
    writes = []
    for one in gone:
        late = now_ms >= one.expires_ms
        standing: Standing = "expired" if late else "void"
        settled = one.settle(
            standing, by="" if late else by, at_ms=now_ms, cause="" if late else cause
        )
        writes.append(Write(APPROVALS, one.id, as_record(settled)))
    return Overtaken(
        tuple(writes),
        tuple(timer for one in gone for timer in timers_of(one)),
        tuple(closing(one) for one in gone),
    )


def let_alone(
    state: State, gone: Collection[Approval], kill_ids: Collection[str]
) -> tuple[Effect, ...]:
    """Return the effects that end what one person let through elsewhere on the word of what is gone."""
    others = [kill.ramp for kill in state.active_kills() if kill.id not in kill_ids]
    resting = {ramp.approval for ramp in others if ramp is not None and ramp.lone}
    return tuple(
        Effect("expire", f"let-alone:{one.id}:{one.requested_ms}", {"approval": one.id})
        for one in gone
        if one.id in resting
    )


def closing(approval: Approval) -> Effect:
    """Return the effect that takes the buttons away from everybody who was asked."""
    key = f"settled:{approval.id}:{approval.requested_ms}"
    return Effect("tell", key, {"what": "settled", "approval": approval.id})


def waiting_for(
    policy: Policy, action: Record, reason: str, *, number: int, by: str, now_ms: int
) -> Approval:
    """Return the approval that waits from now on for a second person's word on *action*."""
    return Approval(
        id=f"A-{number}",
        action={**action, "reason": reason},
        action_hash=hash_of(action),
        requester=by,
        requested_ms=now_ms,
        expires_ms=now_ms + policy.times.approval_ms,
    )


def asking(approval: Approval) -> Effect:
    """Return the effect that asks everybody who may approve it."""
    body: Record = {"approval": approval.id, "what": "approval"}
    return Effect("tell", f"approval:{approval.id}:{approval.requested_ms}", body)


def warning_ms(state: State) -> int:
    """Return how long before its end people are reminded of an approval, in ms; 0 for never."""
    declared = from_record(state.setting("incidents")).reminders["approval_expiring"]
    return max(declared.after_ms.values(), default=0) if declared.most else 0


def timers_for(
    policy: Policy, approval: Approval, now_ms: int, *, warn_ms: int = 0
) -> tuple[Timer, ...]:
    """
    Return the timers of one that waits: the secondary is asked too, its end is near, it is over.

    *warn_ms* before its end those who may approve are reminded once; not of one that lives no
    longer than that.
    """
    body: Record = {"approval": approval.id}
    begun = f"{approval.id}:{approval.requested_ms}"
    over = Effect("expire", f"expire:{begun}", body)
    return (
        Timer(f"expire:{approval.id}", max(approval.expires_ms - now_ms, 0), over),
        *_secondary(policy, approval, now_ms),
        *_warning(approval, now_ms, warn_ms),
    )


def _secondary(policy: Policy, approval: Approval, now_ms: int) -> tuple[Timer, ...]:
    """Return the timers that ask the secondary: in the chat, and to a restore or a ramp by their pager."""
    if not set(policy.secondary) - {approval.requester}:
        return ()
    in_ms = max(approval.requested_ms + policy.times.page_secondary_ms - now_ms, 0)
    begun = f"{approval.id}:{approval.requested_ms}"
    body: Record = {"approval": approval.id}
    ask = Effect("tell", f"secondary:{begun}", {**body, "what": "secondary"})
    page = Effect("approver_page", f"approver-page:{begun}", body, lane="page")
    paged = approval.action.get("verb") in ("restore", "stage")
    return (
        Timer(f"page:{approval.id}", in_ms, ask),
        *([Timer(f"call:{approval.id}", in_ms, page)] if paged else []),
    )


def _warning(approval: Approval, now_ms: int, warn_ms: int) -> tuple[Timer, ...]:
    due_ms = approval.expires_ms - warn_ms
    if not warn_ms or due_ms <= approval.requested_ms:
        return ()
    begun = f"{approval.id}:{approval.requested_ms}"
    body: Record = {"approval": approval.id, "what": "expiring"}
    effect = Effect("tell", f"expiring:{begun}", body)
    return (Timer(f"warn:{approval.id}", max(due_ms - now_ms, 0), effect),)


def timers_of(approval: Approval) -> tuple[str, ...]:
    """Return the timers that end with an approval."""
    return tuple(f"{what}:{approval.id}" for what in ("expire", "page", "call", "warn"))
