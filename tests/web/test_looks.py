"""Looking over HTTP, and the answer in full for a terminal."""

import httpx
import pytest

from opsbot.web.said_json import SAID, as_said
from tests.support.web import Door


@pytest.mark.parametrize(
    "path",
    [
        "/v1/workflows",
        "/v1/workflows/summariser",
        "/v1/instances",
        "/v1/kills",
        "/v1/oncall",
        "/v1/oncall?workflow=summariser",
        "/v1/journal",
        "/v1/journal?tail=1",
        "/v1/journal/verify",
        "/v1/policy/explain?who=mara&verb=kill&workflow=summariser",
    ],
)
async def test_everything_can_be_looked_at(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)

    assert answer.status_code == 200
    assert isinstance(answer.json(), dict)
    assert answer.headers["cache-control"] == "no-store"


async def test_a_terminal_gets_the_sentences_too(door: Door, http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/workflows", headers={"accept": SAID})

    said = as_said(answer.json())
    assert answer.headers["content-type"] == SAID
    assert said.title
    assert said.exit_code == 0


async def test_an_unknown_workflow_is_not_found(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/workflows/sumariser")

    assert answer.status_code == 404
    assert "summariser" in answer.json()["hint"]


@pytest.mark.parametrize("tail", ["0", "-1", "many", "1001", "\u0663", "9" * 50])
async def test_a_tail_is_a_number_within_reason(http: httpx.AsyncClient, tail: str) -> None:
    answer = await http.get("/v1/journal", params={"tail": tail})

    assert answer.status_code == 422


async def test_explaining_needs_all_three_words(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/policy/explain", params={"who": "mara"})

    assert answer.status_code == 422


async def test_the_export_has_a_header_every_entry_and_a_trailer(http: httpx.AsyncClient) -> None:
    await http.post("/v1/kills", json={"workflow": "summariser"})

    answer = await http.get("/v1/journal/export")

    header, *entries, trailer = answer.text.splitlines()
    assert answer.headers["content-type"].startswith("application/jsonl")
    assert '"opsbot":"journal"' in header
    assert len(entries) == 2
    assert '"signature"' in trailer
