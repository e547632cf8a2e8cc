"""The use cases that actions of a runbook go through: the very ones of the commands, under the same policy."""

from typing import Protocol

from opsbot.app.comms_verbs import CommsVerbs
from opsbot.app.incident_verbs import IncidentVerbs
from opsbot.app.requests import (
    KillRequest,
    RestoreRequest,
    RollbackRequest,
    RouteEdit,
    StageRequest,
)
from opsbot.domain.actor import Actor
from opsbot.domain.said import Said


class Doors(Protocol):
    """What an action may do; there is no other way from a runbook to what users get."""

    @property
    def incidents(self) -> IncidentVerbs: ...

    @property
    def comms(self) -> CommsVerbs: ...

    async def kill(self, request: KillRequest, actor: Actor, *, request_id: str) -> Said: ...

    async def restore(self, request: RestoreRequest, actor: Actor, *, request_id: str) -> Said: ...

    async def rollback(
        self, request: RollbackRequest, actor: Actor, *, request_id: str
    ) -> Said: ...

    async def set_route(self, edit: RouteEdit, actor: Actor, *, request_id: str) -> Said: ...

    async def stage(self, request: StageRequest, actor: Actor, *, request_id: str) -> Said: ...
