"""Does what an action of a runbook asks for, through the door of the command that does the same."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from opsbot.app.environment import Environment, policy_of
from opsbot.app.incident.requests import (
    EditIncident,
    MoveIncident,
    OpenIncident,
    PageAct,
    Which,
)
from opsbot.app.ports import Prober
from opsbot.app.reach import holders
from opsbot.app.requests import (
    KillRequest,
    RestoreRequest,
    RollbackRequest,
    RouteEdit,
    StageRequest,
    Target,
)
from opsbot.app.runs.arguments import STEP_ROLES
from opsbot.app.runs.came_to import CameTo, of_entry, of_said, said_now
from opsbot.app.runs.capture import Evidence
from opsbot.app.runs.claim import said_id
from opsbot.app.runs.doors import Doors
from opsbot.app.runs.meant import (
    Arguments,
    CaptureArguments,
    CommsArguments,
    IncidentArguments,
    KillArguments,
    PageArguments,
    RestoreArguments,
    RollbackArguments,
    RouteArguments,
    VerifyArguments,
)
from opsbot.app.runs.outcome import Outcome, refused_words
from opsbot.app.runs.sight import incident_of
from opsbot.app.runs.tells import Tells
from opsbot.app.runs.verify import Verifying
from opsbot.domain.actor import Actor
from opsbot.domain.errors import IllegalMove, NeedsMoreWords, NothingToRestore, Refused
from opsbot.domain.route import Number
from opsbot.domain.route import Target as ServingTarget
from opsbot.domain.run import Act, Run
from opsbot.domain.runbook import Step
from opsbot.domain.said import Said, inert
from opsbot.domain.state import State
from opsbot.domain.typed import command


@dataclass(frozen=True, slots=True)
class Doing:
    """
    One attempt that is claimed: of which run and step, what it means, by whom, under which request id.

    *private*: others than who works on its incident read what is said of it. *key* is where it stands in
    its run.
    """

    run: Run
    step: Step
    given: Arguments
    act: Act
    actor: Actor
    request_id: str
    private: bool = False
    key: str = ""

    @property
    def reason(self) -> str:
        """Return what the use case is told as the reason: whose step of which incident it is."""
        own = getattr(self.given, "reason", "")
        words = own or inert(self.step.title, limit=120)
        return f"{words}{self.where}"

    @property
    def where(self) -> str:
        """Return which run of which incident it is; nothing of a private one, as others read it."""
        named = (self.run.incident, self.run.id)
        return "" if self.private else f" ({' '.join(one for one in named if one)})"


@dataclass(frozen=True, slots=True)
class Perform:
    """
    The use cases behind the verbs.

    Each comes to exactly one commit under the request id of the attempt, or to a refusal: so
    whether it was done can be read back from the journal.
    """

    env: Environment
    doors: Doors
    prober: Prober | None = None

    async def __call__(self, doing: Doing) -> Outcome:
        """
        Do it.

        Raises:
            Refused: policy, or what is so now; nothing was done. Unsure: whether it was is not known.
        """
        return await _VERBS[type(doing.given)](self, doing)

    async def back(self, doing: Doing, came: str) -> Outcome:
        """Take back what an action came to (its *came*), under the same policy. Raises as `__call__`."""
        given, rid = doing.given, doing.request_id
        if isinstance(given, KillArguments):
            reason = f"taken back: {inert(doing.step.title, limit=100)}{doing.where}"
            request = RestoreRequest(Target("kill", came), reason)
            return await self._said(rid, self.doors.restore(request, doing.actor, request_id=rid))
        assert isinstance(given, RouteArguments), given
        number = _begun(self.env.store.state, came)
        routing = self.env.store.state.routing(given.workflow)
        tried = routing.candidate
        if tried is not None and tried.number == number:
            stage = StageRequest(given.workflow, "cancel", number, f"taken back{doing.where}")
            return await self._said(rid, self.doors.stage(stage, doing.actor, request_id=rid))
        rollback = RollbackRequest(
            given.workflow, reason=f"taken back{doing.where}", leaving=number
        )
        return await self._said(rid, self.doors.rollback(rollback, doing.actor, request_id=rid))

    async def kill(self, doing: Doing) -> Outcome:
        """Kill; who pressed was shown what it hits, so that is not asked again."""
        given, rid = doing.given, doing.request_id
        assert isinstance(given, KillArguments)
        request = KillRequest(
            target=given.target, mode=given.mode, tenant=given.tenant, tool=given.tool,
            review_in_s=given.review_in_s, reason=doing.reason, confirmed=True,
        )  # fmt: skip
        return await self._said(rid, self.doors.kill(request, doing.actor, request_id=rid))

    async def restore(self, doing: Doing) -> Outcome:
        """Restore as the workflow declares, or lift one kill; it may wait for a second person."""
        given, rid = doing.given, doing.request_id
        assert isinstance(given, RestoreArguments)
        made = _made_by(doing.run, given.of) if given.of else ""
        target = Target("kill", made) if made else Target("workflow", given.workflow)
        request = RestoreRequest(target, doing.reason)
        return await self._said(rid, self.doors.restore(request, doing.actor, request_id=rid))

    async def rollback(self, doing: Doing) -> Outcome:
        """Roll back, never with a broken glass: that takes a person who types it."""
        given, rid = doing.given, doing.request_id
        assert isinstance(given, RollbackArguments)
        request = RollbackRequest(given.workflow, given.to, reason=doing.reason)
        return await self._said(rid, self.doors.rollback(request, doing.actor, request_id=rid))

    async def route(self, doing: Doing) -> Outcome:
        """Begin the ramp of a revision; one that is made for it is made first, under an id of its own."""
        given, rid, number = doing.given, doing.request_id, None
        assert isinstance(given, RouteArguments)
        number = given.to
        if number is None:
            edit = RouteEdit(
                given.workflow,
                targets=(_target(given.model),) if given.model else None,
                strategy=given.strategy,
                note=doing.reason,
            )
            made = await self.doors.set_route(edit, doing.actor, request_id=f"{rid}:set")
            number = Number(int(str(made.body["revision"]).removeprefix("r")))
        stage = StageRequest(given.workflow, "begin", number, doing.reason)
        return await self._said(rid, self.doors.stage(stage, doing.actor, request_id=rid))

    async def page(self, doing: Doing) -> Outcome:
        """Page whoever is on call for the incident, or ask one person in."""
        given, rid = doing.given, doing.request_id
        assert isinstance(given, PageArguments)
        if not doing.run.incident:
            raise IllegalMove(
                f"{doing.run.id} belongs to no incident, and a page does; nobody was paged."
            )
        who = self._who(doing.run, given.who)
        request = PageAct(Which(doing.run.incident), "add" if who else "page", who, doing.reason)
        return await self._said(
            rid, self.doors.incidents.page(request, doing.actor, request_id=rid)
        )

    async def incident(self, doing: Doing) -> Outcome:
        """
        Move the run's incident, or change what is known of it; one with a title opens one where none is.

        Severity and type beside a title are those of the one that it opens.
        """
        given, rid, verbs = doing.given, doing.request_id, self.doors.incidents
        assert isinstance(given, IncidentArguments)
        if not doing.run.incident:
            opens = _opening(doing, given)
            opened = await self._said(rid, verbs.open(opens, doing.actor, request_id=rid))
            return await self.rest(doing, opened)
        which = Which(doing.run.incident)
        edit = _edit(which, given)
        if edit != EditIncident(which):
            own = rid if given.status is None else said_before(doing.run, doing.key, given)
            said = verbs.edit(edit, doing.actor, request_id=own)
            if given.status is None:
                return await self._said(rid, said)
            await said
        if given.status is None:
            words = f"{doing.run.incident} is there already, and stays as it is"
            return Outcome("done", "", words)
        move = MoveIncident(which, given.status, doing.reason)
        return await self._said(rid, verbs.move(move, doing.actor, request_id=rid))

    async def rest(self, doing: Doing, opened: Outcome) -> Outcome:
        """
        Say in an incident that was opened what its step says beside: its update, its status.

        Each under an id of its own, so that it is said once however often this is done. What is
        refused is told: the incident is there all the same.
        """
        given, rid, verbs = doing.given, doing.request_id, self.doors.incidents
        assert isinstance(given, IncidentArguments)
        which = Which(opened.result)
        edit = EditIncident(which, given.update, given.next_update_s)
        try:
            if edit != EditIncident(which):
                await verbs.edit(edit, doing.actor, request_id=f"{rid}:update")
            if given.status is not None:
                move = MoveIncident(which, given.status, doing.reason)
                await verbs.move(move, doing.actor, request_id=f"{rid}:move")
        except Refused as no:
            words = f"it is open, and no more than that: {refused_words(no)}"
            return replace(opened, detail=words, note=f"{opened.result} {words}")
        return opened

    async def comms(self, doing: Doing) -> Outcome:
        """Tell people: at once where that was approved in advance, else by a draft that somebody lets go."""
        assert isinstance(doing.given, CommsArguments)
        tells = Tells(self.env, self.doors.comms)
        return await tells(doing.run, doing.key, doing.given, doing.actor, doing.request_id)

    async def capture(self, doing: Doing) -> Outcome:
        """Keep pointers to what is so now."""
        assert isinstance(doing.given, CaptureArguments)
        return await Evidence(self.env)(doing.given)

    async def verify(self, doing: Doing) -> Outcome:
        """Look whether it is so."""
        assert isinstance(doing.given, VerifyArguments)
        return await Verifying(self.env, self.prober)(doing.given, doing.act)

    async def _said(self, request_id: str, saying: Awaitable[Said]) -> Outcome:
        """Return what came of a use case: by the entry that it made, else by what it answered."""
        said = await saying
        entry = await CameTo(self.env).entry(request_id)
        if entry is None:
            return of_said(said)
        return replace(of_entry(entry), note=said_now(said))

    def _who(self, run: Run, word: str) -> str:
        """Return the one person whom a role means; one who is asked answers, several do not."""
        if word not in STEP_ROLES:
            return word
        state = self.env.store.state
        incident = incident_of(state, run)
        held = {} if incident is None else {str(role): who for role, who in incident.roles.items()}
        if word in held:
            return held[word]
        people = holders(policy_of(state), word)
        if not people:
            raise NeedsMoreWords(f"Nobody holds the role `{word}`; nobody was paged.")
        return people[0]


def _made_by(run: Run, step: str) -> str:
    """Return the kill that a step of the run made."""
    acts = (act for key, act in run.acts.items() if key.startswith(f"{step}#") and key[-1] != "~")
    made = [one for act in acts for one in act.results if one.startswith("K-")]
    if made:
        return made[-1]
    raise NothingToRestore(
        f"The step `{step}` of {run.id} killed nothing; nothing was changed.",
        hint=f"{command('status')} shows every kill; one is lifted by its id: {command('restore K-1')}.",
    )


def _begun(state: State, came: str) -> Number:
    """Return the revision whose ramp was begun: at once, or by the approval that it waited for."""
    named = str(state.approval(came).action["revision"]) if came.startswith("A-") else came
    return Number(int(named.removeprefix("r")))


def _opening(doing: Doing, given: IncidentArguments) -> OpenIncident:
    """Return the incident to open; words about one that is not there open none."""
    if given.title:
        return OpenIncident(given.title, given.workflow, given.severity, given.type)
    run = doing.run
    opens = command(" ".join(one for one in ("incident open", given.workflow, "…") if one))
    begins = command(f"runbook start {run.runbook} INC-1")
    raise IllegalMove(
        f"{run.id} belongs to no incident, so there is none to change; nothing was done.",
        hint=f"Open one: {opens}. Then begin a run in it, with its number: {begins}.",
    )


def said_before(run: Run, key: str, given: IncidentArguments) -> str:
    """Return the request id of what a step says of its incident before it moves it, empty for nothing."""
    which = Which(run.incident)
    edit = _edit(which, given)
    both = given.status is not None and edit != EditIncident(which)
    return said_id(run, key, edit) if run.incident and both else ""


def _edit(which: Which, given: IncidentArguments) -> EditIncident:
    """Return what changes of the incident that is there."""
    edit = EditIncident(which, given.update, given.next_update_s)
    if given.title:
        return edit
    return replace(edit, severity=given.severity, type=given.type or None)


def _target(model: str) -> ServingTarget:
    provider, _, name = model.partition("/")
    return ServingTarget(provider, name, 100)


_VERBS: Final[Mapping[type, Callable[[Any, Doing], Awaitable[Outcome]]]] = {
    KillArguments: Perform.kill,
    RestoreArguments: Perform.restore,
    RollbackArguments: Perform.rollback,
    RouteArguments: Perform.route,
    PageArguments: Perform.page,
    IncidentArguments: Perform.incident,
    CommsArguments: Perform.comms,
    CaptureArguments: Perform.capture,
    VerifyArguments: Perform.verify,
}
