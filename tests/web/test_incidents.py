"""Incidents over HTTP: the verbs' own words, one effect per key, and refusals that say which."""

from typing import Any

import httpx
import pytest

from opsbot.app.incident.requests import OpenIncident
from opsbot.web.said_json import SAID
from tests.support.web import Door
from tests.support.world import INES, MARA

AT = "/v1/incidents"
WRONG = {"title": "wrong refund answers", "workflow": "support-copilot", "severity": "SEV2"}
MINUTE_MS = 60_000


async def opened(http: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    """Open an incident."""
    answer = await http.post(AT, json={**WRONG, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_an_incident_is_opened_and_answers_its_machine_form(http: httpx.AsyncClient) -> None:
    answer = await http.post(AT, json=WRONG)

    body = answer.json()
    assert answer.status_code == 201
    assert body["incident"] == "INC-1"
    assert body["outcome"] == "opened"
    assert (body["severity"], body["status"], body["workflow"]) == (
        "SEV2", "active", "support-copilot",
    )  # fmt: skip
    assert body["declared_by"] == "mara"
    assert (await http.get(f"{AT}/INC-1")).json()["title"] == "wrong refund answers"
    assert (await http.get(f"{AT}/inc-001")).json()["incident"] == "INC-1"
    assert (await http.get(f"{AT}/current")).json()["incident"] == "INC-1"


async def test_a_repeated_key_is_one_incident_and_the_same_body(
    http: httpx.AsyncClient, door: Door
) -> None:
    keyed = {"idempotency-key": "night-1"}

    first = await http.post(AT, json=WRONG, headers=keyed)
    again = await http.post(AT, json=WRONG, headers=keyed)
    other = await http.post(AT, json={**WRONG, "title": "x"}, headers=keyed)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert other.status_code == 422
    assert len(door.world.store.state.incidents()) == 1


async def test_an_answer_that_was_lost_is_given_again_as_what_is_there(
    http: httpx.AsyncClient, door: Door
) -> None:
    keyed = {"idempotency-key": "night-1"}
    await http.post(AT, json=WRONG, headers=keyed)
    kept = door.world.server.effects
    for key in [one for one in kept if one.startswith("answer:")]:
        del kept[key]

    again = await http.post(AT, json=WRONG, headers=keyed)

    assert again.status_code == 200
    assert again.json()["outcome"] == "there"
    assert len(door.world.store.state.incidents()) == 1


async def test_every_kind_of_change_is_asked_for_at_its_path(
    http: httpx.AsyncClient, door: Door
) -> None:
    await opened(http)

    async def post(path: str, **body: Any) -> dict[str, Any]:
        answer = await http.post(f"{AT}/INC-1/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    declared = (await http.get(f"{AT}/INC-1")).json()["times"]["declared"]
    taken = await post("role", role="commander", act="take")
    edited = await post("edit", severity="SEV1", times={"started": declared - 5 * MINUTE_MS})
    updated = await post("edit", update="rolled back", **{"next-update-s": 1200})
    quiet = await post("reminders", reminder="update_due", **{"for-s": 900})
    stopped = await post("reminders", reminder="update_due")
    moved = await post("move", to="contained")
    done = await post("move", to="resolved", reason="fixed", **{"from": "contained"})

    assert taken["roles"]["commander"] == "mara"
    assert edited["severity"] == "SEV1"
    assert edited["times"]["started"] == declared - 5 * MINUTE_MS
    assert updated["update_due_ms"] > declared
    assert quiet["incident"] == stopped["incident"] == "INC-1"
    assert (moved["status"], done["status"]) == ("contained", "resolved")
    assert door.world.store.state.incident("INC-1").quiet


async def test_a_moment_may_be_written_as_a_date(http: httpx.AsyncClient) -> None:
    body = await opened(
        http, times={"started": "2026-01-02T03:04:05Z", "resolved": "2026-01-02T04:14+01:00"}
    )

    assert body["retroactive"] is True
    assert body["status"] == "resolved"
    assert body["times"]["started"] == 1_767_323_045_000


async def test_open_ones_are_listed_and_all_where_asked_for(http: httpx.AsyncClient) -> None:
    await opened(http)
    await http.post(f"{AT}/INC-1/move", json={"to": "resolved"})
    await opened(http, title="loops")

    listed = (await http.get(AT)).json()["incidents"]
    every = (await http.get(AT, params={"every": "true"})).json()["incidents"]

    assert [one["incident"] for one in listed] == ["INC-2"]
    assert [one["incident"] for one in every] == ["INC-2", "INC-1"]
    assert (await http.get(AT, params={"every": "maybe"})).status_code == 422


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("", {**WRONG}, 409, "incident_open"),
        ("", {**WRONG, "workflow": "suport-copilot"}, 404, "unknown_workflow"),
        ("", {**WRONG, "kill": "K-9", "anyway": True}, 404, "unknown_kill"),
        ("", {"workflow": "summariser"}, 422, "needs_more_words"),
        ("", {"title": "  "}, 422, "needs_more_words"),
        ("", {"title": "x", "severity": "sev2"}, 422, "needs_more_words"),
        ("", {"title": "x", "type": "nonsense"}, 422, "needs_more_words"),
        ("", {"title": "x", "origin": "javascript:x"}, 422, "needs_more_words"),
        ("", {"title": "x", "times": {"started": "yesterday"}}, 422, "needs_more_words"),
        ("", {"title": "x", "times": {"started": "2026-01-02"}}, 422, "needs_more_words"),
        ("", {"title": "x", "times": {"noon": 1}}, 422, "needs_more_words"),
        ("", {"title": "x", "times": {"resolved": 9, "started": 99}}, 409, "illegal_move"),
        ("/INC-9/move", {"to": "resolved"}, 404, "unknown_incident"),
        ("/7/move", {"to": "resolved"}, 404, "unknown_incident"),
        ("/INC-1/move", {"to": "gone"}, 422, "needs_more_words"),
        ("/INC-1/move", {"to": "active"}, 409, "illegal_move"),
        ("/INC-1/move", {"to": "cancelled"}, 422, "needs_more_words"),
        ("/INC-1/move", {"to": "resolved", "from": "triage"}, 409, "illegal_move"),
        ("/INC-1/edit", {}, 422, "needs_more_words"),
        ("/INC-1/edit", {"times": {"declared": None}}, 422, "needs_more_words"),
        ("/INC-1/edit", {"next-update-s": 0}, 422, "needs_more_words"),
        ("/INC-1/role", {"role": "comms", "act": "offer"}, 422, "needs_more_words"),
        ("/INC-1/role", {"role": "comms", "act": "accept"}, 409, "stale_button"),
        ("/INC-1/retry", {"step": "page"}, 409, "stale_button"),
        ("/INC-1/retry", {"step": "kill"}, 422, "needs_more_words"),
        ("/INC-1/reminders", {"reminder": "tea"}, 422, "needs_more_words"),
        ("/INC-1/notes", {}, 422, "needs_more_words"),
        ("/INC-1/notes", {"text": "x", "at": "noon"}, 422, "needs_more_words"),
        ("/INC-1/actions", {}, 422, "needs_more_words"),
        ("/INC-1/actions", {"text": "x", "due": "soon"}, 422, "needs_more_words"),
    ],
)
async def test_a_refusal_is_a_problem_document_and_changes_nothing(
    http: httpx.AsyncClient, door: Door, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    await opened(http)
    before = tuple(door.world.server.lines)

    answer = await http.post(f"{AT}{path}", json=body)

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert tuple(door.world.server.lines) == before


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("move", {"to": "cancled"}),
        ("move", {"to": "reslved"}),
        ("move", {"to": "declind"}),
        ("role", {"role": "comms", "act": "declin"}),
    ],
)
async def test_no_mistyped_word_is_answered_with_one_that_ends_something(
    http: httpx.AsyncClient, path: str, body: dict[str, Any]
) -> None:
    refused = await http.post(f"{AT}/INC-1/{path}", json=body)

    assert refused.status_code == 422
    assert "Did you mean" not in refused.json()["hint"]
    assert "It must be one of" in refused.json()["hint"]


async def test_a_private_one_is_not_there_for_others(http: httpx.AsyncClient, door: Door) -> None:
    await door.world.bot.incidents.open(
        OpenIncident("leaked names", private=True), INES, request_id="p"
    )

    hidden = await http.get(f"{AT}/INC-1")
    missing = await http.get(f"{AT}/INC-2")
    listed = await http.get(AT, params={"every": "1"})

    assert hidden.status_code == 404
    assert hidden.text.replace("INC-1", "INC-2") == missing.text
    assert listed.json()["incidents"] == []
    async with door.client("ines-token") as ines:
        assert (await ines.get(f"{AT}/INC-1")).json()["title"] == "leaked names"


async def test_the_sentences_are_those_of_every_surface(
    http: httpx.AsyncClient, door: Door
) -> None:
    answer = await http.post(AT, json=WRONG, headers={"accept": SAID})

    said = await door.world.bot.incidents.list(MARA)
    assert answer.json()["title"] == "INC-1 · SEV2 · `support-copilot` · active in prod"
    assert "INC-1 SEV2 `support-copilot`, active" in said.lines[0]


async def test_the_document_describes_every_path_and_body(http: httpx.AsyncClient) -> None:
    document = (await http.get("/openapi.json")).json()

    paths = {one for one in document["paths"] if one.startswith(AT)}
    assert paths >= {AT, f"{AT}/{{id}}", *(f"{AT}/{{id}}/{one}" for one in (
        "move", "edit", "role", "retry", "reminders", "notes", "page", "actions", "timeline",
    ))}  # fmt: skip
    assert set(document["paths"][AT]["post"]["responses"]) == {"201", "200", "default"}
    schemas = document["components"]["schemas"]
    assert schemas["OpenBody"]["required"] == ["title"]
    assert set(schemas["MoveBody"]["properties"]) == {"to", "reason", "of", "stays-off", "from"}
