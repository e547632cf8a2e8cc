"""What a yes or a no on a message comes to on one state: never its writers', bound to the very words, published whole. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from opsbot.app.approvals import must_wait
from opsbot.app.comms.change import Told, beside, changed
from opsbot.app.comms.power import must_approve
from opsbot.app.comms.publish import (
    all_given,
    died,
    must_be_taken,
    must_be_whole,
    published,
    settled,
    waits_for,
)
from opsbot.app.comms.second import differs, drop_approvals, of, redrafted, seat_of, void
from opsbot.app.comms.sight import sees
from opsbot.app.comms.stage import must_go
from opsbot.app.environment import policy_of
from opsbot.domain.actor import Actor
from opsbot.domain.approval import Approval
from opsbot.domain.change import Change, Sealed
from opsbot.domain.comms.message import Message
from opsbot.domain.comms.templates import Rendered
from opsbot.domain.errors import NotAllowed
from opsbot.domain.policy.rules import identity_of, shown
from opsbot.domain.state import State
from opsbot.domain.typed import command


@dataclass(frozen=True, slots=True)
class Approving:
    """
    One press of [Approve] or [Refuse], with what the message says, opened; *why* is a commitment.

    *duties* are what those who said yes before are called first for now, by their names.
    """

    approval: str
    actor: Actor
    rendered: Rendered
    grant: bool
    why: str = ""
    sealed: tuple[Sealed, ...] = ()
    duties: Mapping[str, frozenset[str]] = field(default_factory=dict)


def decide_approve(state: State, now_ms: int, order: Approving) -> tuple[Change | None, Told]:
    """
    Decide one press; the last yes publishes in the same commit.

    Raises:
        UnknownApproval: it is of a message that they may not know of. StaleButton: it is settled, by
            whom; or expired. NotAllowed: a writer, who gave another one, or not the role.
        Unpublishable: what is so outside stands in the way; it goes on waiting.
    """
    approval = state.approval(order.approval)
    message = state.message(str(approval.action["message"]))
    if not sees(state, message, order.actor):
        # The very words of one that does not exist: a refusal would say that it does.
        State().approval(approval.id)
    must_wait(state, approval, now_ms)
    by = identity_of(policy_of(state), order.actor)
    if not order.grant and by in message.writers:
        return _withdrawn(state, now_ms, order, approval, message)
    rule = _must_may(state, now_ms, order, approval, message)
    if not order.grant:
        return _refused(state, now_ms, order, (approval, message), rule)
    incident = state.incident(message.incident)
    what = differs(state, incident, message, approval)
    if what := what or died(state, incident, message, now_ms, order.duties):
        return _void(state, now_ms, order, message, what)
    must_be_whole(message, order.rendered)
    must_go(state, now_ms, message)
    must_be_taken(state, message, order.rendered)
    given = approval.settle("approved", by=by, at_ms=now_ms)
    given = replace(given, groups=tuple(sorted(order.actor.groups)))
    message = replace(message, approved_by=(*message.approved_by, by))
    if all_given(state, message, {given.id: given}):
        return published(
            state, now_ms, message, order.actor, verb="comms_publish", rule=rule, given=given
        )
    change, after = changed(
        state,
        message,
        order.actor,
        verb="comms_approve",
        rule=rule,
        facts={"approval": given.id, "seat": seat_of(given), "sha": message.sha},
    )
    left = [one.id for one in of(state, after) if one.standing == "pending" and one.id != given.id]
    note = f"Still needed: {', '.join(left)}."
    return beside(change, settled(given, order.actor)), Told(after, "approved", note)


def _must_may(
    state: State, now_ms: int, order: Approving, approval: Approval, message: Message
) -> str:
    """
    Return the rule by which somebody may press it: never a writer, nor twice for one message.

    Raises:
        NotAllowed: with who may.
    """
    policy = policy_of(state)
    by = identity_of(policy, order.actor)
    if by in message.writers:
        raise NotAllowed(
            f"You wrote in {message.id}, so you cannot approve it, in any of your identities; nothing"
            " was changed.",
            rule="approver-is-author",
            hint=waits_for(state, message),
        )
    if order.grant and (gone := message.writers - policy.people.keys()):
        # Whoever they are called by now could be the one who presses.
        raise NotAllowed(
            f"{min(gone)} wrote in {message.id} and is not in the policy any more, so nobody can"
            " tell that you are another person; nothing was changed.",
            rule="requester-not-joined",
            hint=f"Give it up, and write it anew: {command(f'comms drop {message.id}')}.",
        )
    if by in message.approved_by and order.grant:
        raise NotAllowed(
            f"You approved {message.id} already; {approval.id} takes another person. Nothing was"
            " changed.",
            rule="approver-is-second",
            hint=waits_for(state, message),
        )
    asked = (approval.requested_ms, approval.requester)
    incident, seat = state.incident(message.incident), seat_of(approval)
    return must_approve(state, incident, seat, order.actor, asked=asked, now_ms=now_ms)


def _refused(
    state: State, now_ms: int, order: Approving, what: tuple[Approval, Message], rule: str
) -> tuple[Change, Told]:
    approval, message = what
    by = identity_of(policy_of(state), order.actor)
    no = approval.settle("refused", by=by, at_ms=now_ms)
    after = replace(message, standing="refused", why=order.why or message.why, approved_by=())
    return _ended(state, now_ms, order, (no, after), ("comms_refuse", rule, "refused"))


def _withdrawn(
    state: State, now_ms: int, order: Approving, approval: Approval, message: Message
) -> tuple[Change, Told]:
    by = identity_of(policy_of(state), order.actor)
    no = approval.settle("refused", by=by, at_ms=now_ms)
    what = (no, redrafted(message))
    return _ended(state, now_ms, order, what, ("comms_withdraw", "withdrawn", "withdrawn"))


def _ended(
    state: State,
    now_ms: int,
    order: Approving,
    what: tuple[Approval, Message],
    how: tuple[str, str, str],
) -> tuple[Change, Told]:
    (no, after), (verb, rule, outcome) = what, how
    before = state.message(after.id)
    change, after = changed(
        state,
        after,
        order.actor,
        verb=verb,
        rule=rule,
        facts={"approval": no.id, "reason": order.why},
        sealed=order.sealed,
    )
    by = shown(policy_of(state), no.approver)
    cause = f"{before.id} was {outcome} by {by}"
    rest = drop_approvals(state, now_ms, [before], order.actor, cause, but=no.id)
    told = Told(after, "refused" if outcome == "refused" else "withdrawn")
    return beside(change, settled(no, order.actor), rest), told


def _void(
    state: State, now_ms: int, order: Approving, message: Message, cause: str
) -> tuple[Change | None, Told]:
    """Take every approval of a message back that something overtook; it is a draft again."""
    gone = void(state, now_ms, [message], order.actor, cause)
    if gone is None:
        gone = drop_approvals(state, now_ms, [message], order.actor, cause)
    if not gone.writes:
        return None, Told(message, "void", f"{cause[0].upper()}{cause[1:]}.")
    facts = {"message": message.id, "incident": message.incident, "cause": cause}
    change = replace(gone, actor=order.actor, rule="approver", facts=facts)
    now = redrafted(message) if message.standing == "waiting" else message
    return change, Told(now, "void", f"{cause[0].upper()}{cause[1:]}.")
