"""Routes of evaluation evidence: take what was measured, and show what the gates make of it."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from opsbot.domain.actor import Actor
from opsbot.web.answers import answer
from opsbot.web.auth import Access
from opsbot.web.bodies import SignalBody, read
from opsbot.web.replay import Replay
from opsbot.web.routing import Entry
from opsbot.web.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Signals:
    """The handlers."""

    around: Surroundings
    replay: Replay

    async def take(self, request: Request, actor: Actor) -> Response:
        """Keep a signal; 201 with what every gate makes of it."""
        body, raw = await read(request, SignalBody)
        wanted = body.request()
        said = await self.replay.once(
            request,
            raw,
            actor,
            lambda rid: self.around.verbs.record_eval(wanted, actor, request_id=rid),
        )
        return answer(request, said, status=201)

    async def evidence(self, request: Request, actor: Actor) -> Response:
        """Show what the gates make of a revision or a model, or of all that serves."""
        name, asked = request.path_params["name"], request.query_params.get("revision") or None
        return answer(request, await self.around.verbs.eval_show(name, asked, actor))


def entries(around: Surroundings) -> list[Entry]:
    """Return the routes."""
    on = Signals(around, Replay(around.outbox, around.entropy))
    return [
        Entry(
            "POST",
            "/v1/signals",
            Access.BEARER,
            "Record what was measured: results of an evaluation, of kind `eval`",
            known=on.take,
            takes="SignalBody",
            statuses=(201,),
        ),
        Entry(
            "GET",
            "/v1/workflows/{name}/evidence",
            Access.BEARER,
            "What the gates of a workflow make of its evaluations",
            known=on.evidence,
            query={"revision": "A revision or an approved model; all that serves without it"},
        ),
    ]
