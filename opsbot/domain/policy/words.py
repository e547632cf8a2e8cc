"""What a policy verdict says to people: who can help, and who may approve."""

from collections.abc import Iterable

from opsbot.domain.policy.identity import (
    approving_roles,
    covers,
    may_approve,
    person_of,
    powerful,
    shown,
)
from opsbot.domain.policy.model import LONE_RULE, Grant, Policy, Request, Verdict

_AS_KILL = frozenset({"show", "break_glass"})
"""Verbs without a power of their own: who may kill helps with them."""


def refused(policy: Policy, request: Request, rule: str, message: str, *, who: str) -> Verdict:
    """Return a refusal that names its rule and, in the hint, who can help."""
    return Verdict("refused", rule, f"{message} (rule `{rule}`)", helpers(policy, request), who)


def helpers(policy: Policy, request: Request) -> str:
    """Return one sentence on who may do what was refused."""
    if policy.broken:
        return "Who can help: the fallback group while no policy is known; an admin repairs it."
    if request.verb == "approve":
        names = _who_else_approves(policy, request)
        grants = approving(policy, request)
    else:
        grants = _reaching(policy, request, "kill" if request.verb in _AS_KILL else request.verb)
        names = _named(policy, grants)
    return _can_help(policy, names, grants)


def holders(policy: Policy, request: Request, roles: frozenset[str]) -> str:
    """Return one sentence on who has one of *roles* over everything that the request touches."""
    grants = _granted(policy, request, roles)
    return _can_help(policy, _named(policy, grants), grants)


def _named(policy: Policy, grants: tuple[Grant, ...]) -> list[str]:
    return [name for name in policy.people if any(name in one.people for one in grants)]


def _can_help(policy: Policy, names: list[str], grants: tuple[Grant, ...]) -> str:
    listed = listing([*(shown(policy, name) for name in names), *not_by_name(grants)])
    return f"Who can help: {listed}." if listed else "Who can help: an admin of the policy."


def _who_else_approves(policy: Policy, request: Request) -> list[str]:
    """Return who may approve by name: neither who asked nor who was just refused."""
    out = (request.requester, person_of(policy, request.actor))
    return [name for name in approvers(policy, request, requester=out[0]) if name != out[1]]


def approving(policy: Policy, request: Request) -> tuple[Grant, ...]:
    """Return the entries of the policy that let their holders approve this."""
    return _granted(policy, request, approving_roles(policy, request))


def _reaching(policy: Policy, request: Request, verb: str) -> tuple[Grant, ...]:
    return _granted(policy, request, powerful(policy, verb, request.workflows))


def _granted(policy: Policy, request: Request, roles: frozenset[str]) -> tuple[Grant, ...]:
    return tuple(one for one in policy.grants if one.role in roles and covers(one, request))


def not_by_name(grants: Iterable[Grant]) -> list[str]:
    """Return in words who has a role without being named: Slack groups, and whoever is on call."""
    listed = tuple(grants)
    groups = sorted({group for one in listed for group in one.groups})
    on_call = sorted({escalation for one in listed for escalation in one.on_call})
    return [
        *(f"the group {group}" for group in groups),
        *(f"whoever is on call for {escalation}" for escalation in on_call),
    ]


def approvers(policy: Policy, request: Request, *, requester: str) -> tuple[str, ...]:
    """Return the names of the people who may approve this, never the requester."""
    return tuple(n for n in policy.people if n != requester and may_approve(policy, n, request))


def approvers_later(policy: Policy, names: tuple[str, ...], *, requester: str) -> tuple[str, ...]:
    """Return the names of who may approve beside *names* once it has waited to be paged."""
    return tuple(n for n in policy.secondary if n != requester and n not in names)


def waiting_for(policy: Policy, request: Request, names: tuple[str, ...]) -> str:
    """Return one sentence on who may approve, and who is paged if nobody does."""
    others = not_by_name(approving(policy, request))
    listed = listing([*(shown(policy, name) for name in names), *others])
    asked = f"Ask {listed}." if listed else "Nobody else may approve this yet."
    minutes = policy.times.page_secondary_ms // 60_000
    later = listing([shown(policy, n) for n in policy.secondary if n not in names])
    paged = f" After {minutes} minutes {later} is paged as approver." if later else ""
    return asked + paged


def alone_later(policy: Policy, request: Request) -> str:
    """Return from when who asked for a restore may let a few through alone; empty where never."""
    lone = policy.times.lone_restore_ms
    if request.verb != "restore" or request.after != "live":
        return ""
    if lone >= policy.times.approval_ms or request.waiting_ms >= lone:
        return ""
    minutes = lone // 60_000
    return (
        f"After it has waited {minutes} minutes, who asked may let 5 % of the sticky keys through"
        f" alone, without write tools (rule `{LONE_RULE}`)."
    )


def listing(words: list[str]) -> str:
    """Return words as people enumerate them: `a`, `a or b`, `a, b or c`."""
    if len(words) < 2:  # noqa: PLR2004  # two things is where an "or" begins
        return "".join(words)
    return f"{', '.join(words[:-1])} or {words[-1]}"
