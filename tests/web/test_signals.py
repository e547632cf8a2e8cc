"""Evidence over HTTP: signals of kind `eval`, and what the gates make of them."""

from collections.abc import AsyncGenerator

import httpx
import pytest

from tests.support.evals import GROUNDED, seed
from tests.support.web import Door

RESULT = {"suite": GROUNDED, "metric": "pass_rate", "value": 0.95, "n": 400}
SIGNAL = {
    "kind": "eval",
    "workflow": "support-copilot",
    "revision": "r2",
    "results": [RESULT],
    "commit": "abc123",
}
EVIDENCE = "/v1/workflows/support-copilot/evidence"


@pytest.fixture(name="ci")
async def _ci(door: Door) -> AsyncGenerator[httpx.AsyncClient]:
    """Give the client of the account that sends evaluations."""
    await seed(door.world.store, on_its_way=True)
    async with door.client("ci-token") as client:
        yield client


async def test_a_service_account_records_an_evaluation(door: Door, ci: httpx.AsyncClient) -> None:
    answer = await ci.post("/v1/signals", json=SIGNAL)

    (one,) = door.world.store.state.measurements("support-copilot")
    assert answer.status_code == 201
    assert answer.json()["recorded"] == 1
    assert answer.json()["gates"][0]["colour"] == "green"
    assert (one.by, one.subject, one.commit) == ("service:ci-evals", "r2", "abc123")


async def test_the_same_key_is_one_effect_and_the_same_body(
    door: Door, ci: httpx.AsyncClient
) -> None:
    headers = {"idempotency-key": "build-7"}

    answers = [await ci.post("/v1/signals", json=SIGNAL, headers=headers) for _ in range(3)]
    other = await ci.post("/v1/signals", json={**SIGNAL, "revision": "r1"}, headers=headers)

    lines = [line for line in door.world.server.lines if '"record_eval"' in line]
    assert {answer.content for answer in answers} == {answers[0].content}
    assert len(lines) == 1
    assert (other.status_code, other.json()["code"]) == (422, "reused_key")


async def test_another_kind_is_refused_with_the_kinds_that_are_known(
    door: Door, ci: httpx.AsyncClient
) -> None:
    answer = await ci.post("/v1/signals", json={"kind": "spend", "usd": 12})

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "known kinds: eval" in answer.json()["title"]


@pytest.mark.parametrize(
    ("change", "status", "word"),
    [
        ({"kind": None}, 422, "kind"),
        ({"s": 2}, 422, "version 1 is read"),
        ({"results": []}, 422, "no results"),
        ({"results": [RESULT, {**RESULT, "metric": "m", "n": 0}]}, 422, "`results[1]`"),
        ({"results": [RESULT, {**RESULT, "n": True}]}, 422, "results.1.n"),
        ({"results": [RESULT, {**RESULT, "value": "0.9"}]}, 422, "results.1.value"),
        ({"results": [RESULT, {**RESULT, "sweet": "x"}]}, 422, "results.1.sweet"),
        ({"results": [{**RESULT, "value": 92}]}, 422, "share from 0 to 1"),
        ({"revision": "r9"}, 404, "r9"),
        ({"revision": ""}, 422, "revision"),
        ({"model": "openai/gpt-5-mini"}, 422, "one of them"),
        ({"workflow": "suport-copilot"}, 404, "suport-copilot"),
        ({"by": "ines"}, 422, "by"),
    ],
)
async def test_a_signal_that_is_not_understood_changes_nothing(
    door: Door, ci: httpx.AsyncClient, change: dict[str, object], status: int, word: str
) -> None:
    answer = await ci.post("/v1/signals", json={**SIGNAL, **change})

    assert answer.status_code == status, answer.text
    assert word in answer.json()["title"]
    assert door.world.store.state.measurements("support-copilot") == ()


@pytest.mark.parametrize("word", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
async def test_what_is_no_number_is_refused(door: Door, ci: httpx.AsyncClient, word: bytes) -> None:
    body = (
        b'{"kind":"eval","workflow":"support-copilot","revision":"r2","results":'
        b'[{"suite":"s","metric":"m","value":%s,"n":1}]}' % word
    )

    answer = await ci.post("/v1/signals", content=body)

    assert answer.status_code in (400, 422)
    assert door.world.store.state.measurements("support-copilot") == ()


async def test_a_model_can_be_evaluated(door: Door, ci: httpx.AsyncClient) -> None:
    body = {**SIGNAL, "model": "openai/gpt-5-mini"}
    del body["revision"]

    answer = await ci.post("/v1/signals", json=body)

    assert answer.status_code == 201
    assert answer.json()["subject"] == "openai/gpt-5-mini"


async def test_who_may_not_send_signals_is_told_why(door: Door, ci: httpx.AsyncClient) -> None:
    async with door.client() as mara, door.client(None) as nobody:
        refused = await mara.post("/v1/signals", json=SIGNAL)
        unknown = await nobody.post("/v1/signals", json=SIGNAL)

    assert (refused.status_code, refused.json()["rule"]) == (403, "signal-role")
    assert unknown.status_code == 401
    assert door.world.store.state.measurements("support-copilot") == ()


async def test_an_account_for_evaluations_stops_nothing(door: Door, ci: httpx.AsyncClient) -> None:
    answer = await ci.post("/v1/kills", json={"workflow": "support-copilot"})

    assert (answer.status_code, answer.json()["rule"]) == (403, "service-limit")


async def test_what_the_gates_say_can_be_read(door: Door, ci: httpx.AsyncClient) -> None:
    await ci.post("/v1/signals", json=SIGNAL)

    every = await ci.get(EVIDENCE)
    one = await ci.get(EVIDENCE, params={"revision": "r2"})
    missing = await ci.get(EVIDENCE, params={"revision": "r9"})

    assert [each["subject"] for each in every.json()["subjects"]] == ["r1", "r2"]
    assert one.json()["subjects"][0]["gates"][0]["value"] == 0.95
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown_revision")


async def test_a_lost_store_says_that_nobody_knows(door: Door, ci: httpx.AsyncClient) -> None:
    door.lose_the_store()

    async with door.client("ci-token") as client:
        answer = await client.post("/v1/signals", json=SIGNAL)

    assert (answer.status_code, answer.json()["stored"]) == (503, None)


async def test_the_document_describes_the_body(ci: httpx.AsyncClient) -> None:
    document = (await ci.get("/openapi.json")).json()

    schema = document["components"]["schemas"]
    taken = document["paths"]["/v1/signals"]["post"]["requestBody"]["content"]["application/json"]
    assert taken["schema"]["$ref"] == "#/components/schemas/SignalBody"
    assert schema["SignalBody"]["properties"]["results"]["items"]["$ref"] == (
        "#/components/schemas/ResultBody"
    )
    assert set(schema["ResultBody"]["required"]) == {"suite", "metric", "value", "n"}
