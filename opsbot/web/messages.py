"""Routes about messages to people: write, look, publish, correct; parse, one verb, render."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from opsbot.app.ask import ask
from opsbot.app.comms.requests import CommsLook, CommsWords
from opsbot.app.incident.requests import Which
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.said import Said
from opsbot.web import message_bodies as bodies
from opsbot.web.answers import answer, pending
from opsbot.web.auth import Access
from opsbot.web.bodies import read
from opsbot.web.replay import Replay
from opsbot.web.routing import Entry, Known
from opsbot.web.surroundings import Surroundings

CURRENT: Final = "current"
"""In place of an incident: the only open one; where several are open, none is guessed."""


M = TypeVar("M", bound=bodies.AboutMessage)
N = TypeVar("N", bound=bodies.AboutIncident)


@dataclass(frozen=True, slots=True)
class Messages:
    """The handlers."""

    around: Surroundings
    replay: Replay

    async def list(self, request: Request, actor: Actor) -> Response:
        """List the messages of an incident, or of every open one."""
        every = request.query_params.get("every", "")
        if every not in ("", "true", "false", "1", "0"):
            raise NeedsMoreWords("`every` is true or false.")
        which = Which(request.query_params.get("incident", "").upper())
        look = CommsLook("list", which, every=every in ("true", "1"))
        return await self._looked(request, actor, look)

    async def templates(self, request: Request, actor: Actor) -> Response:
        """List the templates."""
        return await self._looked(request, actor, CommsLook("templates"))

    async def preview(self, request: Request, actor: Actor) -> Response:
        """Show one message, byte for byte as it is published."""
        return await self._looked(request, actor, CommsLook("preview", message=_id(request)))

    async def facts(self, request: Request, actor: Actor) -> Response:
        """Show the fact sheet of an incident."""
        return await self._looked(request, actor, CommsLook("facts", _which(request)))

    async def new(self, request: Request, actor: Actor) -> Response:
        """Write a draft; 201, or 200 where the same request wrote it before."""
        body, raw = await read(request, bodies.NewMessageBody)
        said = await self._asked(request, raw, actor, body.request())
        return answer(request, said, status=201 if said.body.get("outcome") == "drafted" else 200)

    def message(self, kind: type[M]) -> Known:
        """Return the handler of one kind of request about a message."""

        async def act(request: Request, actor: Actor) -> Response:
            body, raw = await read(request, kind)
            said = await self._asked(request, raw, actor, body.request(_id(request)))
            return answer(request, said, status=202 if pending(said) else 200)

        return act

    def incident(self, kind: type[N]) -> Known:
        """Return the handler of one kind of request around an incident."""

        async def act(request: Request, actor: Actor) -> Response:
            body, raw = await read(request, kind)
            return answer(
                request, await self._asked(request, raw, actor, body.request(_which(request)))
            )

        return act

    async def texts(self, request: Request, actor: Actor) -> Response:
        """Change what users of a workflow read while it is paused."""
        body, raw = await read(request, bodies.TextsBody)
        words = body.request(str(request.path_params["name"]))
        return answer(request, await self._asked(request, raw, actor, words))

    async def _looked(self, request: Request, actor: Actor, look: CommsLook) -> Response:
        return answer(request, await ask(self.around.verbs, look, actor))

    async def _asked(self, request: Request, raw: bytes, actor: Actor, words: CommsWords) -> Said:
        return await self.replay.once(
            request,
            raw,
            actor,
            lambda rid: ask(self.around.verbs, words, actor, request_id=rid),
        )


def _id(request: Request) -> str:
    return str(request.path_params["id"]).upper()


def _which(request: Request) -> Which:
    word = str(request.path_params["id"])
    return Which("" if word == CURRENT else word.upper())


def entries(around: Surroundings) -> list[Entry]:
    """Return the routes."""
    on = Messages(around, Replay(around.outbox, around.entropy))
    return [*_looks(on), *_messages(on), *_incidents(on)]


def _looks(on: Messages) -> Sequence[Entry]:
    at, bearer = "/v1/messages", Access.BEARER
    query = {
        "incident": "the id of an incident; without it every open one",
        "every": "`true` lists also those of incidents that are over",
    }
    facts = "What is known of it: confirmed, believed, unknown"
    return (
        Entry("GET", at, bearer, "The messages to people", on.list, query=query),
        Entry("GET", f"{at}/{{id}}", bearer, "One as it is published", on.preview),
        Entry("GET", "/v1/templates", bearer, "What messages are made from", on.templates),
        Entry("GET", "/v1/incidents/{id}/facts", bearer, facts, on.facts),
    )


def _messages(on: Messages) -> Sequence[Entry]:
    at, bearer = "/v1/messages", Access.BEARER
    one = f"{at}/{{id}}"
    acts: tuple[tuple[str, str, type[bodies.AboutMessage]], ...] = (
        ("", "Change a draft", bodies.EditMessageBody),
        (
            "/publish",
            "Publish it, or ask for the approvals that it takes",
            bodies.PublishMessageBody,
        ),
        ("/drop", "Give it up, or say no to it", bodies.DropMessageBody),
        ("/retry", "Try one target again", bodies.RetryTargetBody),
    )
    return (
        Entry(
            "POST",
            at,
            bearer,
            "Write a draft from a template",
            on.new,
            takes="NewMessageBody",
            statuses=(201, 200),
        ),
        *(
            Entry(
                "POST", f"{one}{path}", bearer, does, on.message(kind), takes=kind.__name__,
                statuses=(200, 202) if path == "/publish" else (200,),
            )
            for path, does, kind in acts
        ),
        Entry(
            "POST",
            "/v1/workflows/{name}/texts",
            bearer,
            "Change what users read while it is paused",
            on.texts,
            takes="TextsBody",
        ),
    )  # fmt: skip


def _incidents(on: Messages) -> Sequence[Entry]:
    acts: tuple[tuple[str, str, type[bodies.AboutIncident]], ...] = (
        ("messages/now", "Tell users at once, in words approved in advance", bodies.HoldUsersBody),
        ("messages/snooze", "Move the promise of the next update", bodies.SnoozeBody),
        ("facts", "Put a line on the fact sheet", bodies.FactBody),
        ("clocks", "Start a legal clock, or say that it was answered", bodies.ClockBody),
        ("evidence", "Say where the evidence was put aside", bodies.EvidenceBody),
    )
    return tuple(
        Entry(
            "POST",
            f"/v1/incidents/{{id}}/{path}",
            Access.BEARER,
            does,
            on.incident(kind),
            takes=kind.__name__,
        )
        for path, does, kind in acts
    )
