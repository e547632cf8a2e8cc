"""Routes that say how they authenticate, and the boundary where every error becomes an answer."""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from opsbot.domain.actor import Actor
from opsbot.domain.errors import OpsbotError
from opsbot.web import problems
from opsbot.web.auth import Access, Identify, caller

Known = Callable[[Request, Actor], Awaitable[Response]]
Anybody = Callable[[Request], Awaitable[Response]]
ASKED = 'Basic realm="opsbot: any name, and your token as the password", charset="UTF-8"'
LONGEST_PATH = 200
"""Characters of a path that an answer repeats."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One route.

    Exactly one of *known* (access BEARER; gets the actor) and *anybody* (PUBLIC or SIGNED) is set.
    *takes* and *gives* name schemas of the OpenAPI document; *query* maps parameters to what they
    mean; *statuses* are the successful answers. *browser*: a page that people open, so the token may
    come as the password that the browser asks for; only for what changes nothing.
    """

    method: str
    path: str
    access: Access
    summary: str
    known: Known | None = None
    anybody: Anybody | None = None
    takes: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    statuses: Sequence[int] = (200,)
    browser: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.access, Access):
            raise TypeError(f"{self.path}: says not how it authenticates")
        if (self.known is not None) != (self.access is Access.BEARER):
            raise TypeError(f"{self.path}: `known` goes with bearer access and with nothing else")
        if (self.known is None) == (self.anybody is None):
            raise TypeError(f"{self.path}: exactly one of `known` and `anybody`")
        if self.browser and (self.known is None or self.method != "GET"):
            raise TypeError(
                f"{self.path}: a browser repeats a password by itself, so it only reads"
            )


def mount(entries: Sequence[Entry], identify: Identify) -> list[Route]:
    """
    Return Starlette's routes.

    Raises:
        TypeError: something that is not an `Entry`, and so does not say how it authenticates.
    """
    routes = []
    for entry in entries:
        if not isinstance(entry, Entry):
            raise TypeError(f"{entry!r} says not how it authenticates")
        routes.append(Route(entry.path, Boundary(entry, identify).answer, methods=[entry.method]))
    return routes


class Boundary:
    """Authenticates, calls, and turns whatever is raised into a problem document."""

    def __init__(self, entry: Entry, identify: Identify) -> None:
        self._entry = entry
        self._identify = identify

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        try:
            return await self._call(request)
        except OpsbotError as error:
            _log.info("refused", code=error.code, path=self._entry.path)
            return self._refused(error)
        except HTTPException as error:
            return of_http(request, error)
        except Exception:  # noqa: BLE001  the web boundary: everything becomes an answer
            reference = secrets.token_hex(4)
            _log.exception("http_failed", path=self._entry.path, reference=reference)
            return problems.problem(
                500,
                "failed",
                "opsbot failed at this; what happened is not known.",
                detail="Look at the state before you repeat it; the same Idempotency-Key is safe.\n"
                f"Reference for the log: {reference}.",
                more={"reference": reference},
            )

    async def _call(self, request: Request) -> Response:
        if self._entry.known is not None:
            actor = caller(request, self._identify, browser=self._entry.browser)
            return await self._entry.known(request, actor)
        assert self._entry.anybody is not None
        return await self._entry.anybody(request)

    def _refused(self, error: OpsbotError) -> Response:
        refused = problems.of_error(error)
        if self._entry.browser and isinstance(error, problems.Unauthenticated):
            refused.headers.append("www-authenticate", ASKED)
        return refused


def of_http(request: Request, error: Exception) -> Response:
    """Return the problem document of what Starlette itself refuses (no such path, wrong method)."""
    assert isinstance(error, HTTPException)
    asked = f"{request.method} {request.url.path[:LONGEST_PATH]}"
    return problems.problem(
        error.status_code,
        "http",
        f"{error.detail}: {asked}; nothing was changed.",
        detail="/openapi.json lists every path and method.",
        headers=dict(error.headers or {}),
    )
