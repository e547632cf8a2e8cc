"""The verbs of incidents: open, change, move, hand over, look; each one commit, answered in the same words."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from opsbot.app.comms.watch import with_void
from opsbot.app.environment import Environment, policy_of
from opsbot.app.incident.accounts import Accounts, check_part
from opsbot.app.incident.action_change import action_change
from opsbot.app.incident.change import Amend, decide_change
from opsbot.app.incident.edit import edit_change, promise, updated
from opsbot.app.incident.first import moved_by
from opsbot.app.incident.form import Form, change, opening, second
from opsbot.app.incident.hush import decide_hush, hush_words
from opsbot.app.incident.moves import move
from opsbot.app.incident.open import Opening, decide_open
from opsbot.app.incident.page_verb import Paging, decide_page
from opsbot.app.incident.power import Needs, NeedsOf, of_edit, of_move, of_role
from opsbot.app.incident.requests import (
    ActionItem,
    EditIncident,
    HushReminder,
    MoveIncident,
    OpenIncident,
    PageAct,
    RetryStep,
    RoleOrder,
    TimelineNote,
    Which,
)
from opsbot.app.incident.roles import role_change
from opsbot.app.incident.sight import found, unnamed, visible
from opsbot.app.incident.steps import Wish, retried
from opsbot.app.incident.update_words import Privacy, noted_words
from opsbot.app.incident.words import (
    IncidentView,
    incident_body,
    incident_line,
    incident_said,
    list_said,
    means_line,
)
from opsbot.app.look import may_look
from opsbot.app.paging.oncall import OnCall
from opsbot.app.ports import Document
from opsbot.app.review.export import Export, ReviewForm
from opsbot.app.review.read import with_exposure
from opsbot.app.runs.owed import with_owed
from opsbot.app.said_where import looks_where, says_where
from opsbot.app.timeline.capture import Capture, Heard, Look
from opsbot.app.timeline.notes import IncidentNotes
from opsbot.app.told_lines import told_lines
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Sealed
from opsbot.domain.errors import IllegalMove, UnknownKill
from opsbot.domain.incident.incident import Incident
from opsbot.domain.kill import Kill
from opsbot.domain.policy.rules import identity_of
from opsbot.domain.said import Said, inert
from opsbot.domain.state import State

TITLE = 200
"""Characters of a title; what is longer is kept whole as the summary."""

LISTED = 50
"""Incidents that a list shows."""

Change_ = Callable[[State, int], Amend]


@dataclass(frozen=True, slots=True)
class Incidents:
    """
    The use cases. *chat* and *paging*: whether Slack and PagerDuty are connected.

    *accounts* says who somebody is whom the policy does not name, None where nobody can be asked.
    """

    env: Environment
    rota: OnCall | None = None
    chat: bool = False
    paging: bool = False
    accounts: Accounts | None = None

    @property
    def _wish(self) -> Wish:
        """Return what is connected; whom to page is left to the settings."""
        return Wish(chat=self.chat, paging=self.paging)

    def present(self, actor: Actor) -> Actor:
        """Return *actor* with what they are on call for now."""
        return actor if self.rota is None else self.rota.present(actor)

    @says_where
    async def open(self, request: OpenIncident, actor: Actor, *, request_id: str) -> Said:
        """
        Open an incident: one commit, and its steps outside begin.

        Raises:
            Refused: nothing was opened; why, and what to do.
            StoreLost: whether it is stored is not known.
        """
        title, sealed = self.env.sealed(inert(request.title, limit=TITLE))
        whole = request.title if len(request.title) > TITLE else ""
        summary, more = self.env.sealed(request.summary or whole)
        order = Opening(
            request=request,
            actor=actor,
            uid=hashlib.sha256(f"incident:{request_id}".encode()).hexdigest()[:32],
            title=title,
            summary=summary,
            sealed=(*sealed, *more),
            env=self.env.name,
            chat=self.chat,
            paging=self.paging,
        )
        await self.env.store.refresh()
        done, opened = await self.env.store.commit(
            request_id, lambda state, now: decide_open(state, now, order)
        )
        incident = self.env.store.state.incident(opened.incident.id)
        note = _CALLED if incident.status == "triage" else ""
        said = incident_said(await self.view(incident, note=note))
        there = done is None or done.repeated
        return replace(said, body={**said.body, "outcome": "there" if there else "opened"})

    @says_where
    async def move(self, request: MoveIncident, actor: Actor, *, request_id: str) -> Said:
        """Move an incident to another status. Raises as `open`, and IllegalMove: also who was first."""
        why, sealed = self.env.sealed(request.reason)
        try:
            said = await self._changed(
                request.which,
                actor,
                request_id,
                lambda state, now: move(state, now, request, why, self._wish, actor=actor),
                verb=f"incident_{request.to}",
                needs=of_move(request),
                sealed=sealed,
            )
        except IllegalMove as no:
            said = await self._second(no, request, actor, request_id)
        return with_owed(said, self.env.store.state)

    async def _second(
        self, no: IllegalMove, request: MoveIncident, actor: Actor, request_id: str
    ) -> Said:
        """
        Answer a move that somebody else made first; the same request again hears what it did.

        Raises:
            IllegalMove: who was first, or how it becomes legal.
        """
        incident = found(self.env.store.state, actor, request.which)
        if incident.status != request.to and request.expect in (None, incident.status):
            raise no
        entry = await moved_by(self.env, incident)
        if entry is not None and entry.request == request_id:
            return incident_said(await self.view(incident))
        raise await second(self.env, incident, request.to) from None

    @looks_where
    async def form(self, what: Form, which: Which, actor: Actor, *, kill: str = "") -> Said:
        """
        Return what a form is filled from, as a body; refuse whom policy lets do nothing there.

        Raises:
            Refused: nobody fills in a form that will be refused; what is over says who was first.
        """
        if what == "open":
            return await opening(self.env, kill, actor)
        return with_owed(await change(self.env, what, which, actor), self.env.store.state)

    @says_where
    async def edit(self, request: EditIncident, actor: Actor, *, request_id: str) -> Said:
        """Change what is known of an incident, or give an update. Raises as `open`."""
        texts = [
            self.env.sealed(one or "") for one in (request.title, request.summary, request.update)
        ]
        sealed = tuple(one for _, kept in texts for one in kept)
        (title, _), (summary, _), (update, _) = texts
        facts, privacy = {"update": update} if update else {}, Privacy()
        return await self._changed(
            request.which,
            actor,
            request_id,
            lambda state, now: privacy.watched(
                updated(
                    edit_change(state, now, request, title, summary, self._wish),
                    update,
                    identity_of(policy_of(state), actor),
                    now,
                )
            ),
            verb="incident_update" if update else "incident_edit",
            needs=of_edit(request),
            sealed=sealed,
            facts=facts,
            note=lambda one: (
                f"{noted_words(one, request.update or '', promise(request))} {privacy.words(one)}"
            ).strip(),
        )

    @says_where
    async def role(self, order: RoleOrder, actor: Actor, *, request_id: str) -> Said:
        """Offer, take, accept, decline or leave a role. Raises as `open`."""
        await check_part(self.env, self.accounts, order, actor)
        return await self._changed(
            order.which,
            actor,
            request_id,
            lambda state, now: role_change(state, now, order, actor),
            verb="incident_role",
            needs=of_role(order, actor),
        )

    @says_where
    async def retry(self, request: RetryStep, actor: Actor, *, request_id: str) -> Said:
        """Do a failed step again. Raises as `open`, and StaleButton where it did not fail."""

        return await self._changed(
            request.which,
            actor,
            request_id,
            lambda state, now: retried(request.step, now),
            verb="incident_retry",
        )

    @says_where
    async def page(self, request: PageAct, actor: Actor, *, request_id: str) -> Said:
        """Call somebody after all, acknowledge, escalate, or ask others in. Raises as `open`."""
        why, sealed = self.env.sealed(request.reason)
        order = Paging(request, actor, self.paging, why, sealed)
        await self.env.store.refresh()
        _, (incident, words) = await self.env.store.commit(
            request_id, lambda state, now_ms: decide_page(state, now_ms, order)
        )
        incident = self.env.store.state.incident(incident.id)
        return incident_said(await self.view(incident, note=words))

    @says_where
    async def hush(self, request: HushReminder, actor: Actor, *, request_id: str) -> Said:
        """Put a reminder off, or stop its kind for one incident. Raises as `open`."""
        await self.env.store.refresh()
        _, incident = await self.env.store.commit(
            request_id, lambda state, now_ms: decide_hush(state, now_ms, request, actor)
        )
        incident = self.env.store.state.incident(incident.id)
        return incident_said(await self.view(incident, note=hush_words(request)))

    @says_where
    async def action(self, request: ActionItem, actor: Actor, *, request_id: str) -> Said:
        """Write down what is to be done after it, or tick it off. Raises as `open`."""
        text, sealed = self.env.sealed(request.text)
        return await self._changed(
            request.which,
            actor,
            request_id,
            lambda state, now: action_change(state, now, request, text),
            verb="incident_action",
            sealed=sealed,
        )

    @says_where
    async def note(self, request: TimelineNote, actor: Actor, *, request_id: str) -> Said:
        """Put a line into a timeline. Raises as `open`."""
        return await IncidentNotes(self.env).note(request, actor, request_id=request_id)

    @says_where
    async def retract(self, line: str, actor: Actor, *, request_id: str) -> Said:
        """Take a line (`INC-7:n3`) out of a timeline; it stays, marked. Raises as `open`."""
        return await IncidentNotes(self.env).retract(line, actor, request_id=request_id)

    @says_where
    async def capture(
        self, heard: Heard, look: Look, actor: Actor, *, request_id: str
    ) -> bool | None:
        """Bring a timeline to what a message in Slack is now. Raises as `open`, and what *look* raises."""
        return await Capture(self.env)(heard, look, actor, request_id=request_id)

    @looks_where
    async def timeline(self, which: Which, actor: Actor) -> Said:
        """List what happened in one incident. Raises as `show`."""
        return await IncidentNotes(self.env).timeline(which, actor)

    @looks_where
    async def export(self, which: Which, actor: Actor) -> Said:
        """Look at the review of one incident. Raises as `show`."""
        return await Export(self.env).said(which, actor)

    @looks_where
    async def document(self, which: Which, form: ReviewForm, actor: Actor) -> Document:
        """Return the review of one incident as a file. Raises as `show`."""
        return await Export(self.env).document(which, form, actor)

    @says_where
    async def share(self, which: Which, actor: Actor, *, request_id: str) -> Said:
        """Put the review and its picture into the incident's thread. Raises as `open`."""
        return await Export(self.env, self.chat).share(which, actor, request_id=request_id)

    @looks_where
    async def show(self, which: Which, actor: Actor) -> Said:
        """Look at one incident. Raises UnknownIncident, NeedsMoreWords, NotAllowed."""
        state = await self.env.store.refresh()
        one = found(state, actor, which)
        said = with_owed(incident_said(await self.view(one)), state)
        return await with_exposure(self.env, one, said)

    @looks_where
    async def list(self, actor: Actor, *, every: bool = False) -> Said:
        """List the open incidents, or the newest of all."""
        state = await self.env.store.refresh()
        may_look(policy_of(state), actor)
        known = visible(state, actor, open_only=not every)
        views = [await self.view(one) for one in known[:LISTED]]
        now_ms = self.env.clock.now_ms()
        lines = [incident_line(one.incident, one.title, now_ms) for one in views]
        left = len(known) - len(views)
        if every and (means := means_line(known)):
            lines = [means, *lines]
        bodies = [incident_body(one) for one in views]
        return list_said(self.env.name, lines, bodies, every=every, left=left)

    async def view(self, incident: Incident, *, note: str = "") -> IncidentView:
        """Return everything that is shown of an incident, its free text opened."""
        state = self.env.store.state
        if incident.duplicate_of in unnamed(state, incident):
            incident = replace(incident, duplicate_of="")
        title, summary, why, update = await self.env.unsealed(
            incident.title, incident.summary, incident.why, incident.update
        )
        return IncidentView(
            incident=incident,
            env=self.env.name,
            policy=policy_of(state),
            now_ms=self.env.clock.now_ms(),
            title=title,
            summary=summary,
            why=why,
            note=note,
            kills=_kills(state, incident),
            todo=await self.env.unsealed(*(one.text for one in incident.actions)),
            update=update,
            told=told_lines(state, incident, self.env.clock.now_ms()),
        )

    async def _changed(  # noqa: PLR0913  one change, its words and its evidence
        self,
        which: Which,
        actor: Actor,
        request_id: str,
        change: Change_,
        *,
        verb: str,
        needs: Needs | NeedsOf = "work",
        sealed: tuple[Sealed, ...] = (),
        facts: dict[str, str] | None = None,
        note: Callable[[Incident], str] | None = None,
    ) -> Said:
        await self.env.store.refresh()

        def decide(state: State, now_ms: int) -> tuple[Change | None, Incident]:
            made, after = decide_change(
                state,
                now_ms,
                which,
                actor,
                change(state, now_ms),
                verb=verb,
                sealed=sealed,
                facts=dict(facts) if facts else None,
                needs=needs,
            )
            return with_void(state, now_ms, made, after), after

        committed, incident = await self.env.store.commit(request_id, decide)
        incident = self.env.store.state.incident(incident.id)
        told = note(incident) if note is not None else ""
        told = told or ("Already so; nothing was changed." if committed is None else "")
        view = await self.view(incident, note=told)
        return incident_said(replace(view, update="") if "update" in (facts or {}) else view)


_CALLED = "You called for help: somebody with the power accepts it or declines it."


def _kills(state: State, incident: Incident) -> tuple[Kill, ...]:
    known = []
    for name in incident.kills:
        try:
            known.append(state.kill(name))
        except UnknownKill:
            continue
    return tuple(known)
