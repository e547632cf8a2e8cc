"""
Who may do what: `judge` gives one verdict for every surface. Pure: no I/O, no clock.

Stopping is easy: one person with the power kills anything. Restarting is guarded: it needs a
second person unless the kill was mild, or one's own and fresh. What a policy file may tune is in
`policy_model`; the rules here cannot be loosened by any file.
"""

from opsbot.domain.kill import strictness
from opsbot.domain.policy.identity import (
    INSIDE,
    actor_of_person,
    actor_of_token,
    approving_roles,
    identity_of,
    may_approve,
    person_of,
    powerful,
    roles_of,
    shown,
    standing_of,
)
from opsbot.domain.policy.model import (
    LONE_RULE,
    BreakGlass,
    Fallback,
    Grant,
    Outcome,
    Person,
    Policy,
    Power,
    Request,
    Service,
    Times,
    Verdict,
)
from opsbot.domain.policy.records import as_record, from_record
from opsbot.domain.policy.words import approvers, refused, waiting_for

__all__ = [
    "BreakGlass",
    "Fallback",
    "Grant",
    "Outcome",
    "Person",
    "Policy",
    "Power",
    "Request",
    "Service",
    "Times",
    "Verdict",
    "actor_of_person",
    "actor_of_token",
    "alarming",
    "as_record",
    "from_record",
    "identity_of",
    "judge",
    "person_of",
    "shown",
    "without_policy",
]

_OUTSIDE = {
    "guest": "Guests cannot {do}",
    "bot": "Bots cannot {do}",
    "foreign": "People of another workspace cannot {do}",
    "unknown_service": "This service account is not in the policy",
}
_DOING = {
    "incident": "work on incidents",
    "route": "change routes",
    "rollback": "change routes",
    "show": "look at opsbot",
}
"""What those outside cannot do, by verb; with any other they would use the kill switch."""


def judge(policy: Policy, request: Request) -> Verdict:
    """Return whether, and how, the actor may do what the request says."""
    who = identity_of(policy, request.actor)
    if policy.broken:
        return _without(policy, request, who)
    standing = standing_of(policy, request.actor)
    if standing not in INSIDE:
        rule = f"{standing.replace('_', '-')}-refused"
        why = _OUTSIDE[standing].format(do=_DOING.get(request.verb, "use the kill switch"))
        return refused(policy, request, rule, f"{why}.", who=who)
    if standing == "system":
        return _system(policy, request, who)
    if (limit := _service_limit(policy, request, who)) is not None:
        return limit
    return _RULES.get(_effective(request), _other)(policy, request, who)


def alarming(policy: Policy, kills_ms: tuple[int, ...], *, now_ms: int) -> bool:
    """Return whether one account's kills (server times in ms) are so many that somebody looks."""
    since = now_ms - policy.times.alarm_window_ms
    return sum(at > since for at in kills_ms) >= policy.times.alarm_kills


def without_policy(fallback: Fallback, *, teams: frozenset[str] = frozenset()) -> Policy:
    """Return the stand-in for a missing or broken policy: the fallback group may kill, no more."""
    return Policy(teams=teams, fallback=fallback, broken=True)


def _without(policy: Policy, request: Request, who: str) -> Verdict:
    actor, fallback = request.actor, policy.fallback
    if standing_of(policy, actor) == "system":
        return _system(policy, request, who)
    foreign = actor.kind == "slack" and bool(policy.teams) and actor.team not in policy.teams
    named = actor.id in fallback.ids or bool(fallback.groups & actor.groups)
    trusted = named and not (actor.guest or actor.bot or foreign)
    if trusted and _effective(request) in {"kill", "show"}:
        message = "No good policy is known; the fallback group may still kill."
        return Verdict("alone", "no-policy-fallback", message, person=who)
    message = "No good policy is known: only the fallback group may act, and only to kill."
    return refused(policy, request, "no-policy", message, who=who)


def _system(policy: Policy, request: Request, who: str) -> Verdict:
    if _effective(request) in {"kill", "show"}:
        return Verdict("alone", "system", "A part of the bot, or an adopted emergency.", person=who)
    message = "No part of the bot, and no emergency record, ever lifts a kill or approves one."
    return refused(policy, request, "system-never-restores", message, who=who)


def _service_limit(policy: Policy, request: Request, who: str) -> Verdict | None:
    if request.actor.kind != "service":
        return None
    if request.verb == "approve":
        message = "Service accounts never approve."
        return refused(policy, request, "service-never-approves", message, who=who)
    verb = _effective(request)
    if verb in policy.services[request.actor.id].may:
        return None
    message = f"The service account `{request.actor.id}` may not {verb}."
    return refused(policy, request, "service-limit", message, who=who)


def _show(policy: Policy, request: Request, who: str) -> Verdict:
    return Verdict("alone", "show", "Everybody at home may look.", person=who)


def _kill(policy: Policy, request: Request, who: str) -> Verdict:
    if _has_power(policy, request, "kill"):
        return Verdict("alone", "one-person-kills", "One person may kill this.", person=who)
    if request.actor.kind == "service":
        message = f"The service account `{request.actor.id}` holds no role that may kill this."
        return refused(policy, request, "kill-role", message, who=who)
    return _broken_glass(policy, request, who)


def _broken_glass(policy: Policy, request: Request, who: str) -> Verdict:
    glass, one = policy.break_glass, len(request.workflows) == 1 and not request.wide
    if not _may_break_glass(policy, request, who):
        message = "Your role does not allow killing this, and you may not break the glass."
        return refused(policy, request, "kill-role", message, who=who)
    if not one:
        message = "Without a role you may stop one workflow at a time, with `break-glass`."
        return refused(policy, request, "break-glass-one-workflow", message, who=who)
    if not request.break_glass:
        message = (
            "Your role does not allow killing this. Add the word `break-glass` to do it anyway: "
            "it works, and it tells the DRI and security."
        )
        return refused(policy, request, "kill-role", message, who=who)
    last = request.last_break_glass_ms
    if last is not None and request.now_ms - last < glass.every_ms:
        minutes = -(-(last + glass.every_ms - request.now_ms) // 60_000)
        message = f"You broke the glass already; you may again in {minutes} min."
        return refused(policy, request, "break-glass-once-an-hour", message, who=who)
    message = "Outside your role: the glass is broken, and the DRI and security are told."
    return Verdict("break_glass", "break-glass", message, person=who)


def _restore(policy: Policy, request: Request, who: str) -> Verdict:
    if not _has_power(policy, request, "restore"):
        rule = "break-glass-never-restores" if request.break_glass else "restore-role"
        message = "Your role does not allow restoring this; breaking the glass never restores."
        return refused(policy, request, rule, message, who=who)
    if request.before and policy.one_person_modes.issuperset(request.before):
        message = "From a mild mode one person may restore."
        return Verdict("alone", "restore-mild-mode", message, person=who)
    if (undo := _undo(policy, request, who)) is not None:
        return undo
    if (stranger := _nobody_known(policy, request, who, "Restoring this")) is not None:
        return stranger
    names = approvers(policy, request, requester=who)
    if _waited_long(policy, request, who):
        message = (
            "It has waited long enough for a second person: who asked may let 5 % through alone,"
            " watched and without write tools."
        )
        hint = waiting_for(policy, request, names)
        return Verdict("alone_5_percent", LONE_RULE, message, hint, who, names)
    rule = "restore-tier-1" if _tier(request) == 1 else "restore-second-person"
    message = f"Restoring this needs a second person (rule `{rule}`)."
    hint = waiting_for(policy, request, names)
    return Verdict("second_person", rule, message, hint, who, names)


def _nobody_known(policy: Policy, request: Request, who: str, doing: str) -> Verdict | None:
    """Refuse to ask for a second person where nobody can tell that it is another one."""
    if person_of(policy, request.actor):
        return None
    message = (
        f"{doing} needs two people, and your identity is not joined to a person in the "
        "policy: the second could be you."
    )
    return refused(policy, request, "requester-not-joined", message, who=who)


def _waited_long(policy: Policy, request: Request, who: str) -> bool:
    """Return whether who asked has waited so long that they may let a few through alone."""
    long = request.waiting_ms >= policy.times.lone_restore_ms
    return long and request.requester == who and request.after == "live"


def _undo(policy: Policy, request: Request, who: str) -> Verdict | None:
    age = request.own_kill_age_ms
    if _tier(request) == 1 or request.joined or request.incident:
        return None
    if age is None or not 0 <= age <= policy.times.undo_own_ms:
        return None
    message = "Your own kill, still fresh, and nobody joined in: you may undo it alone."
    return Verdict("alone", "undo-own-kill", message, person=who)


def _approve(policy: Policy, request: Request, who: str) -> Verdict:
    person = person_of(policy, request.actor)
    if not person:
        message = "Your identity is not joined to a person in the policy, so it cannot approve."
        return refused(policy, request, "approver-not-joined", message, who=who)
    if request.requester and request.requester not in policy.people:
        message = "Who asked is not joined to a person in the policy, so nobody can be the second."
        return refused(policy, request, "requester-not-joined", message, who=who)
    if not request.requester or person == request.requester:
        message = "Who asked cannot approve, in any of their identities."
        return refused(policy, request, "approver-is-requester", message, who=who)
    held = roles_of(policy, request) & approving_roles(policy, request)
    if held or may_approve(policy, person, request):
        return Verdict("alone", "approver", "You may approve this.", person=who)
    message = "Your role does not allow approving this."
    return refused(policy, request, "approver-role", message, who=who)


def _other(policy: Policy, request: Request, who: str) -> Verdict:
    verb, power = request.verb, policy.powers.get(request.verb)
    if power is None or not _has_power(policy, request, verb):
        message = f"Your role does not allow `{verb}` here."
        return refused(policy, request, f"{verb}-role", message, who=who)
    if _tier(request) not in power.second_person:
        return Verdict("alone", f"{verb}-role", f"Your role allows `{verb}`.", person=who)
    if (stranger := _nobody_known(policy, request, who, f"`{verb}` here")) is not None:
        return stranger
    names = approvers(policy, request, requester=who)
    rule = f"{verb}-second-person"
    message = f"`{verb}` needs a second person here (rule `{rule}`)."
    return Verdict("second_person", rule, message, waiting_for(policy, request, names), who, names)


def _signal(policy: Policy, request: Request, who: str) -> Verdict:
    """Measurements only ever hold a change or let it go on, so one account is enough for them."""
    if request.actor.kind == "service":
        message = "This service account may send signals."
        return Verdict("alone", "signal-service", message, person=who)
    if _has_power(policy, request, "signal"):
        return Verdict("alone", "signal-role", "Your role allows sending signals.", person=who)
    message = "Your role does not allow sending signals."
    if "signal" not in policy.powers:
        message = (
            "The policy gives nobody the power `signal`: add it under `powers`, or a service "
            "account with `may: [signal]`."
        )
    return refused(policy, request, "signal-role", message, who=who)


def _has_power(policy: Policy, request: Request, verb: str) -> bool:
    return bool(roles_of(policy, request) & powerful(policy, verb, request.workflows))


def _may_break_glass(policy: Policy, request: Request, who: str) -> bool:
    glass = policy.break_glass
    return glass.members or who in glass.people or bool(glass.groups & request.actor.groups)


def _tier(request: Request) -> int:
    return min((w.tier for w in request.workflows), default=1)


def _effective(request: Request) -> str:
    """Return the verb whose rules hold: a kill into a milder mode is a restore."""
    if request.verb != "kill":
        return request.verb
    milder = any(strictness(mode, request.after) == "milder" for mode in request.before)
    return "restore" if milder else "kill"


_RULES = {"kill": _kill, "restore": _restore, "show": _show, "approve": _approve, "signal": _signal}
