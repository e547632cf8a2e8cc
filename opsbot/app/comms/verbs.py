"""The verbs of messages to people: write, change, publish, hold, drop, look; each one commit, the same words everywhere."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from opsbot.app.committed import committed
from opsbot.app.comms.approve import Approving, decide_approve
from opsbot.app.comms.canned import Canned
from opsbot.app.comms.change import Outcome, Told
from opsbot.app.comms.draft import Draft, Wanted, Writer
from opsbot.app.comms.drop import Dropping, decide_drop, decide_retry
from opsbot.app.comms.edit import Editing, decide_edit, must_be_open
from opsbot.app.comms.exposure.clocks import Clocks
from opsbot.app.comms.exposure.evidence import HoldsEvidence
from opsbot.app.comms.hold import decide_hold, holding_template, must_say_well
from opsbot.app.comms.new import Writing, decide_new
from opsbot.app.comms.port import Templates
from opsbot.app.comms.power import may_hold, may_write, situations
from opsbot.app.comms.promise.snooze import Snoozes
from opsbot.app.comms.publish import Publishing, decide_publish
from opsbot.app.comms.read import Reader
from opsbot.app.comms.ready import Ready
from opsbot.app.comms.requests import (
    Asking,
    CommsLook,
    DropMessage,
    EditMessage,
    HoldEvidence,
    HoldUsers,
    NewMessage,
    PublishMessage,
    RetryTarget,
    RunClock,
    SetCanned,
    SnoozeUpdate,
    StateFact,
)
from opsbot.app.comms.settings import settings_of
from opsbot.app.comms.sheet import facts as sheets
from opsbot.app.comms.sheet.state import States
from opsbot.app.comms.sheet.words import facts_said
from opsbot.app.comms.shown.lists import list_said, listed_body, message_line, templates_said
from opsbot.app.comms.shown.words import Around, message_said
from opsbot.app.comms.sight import found, visible
from opsbot.app.comms.view import MessageForm, MessageView
from opsbot.app.environment import Environment, policy_of
from opsbot.app.incident.requests import Which
from opsbot.app.incident.sight import found as incident_found
from opsbot.app.look import may_look
from opsbot.app.paging.oncall import OnCall
from opsbot.app.paper import only_looks
from opsbot.app.ports import Decide
from opsbot.app.requests import ApproveRequest
from opsbot.app.said_where import says_where
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change
from opsbot.domain.comms.message import Message
from opsbot.domain.comms.templates import MOST_CHARACTERS, Template
from opsbot.domain.errors import (
    IllegalMove,
    NeedsMoreWords,
    StaleButton,
    UnknownIncident,
    UnknownTemplate,
)
from opsbot.domain.incident.incident import Incident
from opsbot.domain.policy.rules import actor_of_person
from opsbot.domain.said import Said
from opsbot.domain.state import State
from opsbot.domain.typed import command

LISTED = 50


@dataclass(frozen=True, slots=True)
class Comms:
    """
    The use cases; implements `opsbot.app.comms_verbs.CommsVerbs`.

    *rota* is None where nobody's duty is known.
    """

    env: Environment
    templates: Templates
    rota: OnCall | None = None

    def present(self, actor: Actor) -> Actor:
        """Return *actor* with what they are on call for now."""
        return actor if self.rota is None else self.rota.present(actor)

    @property
    def reader(self) -> Reader:
        """Return what opens a message."""
        return Reader(self.env, self.templates)

    @property
    def _writer(self) -> Writer:
        return Writer(self.env, self.templates)

    @says_where
    async def new(self, request: NewMessage, actor: Actor, *, request_id: str) -> Said:
        """
        Write a draft: one commit; nobody outside reads it yet.

        Raises:
            Refused: nothing was written; why, and what to do. StoreLost: whether it is stored is not known.
        """
        state = await self.env.store.refresh()
        corrects = found(state, actor, request.corrects) if request.corrects else None
        incident = _incident(state, request.which, actor, corrects)
        template = self._template(request.template, corrects)
        now_ms, told = self.env.clock.now_ms(), situations(template.situation, corrects)
        may_write(state, incident, template.audience, actor, now_ms, about=told)
        wanted = Wanted(request.values, request.next_s, corrects)
        draft = await self._writer.draft(state, incident, template, wanted, request.back)
        order = Writing(request, actor, _uid(request_id), draft)
        return await self._said(
            request_id,
            lambda state, now_ms: decide_new(state, now_ms, order, incident.id),
            order.uid,
        )

    @says_where
    async def edit(self, request: EditMessage, actor: Actor, *, request_id: str) -> Said:
        """Change a message that is not published; approvals of it are void. Raises as `new`, and StaleButton."""
        state, now_ms = await self.env.store.refresh(), self.env.clock.now_ms()
        before = found(state, actor, request.message)
        must_be_open(state, before, now_ms)
        draft = await self._redrafted(state, before, request)
        order = Editing(request, actor, draft, before.version)
        return await self._said(
            request_id,
            lambda state, now_ms: decide_edit(state, now_ms, order, before.id),
            before.uid,
        )

    async def _redrafted(self, state: State, before: Message, request: EditMessage) -> Draft:
        try:
            template = self._writer.named(before.template)
        except UnknownTemplate as gone:
            raise IllegalMove(
                f"The template `{before.template}` of {before.id} is not there any more, so it cannot be"
                " filled anew; nothing was changed.",
                hint=f"Publish it as it is, or drop it: {command(f'comms drop {before.id}')}.",
            ) from gone
        incident = state.incident(before.incident)
        values = {**await self.reader.values(before), **(request.values or {})}
        corrects = state.message(before.corrects) if before.corrects else None
        wanted = Wanted(values, request.next_s, corrects, before.next_ms)
        return await self._writer.draft(state, incident, template, wanted, request.back)

    @says_where
    async def publish(self, request: PublishMessage, actor: Actor, *, request_id: str) -> Said:
        """
        Publish it in one commit, or ask for the approvals that it takes.

        Raises:
            NeedsConfirmation: warnings of the wording check that nobody read yet. Unpublishable: what
            stands in the way. StaleButton: somebody was first. And as `new`.
        """
        state = await self.env.store.refresh()
        before = found(state, actor, request.message)
        rendered = await self.reader.rendered(before)
        findings = await self.reader.findings(state, before, rendered)
        template = self.templates.known().get(before.template)
        extra = 0 if template is None else template.approvals
        ready = template is not None and template.holding and template.digest == before.digest
        order = Publishing(request, actor, rendered, findings, extra, ready)
        return await self._said(
            request_id,
            lambda state, now_ms: decide_publish(state, now_ms, order, before.id),
            before.uid,
        )

    @says_where
    async def approve(self, request: ApproveRequest, actor: Actor, *, request_id: str) -> Said:
        """Approve or refuse a message that waits; the last yes publishes it. Raises as `publish`."""
        state = await self.env.store.refresh()
        approval = state.approval(request.approval)
        message = state.message(str(approval.action["message"]))
        why, sealed = self.env.sealed(request.reason.strip())
        order = Approving(
            approval.id,
            actor,
            await self.reader.rendered(message),
            grant=request.grant,
            why=why,
            sealed=sealed,
        )

        def decide(state: State, now_ms: int) -> tuple[Change | None, Told]:
            known = replace(order, duties=self._duties(state, message.id))
            return decide_approve(state, now_ms, known)

        return await self._said(request_id, decide, message.uid)

    def _duties(self, state: State, message_id: str) -> Mapping[str, frozenset[str]]:
        """Return what those who said yes to a message are called first for now, by their names."""
        policy, found = policy_of(state), {}
        for name in state.message(message_id).approved_by:
            person = policy.people.get(name)
            actor = None if person is None else actor_of_person(policy, person, via="http")
            if actor is not None:
                found[name] = self.present(actor).on_call
        return found

    @says_where
    async def hold(self, request: HoldUsers, actor: Actor, *, request_id: str) -> Said:
        """Publish the first word, approved in advance: one tap, one commit. Raises as `publish`."""
        state = await self.env.store.refresh()
        incident = incident_found(state, actor, request.which)
        may_hold(state, incident, actor, self.env.clock.now_ms())
        template = holding_template(self.templates.known(), state, incident, request.template)
        draft = await self._writer.draft(state, incident, template, Wanted())
        must_say_well(state, incident, draft)
        asked = NewMessage(template.name, Which(incident.id), run=request.run, step=request.step)
        order = Writing(asked, actor, _uid(request_id), draft)
        return await self._said(
            request_id,
            lambda state, now_ms: decide_hold(state, now_ms, order, incident.id),
            order.uid,
        )

    @says_where
    async def drop(self, request: DropMessage, actor: Actor, *, request_id: str) -> Said:
        """Give a draft up, or say no to a message that waits. Raises as `new`."""
        state = await self.env.store.refresh()
        before = found(state, actor, request.message)
        why, sealed = self.env.sealed(request.why.strip())
        order = Dropping(actor, why, sealed)
        return await self._said(
            request_id,
            lambda state, now_ms: decide_drop(state, now_ms, order, before.id),
            before.uid,
        )

    @says_where
    async def retry(self, request: RetryTarget, actor: Actor, *, request_id: str) -> Said:
        """Try one target of a published message again. Raises as `new`."""
        state = await self.env.store.refresh()
        before = found(state, actor, request.message)
        return await self._said(
            request_id,
            lambda state, now_ms: decide_retry(state, now_ms, request, actor),
            before.uid,
        )

    @says_where
    async def fact(self, request: StateFact, actor: Actor, *, request_id: str) -> Said:
        """Put a line on the fact sheet. Raises as `new`."""
        return await States(self.env)(request, actor, request_id=request_id)

    @says_where
    async def snooze(self, request: SnoozeUpdate, actor: Actor, *, request_id: str) -> Said:
        """Move a promise, with a reason. Raises as `new`."""
        return await Snoozes(self.env)(request, actor, request_id=request_id)

    @says_where
    async def clock(self, request: RunClock, actor: Actor, *, request_id: str) -> Said:
        """Start a legal clock, or answer it. Raises as `new`."""
        return await Clocks(self.env)(request, actor, request_id=request_id)

    @says_where
    async def evidence(self, request: HoldEvidence, actor: Actor, *, request_id: str) -> Said:
        """Say where the evidence was put aside. Raises as `new`."""
        return await HoldsEvidence(self.env)(request, actor, request_id=request_id)

    @says_where
    async def canned(self, request: SetCanned, actor: Actor, *, request_id: str) -> Said:
        """Change a workflow's text for its users. Raises as `new`."""
        return await Canned(self.env)(request, actor, request_id=request_id)

    @says_where
    @only_looks
    async def look(self, look: CommsLook, actor: Actor) -> Said:
        """Look at messages, templates, or a fact sheet. Raises UnknownMessage, UnknownIncident, NotAllowed."""
        state = await self.env.store.refresh()
        may_look(policy_of(state), actor)
        if look.what == "templates":
            return templates_said(self.templates.known(), self.env.name)
        if look.what == "facts":
            incident = incident_found(state, actor, look.which)
            facts = await sheets.sheet(self.env, state, incident)
            return facts_said(incident, facts, self.env.name, settings_of(state).zone)
        if look.what == "preview":
            message = found(state, actor, look.message)
            view = await self.reader.view(message)
            return message_said(view, self._around(), most=MOST_CHARACTERS)
        return await self._list(state, look, actor)

    async def _list(self, state: State, look: CommsLook, actor: Actor) -> Said:
        only = _named_incident(state, look.which, actor)
        known = [
            one
            for one in visible(state, actor)
            if (only is None or one.incident == only.id)
            and (look.every or only is not None or state.incident(one.incident).open)
        ]
        shown = known[:LISTED]
        heads = await self.env.unsealed(*(one.headline for one in shown))
        lines = [
            message_line(state, one, head, self.env.clock.now_ms())
            for one, head in zip(shown, heads, strict=True)
        ]
        bodies = [listed_body(one, head) for one, head in zip(shown, heads, strict=True)]
        return list_said(self.env.name, lines, bodies, left=len(known) - len(shown))

    @says_where
    @only_looks
    async def form(
        self, template: str, which: Which, actor: Actor, *, message: str = "", corrects: str = ""
    ) -> MessageForm:
        """
        Return what a form is made and prefilled from.

        Raises:
            Refused: nobody fills in a form that will be refused.
        """
        state, now_ms = await self.env.store.refresh(), self.env.clock.now_ms()
        if message:
            one = found(state, actor, message)
            must_be_open(state, one, now_ms)
            incident, named = state.incident(one.incident), self._writer.named(one.template)
            corrected = state.message(one.corrects) if one.corrects else None
        else:
            one, corrected = None, found(state, actor, corrects) if corrects else None
            incident = _incident(state, which, actor, corrected)
            named = self._template(template, corrected)
        told = situations(named.situation, corrected)
        may_write(state, incident, named.audience, actor, now_ms, about=told)
        return await self.reader.form(incident, named, message=one, corrects=corrected)

    @says_where
    @only_looks
    async def ready(self, what: Asking, actor: Actor) -> Outcome | None:
        """Return what something would come to before a form asks for more. Raises as the verb itself."""
        return await Ready(self.env, self.reader)(what, actor)

    @says_where
    @only_looks
    async def view(self, message: str, actor: Actor) -> MessageView:
        """Return everything that is shown of one message. Raises as `look`."""
        return await self.reader.view(found(await self.env.store.refresh(), actor, message))

    def _template(self, word: str, corrects: Message | None) -> Template:
        """Return the template that is meant; a correction has one of its own where none is named."""
        writer = self._writer
        return writer.named(word) if corrects is None else writer.correction(corrects, word)

    def _around(self) -> Around:
        state = self.env.store.state
        zone = settings_of(state).zone
        return Around(self.env.name, policy_of(state), self.env.clock.now_ms(), zone)

    async def _said(
        self, request_id: str, decide: Callable[[State, int], tuple[Change | None, Told]], uid: str
    ) -> Said:
        """Commit, and answer with the message as it now is; a request done before hears that."""
        turn: Decide[Told] = decide
        _, told = await committed(self.env.store, request_id, turn)
        state = self.env.store.state if told is not None else await self.env.store.refresh()
        message = next((one for one in state.messages() if one.uid == uid), None)
        if message is None:
            raise StaleButton(
                "This very request was made before, for something else; nothing was done."
            )
        view = await self.reader.view(message)
        if told is None:
            return message_said(view, self._around(), outcome="already")
        return message_said(view, self._around(), outcome=told.outcome, note=told.note)


def _named_incident(state: State, which: Which, actor: Actor) -> Incident | None:
    """Return the incident whose messages are asked for; None for those of every incident."""
    if which.name:
        return incident_found(state, actor, which)
    try:
        return incident_found(state, actor, which) if which.channel else None
    except (UnknownIncident, NeedsMoreWords):
        return None


def _incident(state: State, which: Which, actor: Actor, corrected: Message | None) -> Incident:
    if corrected is not None and not which.name:
        return state.incident(corrected.incident)
    return incident_found(state, actor, which)


def _uid(request_id: str) -> str:
    return hashlib.sha256(f"message:{request_id}".encode()).hexdigest()[:32]
