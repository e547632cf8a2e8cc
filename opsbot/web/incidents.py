"""Routes about incidents: look, open, move, change, hand over; parse, one verb, render."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from opsbot.app.ask import ask
from opsbot.app.incident.requests import IncidentLook, IncidentWords, Which
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.said import Said
from opsbot.web import incident_bodies as bodies
from opsbot.web.answers import answer
from opsbot.web.auth import Access
from opsbot.web.bodies import read
from opsbot.web.replay import Replay
from opsbot.web.routing import Entry, Known
from opsbot.web.surroundings import Surroundings

B = TypeVar("B", bound=bodies.ActBody)

CURRENT = "current"
"""In place of an id: the only open incident; where several are open, none is guessed."""


@dataclass(frozen=True, slots=True)
class Incidents:
    """The handlers."""

    around: Surroundings
    replay: Replay

    async def list(self, request: Request, actor: Actor) -> Response:
        """List the open incidents, or the newest of all."""
        every = request.query_params.get("every", "")
        if every not in ("", "true", "false", "1", "0"):
            raise NeedsMoreWords("`every` is true or false.")
        look = IncidentLook("list", every=every in ("true", "1"))
        return await self._looked(request, actor, look)

    async def show(self, request: Request, actor: Actor) -> Response:
        """Show one."""
        return await self._looked(request, actor, IncidentLook("show", _which(request)))

    async def timeline(self, request: Request, actor: Actor) -> Response:
        """Show what happened, line by line."""
        return await self._looked(request, actor, IncidentLook("timeline", _which(request)))

    async def open(self, request: Request, actor: Actor) -> Response:
        """Open one; 201, or 200 where the same request opened it before."""
        body, raw = await read(request, bodies.OpenBody)
        said = await self._asked(request, raw, actor, body.request())
        return answer(request, said, status=201 if said.body.get("outcome") == "opened" else 200)

    def changing(self, kind: type[B]) -> Known:
        """Return the handler of one kind of change."""

        async def change(request: Request, actor: Actor) -> Response:
            body, raw = await read(request, kind)
            words = body.request(_which(request))
            return answer(request, await self._asked(request, raw, actor, words))

        return change

    async def _looked(self, request: Request, actor: Actor, look: IncidentLook) -> Response:
        said = await ask(self.around.verbs, look, actor)
        return answer(request, said)

    async def _asked(
        self, request: Request, raw: bytes, actor: Actor, words: IncidentWords
    ) -> Said:
        return await self.replay.once(
            request,
            raw,
            actor,
            lambda rid: ask(self.around.verbs, words, actor, request_id=rid),
        )


def _which(request: Request) -> Which:
    word = str(request.path_params["id"])
    return Which("" if word == CURRENT else word)


def entries(around: Surroundings) -> list[Entry]:
    """Return the routes."""
    on = Incidents(around, Replay(around.outbox, around.entropy))
    at, bearer = "/v1/incidents", Access.BEARER
    every = {"every": "`true` lists also what is over, the newest first"}
    opens = Entry(
        "POST", at, bearer, "Open an incident", on.open, takes="OpenBody", statuses=(201, 200)
    )
    looks = (
        Entry("GET", f"{at}/{{id}}{path}", bearer, summary, known)
        for path, summary, known in (
            ("", f"One incident by its id, or `{CURRENT}` for the only open one", on.show),
            ("/timeline", "What happened in it, line by line", on.timeline),
        )
    )
    changes = (
        Entry(
            "POST", f"{at}/{{id}}/{path}", bearer, summary, on.changing(kind), takes=kind.__name__
        )
        for path, kind, summary in _CHANGES
    )
    listed = Entry("GET", at, bearer, "The open incidents", on.list, query=every)
    return [listed, opens, *looks, *changes]


_CHANGES: Final[Sequence[tuple[str, type[bodies.ActBody], str]]] = (
    ("move", bodies.MoveBody, "Move it to another status"),
    ("edit", bodies.EditBody, "Change what is known of it, or give an update"),
    ("role", bodies.RoleBody, "Offer, take, accept, decline or leave a role"),
    ("retry", bodies.RetryBody, "Do a step outside again that failed"),
    ("reminders", bodies.ReminderBody, "Put a reminder off, or stop its kind"),
    ("notes", bodies.NoteBody, "Add a line to its timeline"),
    ("retract", bodies.RetractBody, "Take a line out of its timeline; it stays, marked"),
    ("page", bodies.PageBody, "Call somebody, or answer for its page"),
    ("actions", bodies.ActionBody, "Something to do afterwards"),
)
"""What may be done with one incident: the end of the path, the body, and what it does."""
