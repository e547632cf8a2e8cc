"""What one person alone let through ends with the approval that it waits for: refused, expired or void. Pure."""

from dataclasses import dataclass

from opsbot.app.approvals import closing
from opsbot.app.environment import policy_of
from opsbot.app.ramp.steps import stored, timer_of
from opsbot.app.restore.lift import cards, follows
from opsbot.app.restore.waits import ramp_cards
from opsbot.domain.actor import SCHEDULER
from opsbot.domain.approval import Approval
from opsbot.domain.approval import as_record as approval_record
from opsbot.domain.change import Change, Effect, Position, Write
from opsbot.domain.kill import Kill, whole
from opsbot.domain.policy.rules import shown
from opsbot.domain.state import APPROVALS, State


@dataclass(frozen=True, slots=True)
class Over:
    """The kills that hold for everybody again, and what goes with that; their cards are not in it."""

    kills: tuple[Kill, ...]
    writes: tuple[Write, ...]
    effects: tuple[Effect, ...]
    cancels: tuple[str, ...]


def lone_over(state: State, now_ms: int, settled: Approval) -> Over:
    """Return the end of everything that was let through by one person until *settled* was decided."""
    at = Position(state.position.epoch, state.position.revision + 1)
    why = _why(state, settled)
    kills = tuple(
        whole(kill, why, at=at, now_ms=now_ms)
        for kill in state.active_kills()
        if kill.ramp is not None and kill.ramp.lone and kill.ramp.approval == settled.id
    )
    return Over(
        kills,
        tuple(write for kill in kills for write in stored(kill)),
        follows(list(kills), at),
        tuple(timer_of(kill) for kill in kills),
    )


def held_anew(state: State, now_ms: int, kill: Kill) -> Kill:
    """Return *kill* as it holds for everybody again because its restore is asked for anew."""
    if kill.ramp is None or not kill.ramp.lone:
        return kill
    approval = state.approval(kill.ramp.approval)
    how = "expired" if now_ms >= approval.expires_ms else "void"
    at = Position(state.position.epoch, state.position.revision + 1)
    return whole(kill, f"{approval.id} {how}", at=at, now_ms=now_ms)


def _why(state: State, settled: Approval) -> str:
    by = shown(policy_of(state), settled.approver) if settled.standing == "refused" else ""
    return f"{settled.id} {settled.standing}{f' by {by}' if by else ''}"


def decide_expire(state: State, now_ms: int, approval_id: str) -> Change | None:
    """
    Settle an approval that nobody gave in time, and end what one person let through until then.

    One that was settled otherwise stays so; only what still rests on it ends.

    Raises:
        UnknownApproval: no such id.
    """
    approval = state.approval(approval_id)
    pending = approval.standing == "pending"
    if approval.standing == "approved":
        return None
    settled = approval.settle("expired", by="", at_ms=now_ms) if pending else approval
    over = lone_over(state, now_ms, settled)
    if not pending and not over.kills:
        return None
    named = tuple(state.kill(name) for name in approval.kills)
    return Change(
        verb="approval_expired" if pending else "take_back_restore",
        actor=SCHEDULER,
        writes=(
            *([Write(APPROVALS, settled.id, approval_record(settled))] if pending else []),
            *over.writes,
        ),
        rule="system",
        facts={"approval": settled.id, "taken_back": [kill.id for kill in over.kills]}
        if over.kills
        else {},
        effects=(
            *over.effects,
            *cards(state, named),
            *ramp_cards(approval),
            *([closing(approval)] if pending else []),
        ),
        cancels=over.cancels,
    )
