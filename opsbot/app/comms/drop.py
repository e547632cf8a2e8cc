"""What giving a message up, or trying one of its targets again, comes to on one state. Pure."""

from dataclasses import dataclass, replace

from opsbot.app.comms.change import Told, beside, changed
from opsbot.app.comms.edit import must_be_open
from opsbot.app.comms.effects import cards, publish
from opsbot.app.comms.order import newer_there, too_late
from opsbot.app.comms.power import about, may_write, must_approve
from opsbot.app.comms.requests import RetryTarget
from opsbot.app.comms.second import drop_approvals, pending, seat_of
from opsbot.app.comms.sight import found
from opsbot.app.environment import policy_of
from opsbot.app.fleet.words import moment
from opsbot.app.incident.power import may_work
from opsbot.domain.actor import Actor
from opsbot.domain.approval import Approval
from opsbot.domain.change import Change, Sealed
from opsbot.domain.comms.message import Message, Sent
from opsbot.domain.errors import NeedsMoreWords, NotAllowed, StaleButton, Unpublishable
from opsbot.domain.incident.incident import Incident
from opsbot.domain.policy.rules import identity_of, shown
from opsbot.domain.said import inert
from opsbot.domain.state import State
from opsbot.domain.typed import command


@dataclass(frozen=True, slots=True)
class Dropping:
    """One request; *why* is a commitment to the reason, empty for none."""

    actor: Actor
    why: str = ""
    sealed: tuple[Sealed, ...] = ()


def decide_drop(
    state: State, now_ms: int, order: Dropping, message_id: str
) -> tuple[Change | None, Told]:
    """
    Give a draft up, or say no to a message that waits.

    Raises:
        NeedsMoreWords: a no to what others wrote says why. NotAllowed, StaleButton: nothing was changed.
    """
    before = found(state, order.actor, message_id)
    incident = state.incident(before.incident)
    if before.standing == "dropped":
        return None, Told(before, "already")
    must_be_open(state, before, now_ms)
    by = identity_of(policy_of(state), order.actor)
    own = by in before.writers
    rule = "author" if own else _may(state, now_ms, order.actor, incident, before)
    if not own and before.standing == "waiting" and not order.why:
        raise NeedsMoreWords(
            f"Say why {before.id} should not go out; nothing was changed.",
            hint=f"{command(f'comms drop {before.id} because …')}",
        )
    refused = not own and before.standing == "waiting"
    after = replace(
        before,
        standing="refused" if refused else "dropped",
        why=order.why or before.why,
        approved_by=(),
    )
    change, after = changed(
        state,
        after,
        order.actor,
        verb="comms_refuse" if refused else "comms_drop",
        rule=rule,
        facts={"reason": order.why},
        sealed=order.sealed,
    )
    did = "refused" if refused else "dropped"
    cause = f"{before.id} was {did} by {shown(policy_of(state), by)}"
    waited = drop_approvals(state, now_ms, [before], order.actor, cause)
    return beside(change, waited), Told(after, "refused" if refused else "dropped")


def _may(state: State, now_ms: int, actor: Actor, incident: Incident, message: Message) -> str:
    """Return the rule by which somebody says no: they may write it, or approve it. Raises NotAllowed."""
    waiting, told = pending(state, message), about(state, message)
    try:
        return may_write(state, incident, message.audience, actor, now_ms, about=told).rule
    except NotAllowed:
        if not waiting:
            raise
    return _approver(state, now_ms, actor, incident, waiting)


def _approver(
    state: State, now_ms: int, actor: Actor, incident: Incident, waiting: tuple[Approval, ...]
) -> str:
    refused: NotAllowed | None = None
    for one in waiting:
        asked = (one.requested_ms, one.requester)
        try:
            return must_approve(state, incident, seat_of(one), actor, asked=asked, now_ms=now_ms)
        except NotAllowed as no:
            refused = no
    assert refused is not None
    raise refused


def decide_retry(
    state: State, now_ms: int, request: RetryTarget, actor: Actor
) -> tuple[Change | None, Told]:
    """
    Try one target of a published message again; it is looked for there before it is sent.

    Raises:
        NeedsMoreWords: it never went there. StaleButton: it is there, or on its way. NotAllowed.
        Unpublishable: the next update that its words promise was due meanwhile.
    """
    before = found(state, actor, request.message)
    incident = state.incident(before.incident)
    rule = _may_retry(state, now_ms, actor, incident, before)
    target = request.target.strip()
    sent = before.sent.get(target)
    if sent is None:
        known = ", ".join(f"`{one}`" for one in before.sent) or "nowhere yet"
        raise NeedsMoreWords(
            f"{before.id} does not go to `{inert(target, limit=60)}`; nothing was changed.",
            hint=f"It goes to {known}.",
        )
    if sent.state not in ("failed", "unsure"):
        how = {"done": "is there already", "due": "is on its way", "skipped": sent.detail}
        raise StaleButton(f"{before.id} {how[sent.state]} (`{target}`); nothing was changed.")
    if newer := newer_there(state, before, target):
        raise StaleButton(
            f"{newer} came to `{target}` since, and {before.id} would stand over it; nothing was changed.",
            hint=f"Say what is missing in a new message: {command(f'comms new {incident.id}')}.",
        )
    must_be_in_time(before, target, now_ms)
    again = Sent("due", at_ms=now_ms, tries=sent.tries + 1, url=sent.url, handle=sent.handle)
    after = replace(before, sent={**before.sent, target: again})
    change, after = changed(
        state, after, actor, verb="comms_retry", rule=rule, facts={"target": target}
    )
    work = Change(
        "comms_retry", actor, effects=(publish(after, target, again=True), *cards(after, incident))
    )
    return beside(change, work), Told(after, "retried", f"`{target}` is tried again.")


def must_be_in_time(message: Message, target: str, now_ms: int) -> None:
    """
    Go on where what a message promises can still come when it is read at a target.

    Raises:
        Unpublishable: that time has passed.
    """
    if too_late(message, target, now_ms):
        by = moment(message.next_ms or 0, now_ms)
        raise Unpublishable(
            f"{message.id} promises the next update by {by}, and that has passed; it was not sent to"
            f" `{target}` again.",
            hint="Write the next message, which says how it is now and when more comes:"
            f" {command(f'comms new {message.incident}')}.",
        )


def _may_retry(
    state: State, now_ms: int, actor: Actor, incident: Incident, message: Message
) -> str:
    told = about(state, message)
    try:
        return may_write(state, incident, message.audience, actor, now_ms, about=told).rule
    except NotAllowed:
        return may_work(state, incident, actor, now_ms)
