"""Every route says how it authenticates, and keeps to it."""

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from opsbot.domain.actor import Actor
from opsbot.web import app as web
from opsbot.web.auth import Access
from opsbot.web.routing import Boundary, Entry, mount
from tests.support.web import Door, opened

PUBLIC = {"/healthz", "/readyz", "/metrics", "/openapi.json"}
STATUS_PAGE = {
    "/status",
    "/status.atom",
    "/status/feed.atom",
    "/status/index{rest}",
    "/status/api/v2/summary.json",
    "/status/api/v2/status.json",
    "/status/api/v2/components.json",
    "/status/api/v2/incidents.json",
    "/status/api/v2/incidents/unresolved.json",
}
"""For everybody too: they show what was published to everybody, and nothing else."""


async def anybody(request: Request) -> Response:
    """Answer nothing."""
    return Response()


async def failing(request: Request) -> Response:
    """Fail as nobody expected."""
    raise ZeroDivisionError("a secret of the inside")


async def test_every_mounted_route_declares_its_access(door: Door) -> None:
    mounted = web.create(door.around()).routes

    declared = {route.path: route.endpoint for route in mounted if isinstance(route, Route)}
    assert len(mounted) >= 16
    assert len(declared) <= len(mounted)
    for endpoint in declared.values():
        boundary = getattr(endpoint, "__self__", None)
        assert isinstance(boundary, Boundary)
        assert isinstance(boundary._entry.access, Access)


async def test_only_what_tells_nothing_is_public(door: Door) -> None:
    table = web.table(door.around())

    assert {entry.path for entry in table if entry.access is not Access.BEARER} == (
        PUBLIC | STATUS_PAGE
    )


def test_a_bare_route_cannot_be_mounted() -> None:
    with pytest.raises(TypeError, match="says not how it authenticates"):
        mount([Route("/open", anybody)], lambda token, surface: None)  # type: ignore[list-item]  # the mistake


@pytest.mark.parametrize("access", [None, "public", Access.BEARER])
def test_a_route_cannot_be_made_without_access(access: object) -> None:
    with pytest.raises(TypeError):
        Entry("GET", "/open", access, "Open", anybody=anybody)  # type: ignore[arg-type]  # the mistake


async def test_every_other_route_refuses_strangers(door: Door) -> None:
    bearer = [entry for entry in web.table(door.around()) if entry.access is Access.BEARER]

    async with door.client(token=None) as stranger:
        for entry in bearer:
            answer = await stranger.request(entry.method, entry.path)

            assert (answer.status_code, entry.path) == (401, entry.path)
            assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "header", ["Bearer wrong", "Bearer ", "Basic bWFyYQ==", "mara-token", "Bearer " + "x" * 5000]
)
async def test_a_wrong_token_is_nobodys(door: Door, header: str) -> None:
    async with door.client(token=None) as stranger:
        answer = await stranger.get("/v1/kills", headers={"authorization": header})

    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthenticated"


async def test_the_scheme_is_read_in_any_case(door: Door) -> None:
    async with door.client(token=None) as client:
        answer = await client.get("/v1/kills", headers={"authorization": "bearer mara-token"})

    assert answer.status_code == 200


@pytest.mark.parametrize(("path", "status"), [("/v1/nothing", 404), ("/healthz", 405)])
async def test_what_is_not_there_is_a_problem_too(
    http: httpx.AsyncClient, path: str, status: int
) -> None:
    answer = await http.post(path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_unexpected_failure_is_answered_without_its_inside() -> None:
    door = await opened()
    app = web.create(door.around(), [Entry("GET", "/fail", Access.PUBLIC, "Fail", anybody=failing)])

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://opsbot"
    ) as client:
        answer = await client.get("/fail")

    assert answer.status_code == 500
    assert "secret" not in answer.text


async def test_the_document_lists_every_route_with_its_security(
    door: Door, http: httpx.AsyncClient
) -> None:
    document = (await http.get("/openapi.json")).json()

    table = web.table(door.around())
    listed = {(method.upper(), path) for path, ops in document["paths"].items() for method in ops}
    assert listed == {(entry.method, entry.path) for entry in table}
    assert document["paths"]["/v1/kills"]["post"]["security"] == [{"bearer": []}]
    assert "break-glass" in document["components"]["schemas"]["KillBody"]["properties"]


async def test_a_terminal_is_told_from_a_program(door: Door) -> None:
    seen: list[Actor] = []

    async def whoami(request: Request, actor: Actor) -> Response:
        seen.append(actor)
        return Response()

    entry = Entry("GET", "/whoami", Access.BEARER, "Who", known=whoami)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(web.create(door.around(), [entry])), base_url="http://opsbot"
    ) as client:
        token = {"authorization": "Bearer mara-token"}
        await client.get("/whoami", headers=token)
        await client.get("/whoami", headers={**token, "x-opsbot-via": "cli"})

    assert [actor.via for actor in seen] == ["http", "cli"]


async def test_a_path_that_is_none_is_named_with_where_to_look(http: httpx.AsyncClient) -> None:
    missing, wrong = await http.get("/v1/kilsl"), await http.delete("/v1/kills")

    assert missing.json()["title"] == "Not Found: GET /v1/kilsl; nothing was changed."
    assert wrong.status_code == 405
    for answer in (missing, wrong):
        assert "/openapi.json" in answer.json()["detail"]
