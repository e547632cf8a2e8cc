"""Who may be the second person, now and later: one sentence for everything that waits for one. Pure."""

from collections.abc import Sequence

from opsbot.app.fleet_words import clock
from opsbot.domain.approval import Approval
from opsbot.domain.policy import Policy, shown
from opsbot.domain.policy_words import approvers_later, listing, not_by_name

NOBODY = (
    "May approve: nobody. `flags/policy.yaml` names no other person who may, no group, nobody on"
    " call and no secondary: an admin has to add one."
)


def may_approve(policy: Policy, approval: Approval, names: Sequence[str]) -> str:
    """
    Return who may approve: *names* (as the policy spells them) now, its secondaries once they count.

    A secondary who would count only after *approval* has expired is not promised. Groups and
    on-call duties that approve are named too: who is in them, only Slack and PagerDuty know.
    """
    asked_by = approval.requester
    named = [shown(policy, name) for name in names if name != asked_by]
    now = ", ".join([*named, *_others(policy)])
    at_ms = approval.requested_ms + policy.times.page_secondary_ms
    late = approvers_later(policy, tuple(names), requester=asked_by)
    later = listing([shown(policy, one) for one in late]) if at_ms < approval.expires_ms else ""
    if not later:
        return f"May approve: {now}." if now else NOBODY
    return f"May approve: {now or 'nobody yet'}; {later}, as secondary, from {clock(at_ms)}."


def _others(policy: Policy) -> list[str]:
    """Return who may approve without being named; an entry for some teams alone says which."""
    power = policy.powers.get("approve")
    roles = frozenset[str]().union(*power.roles.values()) if power else frozenset[str]()
    words = [
        f"{one} (for {' and '.join(sorted(grant.teams))})" if grant.teams else one
        for grant in policy.grants
        if grant.role in roles
        for one in not_by_name([grant])
    ]
    return list(dict.fromkeys(words))
