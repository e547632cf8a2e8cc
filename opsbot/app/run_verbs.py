"""What can be asked about runs, as every surface calls it: one protocol, so that all agree."""

from typing import Protocol

from opsbot.app.ports import Document
from opsbot.app.runs.followed import Follow
from opsbot.app.runs.requests import (
    EndRun,
    LeadRun,
    MarkStep,
    RunAction,
    RunLook,
    StartRun,
    WhichRun,
)
from opsbot.app.runs.view import RunView
from opsbot.domain.actor import Actor
from opsbot.domain.runbook import Runbook
from opsbot.domain.said import Said


class RunVerbs(Protocol):
    """
    Everything a person can ask about runs of runbooks.

    Refusals are raised as `Refused`, doubt as `Unsure`. *request_id* makes a repeated call one effect.
    """

    async def start(self, request: StartRun, actor: Actor, *, request_id: str) -> Said: ...

    async def mark(self, request: MarkStep, actor: Actor, *, request_id: str) -> Said: ...

    async def do(self, request: RunAction, actor: Actor, *, request_id: str) -> Said:
        """Do an action of a step under the same policy as its command."""
        ...

    async def lead(self, request: LeadRun, actor: Actor, *, request_id: str) -> Said: ...

    async def end(self, request: EndRun, actor: Actor, *, request_id: str) -> Said: ...

    async def look(self, look: RunLook, actor: Actor) -> Said: ...

    async def document(self, which: WhichRun, actor: Actor) -> Document:
        """Return the pinned runbook as a file, with what was ticked: what paper mode begins with."""
        ...

    @property
    def follow(self) -> Follow:
        """Return what follows the messages in Slack that are notes of runs."""
        ...

    async def view(self, which: WhichRun, actor: Actor) -> RunView:
        """Return everything that is shown of a run, for surfaces that draw more than words."""
        ...

    async def book(self, name: str, actor: Actor) -> Runbook:
        """Return a runbook that can be walked now."""
        ...
