"""Routes: set, stage, roll back and look at what serves a workflow."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from opsbot.app import route_state
from opsbot.app.approvals import pending_ramp
from opsbot.app.approver_words import asks_of, may_approve
from opsbot.app.book import book_of
from opsbot.app.environment import Environment, policy_of, who
from opsbot.app.fleet.sight import Sight
from opsbot.app.incident.words import lasted
from opsbot.app.look import may_look
from opsbot.app.model_words import price_line
from opsbot.app.ports import Decide
from opsbot.app.requests import ApproveRequest, RollbackRequest, RouteEdit, StageRequest
from opsbot.app.restore.waits import approval_buttons, waiting_lines
from opsbot.app.routed import Routed, Words, asked, must_not_refuse, workflow_named
from opsbot.app.routes.history import History
from opsbot.app.routes.lines import kill_lines, ramp_lines, revision_line, watch_line
from opsbot.app.routes.rollback_decision import decide_rollback
from opsbot.app.routes.rollback_words import rollback_buttons
from opsbot.app.routes.set_decision import decide_set
from opsbot.app.routes.stage_decision import decide_stage, decide_stage_approval
from opsbot.app.routes.words import (
    RouteView,
    difference_lines,
    gate_lines,
    ramp_buttons,
    routed_said,
    routing_body,
)
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Committed, Record
from opsbot.domain.containment import Containment, Watched
from opsbot.domain.errors import StaleButton
from opsbot.domain.policy.rules import identity_of, shown
from opsbot.domain.route import Number, differences, route_record
from opsbot.domain.routing import Routing
from opsbot.domain.said import Said, Tone, inert
from opsbot.domain.state import APPROVALS, State
from opsbot.domain.typed import command
from opsflags.model import Scope

_CALM = frozenset({"already", "same", "still_held", "still_pending"})
"""Outcomes that change nothing: what a repeated request finds where its first one still stands."""

_SERVED = frozenset({"begun", "dropped", "rolled_back"})


def watched_route(routing: Routing) -> Watched:
    """Return what to look for in acknowledgements of a route that was changed."""
    name = routing.workflow
    return Watched(Scope(name), routing.at, rejects=name, since_ms=routing.committed_ms)


def approval_about(state: State, approval_id: str) -> str:
    """Return which verb an approval is for, empty where there is no such approval."""
    record = state.kind(APPROVALS).get(approval_id.upper(), {})
    action = record.get("action")
    return str(action.get("verb", "")) if isinstance(action, Mapping) else ""


@dataclass(frozen=True, slots=True)
class RouteVerb:
    """The use cases about routes; each answer waits for the fleet as a kill's does."""

    env: Environment

    async def set(self, edit: RouteEdit, actor: Actor, *, request_id: str) -> Said:
        """
        Store a new revision; it serves nobody until its ramp begins.

        Raises:
            Refused: nothing was changed. StoreLost: whether it is stored is not known.
        """
        words = self._words(actor, edit.note)
        return await self._done(
            lambda state, now: decide_set(state, now, edit, words), words, edit.note, request_id
        )

    async def stage(self, request: StageRequest, actor: Actor, *, request_id: str) -> Said:
        """Begin a ramp, or hold, go on with or give up the one that runs. Raises as `set`."""
        words = self._words(actor, request.reason)
        return await self._done(
            lambda state, now: decide_stage(state, now, request, words),
            words,
            request.reason,
            request_id,
        )

    async def rollback(self, request: RollbackRequest, actor: Actor, *, request_id: str) -> Said:
        """Serve everybody with an older revision's content, at once. Raises as `set`."""
        words = self._words(actor, request.reason)
        return await self._done(
            lambda state, now: decide_rollback(state, now, request, words),
            words,
            request.reason,
            request_id,
        )

    async def approve(self, request: ApproveRequest, actor: Actor, *, request_id: str) -> Said:
        """Approve or refuse a ramp that waits. Raises as `set`."""
        words = self._words(actor, request.reason)

        def decide(state: State, now_ms: int) -> tuple[Change | None, Routed]:
            approval = state.approval(request.approval)
            return decide_stage_approval(state, now_ms, approval, words, grant=request.grant)

        return await self._done(decide, words, request.reason, request_id)

    async def show(self, workflow: str, actor: Actor) -> Said:
        """Return what serves a workflow now, and how far a ramp is."""
        state = await self._looked(actor)
        declared = workflow_named(state, workflow)
        routing = state.routing(workflow)
        steps = route_state.ramp(declared, routing)
        active = state.revision(workflow, routing.active)
        now_ms, tried = await self._now_ms(), routing.candidate
        (note,) = await self.env.unsealed(active.note)
        standing = route_state.killing(state, declared)
        lines = kill_lines(standing)
        lines += [revision_line(active, routing, shown(policy_of(state), active.author), now_ms)]
        lines += [f"Its note: {inert(note)}"] if note else []
        if tried is not None:
            (why,) = await self.env.unsealed(tried.note)
            lines += ramp_lines(workflow, tried, steps, why, now_ms)
        if routing.stuck:
            lines.append(f"It stays: {routing.stuck}.")
        if routing.watch_ms is not None:
            lines.append(watch_line(routing, now_ms))
        about = tried.id if tried is not None else routing.id
        lines += gate_lines(route_state.evidence(state, declared, about, now_ms), of=about)
        lines += [
            f"`{name}` is under {kill.id}."
            for name, kill in route_state.barred(state, active.route)
        ]
        body = {
            **routing_body(routing, steps),
            "env": self.env.name,
            "route": route_record(active.route),
            "kills": [kill.id for kill in standing],
        }
        title = f"`{workflow}` in {self.env.name} is served by {routing.id}"
        waits = pending_ramp(state, workflow, now_ms)
        lines += waiting_lines(waits, policy_of(state))
        buttons = (
            *approval_buttons(waits),
            *ramp_buttons(routing),
            *rollback_buttons(state, declared, routing, now_ms),
        )
        tone: Tone = "amber" if standing else "plain"
        return Said(tone, title, tuple(lines), buttons, body=body)

    async def form(self, workflow: str, actor: Actor) -> Said:
        """
        Return what a form about a route is filled from; nobody fills one in that will be refused.

        Raises:
            NotAllowed, UnknownWorkflow: nothing is shown.
        """
        state = await self._looked(actor)
        must_not_refuse(asked(state, workflow_named(state, workflow), actor, "route"))
        routing = state.routing(workflow)
        route = state.revision(workflow, routing.active).route
        # A route that looks for the cheapest model is edited as it was declared, not as it came out.
        own = replace(route, targets=route.declared or route.targets, declared=())
        body: Record = {
            "workflow": workflow,
            "active": routing.id,
            "newest": f"r{routing.newest}",
            "route": route_record(own),
        }
        return Said("plain", f"Route of `{workflow}` in {self.env.name}", body=body)

    async def history(self, workflow: str, actor: Actor) -> Said:
        """Return the revisions of a workflow's route, the newest first, and how each ended."""
        state = await self._looked(actor)
        declared = workflow_named(state, workflow)
        return await History(self.env, state, declared, await self._now_ms()).said()

    async def diff(self, workflow: str, old: Number, new: Number, actor: Actor) -> Said:
        """Return what differs between two revisions."""
        state = await self._looked(actor)
        workflow_named(state, workflow)
        one, other = state.revision(workflow, old), state.revision(workflow, new)
        lines = difference_lines(one.route, other.route) or ["Nothing differs."]
        price = price_line(book_of(state), one.route, other.route)
        lines += [price] if price else []
        title = f"From {one.id} to {other.id} of `{workflow}` in {self.env.name}"
        changes = [list(each) for each in differences(one.route, other.route)]
        body: Record = {"workflow": workflow, "changes": changes}
        return Said("plain", title, tuple(lines), body=body)

    async def _looked(self, actor: Actor) -> State:
        state = await self.env.store.refresh()
        may_look(policy_of(state), actor)
        return state

    async def _now_ms(self) -> int:
        """Return the time by the store's clock, which approvals and evidence are counted by."""
        fleet = await Sight(self.env.fleets, self.env.clock).fleet()
        return self.env.clock.now_ms() if fleet is None else fleet.now_ms

    def _words(self, actor: Actor, note: str) -> Words:
        commitment, sealed = self.env.sealed(note)
        return Words(actor, self.env.entropy.token(8), commitment, sealed)

    async def _done(
        self, decide: Decide[Routed], words: Words, reason: str, request_id: str
    ) -> Said:
        env = self.env
        committed, routed = await env.store.commit(request_id, decide)
        if committed is not None and committed.repeated and routed.outcome not in _CALM:
            # Decided on what is so now, this would be a change, and it was not made.
            raise StaleButton(
                "This request was done before, and things have changed since."
                f" Nothing was done again in {env.name}.",
                hint=f"Look first: {command(f'route {routed.routing.workflow}')}.",
            )
        return await self._answer(routed, committed, words, reason)

    async def _answer(
        self, routed: Routed, committed: Committed | None, words: Words, reason: str
    ) -> Said:
        env, state = self.env, self.env.store.state
        policy = policy_of(state)
        workflow = state.workflows()[routed.routing.workflow]
        tried = routed.routing.candidate
        first = self._first(routed, words.actor)
        holding, why = await env.unsealed(
            "" if tried is None else tried.note, routed.before.note if first else ""
        )
        seen = await self._seen(routed, state) if routed.outcome in _SERVED else None
        view = RouteView(
            routed=routed,
            env=env.name,
            by=who(state, words.actor),
            steps=route_state.ramp(workflow, routed.routing),
            requester=shown(policy, routed.approval.requester) if routed.approval else "",
            author=shown(policy, routed.before.author),
            approvers=tuple(shown(policy, name) for name in routed.verdict.approvers),
            may=may_approve(
                policy, routed.approval, routed.verdict.approvers, asks_of(state, routed.approval)
            )
            if routed.approval
            else "",
            committed=committed,
            promise=env.promise,
            seen=seen,
            price=price_line(book_of(state), routed.before.route, routed.revision.route),
            reason=reason,
            holding=holding,
            first=first,
            why=why,
        )
        return routed_said(view)

    def _first(self, routed: Routed, actor: Actor) -> str:
        """Return who rolled back to that content before and when, empty where nobody did."""
        state, made = self.env.store.state, routed.before
        if routed.outcome != "already" or made.back_to is None or routed.routing.candidate:
            return ""
        own = made.author == identity_of(policy_of(state), actor)
        by = "you" if own else inert(shown(policy_of(state), made.author), limit=80)
        ago = lasted(max(self.env.clock.now_ms() - made.at_ms, 0))
        return f"{by} rolled it back {ago} ago; "

    async def _seen(self, routed: Routed, state: State) -> Containment | None:
        return await Sight(self.env.fleets, self.env.clock).until_complete(
            watched_route(routed.routing),
            state.workflows(),
            timeout_s=self.env.answer_within_s,
        )
