"""What can be asked about messages to people, as every surface calls it: one protocol, so that all agree."""

from typing import Protocol

from opsbot.app.comms.change import Outcome
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
from opsbot.app.comms.view import MessageForm, MessageView
from opsbot.app.incident.requests import Which
from opsbot.domain.actor import Actor
from opsbot.domain.said import Said


class CommsVerbs(Protocol):
    """
    Everything a person can ask about messages to people.

    Refusals are raised as `Refused`, doubt as `Unsure`. *request_id* makes a repeated call one effect.
    """

    async def new(self, request: NewMessage, actor: Actor, *, request_id: str) -> Said:
        """Write a draft from a template."""
        ...

    async def edit(self, request: EditMessage, actor: Actor, *, request_id: str) -> Said:
        """Change a draft; approvals that it had are void."""
        ...

    async def publish(self, request: PublishMessage, actor: Actor, *, request_id: str) -> Said:
        """Publish it, or ask for the approvals that it takes."""
        ...

    async def hold(self, request: HoldUsers, actor: Actor, *, request_id: str) -> Said:
        """Publish the first word, approved in advance, in one tap."""
        ...

    async def drop(self, request: DropMessage, actor: Actor, *, request_id: str) -> Said: ...

    async def retry(self, request: RetryTarget, actor: Actor, *, request_id: str) -> Said: ...

    async def fact(self, request: StateFact, actor: Actor, *, request_id: str) -> Said: ...

    async def snooze(self, request: SnoozeUpdate, actor: Actor, *, request_id: str) -> Said: ...

    async def clock(self, request: RunClock, actor: Actor, *, request_id: str) -> Said: ...

    async def evidence(self, request: HoldEvidence, actor: Actor, *, request_id: str) -> Said: ...

    async def canned(self, request: SetCanned, actor: Actor, *, request_id: str) -> Said:
        """Change a workflow's text for its users, confirmed by every instance as a kill is."""
        ...

    async def look(self, look: CommsLook, actor: Actor) -> Said: ...

    async def form(
        self, template: str, which: Which, actor: Actor, *, message: str = "", corrects: str = ""
    ) -> MessageForm:
        """Return what a form is made and prefilled from: for a new message, an edit, or a correction."""
        ...

    async def ready(self, what: Asking, actor: Actor) -> Outcome | None:
        """Refuse what the verb would refuse, before a form asks for more; else say what it would come to."""
        ...

    async def view(self, message: str, actor: Actor) -> MessageView:
        """Return everything that is shown of one message, for surfaces that draw more than words."""
        ...
