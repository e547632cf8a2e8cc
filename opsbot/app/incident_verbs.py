"""What can be asked about incidents, as every surface calls it: one protocol, so that all agree."""

from typing import Protocol

from opsbot.app.incident.form import Form
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
from opsbot.app.ports import Document
from opsbot.app.review.export import ReviewForm
from opsbot.app.timeline.capture import Heard, Look
from opsbot.domain.actor import Actor
from opsbot.domain.said import Said


class IncidentVerbs(Protocol):
    """
    Everything a person can ask about incidents.

    Refusals are raised as `Refused`, doubt as `Unsure`. *request_id* makes a repeated call one effect.
    """

    async def open(self, request: OpenIncident, actor: Actor, *, request_id: str) -> Said: ...

    async def move(self, request: MoveIncident, actor: Actor, *, request_id: str) -> Said: ...

    async def edit(self, request: EditIncident, actor: Actor, *, request_id: str) -> Said: ...

    async def role(self, order: RoleOrder, actor: Actor, *, request_id: str) -> Said: ...

    async def retry(self, request: RetryStep, actor: Actor, *, request_id: str) -> Said: ...

    async def page(self, request: PageAct, actor: Actor, *, request_id: str) -> Said: ...

    async def hush(self, request: HushReminder, actor: Actor, *, request_id: str) -> Said: ...

    async def action(self, request: ActionItem, actor: Actor, *, request_id: str) -> Said: ...

    async def note(self, request: TimelineNote, actor: Actor, *, request_id: str) -> Said: ...

    async def retract(self, line: str, actor: Actor, *, request_id: str) -> Said:
        """Take a line of a timeline out by its name (`INC-7:n3`); it stays in the record, marked."""
        ...

    async def capture(
        self, heard: Heard, look: Look, actor: Actor, *, request_id: str
    ) -> bool | None:
        """Bring a timeline to what a message in Slack is now; whether it stands there, None for no matter."""
        ...

    async def timeline(self, which: Which, actor: Actor) -> Said: ...

    async def export(self, which: Which, actor: Actor) -> Said:
        """Look at the review: what is missing in words, all of it as the body."""
        ...

    async def document(self, which: Which, form: ReviewForm, actor: Actor) -> Document:
        """Return the review as a file."""
        ...

    async def share(self, which: Which, actor: Actor, *, request_id: str) -> Said:
        """Put the review and its picture into the thread of the incident's card."""
        ...

    async def form(self, what: Form, which: Which, actor: Actor, *, kill: str = "") -> Said:
        """Return what a form is filled from, as a body; refuse whom policy lets do nothing there."""
        ...

    async def show(self, which: Which, actor: Actor) -> Said: ...

    async def list(self, actor: Actor, *, every: bool = False) -> Said: ...
