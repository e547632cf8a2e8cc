"""The verbs as every surface calls them: one protocol, so that Slack, HTTP and the terminal agree."""

from collections.abc import AsyncIterator
from typing import Protocol

from opsbot.app.comms_verbs import CommsVerbs
from opsbot.app.incident_verbs import IncidentVerbs
from opsbot.app.ports import Picture
from opsbot.app.requests import (
    ApproveRequest,
    EvalRequest,
    KillRequest,
    RestoreRequest,
    RollbackRequest,
    RouteEdit,
    StageRequest,
)
from opsbot.app.run_verbs import RunVerbs
from opsbot.domain.actor import Actor
from opsbot.domain.route import Number
from opsbot.domain.said import Said


class Verbs(Protocol):
    """
    Everything a person can ask of opsbot.

    Each method answers with what to show; a refusal is raised as `Refused`, doubt as `Unsure`
    (`error_words.of_error` turns both into something to show). *request_id* makes a repeated call one
    effect.
    """

    @property
    def incidents(self) -> IncidentVerbs:
        """Return what can be asked about incidents."""
        ...

    @property
    def runs(self) -> RunVerbs:
        """Return what can be asked about runs of runbooks."""
        ...

    @property
    def comms(self) -> CommsVerbs:
        """Return what can be asked about messages to people."""
        ...

    async def kill(self, request: KillRequest, actor: Actor, *, request_id: str) -> Said: ...

    async def stop_completely(self, kill_id: str, actor: Actor, *, request_id: str) -> Said: ...

    async def restore(self, request: RestoreRequest, actor: Actor, *, request_id: str) -> Said: ...

    async def approve(self, request: ApproveRequest, actor: Actor, *, request_id: str) -> Said: ...

    async def hold_restore(
        self, kill_id: str, actor: Actor, *, hold: bool, request_id: str, reason: str = ""
    ) -> Said:
        """Hold a restore in steps where it is, or let it go on."""
        ...

    async def set_route(self, edit: RouteEdit, actor: Actor, *, request_id: str) -> Said: ...

    async def stage(self, request: StageRequest, actor: Actor, *, request_id: str) -> Said: ...

    async def rollback(
        self, request: RollbackRequest, actor: Actor, *, request_id: str
    ) -> Said: ...

    async def route(self, workflow: str, actor: Actor) -> Said: ...

    async def route_form(self, workflow: str, actor: Actor) -> Said:
        """Return what a form is filled from, as a body; refuse whom policy lets set nothing."""
        ...

    async def route_history(self, workflow: str, actor: Actor) -> Said: ...

    async def route_diff(self, workflow: str, old: Number, new: Number, actor: Actor) -> Said: ...

    async def give_reason(
        self, kill_id: str, reason: str, actor: Actor, *, request_id: str
    ) -> Said: ...

    async def adopt(
        self, kill_id: str, actor: Actor, *, question: bool, request_id: str
    ) -> Said: ...

    async def retry(self, item: str, actor: Actor, *, request_id: str) -> Said:
        """Deliver again one dead letter by its id, or `all`."""
        ...

    async def record_eval(self, request: EvalRequest, actor: Actor, *, request_id: str) -> Said:
        """Keep what an evaluation found, all of it or nothing."""
        ...

    async def eval_show(self, workflow: str, revision: str | None, actor: Actor) -> Said:
        """Say what the gates make of a revision or a model; without one, of all that serves."""
        ...

    async def evaluations(self, workflow: str, actor: Actor) -> Picture:
        """Draw evaluation results over revisions, with the words that say the same."""
        ...

    async def admit(self, actor: Actor) -> None:
        """Raise what policy says to somebody who may not even look; asked before a form opens."""
        ...

    async def status(self, workflow: str | None, actor: Actor) -> Said: ...

    async def home(self, actor: Actor) -> tuple[Said, ...]:
        """Return the switchboard for this person: a head, then one part a workflow, then kills."""
        ...

    async def oncall(self, workflow: str | None, actor: Actor) -> Said: ...

    async def kills(self, actor: Actor) -> Said: ...

    async def instances(self, actor: Actor) -> Said: ...

    async def audit_tail(self, count: int, actor: Actor) -> Said: ...

    async def audit_verify(self, actor: Actor) -> Said: ...

    def audit_export(self, actor: Actor) -> AsyncIterator[str]:
        """Yield the export line by line: header, entries, signed trailer."""
        ...

    async def explain(self, who: str, verb: str, workflow: str, actor: Actor) -> Said: ...

    async def names(self) -> tuple[str, ...]:
        """Return the workflows' names, for suggestions and pickers."""
        ...
