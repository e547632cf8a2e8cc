"""A step that waits for a second person: asked for with a time to live, given by never the asker. Pure."""

from dataclasses import dataclass, replace
from typing import Final

from opsbot.app.approvals import (
    asking,
    closing,
    hash_of,
    must_wait,
    settled_late,
    timers_of,
    warning_ms,
)
from opsbot.app.approvals import timers_for as approval_timers
from opsbot.app.environment import policy_of
from opsbot.app.numbers import next_number, numbered
from opsbot.app.reach import holders
from opsbot.app.runs.auto import ticked_by_itself
from opsbot.app.runs.change import Told, beside, changed
from opsbot.app.runs.first import name, titled
from opsbot.app.runs.meant import ApproveArguments
from opsbot.app.runs.outline import called
from opsbot.app.runs.power import workflows_of
from opsbot.app.runs.sight import aware, incident_of, sees
from opsbot.domain.actor import SCHEDULER, Actor
from opsbot.domain.approval import Approval
from opsbot.domain.approval import as_record as approval_record
from opsbot.domain.change import Change, Record, Write
from opsbot.domain.errors import NotAllowed, StaleButton
from opsbot.domain.policy.identity import roles_of
from opsbot.domain.policy.rules import Request, identity_of, judge, person_of
from opsbot.domain.policy.words import approvers
from opsbot.domain.run import Run
from opsbot.domain.runbook import Runbook, Step
from opsbot.domain.said import inert
from opsbot.domain.state import APPROVALS, State
from opsbot.domain.typed import command

RUN_STEP: Final = "run_step"
"""The verb of an approval's action that is a step of a run."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Which step of which run waits, under which *key* its action stands, what is asked, about which *workflow*."""

    run: Run
    step: Step
    key: str
    given: ApproveArguments
    workflow: str = ""


def asked_for(state: State, now_ms: int, asking_: Asking, actor: Actor) -> tuple[Approval, Change]:
    """
    Return the approval that waits from now on, and the change that asks everybody who may give it.

    Raises:
        NotAllowed: nobody could tell that it is another person than who asks.
    """
    policy = policy_of(state)
    if not person_of(policy, actor):
        raise NotAllowed(
            "A second person is needed, and your identity is not joined to a person in the policy:"
            " the second could be you. Nothing was asked.",
            rule="requester-not-joined",
        )
    action: Record = {
        "verb": RUN_STEP,
        "run": asking_.run.id,
        "step": asking_.step.id,
        "act": asking_.key,
        "asks": asking_.given.what,
        "who": asking_.given.who,
        "workflow": asking_.workflow,
    }
    one = Approval(
        id=f"A-{next_number(state, 'approval')}",
        action={**action, "reason": ""},
        action_hash=hash_of(action),
        requester=identity_of(policy, actor),
        requested_ms=now_ms,
        expires_ms=now_ms + asking_.given.ttl_s * 1000,
    )
    _must_be_known_to_somebody(state, asking_.run, one)
    change = Change(
        verb="run_act",
        actor=actor,
        writes=(Write(APPROVALS, one.id, approval_record(one)), numbered(state, "approval")),
        effects=(asking(one),),
        timers=approval_timers(policy, one, now_ms, warn_ms=warning_ms(state)),
    )
    return one, change


def void(state: State, now_ms: int, run: Run, actor: Actor, *, step: str = "") -> Change | None:
    """Return what ends the approvals that wait for steps of a run, or for one; nothing where none does."""
    ids = [
        act.result
        for key, act in run.acts.items()
        if act.state == "waiting" and (not step or key.partition("#")[0] == step)
    ]
    known = [state.approval(one) for one in ids if one in state.kind(APPROVALS)]
    gone = [one for one in known if is_of_run(one) and one.standing == "pending"]
    if not gone:
        return None
    late = settled_late(gone, now_ms, by=identity_of(policy_of(state), actor))
    return Change("run_act", actor, late.writes, effects=late.effects, cancels=late.timers)


def is_of_run(approval: Approval) -> bool:
    """Return whether an approval is for a step of a run."""
    return approval.action.get("verb") == RUN_STEP


def step_words(approval: Approval) -> str:
    """Return what is asked for, in words: what the runbook says, of which run."""
    what = inert(str(approval.action.get("asks", "")), limit=120)
    return f"{approval.action.get('run')}: {what}"


def givers(state: State, approval: Approval) -> tuple[str, ...]:
    """Return the people who may give it, by name: by policy, or by the role that the step names."""
    policy, role = policy_of(state), str(approval.action.get("who") or "approver")
    run = state.run(str(approval.action["run"]))
    if role != "approver":
        named = tuple(one for one in holders(policy, role) if one != approval.requester)
        return aware(state, run, named)
    workflows = workflows_of(state, (str(approval.action.get("workflow") or ""),))
    asked = Request("approve", SCHEDULER, workflows)
    return aware(state, run, approvers(policy, asked, requester=approval.requester))


def _must_be_known_to_somebody(state: State, run: Run, approval: Approval) -> None:
    incident = incident_of(state, run)
    if incident is None or not incident.private or givers(state, approval):
        return
    raise NotAllowed(
        f"{incident.id} is private, and nobody who could say yes is part of it. Nothing was asked.",
        rule="run-private",
        hint=f"Add somebody first: {command(f'incident role responder {incident.id} @somebody')}.",
    )


def asked_in(state: State, approval: Approval, actor: Actor) -> Run:
    """
    Return the run that waits for an approval.

    Raises:
        UnknownApproval: they may not know of it, or it is no more. The very words of an approval that
            does not exist: any other refusal would say that it does.
    """
    found = (one for one in state.runs() if one.id == approval.action["run"])
    seen = [one for one in found if sees(state, one, actor)]
    if not seen:
        State().approval(approval.id)
    return seen[0]


def decide_second(
    state: State, now_ms: int, approval: Approval, actor: Actor, book: Runbook, *, grant: bool
) -> tuple[Change | None, Told]:
    """
    Decide a press of [Approve] or [Refuse] on a step that waits.

    Raises:
        StaleButton: it is settled, expired, or the run went on. NotAllowed: the asker, or not the role.
        UnknownApproval: it is of a run that they may not know of.
    """
    run, key = asked_in(state, approval, actor), str(approval.action["act"])
    must_wait(state, approval, now_ms)
    step, act = book.step(str(approval.action["step"])), run.acts.get(key)
    if not run.open or step is None or act is None or act.result != approval.id:
        raise StaleButton(f"{run.id} went on without {approval.id}; nothing was changed.")
    by = identity_of(policy_of(state), actor)
    own = by == approval.requester
    rule = "withdrawn" if own and not grant else _must_may(state, now_ms, approval, actor)
    settled = approval.settle("approved" if grant else "refused", by=by, at_ms=now_ms)
    detail = f"{'approved' if grant else 'withdrawn' if own else 'refused'} by {name(state, by)}"
    ended = replace(
        act,
        state="done" if grant else "failed",
        until_ms=None,
        detail=detail,
        version=run.version + 1,
    )
    after = replace(run, acts={**run.acts, key: ended})
    if grant:
        after = ticked_by_itself(after, book, step, act.by, now_ms)
    change, after = changed(
        state, now_ms, run, after, book, actor, verb="run_act", rule=rule,
        facts={"step": step.id, "called": called(state, run, step.id), "action": int(key.rpartition("#")[2]), "state": ended.state,
               "attempt": act.attempt, "back": False, "does": "approve", "approval": approval.id},
    )  # fmt: skip
    more = Change(
        verb="run_act",
        actor=actor,
        writes=(Write(APPROVALS, approval.id, approval_record(settled)),),
        effects=(closing(approval),),
        cancels=timers_of(approval),
    )
    return beside(change, more), Told(after, f"{approval.id} for {titled(step)}: {detail}.")


def _must_may(state: State, now_ms: int, approval: Approval, actor: Actor) -> str:
    """
    Return the rule that lets somebody give it: never the asker, and the role that the step names.

    Raises:
        NotAllowed: with who can help.
    """
    policy, role = policy_of(state), str(approval.action.get("who") or "approver")
    named = str(approval.action.get("workflow") or "")
    request = Request(
        "approve",
        actor,
        workflows_of(state, (named,)),
        now_ms=now_ms,
        waiting_ms=now_ms - approval.requested_ms,
        requester=approval.requester,
    )
    verdict = judge(policy, request)
    # Whatever else refuses them (a guest, the asker, no policy), another role does not make good.
    if role == "approver" or (not verdict.allowed and verdict.rule != "approver-role"):
        if not verdict.allowed:
            raise NotAllowed(verdict.message, rule=verdict.rule, hint=verdict.hint)
        return verdict.rule
    if role not in roles_of(policy, request):
        raise NotAllowed(
            f"This waits for somebody who is `{role}`; nothing was changed.", rule="run-approver"
        )
    return "run-approver"
