"""A small recording implementation of the verbs, for tests of surfaces; it holds no rules of policy."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import cast

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
from opsbot.app.runs.requests import RunLook
from opsbot.domain.actor import Actor
from opsbot.domain.change import Record
from opsbot.domain.errors import NeedsConfirmation, NotAllowed, StoreLost, UnknownWorkflow
from opsbot.domain.route import Number
from opsbot.domain.said import Button, Said

NAMES = ("support-copilot", "contract-summariser", "coding-agent")


class NoRuns:
    """Looks at runs and runbooks, and finds none."""

    async def look(self, look: RunLook, actor: Actor) -> Said:
        """Find nothing."""
        return Said("plain", "Nothing", body={"runs": [], "runbooks": []})


@dataclass(slots=True)
class RecordingVerbs:
    """
    Records what was asked. *effects* holds one entry per request id, however often it came.

    *slow_s* delays a kill, *failing* is raised by every verb that changes something.
    """

    effects: dict[str, tuple[str, object]] = field(default_factory=dict)
    calls: list[tuple[str, object, Actor]] = field(default_factory=list)
    gate: asyncio.Event | None = None
    failing: Exception | None = None
    lost_home: bool = False

    def _done(self, verb: str, what: object, actor: Actor, request_id: str) -> None:
        self.calls.append((verb, what, actor))
        if actor.guest or actor.bot:
            raise NotAllowed(
                "Guests cannot use the kill switch; nothing was changed.", rule="guest"
            )
        if self.failing is not None:
            raise self.failing
        self.effects.setdefault(request_id, (verb, what))

    @property
    def incidents(self) -> IncidentVerbs:
        """Fail: surfaces of incidents are tested with the real rules behind them."""
        raise NotImplementedError("incidents have no recording twin")

    @property
    def comms(self) -> CommsVerbs:
        """Fail: surfaces of messages to people are tested with the real rules behind them."""
        raise NotImplementedError("messages to people have no recording twin")

    @property
    def runs(self) -> RunVerbs:
        """Return runs of which there are none: surfaces of runs are tested with the real rules behind them."""
        return cast("RunVerbs", NoRuns())

    async def kill(self, request: KillRequest, actor: Actor, *, request_id: str) -> Said:
        if self.gate is not None:
            await self.gate.wait()
        target = request.target
        if target.kind == "workflow" and target.name not in NAMES:
            raise UnknownWorkflow(target.name, nearest=("support-copilot",))
        if target.kind in ("all", "provider", "model") and not request.confirmed:
            raise NeedsConfirmation("This stops 3 workflows; nothing was changed.", stops=NAMES)
        self._done("kill", request, actor, request_id)
        kill_id = f"K-{list(self.effects).index(request_id) + 1}"
        return Said(
            "green",
            f"Model calls blocked for `{target.name or 'all'}` in test",
            (f"12/12 confirmed \u00b7 {kill_id} \u00b7 {request.reason}",),
            (Button("restore", "Restore", kill_id), Button("give_reason", "Add a reason", kill_id)),
            {"kill": kill_id},
        )

    async def stop_completely(self, kill_id: str, actor: Actor, *, request_id: str) -> Said:
        self._done("stop_completely", kill_id, actor, request_id)
        return Said("green", f"{kill_id} is `stop` now")

    async def restore(self, request: RestoreRequest, actor: Actor, *, request_id: str) -> Said:
        self._done("restore", request, actor, request_id)
        buttons = (Button("approve", "Approve A-1", "A-1"), Button("refuse", "Refuse", "A-1"))
        return Said("amber", "A-1 waits for a second person", ("Who: Adam",), buttons)

    async def approve(self, request: ApproveRequest, actor: Actor, *, request_id: str) -> Said:
        self._done("approve", request, actor, request_id)
        return Said("green", f"{request.approval} settled by {actor.id}")

    async def give_reason(
        self, kill_id: str, reason: str, actor: Actor, *, request_id: str
    ) -> Said:
        self._done("give_reason", (kill_id, reason), actor, request_id)
        return Said("plain", f"Reason of {kill_id}: {reason}")

    async def hold_restore(
        self, kill_id: str, actor: Actor, *, hold: bool, request_id: str, reason: str = ""
    ) -> Said:
        self._done("hold" if hold else "go_on", kill_id, actor, request_id)
        return Said("amber", f"{kill_id} held")

    async def adopt(self, kill_id: str, actor: Actor, *, question: bool, request_id: str) -> Said:
        self._done("question" if question else "adopt", kill_id, actor, request_id)
        return Said("plain", f"{kill_id} adopted")

    async def set_route(self, edit: RouteEdit, actor: Actor, *, request_id: str) -> Said:
        self._done("set_route", edit, actor, request_id)
        return Said("plain", f"Stored for {edit.workflow}")

    async def stage(self, request: StageRequest, actor: Actor, *, request_id: str) -> Said:
        self._done("stage", request, actor, request_id)
        return Said("plain", f"Staged {request.workflow}")

    async def rollback(self, request: RollbackRequest, actor: Actor, *, request_id: str) -> Said:
        self._done("rollback", request, actor, request_id)
        return Said("green", f"Rolled back {request.workflow}")

    async def route(self, workflow: str, actor: Actor) -> Said:
        self.calls.append(("route", workflow, actor))
        return Said("plain", f"Route of {workflow}")

    async def route_form(self, workflow: str, actor: Actor) -> Said:
        await self.admit(actor)
        route = {"targets": [{"provider": "openai", "model": "gpt-5.2"}]}
        return Said("plain", workflow, body={"active": "r1", "newest": "r1", "route": route})

    async def route_history(self, workflow: str, actor: Actor) -> Said:
        return Said("plain", f"Revisions of {workflow}")

    async def route_diff(self, workflow: str, old: Number, new: Number, actor: Actor) -> Said:
        return Said("plain", f"From r{old} to r{new} of {workflow}")

    async def retry(self, item: str, actor: Actor, *, request_id: str) -> Said:
        self._done("retry", item, actor, request_id)
        return Said("plain", f"Being delivered again: {item}")

    async def record_eval(self, request: EvalRequest, actor: Actor, *, request_id: str) -> Said:
        self._done("record_eval", request, actor, request_id)
        return Said("green", f"Recorded for `{request.workflow}` {request.subject}")

    async def eval_show(self, workflow: str, revision: str | None, actor: Actor) -> Said:
        self.calls.append(("eval_show", (workflow, revision), actor))
        return Said("plain", f"Gates of `{workflow}`")

    async def evaluations(self, workflow: str, actor: Actor) -> Picture:
        self.calls.append(("evaluations", workflow, actor))
        return Picture(b"\x89PNG\r\n\x1a\n", f"Evaluations of {workflow}", "In words.")

    async def admit(self, actor: Actor) -> None:
        if actor.guest or actor.bot:
            raise NotAllowed(
                "Guests cannot use the kill switch; nothing was changed.", rule="guest"
            )

    async def status(self, workflow: str | None, actor: Actor) -> Said:
        self.calls.append(("status", workflow, actor))
        return Said("plain", f"Status of {workflow or 'everything'}", ("Nothing is switched.",))

    async def home(self, actor: Actor) -> tuple[Said, ...]:
        self.calls.append(("home", None, actor))
        await self.admit(actor)
        if self.lost_home:
            raise StoreLost("The store does not answer.")
        cards = (
            Said("green", f"`{name}` is live", (), (Button("status", "Status", name),))
            for name in NAMES
        )
        return (Said("plain", f"Switchboard for {actor.name}"), *cards)

    async def oncall(self, workflow: str | None, actor: Actor) -> Said:
        self.calls.append(("oncall", workflow, actor))
        return Said("plain", "Olga answers")

    async def kills(self, actor: Actor) -> Said:
        return Said("plain", "No kills")

    async def instances(self, actor: Actor) -> Said:
        return Said("plain", "No instances")

    async def audit_tail(self, count: int, actor: Actor) -> Said:
        self.calls.append(("audit_tail", count, actor))
        return Said("plain", f"Last {count} entries")

    async def audit_verify(self, actor: Actor) -> Said:
        self.calls.append(("audit_verify", None, actor))
        return Said("green", "The journal verifies")

    async def audit_export(self, actor: Actor) -> AsyncIterator[str]:
        yield "{}"

    async def explain(self, who: str, verb: str, workflow: str, actor: Actor) -> Said:
        return Said("plain", "Because")

    async def names(self) -> tuple[str, ...]:
        return NAMES


@dataclass(slots=True)
class PlainMemory:
    """
    What replicas remember together, in this process.

    *lost* makes every question raise StoreLost; *busy* holds whatever is asked once until it is set.
    """

    seen: set[str] = field(default_factory=set)
    records: dict[str, Record] = field(default_factory=dict)
    lost: bool = False
    busy: asyncio.Event | None = None
    held: int = 0

    def _look(self) -> None:
        if self.lost:
            raise StoreLost("The store does not answer.", hint="Kills hold.")

    async def once(self, what: str, *, ttl_s: float) -> bool:
        self._look()
        if self.busy is not None:
            self.held += 1
            await self.busy.wait()
        first = what not in self.seen
        self.seen.add(what)
        return first

    async def left(self, key: str) -> Record | None:
        self._look()
        return self.records.get(key)

    async def leave(self, key: str, record: Record, *, ttl_s: float | None = None) -> None:
        self._look()
        self.records[key] = record
