"""Routes of reviews: one incident's review as markdown, page, machine's form, or picture."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from opsbot.app.incident.requests import Which
from opsbot.app.review.export import FORMS, ReviewForm
from opsbot.domain.actor import Actor
from opsbot.web.auth import Access
from opsbot.web.routing import Entry, Known
from opsbot.web.surroundings import Surroundings

CURRENT: Final = "current"
"""In place of an id: the only open incident; where several are open, none is guessed."""

_ASKS: Final[tuple[tuple[str, ReviewForm], ...]] = (
    ("text/html", "html"),
    ("text/markdown", "md"),
    ("image/svg+xml", "svg"),
    ("application/json", "json"),
)
_DOES: Final[dict[ReviewForm, str]] = {
    "md": "as markdown",
    "html": "as a page that needs nothing else",
    "json": "for machines",
    "svg": "its timeline as a picture",
}
_SAFE: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@dataclass(frozen=True, slots=True)
class Reviews:
    """The handlers."""

    around: Surroundings

    async def asked(self, request: Request, actor: Actor) -> Response:
        """Give the review in the form that the caller accepts; markdown where it does not say."""
        accepts = request.headers.get("accept", "")
        places = ((accepts.find(media), form) for media, form in _ASKS)
        wanted = sorted(one for one in places if one[0] >= 0)
        return await self._given(request, wanted[0][1] if wanted else "md", actor)

    def given(self, form: ReviewForm) -> Known:
        """Return the handler of one form."""

        async def give(request: Request, actor: Actor) -> Response:
            return await self._given(request, form, actor)

        return give

    async def _given(self, request: Request, form: ReviewForm, actor: Actor) -> Response:
        word = str(request.path_params["id"])
        which = Which("" if word == CURRENT else word)
        found = await self.around.verbs.incidents.document(which, form, actor)
        return Response(
            found.data,
            media_type=found.media,
            headers={
                "cache-control": "no-store",
                "vary": "accept",
                "x-content-type-options": "nosniff",
                "content-security-policy": _SAFE,
                "content-disposition": f'inline; filename="{found.name}"',
            },
        )


def entries(around: Surroundings) -> list[Entry]:
    """Return the routes."""
    on, at = Reviews(around), "/v1/incidents/{id}/review"
    whole = Entry("GET", at, Access.BEARER, "Its review, in the form of `Accept`", known=on.asked)
    forms = (
        Entry("GET", f"{at}.{form}", Access.BEARER, f"Its review {_DOES[form]}", on.given(form))
        for form in FORMS
    )
    return [whole, *forms]
