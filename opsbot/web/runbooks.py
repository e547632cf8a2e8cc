"""Routes of runbooks as pages to print: from the files as they were last read, so without the store too."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from opsbot.app.runs.filled import filled
from opsbot.app.runs.page import Sheet, index, page
from opsbot.app.runs.start import book_named
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.runbook import Runbook
from opsbot.domain.said import inert
from opsbot.web.auth import Access
from opsbot.web.routing import Entry, Known
from opsbot.web.surroundings import Surroundings

LOST_S: Final = 3.0
"""How long the store may be silent before a page says that it walks on paper."""

LONGEST: Final = 300
"""Characters of a value that is filled in."""

LOST: Final = (
    "The store does not answer, so nothing can be pressed now. What is killed stays killed. Do it by hand:"
    " the commands are here, and `opsbot kill \u2026 --redis URL` works past the bot."
)
BROKEN: Final = "The files were changed and are broken: this is the last good version. `opsbot check` names the lines."
_SAFE: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class Pages:
    """The handlers; none of them asks the store."""

    around: Surroundings

    async def index(self, request: Request, actor: Actor) -> Response:
        """List the runbooks."""
        await self.around.verbs.admit(actor)
        return _page(index(self._known(), warning=self._warning()))

    def one(self, folder: str) -> Known:
        """Return the handler of the pages of one folder, empty for our own."""

        async def show(request: Request, actor: Actor) -> Response:
            await self.around.verbs.admit(actor)
            known = self._known()
            book = book_named(known, f"{folder}{request.path_params['name']}")
            values = _values(book, request)
            sheet = Sheet(values, self.around.typing, frozenset(known), self._warning())
            return _page(page(filled(book, values), sheet))

        return show

    def _known(self) -> Mapping[str, Runbook]:
        return self.around.procedures.known()

    def _warning(self) -> str:
        lost = self.around.store_age_s() > LOST_S
        broken = self.around.declarations().ok is False
        return " ".join([*([LOST] if lost else []), *([BROKEN] if broken else [])])


def _values(book: Runbook, request: Request) -> Mapping[str, str]:
    """
    Return what the address fills in.

    Raises:
        NeedsMoreWords: a name that the runbook does not ask for, or a value that nobody would write.
    """
    found = {}
    for name, value in request.query_params.items():
        if book.param(name) is None:
            known = ", ".join(f"`{one.name}`" for one in book.params) or "nothing"
            raise NeedsMoreWords(
                f"`{book.name}` asks for no `{inert(name, limit=40)}`.",
                hint=f"It asks for {known}.",
            )
        if len(value) > LONGEST:
            raise NeedsMoreWords(f"`{name}` has more than {LONGEST} characters.")
        if value:
            found[name] = inert(value, limit=LONGEST)
    return found


def _page(html: str) -> Response:
    return Response(
        html,
        media_type="text/html",
        headers={
            "cache-control": "no-store",
            "vary": "authorization",
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "content-security-policy": _SAFE,
        },
    )


def entries(around: Surroundings) -> list[Entry]:
    """Return the routes; a browser asks for the token as a password."""
    on, at, bearer = Pages(around), "/runbooks", Access.BEARER
    asked = {"workflow": "fills it in; so for whatever else the runbook asks for, by its name"}
    return [
        Entry("GET", at, bearer, "The runbooks, as a page", on.index, browser=True),
        Entry(
            "GET",
            f"{at}/{{name}}",
            bearer,
            "One runbook, as a page to print",
            on.one(""),
            query=asked,
            browser=True,
        ),
        Entry(
            "GET",
            f"{at}/imported/{{name}}",
            bearer,
            "A page of others, to print",
            on.one("imported/"),
            query=asked,
            browser=True,
        ),
    ]
