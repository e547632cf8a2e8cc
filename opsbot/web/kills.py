"""Routes that change something: kill, restore, approve, retry; parse, one verb, render."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from opsbot.app.requests import ApproveRequest, Target
from opsbot.domain.actor import Actor
from opsbot.web.answers import answer, pending
from opsbot.web.auth import Access
from opsbot.web.bodies import (
    ApprovalBody,
    EmptyBody,
    KillBody,
    ReasonBody,
    RestoreBody,
    read,
    restore_of,
)
from opsbot.web.replay import Replay
from opsbot.web.routing import Entry
from opsbot.web.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Kills:
    """The handlers."""

    around: Surroundings
    replay: Replay

    async def kill(self, request: Request, actor: Actor) -> Response:
        """Kill; 201 with the machine's form of the answer."""
        body, raw = await read(request, KillBody)
        wanted = body.request(self.around.duration_s)
        said = await self.replay.once(
            request,
            raw,
            actor,
            lambda rid: self.around.verbs.kill(wanted, actor, request_id=rid),
        )
        return answer(request, said, status=201)

    async def stop_completely(self, request: Request, actor: Actor) -> Response:
        """Make a kill the strictest there is."""
        _, raw = await read(request, ReasonBody)
        kill_id = request.path_params["id"]
        said = await self.replay.once(
            request,
            raw,
            actor,
            lambda rid: self.around.verbs.stop_completely(kill_id, actor, request_id=rid),
        )
        return answer(request, said)

    async def restore_kill(self, request: Request, actor: Actor) -> Response:
        """Restore one kill; 202 while a second person is needed. Or hold its restore in steps."""
        kill_id = request.path_params["id"]
        body, raw = await read(request, RestoreBody)
        if body.act is None:
            return await self._restored(request, actor, Target("kill", kill_id), (body, raw))
        hold, reason = body.act == "hold", body.reason.strip()
        said = await self.replay.once(
            request,
            raw,
            actor,
            lambda rid: self.around.verbs.hold_restore(
                kill_id, actor, hold=hold, reason=reason, request_id=rid
            ),
        )
        return answer(request, said)

    async def restore_workflow(self, request: Request, actor: Actor) -> Response:
        """Restore all kills that name a workflow; 202 while a second person is needed."""
        target = Target("workflow", request.path_params["name"])
        return await self._restored(request, actor, target, await read(request, ReasonBody))

    async def _restored(
        self, request: Request, actor: Actor, target: Target, asked: tuple[ReasonBody, bytes]
    ) -> Response:
        body, raw = asked
        wanted = restore_of(target, body)
        said = await self.replay.once(
            request,
            raw,
            actor,
            lambda rid: self.around.verbs.restore(wanted, actor, request_id=rid),
        )
        return answer(request, said, status=202 if pending(said) else 200)

    async def approve(self, request: Request, actor: Actor) -> Response:
        """Grant or refuse what waits for a second person."""
        body, raw = await read(request, ApprovalBody)
        wanted = ApproveRequest(request.path_params["id"], grant=body.grant, reason=body.reason)
        said = await self.replay.once(
            request,
            raw,
            actor,
            lambda rid: self.around.verbs.approve(wanted, actor, request_id=rid),
        )
        return answer(request, said)

    async def retry(self, request: Request, actor: Actor) -> Response:
        """Deliver again one undelivered message, or `all`."""
        _, raw = await read(request, EmptyBody)
        item = request.path_params["item"]
        said = await self.replay.once(
            request,
            raw,
            actor,
            lambda rid: self.around.verbs.retry(item, actor, request_id=rid),
        )
        return answer(request, said)

    async def list(self, request: Request, actor: Actor) -> Response:
        """List the kills."""
        return answer(request, await self.around.verbs.kills(actor))


def entries(around: Surroundings) -> list[Entry]:
    """Return the routes."""
    on = Kills(around, Replay(around.outbox, around.entropy))
    bearer = Access.BEARER
    return [
        Entry(
            "POST",
            "/v1/kills",
            bearer,
            "Kill: stop or degrade what the body names",
            known=on.kill,
            takes="KillBody",
            statuses=(201,),
        ),
        Entry("GET", "/v1/kills", bearer, "The kills", known=on.list),
        Entry(
            "POST",
            "/v1/kills/{id}/stop",
            bearer,
            "Stop completely what a kill only degrades",
            known=on.stop_completely,
            takes="ReasonBody",
        ),
        Entry(
            "POST",
            "/v1/kills/{id}/restore",
            bearer,
            "Restore one kill, or ask a second person to; hold it or let it go on where it goes in steps",
            known=on.restore_kill,
            takes="RestoreBody",
            statuses=(200, 202),
        ),
        Entry(
            "POST",
            "/v1/workflows/{name}/restore",
            bearer,
            "Restore all kills that name a workflow, or ask a second person to",
            known=on.restore_workflow,
            takes="ReasonBody",
            statuses=(200, 202),
        ),
        Entry(
            "POST",
            "/v1/approvals/{id}",
            bearer,
            "Grant or refuse what waits for a second person",
            known=on.approve,
            takes="ApprovalBody",
        ),
        Entry(
            "POST",
            "/v1/undelivered/{item}/retry",
            bearer,
            "Deliver again one message that could not be said outside, or `all`",
            known=on.retry,
            takes="EmptyBody",
        ),
    ]
