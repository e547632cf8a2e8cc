"""What writing a draft comes to on one state: who may, at which stage, for whom and where. Pure."""

from dataclasses import dataclass, replace

from opsbot.app.comms.change import Told, at_next, beside, changed
from opsbot.app.comms.draft import Draft
from opsbot.app.comms.exact import exact
from opsbot.app.comms.power import may_write, situations
from opsbot.app.comms.requests import NewMessage
from opsbot.app.comms.sight import found as message_found
from opsbot.app.comms.stage import must_answer, must_be_real, must_step
from opsbot.app.comms.targets.chosen import targets_for
from opsbot.app.environment import policy_of
from opsbot.app.incident.requests import Which
from opsbot.app.incident.sight import found
from opsbot.app.numbers import next_number, numbered
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Sealed
from opsbot.domain.comms.message import Message, Sent
from opsbot.domain.errors import IllegalMove, NeedsMoreWords
from opsbot.domain.incident.incident import Incident
from opsbot.domain.policy.rules import identity_of
from opsbot.domain.state import State
from opsbot.domain.typed import command


@dataclass(frozen=True, slots=True)
class Writing:
    """One request with what was written beforehand."""

    request: NewMessage
    actor: Actor
    uid: str
    draft: Draft

    @property
    def sealed(self) -> tuple[Sealed, ...]:
        """Return the free text that stands beside the chain."""
        return self.draft.sealed


def decide_new(
    state: State, now_ms: int, order: Writing, incident_id: str
) -> tuple[Change | None, Told]:
    """
    Decide one draft; asked again with the same uid, it is what was written the first time.

    Raises:
        UnknownIncident, UnknownMessage, NotAllowed, NeedsMoreWords, IllegalMove, Unpublishable:
            nothing was written.
    """
    made = next((one for one in state.messages() if one.uid == order.uid), None)
    if made is not None:
        return None, Told(made, "already")
    incident = found(state, order.actor, Which(incident_id))
    draft, template = order.draft, order.draft.template
    told_under = situations(template.situation, None)
    may_write(state, incident, template.audience, order.actor, now_ms, about=told_under)
    must_be_real(incident)
    must_answer(template)
    corrects = corrected(state, order.actor, incident, order.request.corrects, draft)
    told_under = situations(template.situation, corrects)
    verdict = may_write(state, incident, template.audience, order.actor, now_ms, about=told_under)
    told = state.comms(incident.id).rhythm(template.audience).stage
    must_step(told, template.stage, why=draft.why, audience=template.audience)
    targets = targets_for(state, incident, template, order.request.targets, corrects)
    message = drafted(state, now_ms, order, incident, targets, corrects)
    change, message = changed(
        state,
        message,
        order.actor,
        verb="comms_new",
        rule=verdict.rule,
        facts={"template": template.name, "sha": message.sha, "targets": list(targets)},
        sealed=order.sealed,
    )
    own = Change("comms_new", order.actor, (numbered(state, "message"),))
    return beside(change, own), Told(message, "drafted")


def corrected(
    state: State, actor: Actor, incident: Incident, word: str, draft: Draft
) -> Message | None:
    """
    Return the message that is corrected, None for a message that corrects none.

    Raises:
        UnknownMessage, NeedsMoreWords, IllegalMove: it is none that could be.
    """
    stage = draft.template.stage
    if not word:
        if stage == "correction":
            raise NeedsMoreWords(
                "Say which message it corrects; nothing was written.",
                hint=f"{command('comms correct MSG-1')} begins with it.",
            )
        return None
    one = message_found(state, actor, word)
    if stage != "correction":
        raise NeedsMoreWords(
            f"`{draft.template.name}` is no correction; nothing was written.",
            hint="Take a template whose stage is `correction`.",
        )
    same = one.incident == incident.id and one.audience == draft.template.audience
    if one.standing != "published" or not same:
        raise IllegalMove(
            f"{one.id} is not published to {draft.template.audience} of {incident.id}, so nothing of it"
            " is to be corrected; nothing was written.",
            hint=f"Change it: {command(f'comms edit {one.id}')}." if same else "",
        )
    if one.corrected:
        raise IllegalMove(
            f"{one.id} was corrected by {one.corrected} already; nothing was written.",
            hint=f"Correct that one: {command(f'comms correct {one.corrected}')}.",
        )
    return one


def drafted(
    state: State,
    now_ms: int,
    order: Writing,
    incident: Incident,
    targets: tuple[str, ...],
    corrects: Message | None = None,
) -> Message:
    """Return the record of a draft."""
    draft, template, request = order.draft, order.draft.template, order.request
    message = Message(
        id=f"MSG-{next_number(state, 'message')}",
        uid=order.uid,
        at=at_next(state),
        incident=incident.id,
        template=template.name,
        digest=template.digest,
        audience=template.audience,
        situation=template.situation,
        stage=template.stage,
        severity=incident.severity,
        author=identity_of(policy_of(state), order.actor),
        via=order.actor.via,
        made_ms=now_ms,
        headline=draft.headline,
        texts=draft.texts,
        headlines=draft.headlines,
        values=draft.values,
        sha="",
        targets=targets,
        workflows=incident.workflows,
        holding=template.holding and template.audience == "users",
        stays_off=draft.stays_off,
        corrects="" if corrects is None else corrects.id,
        why=draft.why,
        next_ms=draft.next_ms,
        run=request.run,
        step=request.step,
        claims=draft.claims,
    )
    return replace(message, sha=exact(message, draft.rendered))


def waiting_sent(message: Message, now_ms: int, *, drill: bool) -> dict[str, Sent]:
    """Return how far each target is at the moment of publishing; a drill reaches nobody."""
    first = Sent("skipped", "drill: not sent", now_ms) if drill else Sent("due", at_ms=now_ms)
    return dict.fromkeys(message.targets, first)
