"""The route of pictures: evaluation results over revisions, or in words for whoever asks for text."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from opsbot.domain.actor import Actor
from opsbot.web.auth import Access
from opsbot.web.routing import Entry
from opsbot.web.surroundings import Surroundings

TEXT = "text/plain"


@dataclass(frozen=True, slots=True)
class Pictures:
    """The handler."""

    around: Surroundings

    async def evaluations(self, request: Request, actor: Actor) -> Response:
        """Answer with the PNG, or with its words where `Accept: text/plain` asks for them."""
        picture = await self.around.verbs.evaluations(str(request.path_params["workflow"]), actor)
        words = TEXT in request.headers.get("accept", "")
        return Response(
            f"{picture.alt}\n" if words else picture.png,
            media_type=TEXT if words else "image/png",
            headers={
                "cache-control": "no-store",
                "vary": "accept",
                "x-content-type-options": "nosniff",
            },
        )


def entries(around: Surroundings) -> list[Entry]:
    """Return the route."""
    return [
        Entry(
            "GET",
            "/v1/routes/{workflow}/evaluations.png",
            Access.BEARER,
            "Evaluation results over revisions as a picture; its words with `Accept: text/plain`",
            known=Pictures(around).evaluations,
        )
    ]
