"""Whether somebody may do what a form is about to ask them for: nobody fills in a form that will be refused."""

from dataclasses import dataclass

from opsbot.app.comms.approve import Approving, decide_approve
from opsbot.app.comms.change import Outcome
from opsbot.app.comms.drop import Dropping, decide_drop
from opsbot.app.comms.power import may_write
from opsbot.app.comms.read import Reader
from opsbot.app.comms.requests import Asking, DropMessage, SnoozeUpdate
from opsbot.app.comms.second import is_of_message
from opsbot.app.comms.sight import found
from opsbot.app.comms.stage import must_be_real
from opsbot.app.environment import Environment
from opsbot.app.incident.sight import found as incident_found
from opsbot.app.requests import ApproveRequest
from opsbot.domain.actor import Actor
from opsbot.domain.comms.templates import AUDIENCES
from opsbot.domain.errors import NotAllowed
from opsbot.domain.incident.incident import Incident
from opsbot.domain.state import State

_LATER = "as it will be said"
"""Stands for the reason that the form asks for."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Decides as the verb itself would, and stores nothing."""

    env: Environment
    reader: Reader

    async def __call__(self, what: Asking, actor: Actor) -> Outcome | None:
        """
        Return what it would come to, None where that depends on what is filled in.

        Raises:
            Refused: what the verb would be refused with, whatever is filled in. StoreLost.
        """
        state, now_ms = await self.env.store.refresh(), self.env.clock.now_ms()
        if isinstance(what, DropMessage):
            before = found(state, actor, what.message)
            _, told = decide_drop(state, now_ms, Dropping(actor, _LATER), before.id)
            return told.outcome
        if isinstance(what, ApproveRequest):
            return await self._approves(state, now_ms, what, actor)
        if isinstance(what, SnoozeUpdate):
            incident = incident_found(state, actor, what.which)
            may_write(state, incident, what.audience, actor, now_ms)
            return None
        _must_write(state, incident_found(state, actor, what), actor, now_ms)
        return None

    async def _approves(
        self, state: State, now_ms: int, what: ApproveRequest, actor: Actor
    ) -> Outcome:
        approval = state.approval(what.approval)
        if not is_of_message(approval):
            # The very words of one that does not exist: this asks about messages alone.
            State().approval(approval.id)
        message = state.message(str(approval.action["message"]))
        rendered = await self.reader.rendered(message)
        order = Approving(approval.id, actor, rendered, grant=what.grant, why=_LATER)
        _, told = decide_approve(state, now_ms, order)
        return told.outcome


def _must_write(state: State, incident: Incident, actor: Actor, now_ms: int) -> None:
    """Refuse who may write to nobody about an incident, in the words of the refusal to write to users."""
    refused: NotAllowed | None = None
    for audience in AUDIENCES:
        try:
            may_write(state, incident, audience, actor, now_ms)
        except NotAllowed as no:
            refused = refused or no
        else:
            return must_be_real(incident)
    assert refused is not None
    raise refused
