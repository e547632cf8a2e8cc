"""Who may be the second person, now and later: one sentence for everything that waits for one. Pure."""

from collections.abc import Sequence

from opsbot.app.approvals import ramp_of
from opsbot.app.fleet.words import clock
from opsbot.app.target import touched
from opsbot.domain.actor import SCHEDULER
from opsbot.domain.approval import Approval
from opsbot.domain.policy.rules import Policy, Request, shown
from opsbot.domain.policy.words import approvers_later, approving, listing, not_by_name
from opsbot.domain.state import State

NOBODY = (
    "May approve: nobody. `flags/policy.yaml` names no other person who may, no group, nobody on"
    " call and no secondary: an admin has to add one."
)


def asks_of(state: State, approval: Approval) -> Request:
    """Return what policy is asked before an approval: everything that what waits would touch."""
    kills = tuple(state.kill(name) for name in approval.kills)
    ramp = ramp_of(approval)
    ramped = (one for name, one in state.workflows().items() if name == ramp)
    wide = any(kill.scope.workflow is None for kill in kills)
    return Request(
        verb="approve", actor=SCHEDULER, workflows=(*touched(state, kills), *ramped), wide=wide
    )


def may_approve(policy: Policy, approval: Approval, names: Sequence[str], asks: Request) -> str:
    """
    Return who may approve: *names* (as the policy spells them) now, its secondaries once they count.

    A secondary who would count only after *approval* has expired is not promised. Groups and
    on-call duties are named too where they may approve what *asks* touches, by its tier and its
    team: who is in them, only Slack and PagerDuty know.
    """
    asked_by = approval.requester
    named = [shown(policy, name) for name in names if name != asked_by]
    now = ", ".join([*named, *not_by_name(approving(policy, asks))])
    at_ms = approval.requested_ms + policy.times.page_secondary_ms
    late = approvers_later(policy, tuple(names), requester=asked_by)
    later = listing([shown(policy, one) for one in late]) if at_ms < approval.expires_ms else ""
    if not later:
        return f"May approve: {now}." if now else NOBODY
    return f"May approve: {now or 'nobody yet'}; {later}, as secondary, from {clock(at_ms)}."
