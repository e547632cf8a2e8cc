"""Routes about runs of runbooks: begin, look, mark, press, hand over; parse, one verb, render."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from starlette.requests import Request
from starlette.responses import Response

from opsbot.app.ask import ask
from opsbot.app.runs.requests import RunLook, RunWords, WhichRun
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.said import Said
from opsbot.web import run_bodies as bodies
from opsbot.web.answers import answer
from opsbot.web.auth import Access
from opsbot.web.bodies import read
from opsbot.web.replay import Replay
from opsbot.web.routing import Entry, Known
from opsbot.web.surroundings import Surroundings

CURRENT: Final = "current"
"""In place of a run: the only open one; of a step: the current one. Where there are several, none is guessed."""

What = Literal["show", "steps", "catchup", "catalogue"]


@dataclass(frozen=True, slots=True)
class Runs:
    """The handlers."""

    around: Surroundings
    replay: Replay

    async def list(self, request: Request, actor: Actor) -> Response:
        """List the open runs, or the newest of all."""
        every = request.query_params.get("every", "")
        if every not in ("", "true", "false", "1", "0"):
            raise NeedsMoreWords("`every` is true or false.")
        return await self._looked(request, actor, RunLook("list", every=every in ("true", "1")))

    def look(self, what: What) -> Known:
        """Return the handler of one way to look."""

        async def looked(request: Request, actor: Actor) -> Response:
            return await self._looked(request, actor, RunLook(what, _which(request)))

        return looked

    def read(self, folder: str) -> Known:
        """Return the handler that reads one runbook of a folder, empty for our own."""

        async def read_one(request: Request, actor: Actor) -> Response:
            name = f"{folder}{request.path_params['name']}"
            return await self._looked(request, actor, RunLook("read", runbook=name))

        return read_one

    async def document(self, request: Request, actor: Actor) -> Response:
        """Give the pinned runbook as a file, with what was ticked."""
        found = await self.around.verbs.runs.document(_which(request), actor)
        return Response(
            found.data,
            media_type=found.media,
            headers={
                "cache-control": "no-store",
                "x-content-type-options": "nosniff",
                "content-disposition": f'attachment; filename="{found.name}"',
            },
        )

    async def start(self, request: Request, actor: Actor) -> Response:
        """Begin one; 201, or 200 where the same request began it before."""
        body, raw = await read(request, bodies.StartRunBody)
        said = await self._asked(request, raw, actor, body.request())
        return answer(request, said, status=201 if said.body.get("outcome") == "begun" else 200)

    async def mark(self, request: Request, actor: Actor) -> Response:
        """Say something about one step."""
        body, raw = await read(request, bodies.MarkBody)
        words = body.request(_which(request), _step(request))
        return answer(request, await self._asked(request, raw, actor, words))

    async def press(self, request: Request, actor: Actor) -> Response:
        """Press one action of a step."""
        body, raw = await read(request, bodies.RunActionBody)
        words = body.request(_which(request), _step(request), _number(request))
        return answer(request, await self._asked(request, raw, actor, words))

    async def lead(self, request: Request, actor: Actor) -> Response:
        """Hand the lead over, or take it."""
        body, raw = await read(request, bodies.LeadBody)
        return answer(
            request, await self._asked(request, raw, actor, body.request(_which(request)))
        )

    async def end(self, request: Request, actor: Actor) -> Response:
        """End it, or go on with another text."""
        body, raw = await read(request, bodies.EndBody)
        return answer(
            request, await self._asked(request, raw, actor, body.request(_which(request)))
        )

    async def _looked(self, request: Request, actor: Actor, look: RunLook) -> Response:
        return answer(request, await ask(self.around.verbs, look, actor))

    async def _asked(self, request: Request, raw: bytes, actor: Actor, words: RunWords) -> Said:
        return await self.replay.once(
            request,
            raw,
            actor,
            lambda rid: ask(self.around.verbs, words, actor, request_id=rid),
        )


def _which(request: Request) -> WhichRun:
    word = str(request.path_params.get("id", CURRENT))
    return WhichRun("" if word == CURRENT else word)


def _step(request: Request) -> str:
    word = str(request.path_params["step"])
    return "" if word == CURRENT else word


def _number(request: Request) -> int:
    """Return which action is meant. Raises NeedsMoreWords: it is no number that counts from 1."""
    word = str(request.path_params["number"])
    if not (word.isascii() and word.isdigit() and len(word) < 4 and int(word)):  # noqa: PLR2004  a step has a few actions
        raise NeedsMoreWords("Actions of a step count from 1; nothing was changed.")
    return int(word)


def entries(around: Surroundings) -> list[Entry]:
    """Return the routes; whether runbooks could be walked is asked where something can say it."""
    on = Runs(around, Replay(around.outbox, around.entropy))
    asked = around.preflight
    if asked is None:
        return [*_looks(on), *_acts(on)]

    async def preflight(request: Request, actor: Actor) -> Response:
        return answer(request, await asked(actor))

    what = "What would stop somebody who walks a runbook now"
    return [*_looks(on), *_acts(on), Entry("GET", "/v1/preflight", Access.BEARER, what, preflight)]


def _looks(on: Runs) -> Sequence[Entry]:
    at, books, bearer = "/v1/runs", "/v1/runbooks", Access.BEARER
    every = {"every": "`true` lists also what is over, the newest first"}
    one = f"One run by its id, its incident's, or `{CURRENT}` for the only open one"
    return (
        Entry("GET", at, bearer, "The open runs of runbooks", on.list, query=every),
        Entry("GET", f"{at}/{{id}}", bearer, one, on.look("show")),
        Entry("GET", f"{at}/{{id}}/steps", bearer, "Its steps with ticks", on.look("steps")),
        Entry("GET", f"{at}/{{id}}/catchup", bearer, "For who comes late", on.look("catchup")),
        Entry(
            "GET", f"{at}/{{id}}/document", bearer, "Its text with ticks, as a file", on.document
        ),
        Entry("GET", books, bearer, "The runbooks that can be walked", on.look("catalogue")),
        Entry("GET", f"{books}/{{name}}", bearer, "One runbook", on.read("")),
        Entry("GET", f"{books}/imported/{{name}}", bearer, "One of others", on.read("imported/")),
    )


def _acts(on: Runs) -> Sequence[Entry]:
    at, bearer = "/v1/runs", Access.BEARER
    step = f"{at}/{{id}}/steps/{{step}}"
    return (
        Entry(
            "POST",
            at,
            bearer,
            "Begin to walk a runbook",
            on.start,
            takes="StartRunBody",
            statuses=(201, 200),
        ),
        Entry("POST", step, bearer, "Tick, skip, block, assign, note", on.mark, takes="MarkBody"),
        Entry(
            "POST",
            f"{step}/actions/{{number}}",
            bearer,
            "Do an action of a step, under the policy of its command",
            on.press,
            takes="RunActionBody",
        ),
        Entry(
            "POST",
            f"{at}/{{id}}/lead",
            bearer,
            "Hand over or take the lead",
            on.lead,
            takes="LeadBody",
        ),
        Entry(
            "POST",
            f"{at}/{{id}}/end",
            bearer,
            "End it, switch or renew it",
            on.end,
            takes="EndBody",
        ),
    )
