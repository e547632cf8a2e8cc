"""Whether this replica lives, whether it can take work, and what it measures."""

import asyncio
import json
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from opsbot.domain.errors import StoreLost
from opsbot.web import metrics
from opsbot.web.auth import Access
from opsbot.web.routing import Entry
from opsbot.web.surroundings import Surroundings

STORE_S = 1.0
"""How long a balancer's question may wait for the store, in seconds."""

LOST = "The store does not answer: nothing can be changed here now. What is killed stays killed."
BROKEN = "The files are broken: the last good version is in force. `opsbot check` names the lines."
BROKEN_WORDS = (
    "templates of messages are broken: each stays as it was last good; `opsbot check` names them"
)
NEVER_GOOD = (
    "The files are broken and were never good: no workflow is declared. Run `opsbot check`."
)


@dataclass(frozen=True, slots=True)
class Health:
    """The handlers; none of them tells anything that a stranger may not know."""

    around: Surroundings

    async def healthz(self, _: Request) -> Response:
        """Answer as long as the loop turns."""
        return _json(200, {"ok": True})

    async def readyz(self, _: Request) -> Response:
        """
        Answer 200 while the store answers.

        A dead Slack and broken files are told but do not make the replica unready: terminals and
        programs must still reach it, then more than ever.
        """
        slack = self.around.slack()
        said: dict[str, object] = {
            "env": self.around.env,
            "slack": {
                "ok": slack.ok,
                "transport": slack.transport,
                "sockets": slack.sockets,
                "wanted": slack.wanted,
            },
            "declarations": self._declarations(),
        }
        try:
            async with asyncio.timeout(STORE_S):
                ms = await self.around.store.ready()
        except (StoreLost, TimeoutError):
            return _json(503, {"ready": False, "reason": LOST, "store": {"ok": False}, **said})
        store = {"ok": True, "ms": round(ms, 2), "revision": self._revision()}
        return _json(200, {"ready": True, "store": store, **said})

    def _declarations(self) -> dict[str, object]:
        files, in_force = self.around.declarations(), len(self.around.store.state.workflows())
        told: dict[str, object] = {"ok": files.ok, "workflows": in_force}
        if files.ok is False:
            told["errors"] = files.errors
            told["says"] = BROKEN if in_force else NEVER_GOOD
        elif files.errors:
            told["errors"] = files.errors
            told["says"] = BROKEN_WORDS
        return told

    def _revision(self) -> int:
        return self.around.store.state.position.revision

    async def measured(self, _: Request) -> Response:
        """Answer with the metrics page."""
        reading = await metrics.read(self.around)
        return Response(metrics.page(reading), media_type=metrics.CONTENT_TYPE)


def _json(status: int, body: dict[str, object]) -> Response:
    return Response(
        json.dumps(body),
        status_code=status,
        media_type="application/json",
        headers={"cache-control": "no-store"},
    )


def entries(around: Surroundings) -> list[Entry]:
    """Return the routes."""
    on = Health(around)
    public = Access.PUBLIC
    return [
        Entry("GET", "/healthz", public, "Does it live?", anybody=on.healthz),
        Entry("GET", "/readyz", public, "Can it take work?", anybody=on.readyz),
        Entry("GET", "/metrics", public, "Prometheus metrics", anybody=on.measured),
    ]
