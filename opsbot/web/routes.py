"""Routes about what serves a workflow: look at it, set it, stage it, roll it back."""

import itertools
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from opsbot.domain.actor import Actor
from opsbot.domain.errors import NeedsMoreWords
from opsbot.web.answers import answer, pending
from opsbot.web.auth import Access
from opsbot.web.bodies import read
from opsbot.web.replay import Replay
from opsbot.web.route_bodies import RollbackBody, RouteBody, StageBody, revision
from opsbot.web.routing import Entry
from opsbot.web.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Routes:
    """The handlers."""

    around: Surroundings
    replay: Replay

    async def show(self, request: Request, actor: Actor) -> Response:
        """Show what serves a workflow."""
        return answer(request, await self.around.verbs.route(_workflow(request), actor))

    async def history(self, request: Request, actor: Actor) -> Response:
        """List the revisions."""
        return answer(request, await self.around.verbs.route_history(_workflow(request), actor))

    async def diff(self, request: Request, actor: Actor) -> Response:
        """Compare two revisions."""
        old, new = (revision(key, request.query_params.get(key)) for key in ("old", "new"))
        if old is None or new is None:
            raise NeedsMoreWords("`old` and `new` are needed.", hint="As in `?old=r3&new=r5`.")
        said = await self.around.verbs.route_diff(_workflow(request), old, new, actor)
        return answer(request, said)

    async def set(self, request: Request, actor: Actor) -> Response:
        """Store a new revision; 201, or 200 where it is there already."""
        body, raw = await read(request, RouteBody)
        wanted = body.request(_workflow(request))
        said = await self.replay.once(
            request,
            raw,
            actor,
            lambda rid: self.around.verbs.set_route(wanted, actor, request_id=rid),
        )
        return answer(request, said, status=201 if said.body.get("outcome") == "set" else 200)

    async def stage(self, request: Request, actor: Actor) -> Response:
        """Begin a ramp, or hold, go on with or end the one that runs; 202 while it waits."""
        body, raw = await read(request, StageBody)
        wanted = body.request(_workflow(request))
        said = await self.replay.once(
            request,
            raw,
            actor,
            lambda rid: self.around.verbs.stage(wanted, actor, request_id=rid),
        )
        return answer(request, said, status=202 if pending(said) else 200)

    async def rollback(self, request: Request, actor: Actor) -> Response:
        """Serve everybody with an older revision again."""
        body, raw = await read(request, RollbackBody)
        wanted = body.request(_workflow(request))
        said = await self.replay.once(
            request,
            raw,
            actor,
            lambda rid: self.around.verbs.rollback(wanted, actor, request_id=rid),
        )
        return answer(request, said)


def _workflow(request: Request) -> str:
    return str(request.path_params["workflow"])


def entries(around: Surroundings) -> list[Entry]:
    """Return the routes."""
    on = Routes(around, Replay(around.outbox, around.entropy))
    at, compared = "/v1/routes/{workflow}", {"old": "As in `r3`", "new": "As in `r5`"}
    looks = (
        Entry("GET", at + path, Access.BEARER, summary, known=known, query=query)
        for path, summary, known, query in (
            ("", "What serves a workflow, and how far a change of it is", on.show, {}),
            ("/history", "Every revision of a workflow's route", on.history, {}),
            ("/diff", "What differs between two revisions", on.diff, compared),
        )
    )
    acts = (
        Entry("POST", at + path, Access.BEARER, summary, known, takes=takes, statuses=statuses)
        for path, summary, known, takes, statuses in (
            ("", "Store a new revision; it serves nobody yet", on.set, "RouteBody", (201, 200)),
            ("/stage", "Begin a ramp, hold it, go on or end it", on.stage, "StageBody", (200, 202)),
            (
                "/rollback",
                "Serve everybody with an older revision again, at once",
                on.rollback,
                "RollbackBody",
                (200,),
            ),
        )
    )
    return list(itertools.chain(looks, acts))
