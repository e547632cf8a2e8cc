"""Kill, restore and approve over HTTP."""

import json

import httpx
import pytest

from tests.support.restores import stepped
from tests.support.web import Door
from tests.support.world import MARA


async def test_a_kill_is_created_and_answers_in_the_machines_form(
    door: Door, http: httpx.AsyncClient
) -> None:
    door.world.instance("api-1").follow()

    answer = await http.post("/v1/kills", json={"workflow": "support-copilot", "reason": "harm"})

    body = answer.json()
    assert answer.status_code == 201
    assert body["kill"] == "K-1"
    assert body["scope"] == {"workflow": "support-copilot"}
    assert body["mode"] == "stop"
    assert body["stored"] is True
    assert body["instances"]["expected"] == 1
    assert door.world.store.state.kill("K-1").via == "http"
    assert door.world.store.state.kill("K-1").actor == "mara"


@pytest.mark.parametrize(
    ("words", "scope", "mode"),
    [
        ({"target": "summariser"}, {"workflow": "summariser"}, "stop"),
        ({"all": True, "confirm": True}, {}, "safe_state"),
        ({"target": "all", "confirm": True}, {}, "safe_state"),
        (
            {"provider": "openai", "confirm": True},
            {"provider": "openai"},
            "fallback_or_safe_state",
        ),
        (
            {"target": "model:gpt-5.2", "confirm": True},
            {"model": "gpt-5.2"},
            "fallback_or_safe_state",
        ),
        (
            {
                "workflow": "summariser",
                "tenant": "acme",
                "tool": "issue_refund",
                "mode": "no_tools",
            },
            {"workflow": "summariser", "tenant": "acme", "tool": "issue_refund"},
            "no_tools",
        ),
    ],
)
async def test_the_grammars_words_are_the_keys(
    http: httpx.AsyncClient, words: dict[str, object], scope: dict[str, str], mode: str
) -> None:
    answer = await http.post("/v1/kills", json=words)

    assert (answer.json()["scope"], answer.json()["mode"]) == (scope, mode)


async def test_a_review_time_is_read_as_the_grammar_reads_it(
    door: Door, http: httpx.AsyncClient
) -> None:
    await http.post("/v1/kills", json={"workflow": "summariser", "for": "2h"})

    kill = door.world.store.state.kill("K-1")
    assert kill.review_ms - kill.since_ms == 2 * 3_600_000


async def test_everything_needs_a_confirmation(door: Door, http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/kills", json={"all": True})

    assert answer.status_code == 428
    assert answer.json()["code"] == "needs_confirmation"
    assert "support-copilot" in answer.json()["detail"]
    assert door.world.store.state.active_kills() == ()


async def test_an_unknown_workflow_is_not_found_and_the_nearest_is_offered(
    door: Door, http: httpx.AsyncClient
) -> None:
    answer = await http.post("/v1/kills", json={"workflow": "suport-copilot"})

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "support-copilot" in answer.json()["hint"]
    assert door.world.store.state.active_kills() == ()


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"{}", 422),
        (b"[]", 400),
        (b"not json", 400),
        (b"[" * 50_000, 400),
        (b'{"workflow": "summariser", "all": true}', 422),
        (b'{"workflow": "summariser", "mdoe": "stop"}', 422),
        (b'{"workflow": "summariser", "for": "tomorrow"}', 422),
        (b'{"workflow": 7}', 422),
        (b'{"workflow": "summariser", "tenant": ""}', 422),
        (b'{"workflow": "summariser", "mode": "banana"}', 422),
        (b'{"workflow": "summariser", "reason": "' + b"x" * 70_000 + b'"}', 413),
    ],
)
async def test_a_body_that_is_not_understood_changes_nothing(
    door: Door, http: httpx.AsyncClient, content: bytes, status: int
) -> None:
    answer = await http.post("/v1/kills", content=content)

    assert answer.status_code == status
    assert answer.json()["status"] == status
    assert door.world.store.state.active_kills() == ()


async def test_ten_thousand_characters_are_a_reason(http: httpx.AsyncClient) -> None:
    reason = "<!channel> \u202e" + "x" * 10_000

    answer = await http.post("/v1/kills", json={"workflow": "summariser", "reason": reason})

    assert answer.status_code == 201


async def test_the_same_key_replays_the_same_body(door: Door, http: httpx.AsyncClient) -> None:
    words, key = {"workflow": "summariser"}, {"idempotency-key": "one intent"}
    first = await http.post("/v1/kills", json=words, headers=key)
    door.world.clock.later(90)
    door.world.instance("api-1", serves=("summariser",)).follow()

    again = await http.post("/v1/kills", json=words, headers=key)

    assert (again.status_code, again.content) == (201, first.content)
    assert len(door.world.store.state.active_kills()) == 1


async def test_a_key_belongs_to_one_request(http: httpx.AsyncClient) -> None:
    key = {"idempotency-key": "one intent"}
    await http.post("/v1/kills", json={"workflow": "summariser"}, headers=key)

    answer = await http.post("/v1/kills", json={"workflow": "support-copilot"}, headers=key)

    assert (answer.status_code, answer.json()["code"]) == (422, "reused_key")


async def test_a_key_belongs_to_one_person(door: Door, http: httpx.AsyncClient) -> None:
    words, key = {"workflow": "summariser"}, {"idempotency-key": "1"}
    await http.post("/v1/kills", json=words, headers=key)

    async with door.client("ines-token") as ines:
        answer = await ines.post("/v1/kills", json=words, headers=key)

    assert answer.status_code == 201
    assert door.world.store.state.kill("K-1").joined == ("ines",)


async def test_a_restore_waits_for_a_second_person_who_repeats_it(
    door: Door, http: httpx.AsyncClient
) -> None:
    await http.post("/v1/kills", json={"workflow": "support-copilot"})

    asked = await http.post("/v1/kills/K-1/restore", json={"reason": "fixed"})
    async with door.client("ines-token") as ines:
        done = await ines.post("/v1/kills/K-1/restore")

    assert asked.status_code == 202
    assert asked.json()["approval"] == "A-1"
    assert asked.json()["pending"] is True
    assert done.status_code == 200
    assert door.world.store.state.active_kills() == ()


async def test_a_restore_in_steps_is_held_and_let_go_on(
    door: Door, http: httpx.AsyncClient
) -> None:
    await door.world.declare(stepped())
    await http.post("/v1/kills", json={"workflow": "support-copilot"})
    early = await http.post("/v1/kills/K-1/restore", json={"act": "hold"})
    await http.post("/v1/kills/K-1/restore")
    async with door.client("ines-token") as ines:
        await ines.post("/v1/kills/K-1/restore")
        held = await http.post("/v1/kills/K-1/restore", json={"act": "hold", "reason": "tone"})
        own = await http.post("/v1/kills/K-1/restore", json={"act": "go_on"})
        on = await ines.post("/v1/kills/K-1/restore", json={"act": "go_on"})
        unknown = await ines.post("/v1/kills/K-1/restore", json={"act": "go-on"})

    assert early.status_code == 409
    assert (held.status_code, held.json()["ramp"]["held"]) == (200, "held by Mara")
    assert (own.status_code, own.json()["rule"]) == (403, "restore-ramp")
    assert (on.status_code, on.json()["ramp"]["held"]) == (200, None)
    assert unknown.status_code == 422
    assert door.world.store.state.kill("K-1").active


async def test_an_approval_is_granted_by_its_id(door: Door, http: httpx.AsyncClient) -> None:
    await http.post("/v1/kills", json={"workflow": "support-copilot"})
    await http.post("/v1/workflows/support-copilot/restore")

    async with door.client("ines-token") as ines:
        refused_self = await http.post("/v1/approvals/A-1")
        done = await ines.post("/v1/approvals/A-1", json={"grant": True})

    assert refused_self.status_code == 403
    assert refused_self.json()["rule"]
    assert done.status_code == 200
    assert door.world.store.state.active_kills() == ()


async def test_a_degraded_workflow_can_be_stopped_completely(
    door: Door, http: httpx.AsyncClient
) -> None:
    await http.post("/v1/kills", json={"workflow": "summariser", "mode": "read_only"})

    await http.post("/v1/kills/K-1/stop")

    assert door.world.store.state.kill("K-1").mode == "stop"


async def test_what_is_undelivered_is_delivered_again(door: Door, http: httpx.AsyncClient) -> None:
    await http.post("/v1/kills", json={"workflow": "summariser"})
    for name in list(door.world.server.items):
        delivery = door.world.delivery(name)
        if delivery.effect.kind == "card":
            await door.world.outbox.dead(delivery, reason="channel_not_found")
    (letter,) = door.world.server.dead

    refused = await http.post("/v1/undelivered/nothing/retry")
    worded = await http.post(f"/v1/undelivered/{letter}/retry", json={"reason": "x"})
    done = await http.post(f"/v1/undelivered/{letter}/retry")

    assert (refused.status_code, refused.json()["code"]) == (404, "unknown_letter")
    assert worded.status_code == 422
    assert (done.status_code, done.json()) == (200, {"retried": [letter]})
    assert not door.world.server.dead


@pytest.mark.parametrize("unseen", ["\x00", "\r", "\u202e", "\u200b"])
async def test_a_name_with_something_that_nobody_sees_is_refused(
    door: Door, http: httpx.AsyncClient, unseen: str
) -> None:
    answers = [
        await http.post("/v1/kills", content=json.dumps({"workflow": "summariser", **more}))
        for more in ({"tenant": f"ac{unseen}me"}, {"tool": f"se{unseen}nd"})
    ]
    named = await http.post("/v1/kills", content=json.dumps({"workflow": f"s{unseen}x"}))

    assert [one.status_code for one in (*answers, named)] == [422, 422, 422]
    assert "cannot be seen" in answers[0].json()["message"]
    assert door.world.store.state.active_kills() == ()


async def test_what_a_problem_quotes_is_one_harmless_line_in_every_member(
    http: httpx.AsyncClient,
) -> None:
    answer = await http.post("/v1/kills/K-9%0d%0a%E2%80%AEx/stop")

    assert answer.status_code == 404
    assert all(
        str(value).isprintable() for name, value in answer.json().items() if name != "detail"
    )
    assert all(line.isprintable() for line in answer.json()["detail"].splitlines())


async def test_the_kills_are_listed(http: httpx.AsyncClient) -> None:
    await http.post("/v1/kills", json={"workflow": "summariser"})

    answer = await http.get("/v1/kills")

    assert answer.status_code == 200
    assert "K-1" in answer.text


async def test_a_lost_store_says_that_nobody_knows(door: Door) -> None:
    door.lose_the_store()

    async with door.client() as http:
        answer = await http.post("/v1/kills", json={"workflow": "summariser"})

    assert answer.status_code == 503
    assert answer.json()["stored"] is None
    assert answer.json()["code"] == "store_lost"


async def test_the_actor_is_the_tokens_owner_whatever_the_body_says(
    door: Door, http: httpx.AsyncClient
) -> None:
    answer = await http.post("/v1/kills", json={"workflow": "summariser", "actor": "ines"})

    assert answer.status_code == 422
    assert MARA.id not in answer.text


async def test_an_answer_is_kept_as_long_as_its_request_is_known(
    door: Door, http: httpx.AsyncClient
) -> None:
    before = door.world.server.now_ms()
    await http.post("/v1/kills", json={"workflow": "summariser"}, headers={"idempotency-key": "a"})

    (until,) = [at for key, at in door.world.server.expiring.items() if key.startswith("answer:")]

    assert until == before + 86_400_000
