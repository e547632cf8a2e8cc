"""Routes of the public status page: for everybody, from memory, whatever else is down."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from opsbot.app.status_page.html import FEED, LOST_HERE, OWN, file_of, lost
from opsbot.app.status_page.site import Site
from opsbot.app.status_page.style import POLICY
from opsbot.web import problems
from opsbot.web.auth import Access
from opsbot.web.routing import Anybody, Entry
from opsbot.web.surroundings import StatusShown

AT: Final = "/status"
DOCUMENTS: Final = ("summary", "status", "components", "incidents", "incidents/unresolved")
MOST_LANGUAGES: Final = 20
"""How many wishes of a browser are read."""

_SAFE: Final = f"{POLICY}; frame-ancestors 'none'"
_CACHED: Final = "public, max-age=15, stale-while-revalidate=60, stale-if-error=86400"
_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/json; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class _Served:
    body: bytes
    etag: str


@dataclass(slots=True)
class _Ready:
    """What was made ready to be served of one page; another page, or another hour of silence, begins anew."""

    site: Site | None = None
    lost_ms: int | None = None
    made: dict[tuple[str, bool], _Served] = field(default_factory=dict)

    def served(self, site: Site, lost_ms: int | None, name: str, *, outside: bool) -> _Served:
        """Return one file; *outside*: the page is read one step above its own files."""
        if site is not self.site or lost_ms != self.lost_ms:
            self.site, self.lost_ms, self.made = site, lost_ms, {}
        if (name, outside) not in self.made:
            body = _body(site, lost_ms, name, outside=outside)
            self.made[name, outside] = _Served(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
        return self.made[name, outside]


@dataclass(frozen=True, slots=True)
class StatusDoor:
    """The handlers; none of them asks the store, and none of them knows who reads."""

    shown: StatusShown
    ready: _Ready = field(default_factory=_Ready)

    async def page(self, request: Request) -> Response:
        """Answer with the page, in the language that is asked for."""
        site = self.shown.site()
        name = file_of() if site is None else file_of(_language(request, site))
        return self._answer(request, name, outside=True)

    def file(self, name: str) -> Anybody:
        """Return the handler of one file."""

        async def serve(request: Request) -> Response:
            return self._answer(request, name)

        return serve

    async def other(self, request: Request) -> Response:
        """Answer with the page in the language that its name says."""
        return self._answer(request, f"index{request.path_params['rest']}")

    def _answer(self, request: Request, name: str, *, outside: bool = False) -> Response:
        site = self.shown.site()
        if site is None:
            return problems.problem(
                503,
                "no_status_page",
                "The status page was not made yet.",
                headers={"retry-after": "5"},
            )
        if name not in site.files:
            return problems.problem(404, "http", "There is no such page.")
        lost_ms = self.shown.lost_ms()
        served = self.ready.served(site, lost_ms, name, outside=outside)
        headers = _headers(name, site, lost_ms, served)
        if _same(request, served.etag):
            return Response(status_code=304, headers=headers)
        if request.method == "HEAD":
            return Response(headers={**headers, "content-length": str(len(served.body))})
        return Response(served.body, headers=headers)


def _body(site: Site, lost_ms: int | None, name: str, *, outside: bool) -> bytes:
    body = site.files[name]
    if not name.endswith(".html"):
        return body
    locale = name.removeprefix("index.").removesuffix("html").removesuffix(".") or site.locales[0]
    notice = "" if lost_ms is None else lost(lost_ms, site.zone, locale)
    body = body.replace(LOST_HERE.encode(), notice.encode(), 1)
    return body.replace(OWN.encode(), b'="status/') if outside else body


def _headers(name: str, site: Site, lost_ms: int | None, served: _Served) -> dict[str, str]:
    kind = name.rpartition(".")[2]
    said = {
        "content-type": _TYPES[kind],
        "etag": served.etag,
        "last-modified": formatdate(site.made_ms // 1000, usegmt=True),
        "cache-control": _CACHED,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
    }
    if lost_ms is not None:
        said["status-as-of"] = formatdate(lost_ms // 1000, usegmt=True)
    if kind == "html":
        return {**said, "content-security-policy": _SAFE, "vary": "accept-language"}
    return {
        **said,
        "access-control-allow-origin": "*",
        "access-control-expose-headers": "etag, status-as-of",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    }


def _same(request: Request, etag: str) -> bool:
    given = request.headers.get("if-none-match", "")
    return given.strip() == "*" or etag in (
        one.strip().removeprefix("W/") for one in given.split(",")
    )


def _language(request: Request, site: Site) -> str:
    """Return the first language that is wished for and spoken; empty for the one that opens first."""
    for wish in (request.query_params.get("lang", "").lower(), *_wishes(request)):
        for known in (wish, wish.partition("-")[0]):
            if known in site.locales:
                return known
    return ""


def _wishes(request: Request) -> Iterator[str]:
    found = []
    for one in request.headers.get("accept-language", "").lower().split(",")[:MOST_LANGUAGES]:
        name, _, weight = one.partition(";")
        found.append((_weight(weight), name.strip()))
    yield from (name for weight, name in sorted(found, key=lambda pair: -pair[0]) if weight > 0)


def _weight(said: str) -> float:
    try:
        return float(said.strip().removeprefix("q=") or "1")
    except ValueError:
        return 0.0


def entries(shown: StatusShown) -> list[Entry]:
    """Return the routes; all are public, and every one of them only reads."""
    on, public = StatusDoor(shown), Access.PUBLIC
    asked = {"lang": "the language, where the page is written in several"}
    return [
        Entry("GET", AT, public, "The public status page", anybody=on.page, query=asked),
        Entry("GET", f"{AT}.atom", public, "Its feed", anybody=on.file(FEED)),
        Entry("GET", f"{AT}/{FEED}", public, "Its feed", anybody=on.file(FEED)),
        Entry("GET", f"{AT}/index{{rest}}", public, "It in one language", anybody=on.other),
        *(
            Entry(
                "GET",
                f"{AT}/api/v2/{name}.json",
                public,
                "It as JSON, in the shape of Statuspage",
                anybody=on.file(f"api/v2/{name}.json"),
            )
            for name in DOCUMENTS
        ),
    ]
