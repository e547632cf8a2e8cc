"""What publishing comes to on one state: at once, after whose word, or not; nothing goes out half. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from opsbot.app.approvals import closing, timers_of
from opsbot.app.comms.change import Told, beside, changed
from opsbot.app.comms.edit import must_be_open, must_be_seen
from opsbot.app.comms.effects import cards, due
from opsbot.app.comms.exact import exact, stamped
from opsbot.app.comms.new import waiting_sent
from opsbot.app.comms.power import about, may_hold, may_write, on_track
from opsbot.app.comms.promise.cadence import after_publish
from opsbot.app.comms.requests import EVERY, PublishMessage
from opsbot.app.comms.second import (
    ask,
    differs,
    first_word,
    givers,
    left_out,
    of,
    pending,
    redrafted,
    seats,
    void,
)
from opsbot.app.comms.sight import found
from opsbot.app.comms.stage import must_go
from opsbot.app.comms.targets.chosen import refusing
from opsbot.app.comms.view import Finding
from opsbot.app.environment import policy_of
from opsbot.app.fleet.words import clock
from opsbot.app.incident.effects import message_card
from opsbot.domain.actor import Actor
from opsbot.domain.approval import Approval
from opsbot.domain.approval import as_record as approval_record
from opsbot.domain.change import Change, Sealed, Write
from opsbot.domain.comms.message import Message, as_record
from opsbot.domain.comms.templates import Rendered
from opsbot.domain.errors import IllegalMove, NeedsConfirmation, StaleButton, Unpublishable
from opsbot.domain.incident.incident import Incident
from opsbot.domain.policy.rules import Verdict, identity_of, shown
from opsbot.domain.policy.words import listing
from opsbot.domain.state import APPROVALS, MESSAGES, State
from opsbot.domain.typed import command


@dataclass(frozen=True, slots=True)
class Publishing:
    """
    One request with what was read beforehand.

    *rendered* is what the message says, opened; *findings* what the wording check said of it. *extra*
    are the approvals that its template asks for beside policy. *ready*: its template is approved in
    advance as it stands now, with the words that it was made from.
    """

    request: PublishMessage
    actor: Actor
    rendered: Rendered
    findings: tuple[Finding, ...] = ()
    extra: int = 0
    ready: bool = True


def decide_publish(
    state: State, now_ms: int, order: Publishing, message_id: str
) -> tuple[Change | None, Told]:
    """
    Decide whether a message goes now, or whom it waits for.

    Raises:
        UnknownMessage, NotAllowed, Unpublishable, NeedsConfirmation: nothing was published.
        StaleButton: it was published by somebody else, or says something else by now.
    """
    message, actor = found(state, order.actor, message_id), order.actor
    incident = state.incident(message.incident)
    must_be_open(state, message, now_ms)
    if message.standing == "waiting" and _ended(state, message):
        message = redrafted(message)
    if message.standing == "waiting":
        return _waits(state, order, message)
    if message.standing == "refused":
        raise IllegalMove(
            f"{message.id} was refused; nothing was published.",
            hint=f"Change it, and ask again: {command(f'comms edit {message.id}')}.",
        )
    must_be_whole(message, order.rendered)
    message = stamped(message, order.rendered, incident)
    message = replace(message, holding=message.holding and order.ready)
    must_be_seen(message, order.request.seen, order.request.sha)
    verdict = _verdict(state, incident, message, actor, now_ms)
    must_go(state, now_ms, message)
    must_read_well(state, message, order)
    wanted = seats(state, incident, message, verdict, extra=order.extra)
    if not wanted:
        return published(state, now_ms, message, actor, verb="comms_publish", rule=verdict.rule)
    return _asked(state, now_ms, order, message, (verdict, wanted))


def _ended(state: State, message: Message) -> bool:
    """Return whether something else took an approval of it back: it waits for what nobody can give."""
    return any(one.standing not in ("pending", "approved") for one in of(state, message))


def _verdict(
    state: State, incident: Incident, message: Message, actor: Actor, now_ms: int
) -> Verdict:
    ready = message.holding and first_word(state, incident)
    told = about(state, message)
    if ready and not on_track(state, incident, message.audience, told):
        rule = may_hold(state, incident, actor, now_ms)
        return Verdict("alone", rule, "", person=identity_of(policy_of(state), actor))
    return may_write(state, incident, message.audience, actor, now_ms, about=told)


def _waits(state: State, order: Publishing, message: Message) -> tuple[None, Told]:
    incident, told = state.incident(message.incident), about(state, message)
    may_write(state, incident, message.audience, order.actor, 0, about=told)
    return None, Told(message, "still_waiting", waits_for(state, message))


def waits_for(state: State, message: Message) -> str:
    """Return whom a message waits for, in words; empty where it waits for nobody."""
    left = pending(state, message)
    if not left:
        return ""
    policy = policy_of(state)
    parts = []
    for one in left:
        names = [shown(policy, name) for name in givers(state, message, one)]
        parts.append(f"{one.id} by {listing(names) or 'nobody yet'}")
    return f"It waits for {'; '.join(parts)}, until {clock(left[0].expires_ms)}."


def must_be_whole(message: Message, rendered: Rendered) -> None:
    """
    Go on where the words that are kept are the very ones that were written.

    Raises:
        Unpublishable: they were erased, or are not what was committed to.
    """
    if exact(message, rendered) != message.sha:
        raise Unpublishable(
            f"The words of {message.id} were erased, or are not those that were written; nothing was"
            " published.",
            hint=f"Write it anew: {command(f'comms edit {message.id}')}.",
        )


def must_be_taken(state: State, message: Message, rendered: Rendered) -> None:
    """
    Go on where every target takes a message: settings may be others than when it was written.

    Raises:
        Unpublishable: one will not, or is not for these readers any more.
    """
    if refused := [*refusing(state, message, rendered)]:
        raise Unpublishable(
            f"{message.id} cannot go out as it is: {refused[0]} Nothing was published.",
            hint=" ".join(refused[1:])
            or f"Send it elsewhere: {command(f'comms edit {message.id}')} to:\u2026",
        )


def must_read_well(state: State, message: Message, order: Publishing) -> None:
    """
    Go on where nothing in the words stops a message, and what asks once was read.

    Raises:
        Unpublishable: what must never be said, or a target that will not take it. NeedsConfirmation:
            the warnings that nobody has read yet, with their ids.
    """
    stops = [one for one in order.findings if one.level == "stop"]
    refused = [*(_finding(one) for one in stops), *refusing(state, message, order.rendered)]
    if refused:
        raise Unpublishable(
            f"{message.id} cannot go out as it is: {refused[0]} Nothing was published.",
            hint=" ".join(refused[1:]) or f"Change it: {command(f'comms edit {message.id}')}.",
        )
    kept = order.request.anyway
    unread = [one for one in order.findings if EVERY not in kept and one.rule not in kept]
    if unread:
        ids = tuple(dict.fromkeys(one.rule for one in unread))
        anyway = f"comms publish {message.id} anyway:{','.join(ids)}"
        raise NeedsConfirmation(
            f"{message.id}: {len(unread)} finding{'' if len(unread) == 1 else 's'} in its words; nothing"
            " was published yet.",
            stops=(),
            hint=f"Change it, or publish it as it is: {command(anyway)}.",
            lines=tuple(_finding(one) for one in unread),
            more={"message": message.id, "warnings": list(ids)},
        )


def _finding(finding: Finding) -> str:
    said = f"\u201c{finding.said}\u201d: " if finding.said else ""
    return f"{finding.rule}: {said}{finding.fix}"


def _asked(
    state: State,
    now_ms: int,
    order: Publishing,
    message: Message,
    how: tuple[Verdict, tuple[str, ...]],
) -> tuple[Change, Told]:
    verdict, wanted = how
    incident = state.incident(message.incident)
    waiting = replace(message, standing="waiting", bound=message.sha, approved_by=())
    made, asking = ask(state, now_ms, incident, waiting, wanted)
    waiting = replace(waiting, approvals=tuple(one.id for one in made))
    change, waiting = changed(
        state,
        waiting,
        order.actor,
        verb="comms_ask",
        rule=verdict.rule,
        facts={"sha": waiting.sha, "approvals": list(waiting.approvals)},
    )
    kept = [one.rule for one in order.findings]
    facts = {**change.facts, "anyway": kept} if kept else change.facts
    note = _by_names(state, waiting, made)
    return beside(replace(change, facts=facts), asking), Told(waiting, "asked", note)


def _by_names(state: State, message: Message, made: tuple[Approval, ...]) -> str:
    policy = policy_of(state)
    parts = []
    for one in made:
        names = [shown(policy, name) for name in givers(state, message, one)]
        parts.append(f"{one.id} by {listing(names) or 'whoever may approve'}")
    return f"It waits for {'; '.join(parts)}, until {clock(made[0].expires_ms)}."


def published(  # noqa: PLR0913  one change, its evidence, and the approval that completed it
    state: State,
    now_ms: int,
    message: Message,
    actor: Actor,
    *,
    verb: str,
    rule: str,
    given: Approval | None = None,
    sealed: tuple[Sealed, ...] = (),
) -> tuple[Change, Told]:
    """
    Return the one commit that lets a message go: its record, its way to each target, what it promises.

    *given* is the approval that completed it. Everything else that waited to be told to the same
    audience is void where this moves its stage.

    Raises:
        StaleButton: it was let go before.
    """
    if message.standing == "published" or message.sent:
        raise StaleButton(f"{message.id} is published already; nothing was changed.")
    incident, by = state.incident(message.incident), identity_of(policy_of(state), actor)
    revision = state.position.revision + 1
    out = replace(
        message,
        standing="published",
        published_ms=now_ms,
        published_by=by,
        order=revision,
        sent=waiting_sent(message, now_ms, drill=incident.drill),
    )
    facts = {"sha": out.sha, "targets": list(out.targets), "approvals": list(out.approvals)}
    change, out = changed(state, out, actor, verb=verb, rule=rule, facts=facts, sealed=sealed)
    was = state.comms(incident.id)
    promised = after_publish(was, out, incident, now_ms)
    told = Change(
        verb,
        actor,
        promised.writes,
        effects=(*due(out), *cards(out, incident)),
        timers=promised.timers,
        cancels=promised.cancels,
    )
    moved = promised.comms.rhythm(out.audience).stage != was.rhythm(out.audience).stage
    others = _overtaken(state, now_ms, out, actor) if moved else None
    settled = None if given is None else _settled(given, actor)
    return beside(change, told, settled, _corrected(state, out), others), Told(out, "published")


def _settled(approval: Approval, actor: Actor) -> Change:
    return Change(
        "comms_approve",
        actor,
        (Write(APPROVALS, approval.id, approval_record(approval)),),
        effects=(closing(approval),),
        cancels=timers_of(approval),
    )


def settled(approval: Approval, actor: Actor) -> Change:
    """Return what takes an approval that is settled off everybody's hands."""
    return _settled(approval, actor)


def _corrected(state: State, message: Message) -> Change | None:
    """Return what points from the message that is corrected to the one that does; its words stay."""
    if not message.corrects:
        return None
    before = state.message(message.corrects)
    if before.corrected:
        raise StaleButton(
            f"{before.id} was corrected by {before.corrected} meanwhile; nothing was published."
        )
    after = replace(before, corrected=message.id)
    writes = (Write(MESSAGES, after.id, as_record(after)),)
    return Change("comms_publish", _NOBODY, writes, effects=(message_card(after),))


def _overtaken(state: State, now_ms: int, message: Message, actor: Actor) -> Change | None:
    others = [
        one
        for one in state.messages()
        if one.id != message.id
        and (one.incident, one.audience) == (message.incident, message.audience)
    ]
    cause = f"{message.audience} were told `{message.stage}` meanwhile ({message.id})"
    return void(state, now_ms, others, actor, cause)


def all_given(state: State, message: Message, but: Mapping[str, Approval]) -> bool:
    """Return whether every approval of a message is given; *but* are those as they are about to be."""
    return all(but.get(one.id, one).standing == "approved" for one in of(state, message))


def died(
    state: State,
    incident: Incident,
    message: Message,
    now_ms: int,
    duties: Mapping[str, frozenset[str]],
) -> str:
    """
    Return why a yes that was given to a message does not count any more, empty where all do.

    *duties* are what people are called first for now, by their names.
    """
    for one in of(state, message):
        if one.standing != "approved":
            continue
        if now_ms >= one.expires_ms:
            return f"{one.id} was good until {clock(one.expires_ms)}"
        on_call = duties.get(one.approver, frozenset())
        moved = differs(state, incident, message, one)
        if what := moved or left_out(state, incident, one, on_call):
            return what
    return ""


_NOBODY = Actor(kind="system", id="comms", via="timer")
