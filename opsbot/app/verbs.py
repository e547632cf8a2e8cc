"""The verbs as every surface calls them: one protocol, so that Slack, HTTP and the terminal agree."""

from collections.abc import AsyncIterator
from typing import Protocol

from opsbot.app.requests import ApproveRequest, KillRequest, RestoreRequest
from opsbot.domain.actor import Actor
from opsbot.domain.said import Said


class Verbs(Protocol):
    """
    Everything a person can ask of opsbot.

    Each method answers with what to show; a refusal is raised as `Refused`, doubt as `Unsure`
    (`error_words.of_error` turns both into something to show). *request_id* makes a repeated call one
    effect.
    """

    async def kill(self, request: KillRequest, actor: Actor, *, request_id: str) -> Said: ...

    async def stop_completely(self, kill_id: str, actor: Actor, *, request_id: str) -> Said: ...

    async def restore(self, request: RestoreRequest, actor: Actor, *, request_id: str) -> Said: ...

    async def approve(self, request: ApproveRequest, actor: Actor, *, request_id: str) -> Said: ...

    async def give_reason(
        self, kill_id: str, reason: str, actor: Actor, *, request_id: str
    ) -> Said: ...

    async def adopt(
        self, kill_id: str, actor: Actor, *, question: bool, request_id: str
    ) -> Said: ...

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
