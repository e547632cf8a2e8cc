"""Routes that only look: workflows, instances, on-call, the journal, the policy's reasons."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from opsbot.domain.actor import Actor
from opsbot.domain.errors import NeedsMoreWords
from opsbot.web.answers import answer
from opsbot.web.auth import Access
from opsbot.web.routing import Entry
from opsbot.web.surroundings import Surroundings

JSON_LINES = "application/jsonl"
TAIL, LONGEST_TAIL = 20, 1_000


@dataclass(frozen=True, slots=True)
class Look:
    """The handlers."""

    around: Surroundings

    async def workflows(self, request: Request, actor: Actor) -> Response:
        """Show every workflow."""
        return answer(request, await self.around.verbs.status(None, actor))

    async def workflow(self, request: Request, actor: Actor) -> Response:
        """Show one workflow."""
        return answer(request, await self.around.verbs.status(request.path_params["name"], actor))

    async def instances(self, request: Request, actor: Actor) -> Response:
        """Show the fleet."""
        return answer(request, await self.around.verbs.instances(actor))

    async def oncall(self, request: Request, actor: Actor) -> Response:
        """Show who answers for what."""
        workflow = request.query_params.get("workflow") or None
        return answer(request, await self.around.verbs.oncall(workflow, actor))

    async def journal(self, request: Request, actor: Actor) -> Response:
        """Show the newest entries."""
        return answer(request, await self.around.verbs.audit_tail(_count(request), actor))

    async def verify(self, request: Request, actor: Actor) -> Response:
        """Verify chain, anchors, and state against a replay."""
        return answer(request, await self.around.verbs.audit_verify(actor))

    async def export(self, _: Request, actor: Actor) -> Response:
        """
        Stream the export.

        The first line is awaited before the answer begins, so that a refusal is still a refusal;
        an export that breaks off later has no trailer and fails verification.
        """
        lines = self.around.verbs.audit_export(actor)
        first = await anext(lines)
        return StreamingResponse(_lines(first, lines), media_type=JSON_LINES)

    async def explain(self, request: Request, actor: Actor) -> Response:
        """Say why the policy lets somebody do something, or not."""
        who, verb, workflow = (request.query_params.get(k, "") for k in ("who", "verb", "workflow"))
        if not (who and verb and workflow):
            raise NeedsMoreWords("`who`, `verb` and `workflow` are needed.")
        return answer(request, await self.around.verbs.explain(who, verb, workflow, actor))


async def _lines(first: str, rest: AsyncIterator[str]) -> AsyncIterator[str]:
    yield f"{first.rstrip()}\n"
    async for line in rest:
        yield f"{line.rstrip()}\n"


def _count(request: Request) -> int:
    raw = request.query_params.get("tail", str(TAIL))
    if not raw.isascii() or not raw.isdigit() or not 1 <= int(raw[:9]) <= LONGEST_TAIL:
        raise NeedsMoreWords(f"`tail` is a number from 1 to {LONGEST_TAIL}.")
    return int(raw)


def entries(around: Surroundings) -> list[Entry]:
    """Return the routes."""
    on = Look(around)
    shown = (
        Entry("GET", path, Access.BEARER, summary, known=known)
        for path, summary, known in (
            ("/v1/workflows", "Every workflow and what holds it", on.workflows),
            ("/v1/workflows/{name}", "One workflow and what holds it", on.workflow),
            ("/v1/instances", "The fleet: who confirmed, who lags, who is silent", on.instances),
            ("/v1/journal/verify", "Verify the journal against itself and the state", on.verify),
            ("/v1/journal/export", "The whole journal as signed JSON lines", on.export),
        )
    )
    asked = (
        Entry("GET", path, Access.BEARER, summary, known=known, query=query)
        for path, summary, known, query in (
            (
                "/v1/oncall",
                "Who answers for what",
                on.oncall,
                {"workflow": "A workflow's name; all without it"},
            ),
            (
                "/v1/journal",
                "The newest journal entries",
                on.journal,
                {"tail": f"How many, up to {LONGEST_TAIL}; {TAIL} without it"},
            ),
            (
                "/v1/policy/explain",
                "Why somebody may do something, or not",
                on.explain,
                {"who": "An identity", "verb": "What they want to do", "workflow": "To what"},
            ),
        )
    )
    return list(itertools.chain(shown, asked))
