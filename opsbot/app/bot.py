"""The bot: every verb behind one door, the effect handlers, and the duties of each tick."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from opsbot.app.adopt import Adopt, adopted
from opsbot.app.card import Card
from opsbot.app.comms.handlers import handlers as comms_handlers
from opsbot.app.comms.port import Publishers, Templates
from opsbot.app.comms.second import PUBLISH
from opsbot.app.comms.targets.none import NoPublishers, NoTemplates
from opsbot.app.comms.verbs import Comms
from opsbot.app.duties import Duties
from opsbot.app.environment import Environment, policy_of
from opsbot.app.fleet.sweep import swept
from opsbot.app.follow import Follow
from opsbot.app.incident.effects import CARD as INCIDENT_CARD
from opsbot.app.incident.effects import PAGER
from opsbot.app.incidents import Incidents
from opsbot.app.journal.anchor import Anchor
from opsbot.app.journal.audit import Audit
from opsbot.app.kill.decision import WouldWiden
from opsbot.app.kill.verb import KillVerb
from opsbot.app.look import may_look
from opsbot.app.no_chat import NoChat, nobody
from opsbot.app.paging.alarm import PagerAlarm
from opsbot.app.paging.approver import PageApprover
from opsbot.app.paging.oncall import OnCall
from opsbot.app.paging.over import KIND as PAGE_OVER
from opsbot.app.paging.over import PageOver
from opsbot.app.paging.page import PageIncident
from opsbot.app.paging.port import Paging
from opsbot.app.paging.route import PageRoute
from opsbot.app.paging.sync import PagerSync
from opsbot.app.ports import Chat, Handler, Outbox, Picture, Pictures, Prober, Render
from opsbot.app.reason import GiveReason
from opsbot.app.requests import (
    ApproveRequest,
    EvalRequest,
    KillRequest,
    RestoreRequest,
    RollbackRequest,
    RouteEdit,
    StageRequest,
)
from opsbot.app.restore.ramp_verb import RestoreSteps
from opsbot.app.restore.verb import RestoreVerb
from opsbot.app.resume import Resume
from opsbot.app.retry import Retry
from opsbot.app.room import slack as incident_slack
from opsbot.app.room.port import Rooms
from opsbot.app.room.remind import Remind
from opsbot.app.room.run_room import RunRoom
from opsbot.app.room.told import IncidentTold
from opsbot.app.routes.card import RouteCard
from opsbot.app.routes.picture import EvaluationPicture, RoutePicture
from opsbot.app.routes.ramp import Ramp
from opsbot.app.routes.record_eval import RecordEval
from opsbot.app.routes.route import RouteVerb, approval_about
from opsbot.app.runs.handlers import handlers as run_handlers
from opsbot.app.runs.port import Procedures
from opsbot.app.runs.read import NoProcedures
from opsbot.app.runs.second import RUN_STEP
from opsbot.app.runs.verbs import Runs
from opsbot.app.said_where import looks_where, says_where
from opsbot.app.sentences import Sentences
from opsbot.app.show import Show
from opsbot.app.tell import Tell
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.incident.incident import StepName
from opsbot.domain.policy.explain import actor_named, explain
from opsbot.domain.policy.rules import Request, person_of
from opsbot.domain.route import Number
from opsbot.domain.said import Said, inert


@dataclass(frozen=True, slots=True)
class Bot:
    """
    Implements `opsbot.app.verbs.Verbs`.

    *chat* is None where no Slack is connected: cards and messages are then not due to anybody,
    and status, terminal and HTTP carry the same words. *paging* is None where no PagerDuty is,
    and *rota* where nobody's duty is known. *rooms* are Slack's channels, there whenever *chat* is.
    *procedures* are the runbooks that can be walked, *templates* the messages that can be written,
    *publishers* the places where they go.
    """

    env: Environment
    outbox: Outbox
    prober: Prober
    audit: Audit
    anchor: Anchor
    render: Render
    pictures: Pictures
    chat: Chat | None = None
    channel: str = ""
    paging: Paging | None = None
    rota: OnCall | None = None
    rooms: Rooms | None = None
    procedures: Procedures = field(default_factory=NoProcedures)
    templates: Templates = field(default_factory=NoTemplates)
    publishers: Publishers = field(default_factory=NoPublishers)

    @property
    def incidents(self) -> Incidents:
        """Return what can be asked about incidents."""
        return Incidents(
            self.env,
            self.rota,
            chat=self.chat is not None,
            paging=self.paging is not None,
            accounts=self.rooms,
        )

    @property
    def runs(self) -> Runs:
        """Return what can be asked about runs of runbooks."""
        return Runs(self.env, self.procedures, self, self.prober, self.rota)

    @property
    def comms(self) -> Comms:
        """Return what can be asked about messages to people."""
        return Comms(self.env, self.templates, self.rota)

    def present(self, actor: Actor) -> Actor:
        """Return *actor* with what they are on call for now."""
        return actor if self.rota is None else self.rota.present(actor)

    @says_where
    async def kill(self, request: KillRequest, actor: Actor, *, request_id: str) -> Said:
        """Kill; a milder mode of what is killed already goes the way of a restore."""
        began = self.env.began(request.arrived_s)
        try:
            return await KillVerb(self.env)(request, actor, request_id=request_id)
        except WouldWiden as milder:
            return await RestoreVerb(self.env, began).soften(
                milder.kill, milder.mode, actor, request_id=request_id, reason=request.reason
            )

    @says_where
    async def stop_completely(self, kill_id: str, actor: Actor, *, request_id: str) -> Said:
        """Make one kill a full stop."""
        return await KillVerb(self.env).stop(kill_id, actor, request_id=request_id)

    @says_where
    async def restore(self, request: RestoreRequest, actor: Actor, *, request_id: str) -> Said:
        """Restore, or leave an approval waiting."""
        began = self.env.began(request.arrived_s)
        return await RestoreVerb(self.env, began)(request, actor, request_id=request_id)

    @says_where
    async def approve(self, request: ApproveRequest, actor: Actor, *, request_id: str) -> Said:
        """Approve or refuse what waits."""
        began = self.env.began(request.arrived_s)
        about = approval_about(await self.env.store.refresh(), request.approval)
        if about == RUN_STEP:
            return await self.runs.approve(request, actor, request_id=request_id)
        if about == PUBLISH:
            return await self.comms.approve(request, actor, request_id=request_id)
        if about == "stage":
            return await RouteVerb(self.env).approve(request, actor, request_id=request_id)
        return await RestoreVerb(self.env, began).approve(request, actor, request_id=request_id)

    @says_where
    async def hold_restore(
        self, kill_id: str, actor: Actor, *, hold: bool, request_id: str, reason: str = ""
    ) -> Said:
        """Hold a restore in steps where it is, or let it go on."""
        return await RestoreSteps(self.env).hold(
            kill_id.upper(), actor, hold=hold, request_id=request_id, reason=reason
        )

    @says_where
    async def set_route(self, edit: RouteEdit, actor: Actor, *, request_id: str) -> Said:
        """Store a new revision of a route; it serves nobody yet."""
        return await RouteVerb(self.env).set(edit, actor, request_id=request_id)

    @says_where
    async def stage(self, request: StageRequest, actor: Actor, *, request_id: str) -> Said:
        """Begin a ramp, or hold, go on with or give up the one that runs."""
        return await RouteVerb(self.env).stage(request, actor, request_id=request_id)

    @says_where
    async def rollback(self, request: RollbackRequest, actor: Actor, *, request_id: str) -> Said:
        """Serve everybody with an older revision's content, at once."""
        return await RouteVerb(self.env).rollback(request, actor, request_id=request_id)

    @looks_where
    async def route(self, workflow: str, actor: Actor) -> Said:
        """Look at what serves a workflow."""
        return await RouteVerb(self.env).show(workflow, actor)

    @looks_where
    async def route_form(self, workflow: str, actor: Actor) -> Said:
        """Return what a form is filled from."""
        return await RouteVerb(self.env).form(workflow, actor)

    @looks_where
    async def route_history(self, workflow: str, actor: Actor) -> Said:
        """List the revisions of a workflow's route."""
        return await RouteVerb(self.env).history(workflow, actor)

    @looks_where
    async def route_diff(self, workflow: str, old: Number, new: Number, actor: Actor) -> Said:
        """Compare two revisions."""
        return await RouteVerb(self.env).diff(workflow, old, new, actor)

    @says_where
    async def give_reason(
        self, kill_id: str, reason: str, actor: Actor, *, request_id: str
    ) -> Said:
        """Add the reason of a kill afterwards."""
        return await GiveReason(self.env)(kill_id, reason, actor, request_id=request_id)

    @says_where
    async def adopt(self, kill_id: str, actor: Actor, *, question: bool, request_id: str) -> Said:
        """Take up a break-glass kill."""
        return await Adopt(self.env).glass(kill_id, actor, question=question, request_id=request_id)

    @says_where
    async def retry(self, item: str, actor: Actor, *, request_id: str) -> Said:
        """Deliver again what could not be said outside."""
        return await Retry(self.env, self.outbox)(item, actor, request_id=request_id)

    @says_where
    async def record_eval(self, request: EvalRequest, actor: Actor, *, request_id: str) -> Said:
        """Keep what an evaluation found."""
        return await RecordEval(self.env)(request, actor, request_id=request_id)

    @looks_where
    async def eval_show(self, workflow: str, revision: str | None, actor: Actor) -> Said:
        """Say what the gates make of a revision, a model, or all that serves."""
        return await RecordEval(self.env).show(workflow, revision, actor)

    @looks_where
    async def evaluations(self, workflow: str, actor: Actor) -> Picture:
        """Draw evaluation results over revisions."""
        return await EvaluationPicture(self.env, self.pictures).show(workflow, actor)

    @says_where
    async def admit(self, actor: Actor) -> None:
        """Refuse whom policy does not even let look."""
        may_look(policy_of(self.env.store.state), actor)

    @looks_where
    async def status(self, workflow: str | None, actor: Actor) -> Said:
        """Look at the switchboard."""
        return await Show(self.env, self.outbox).status(workflow, actor)

    @looks_where
    async def home(self, actor: Actor) -> tuple[Said, ...]:
        """Look at the switchboard in parts."""
        return await Show(self.env, self.outbox).home(actor)

    @looks_where
    async def oncall(self, workflow: str | None, actor: Actor) -> Said:
        """Look up who answers for what."""
        return await Show(self.env, rota=self.rota).oncall(workflow, actor)

    @looks_where
    async def kills(self, actor: Actor) -> Said:
        """List the active kills."""
        return await Show(self.env).kills(actor)

    @looks_where
    async def instances(self, actor: Actor) -> Said:
        """List the fleet."""
        return await Show(self.env).instances(actor)

    @looks_where
    async def audit_tail(self, count: int, actor: Actor) -> Said:
        """Return the journal's last entries."""
        return await self.audit.tail(count, actor)

    @looks_where
    async def audit_verify(self, actor: Actor) -> Said:
        """Verify the journal."""
        return await self.audit.verify(actor)

    def audit_export(self, actor: Actor) -> AsyncIterator[str]:
        """Export the journal."""
        return self.audit.export(actor)

    @looks_where
    async def explain(self, who: str, verb: str, workflow: str, actor: Actor) -> Said:
        """Say what policy would answer, and why."""
        if not workflow:
            raise NeedsMoreWords("Name a workflow; nothing was looked up.")
        await Show(self.env).status(workflow, actor)
        state = self.env.store.state
        policy, named = policy_of(state), state.workflows()[workflow]
        verbs = {"show", "kill", "restore", "approve", *policy.powers}
        if verb not in verbs:
            raise NeedsMoreWords(
                f"The policy knows no verb `{inert(verb, limit=40)}`; nothing was looked up.",
                hint=f"It knows: {', '.join(sorted(verbs))}.",
            )
        asker = actor_named(policy, who)
        other = next((name for name in policy.people if name != person_of(policy, asker)), "")
        asked = Request(verb, asker, (named,), requester=other)
        lines = explain(policy, asked)
        return Said("plain", lines[0], lines[1:], body={"lines": list(lines)})

    async def names(self) -> tuple[str, ...]:
        """Return the workflows' names."""
        return tuple(self.env.store.state.workflows())

    def handlers(self) -> Mapping[str, Handler]:
        """Return what the outbox worker calls, by kind of effect."""
        follow = Follow(self.env, self.prober)
        if self.chat is None:
            unseen = dict.fromkeys(("card", "route_card", "route_picture", "tell"), nobody)
            return {"follow": follow, **unseen, **self._due(NoChat()), **self._incidents()}
        card = Card(self.env, self.chat, self.outbox, self.render, self.channel)
        routes = RouteCard(card)
        tell = Tell(self.env, self.chat, self.outbox, self.render, routes)
        drawing = EvaluationPicture(self.env, self.pictures)
        picture = RoutePicture(drawing, self.chat, self.outbox, self.channel)
        shown: Mapping[str, Handler] = {"route_card": routes, "route_picture": picture}
        seen: Mapping[str, Handler] = {"card": card, "tell": tell, **shown}
        return {"follow": follow, **seen, **self._due(self.chat), **self._incidents()}

    def _incidents(self) -> Mapping[str, Handler]:
        alarm = PagerAlarm(self.env, self.outbox, self.chat or NoChat(), self.render)
        page = PageIncident(self.env, self.paging, self.rota, alarm)
        told = Sentences(self.env).of_incident
        sync: Mapping[str, Handler] = {
            PAGER: PagerSync(self.env, self.paging, told, alarm),
            "route_page": PageRoute(self.env, self.paging, alarm),
            "approver_page": PageApprover(self.env, self.paging, alarm),
            PAGE_OVER: PageOver(self.env, self.paging, alarm),
        }
        steps: Mapping[StepName, Handler] = {"page": page}
        if self.chat is None or self.rooms is None:
            return {**sync, **incident_slack.unseen(self.env, self.outbox, steps)}
        slack = incident_slack.IncidentSlack(
            env=self.env,
            incidents=self.incidents,
            chat=self.chat,
            rooms=self.rooms,
            outbox=self.outbox,
            render=self.render,
            home=self.channel,
            called=incident_slack.first_called(self.env, self.rota),
            others=steps,
            pictures=self.pictures,
            templates=self.templates,
        ).handlers()
        runs = RunRoom(
            env=self.env,
            reader=self.runs.reader,
            chat=self.chat,
            rooms=self.rooms,
            outbox=self.outbox,
            render=self.render,
            home=self.channel,
        )
        return {**sync, **slack, **runs.handlers(), INCIDENT_CARD: runs.after(slack[INCIDENT_CARD])}

    def _due(self, chat: Chat) -> Mapping[str, Handler]:
        duties, ramp = Duties(self.env, chat, self.render), Ramp(self.env)
        return {
            "ramp": ramp.step,
            "route_follow": ramp.follow,
            "restore_ramp": RestoreSteps(self.env),
            "recovered": Resume(self.env),
            "review": duties.review,
            "expire": duties.expire,
            "queue_closed": duties.queue_closed,
            "incident_remind": Remind(self.env, chat, self.render),
            "incident_told": self._told(chat),
            **run_handlers(self.runs, chat, self.render),
            **comms_handlers(
                self.comms, self.publishers, self.outbox, self.render, self.chat, self.channel
            ),
        }

    def _told(self, chat: Chat) -> Handler:
        return IncidentTold(self.env, self.incidents, chat, self.outbox, self.render)

    async def tick(self) -> None:
        """
        Fire due timers and adopt emergency records; every replica does, each step is atomic.

        Raises:
            StoreLost: the next tick tries again.
        """
        await self.outbox.fire_timers()
        fleet = await self.env.fleets.look()
        if fleet.emergencies > adopted(self.env.store.state):
            await Adopt(self.env).emergencies()

    async def sweep(self) -> None:
        """Note the fleet's size, forget who is long silent, anchor the head. Raises as `tick`."""
        await swept(self.env)
        await self.anchor()
