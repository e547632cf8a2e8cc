"""What the page is told: only what processes said, added up once, to loopback alone."""

import json
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from opsbot.workbench.stage import Json, Stage, create_app

NAME = "support-api-1"


def hear(stage: Stage, *lines: Json) -> None:
    """Let one service say these lines."""
    for line in lines:
        stage.heard({"from": NAME, **line})


def words(*texts: str) -> list[Json]:
    """The pieces of an answer."""
    return [{"what": "word", "text": text} for text in texts]


@pytest.fixture(name="stage")
def _stage() -> Stage:
    stage = Stage()
    hear(
        stage,
        {"what": "started", "pid": 7},
        {"what": "customer", "text": "Where is it?"},
        {"what": "mode", "mode": "live"},
    )
    return stage


def client(stage: Stage, act: Any = None) -> httpx.AsyncClient:
    """A browser's requests, without a browser."""
    app = create_app(stage, act or refuse, {})
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:1", headers={}
    )


async def refuse(asked: Json) -> Json:
    """A button that does not work."""
    return {"error": f"no {asked['do']}"}


def test_an_amount_counts_once_and_only_when_it_is_whole(stage: Stage) -> None:
    hear(stage, *words("You get $1", "20 ", "and $1,", "500 too"))

    assert stage.promised == 1620


def test_an_amount_that_is_still_growing_does_not_count(stage: Stage) -> None:
    hear(stage, *words("You get ", "$12"))

    assert stage.promised == 0


@pytest.mark.parametrize("mode", ["canned", "human", "stop"])
def test_approved_text_is_no_promise_of_the_model(stage: Stage, mode: str) -> None:
    hear(stage, {"what": "mode", "mode": mode}, *words("Your $50 voucher stays valid. "))

    assert stage.promised == 0


def test_a_cut_answer_stays_beside_what_the_customer_reads_instead(stage: Stage) -> None:
    killed = {"what": "killed", "mode": "canned", "kill": "K-1", "text": "Paused."}

    hear(stage, *words("I have ref"), killed)

    chat = stage.state()["chats"][NAME]
    assert chat["answer"] == "I have ref"
    assert (chat["state"], chat["instead"], chat["kill"]) == ("killed", "Paused.", "K-1")


def test_the_next_customer_starts_with_a_clean_sheet(stage: Stage) -> None:
    hear(stage, {"what": "killed", "mode": "stop", "kill": "K-1", "text": None})

    hear(stage, {"what": "customer", "text": "And mine?"})

    chat = stage.state()["chats"][NAME]
    assert (chat["customer"], chat["state"]) == ("And mine?", "waiting")
    assert (chat["answer"], chat["instead"], chat["kill"]) == ("", "", "")


def test_an_outage_is_called_an_outage(stage: Stage) -> None:
    hear(stage, {"what": "outage", "text": "APIConnectionError"})

    chat = stage.state()["chats"][NAME]
    assert (chat["state"], chat["instead"]) == ("outage", "APIConnectionError")


def test_work_on_a_repository_is_kept_as_it_was_last_said(stage: Stage) -> None:
    work = {"what": "work", "repository": "billing-api", "kill": "", "text": "Opened one."}

    hear(
        stage,
        {**work, "state": "refused", "mode": ""},
        {**work, "state": "through", "mode": "live"},
    )

    assert stage.state()["work"] == {
        "billing-api": {
            "from": NAME, "state": "through", "mode": "live", "kill": "", "text": "Opened one.",
        }
    }  # fmt: skip


def test_a_service_that_talks_to_no_customer_has_no_conversation(stage: Stage) -> None:
    started = {"what": "started", "pid": 8, "workflow": "coding-agent"}

    stage.heard({"from": "coding-agent-1", **started})

    assert list(stage.state()["chats"]) == [NAME]
    assert stage.state()["services"]["coding-agent-1"]["workflow"] == "coding-agent"


async def test_a_page_gets_everything_first_and_changes_after(stage: Stage) -> None:
    events = stage.events()
    first = read(await anext(events))

    stage.set(bot={"alive": True})
    stage.note("The store is frozen.")
    after = [read(await anext(events)), read(await anext(events))]

    await events.aclose()
    assert first["kind"] == "state"
    assert first["state"]["services"][NAME]["pid"] == 7
    assert after == [
        {"kind": "bot", "bot": {"alive": True}},
        {"kind": "note", "note": "The store is frozen."},
    ]


async def test_what_did_not_change_is_not_told(stage: Stage) -> None:
    events = stage.events()
    await anext(events)
    stage.set(store={"frozen": False})

    stage.set(store={"frozen": True})

    assert read(await anext(events)) == {"kind": "store", "store": {"frozen": True}}
    await events.aclose()


async def test_a_page_that_sleeps_is_told_to_start_again(stage: Stage) -> None:
    events = stage.events()
    await anext(events)

    for number in range(3000):
        stage.tell({"kind": "note", "note": str(number)})

    told = [read(await anext(events)) for _ in range(2002)]
    await events.aclose()
    assert told[-1] == {"kind": "reset"}


async def test_only_loopback_names_get_the_page_and_its_state(stage: Stage) -> None:
    async with client(stage) as http:
        mine = await http.get("/demo/state")
        foreign = await http.get("/demo/state", headers={"host": "evil.example"})
        page = await http.get("/", headers={"host": "evil.example"})

    assert mine.json()["services"][NAME]["pid"] == 7
    assert (foreign.status_code, page.status_code) == (403, 403)


async def test_a_button_needs_the_pages_own_header_and_origin(stage: Stage) -> None:
    own = {"x-workbench": "1"}
    async with client(stage) as http:
        bare = await http.post("/demo/do", json={"do": "kill_bot"})
        crossed = await http.post(
            "/demo/do", json={"do": "kill_bot"}, headers={**own, "origin": "http://evil.example"}
        )
        pressed = await http.post("/demo/do", json={"do": "kill_bot"}, headers=own)

    assert (bare.status_code, crossed.status_code) == (403, 403)
    assert (pressed.status_code, pressed.json()) == (400, {"error": "no kill_bot"})


def read(event: bytes) -> Json:
    """Return what one server-sent event says."""
    found: Json = json.loads(event.removeprefix(b"data: "))
    return found


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example"},
        {"host": "["},
        {"host": ""},
        {"origin": "http://evil.example"},
        {"origin": "null"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/page/index.html", "/model/stub", "/demo/state", "/none"])
async def test_another_name_or_page_reaches_nothing_mounted_ones_included(
    stage: Stage, path: str, headers: dict[str, str]
) -> None:
    async def counts(request: Request) -> Response:
        return JSONResponse({"calls": 1})

    app = create_app(stage, refuse, {"/model": Starlette(routes=[Route("/stub", counts)])})
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:1") as http:
        refused = await http.get(path, headers=headers)
        own = await http.get("/model/stub")

    assert refused.status_code == 403
    assert own.status_code == 200
