"""What changing a draft comes to on one state: everybody who wrote in it is kept, approvals of it are void. Pure."""

from dataclasses import dataclass, replace

from opsbot.app.comms.change import Told, beside, changed
from opsbot.app.comms.draft import Draft
from opsbot.app.comms.exact import exact
from opsbot.app.comms.power import about, may_write
from opsbot.app.comms.requests import EditMessage
from opsbot.app.comms.second import drop_approvals, redrafted
from opsbot.app.comms.sight import found
from opsbot.app.comms.stage import must_answer, must_step
from opsbot.app.comms.targets.chosen import targets_for
from opsbot.app.environment import policy_of
from opsbot.app.fleet.words import moment
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change
from opsbot.domain.comms.message import Message
from opsbot.domain.errors import StaleButton
from opsbot.domain.policy.rules import identity_of, shown
from opsbot.domain.state import State
from opsbot.domain.typed import command


@dataclass(frozen=True, slots=True)
class Editing:
    """One request with what was written beforehand, from *base*: the version that it was written on."""

    request: EditMessage
    actor: Actor
    draft: Draft
    base: int


def decide_edit(
    state: State, now_ms: int, order: Editing, message_id: str
) -> tuple[Change | None, Told]:
    """
    Decide one change of a message that is not published.

    Raises:
        UnknownMessage, NotAllowed, NeedsMoreWords, Unpublishable: nothing was changed.
        StaleButton: somebody changed it meanwhile, published it or dropped it.
    """
    before, actor, draft = found(state, order.actor, message_id), order.actor, order.draft
    incident = state.incident(before.incident)
    told_under = about(state, before)
    verdict = may_write(state, incident, before.audience, actor, now_ms, about=told_under)
    must_be_open(state, before, now_ms)
    must_be_seen(before, order.request.seen if order.request.seen is not None else order.base)
    must_answer(draft.template)
    # Why somebody said no to it is no reason for a step back.
    why = draft.why or ("" if before.standing == "refused" else before.why)
    told = state.comms(incident.id).rhythm(before.audience).stage
    must_step(told, before.stage, why=why, audience=before.audience)
    asked = order.request.targets if order.request.targets is not None else before.targets
    targets = targets_for(state, incident, draft.template, asked)
    by = identity_of(policy_of(state), actor)
    editors = before.editors if by in before.writers else (*before.editors, by)
    after = replace(
        redrafted(before),
        digest=draft.template.digest,
        severity=incident.severity,
        headline=draft.headline,
        texts=draft.texts,
        headlines=draft.headlines,
        values=draft.values,
        targets=targets,
        workflows=incident.workflows,
        holding=draft.template.holding and before.audience == "users",
        stays_off=draft.stays_off,
        why=why,
        next_ms=draft.next_ms,
        claims=draft.claims,
        version=before.version + 1,
        editors=editors,
    )
    after = replace(after, sha=exact(after, draft.rendered))
    change, after = changed(
        state,
        after,
        actor,
        verb="comms_edit",
        rule=verdict.rule,
        facts={"sha": after.sha, "version": after.version, "targets": list(targets)},
        sealed=draft.sealed,
    )
    cause = f"{before.id} was edited by {shown(policy_of(state), by)}"
    waited = drop_approvals(state, now_ms, [before], actor, cause)
    note = "Its approvals are void: they were for other words." if before.approvals else ""
    return beside(change, waited), Told(after, "edited", note)


def must_be_open(state: State, message: Message, now_ms: int) -> None:
    """
    Go on where a message can still be changed.

    Raises:
        StaleButton: it is published, or dropped, with what to do instead.
    """
    if message.standing == "published":
        at = moment(message.published_ms or 0, now_ms)
        by = shown(policy_of(state), message.published_by)
        raise StaleButton(
            f"{message.id} was published at {at} by {by}; nothing was changed.",
            hint="What people read is never edited. Correct it:"
            f" {command(f'comms correct {message.id}')}.",
        )
    if message.standing == "dropped":
        raise StaleButton(
            f"{message.id} was dropped; nothing was changed.",
            hint=f"Write it anew: {command(f'comms new {message.template} {message.incident}')}.",
        )


def must_be_seen(message: Message, seen: int | None, sha: str = "") -> None:
    """
    Go on where somebody acts on what they saw.

    Raises:
        StaleButton: it says something else by now, and who changed it.
    """
    if (seen is None or seen == message.version) and (not sha or sha == message.sha):
        return
    raise StaleButton(
        f"{message.id} is not what you saw: it was changed meanwhile. Nothing was changed.",
        hint=f"Read it as it is now: {command(f'comms preview {message.id}')}.",
    )
