"""The real LiteLLM proxy obeys the switchboard. Opt-in: `-m litellm`, with LiteLLM installed."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from opsbot.workbench.model_stub import parse_events
from tests.flags.litellm.real import CONFIG, RealProxy, interpreter, running_proxy
from tests.support.wait import PATIENCE, eventually_sync

PYTHON = interpreter()

pytestmark = [
    pytest.mark.litellm,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("litellm"),
    pytest.mark.skipif(
        PYTHON is None,
        reason="LiteLLM is not installed: name a Python that has it in OPSFLAGS_LITELLM_PYTHON",
    ),
]


ROUTE: dict[str, Any] = {
    "revision": "r1",
    "targets": [{"provider": "openai", "model": "gpt-5.2", "weight": 100}],
    "fallbacks": [{"provider": "openai", "model": "gpt-5-mini"}],
    "prompt": None,
    "params": {},
}


@pytest.fixture(scope="module")
def _proxy() -> Iterator[RealProxy]:
    assert PYTHON is not None
    with running_proxy(PYTHON, CONFIG) as running:
        running.board.declare("support-copilot", route=ROUTE)
        running.board.declare("plain", route={**ROUTE, "targets": [], "fallbacks": []})
        first = running.chat()
        assert first.status_code == 200, (first.text, running.log.read_text()[-4000:])
        assert running.chat("plain", key="nobody").status_code == 200
        yield running


@pytest.fixture
def proxy(_proxy: RealProxy) -> Iterator[RealProxy]:
    """Give the proxy with nothing killed, and a stub that has forgotten everything."""
    stub = _proxy.model.stub
    for name in type(stub).__slots__:
        if name != "open":
            setattr(stub, name, getattr(type(stub)(), name))
    kills: list[dict[str, Any]] = []
    plain_kill = _proxy.board.kill

    def kill(mode: str, **scope: Any) -> dict[str, Any]:
        record = plain_kill(f"K-{_proxy.board.revision + 1}", mode=mode, **scope)
        kills.append(record)
        _proxy.settle()
        return record

    _proxy.kill = kill  # type: ignore[attr-defined]  # the proxy of this test
    _proxy.settle()
    yield _proxy
    stub.hold = False
    stub.silent_after = None
    for record in kills:
        _proxy.board.restore(record)
    _proxy.settle()


def test_a_call_passes_and_its_model_is_the_routes(proxy: Any) -> None:
    answer = proxy.chat("cheap")

    assert answer.status_code == 200
    assert dict(proxy.model.stub.models) == {"gpt-5.2": 1}


def test_stop_is_a_503_at_once_in_our_own_shape(proxy: Any) -> None:
    before = proxy.ack()["counts"]["support-copilot"]
    kill = proxy.kill("stop", workflow="support-copilot")

    answer = proxy.chat()

    error = answer.json()["error"]
    assert answer.status_code == 503
    assert answer.headers["x-should-retry"] == "false"
    assert answer.headers["x-opsbot-kill"] == kill["id"]
    assert (error["type"], error["code"]) == ("ai_workflow_killed", "ai_workflow_killed")
    assert (error["workflow"], error["kill"], error["mode"]) == (
        "support-copilot",
        kill["id"],
        "stop",
    )
    assert proxy.model.stub.total == 0
    eventually_sync(
        lambda: proxy.ack()["counts"]["support-copilot"]["refused"],
        until=lambda refused: refused == before["refused"] + 1,
    )


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/messages", {"max_tokens": 9, "messages": [{"role": "user", "content": "a"}]}),
        ("/v1/responses", {"input": "a"}),
        ("/v1/embeddings", {"input": "a"}),
        ("/v1/completions", {"prompt": "a"}),
        ("/v1/images/generations", {"prompt": "a"}),
        ("/v1/audio/speech", {"input": "a", "voice": "alloy"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_stop_holds_on_every_path(proxy: Any, path: str, body: dict[str, Any]) -> None:
    kill = proxy.kill("stop", workflow="support-copilot")

    answer = proxy.post(path, {"model": "smart", **body})

    assert answer.status_code == 503
    assert kill["id"] in answer.text
    if "images" not in path:  # there LiteLLM drops every header of a refusal
        assert answer.headers["x-opsbot-kill"] == kill["id"]
    assert proxy.model.stub.total == 0


def test_no_header_or_body_of_the_caller_changes_the_workflow(proxy: Any) -> None:
    proxy.kill("stop", workflow="support-copilot")
    body = {
        "model": "smart",
        "messages": [{"role": "user", "content": "a"}],
        "metadata": {"opsbot_workflow": "free", "user_api_key_alias": "nobody"},
        "litellm_metadata": {"user_api_key_alias": "nobody", "model_group": "spare"},
        "fallbacks": ["spare"],
    }

    spoofed = {"x-opsbot-workflow": "free", "x-litellm-tags": "free", "x-opsbot-mode": "live"}
    answer = proxy.post("/v1/chat/completions", body, **spoofed)

    assert answer.status_code == 503
    assert proxy.model.stub.total == 0


def test_an_approved_text_is_an_ordinary_answer(proxy: Any) -> None:
    proxy.kill("canned", workflow="support-copilot")

    whole = proxy.chat()
    streamed = proxy.chat(stream=True)
    responses = proxy.post("/v1/responses", {"model": "smart", "input": "a"})
    messages = proxy.post("/v1/messages", MESSAGE)
    schema = proxy.chat(response_format={"type": "json_object"})
    streamed_message = proxy.post("/v1/messages", {**MESSAGE, "stream": True})

    text = "Our assistant is paused."
    assert whole.json()["choices"][0]["message"]["content"] == text
    deltas = [one["choices"][0]["delta"].get("content") or "" for one in _events(streamed)]
    assert "".join(deltas) == text
    assert responses.json()["output"][0]["content"][0]["text"] == text
    assert messages.json()["content"][0]["text"] == text
    assert (schema.status_code, schema.json()["error"]["user_message"]) == (503, text)
    assert streamed_message.status_code == 503
    assert proxy.model.stub.total == 0


MESSAGE = {"model": "smart", "max_tokens": 9, "messages": [{"role": "user", "content": "a"}]}


def test_fallback_sends_the_call_to_the_declared_model(proxy: Any) -> None:
    kill = proxy.kill("fallback", workflow="support-copilot")

    answer = proxy.chat()

    assert answer.status_code == 200
    assert dict(proxy.model.stub.models) == {"gpt-5-mini": 1}
    assert answer.headers["x-opsbot-mode"] == "fallback"
    assert answer.headers["x-opsbot-kill"] == kill["id"]


def test_a_killed_model_of_a_route_is_left_for_its_fallback(proxy: Any) -> None:
    proxy.kill("fallback_or_safe_state", model="openai/gpt-5.2")

    answer = proxy.chat()

    assert answer.status_code == 200
    assert dict(proxy.model.stub.models) == {"gpt-5-mini": 1}


def test_litellms_own_fallback_does_not_go_round_a_kill_of_a_model(proxy: Any) -> None:
    passed = proxy.chat("broken", key="nobody")
    reached = dict(proxy.model.stub.models)
    proxy.kill("stop", model="openai/gpt-4.1-mini")

    refused = proxy.chat("broken", key="nobody")

    assert (passed.status_code, reached) == (200, {"gpt-4.1-mini": 1})
    assert refused.status_code == 500  # LiteLLM tells what was wrong with the first model
    assert proxy.model.stub.total == 1


def test_a_callers_own_fallbacks_do_not_go_round_a_kill_either(proxy: Any) -> None:
    proxy.kill("stop", model="openai/gpt-4.1-mini")

    refused = proxy.chat("broken", key="nobody", fallbacks=["spare"])
    by_id = proxy.chat("id-of-spare", key="nobody")

    assert (refused.status_code, by_id.status_code) == (500, 503)
    assert proxy.model.stub.total == 0


def test_a_refused_attempt_is_neither_retried_nor_held_against_the_deployment(proxy: Any) -> None:
    record = proxy.board.kill("K-901", mode="stop", model="openai/gpt-4.1-mini")
    proxy.settle()

    refused = [proxy.chat("id-of-spare", key="nobody") for _ in range(5)]
    proxy.board.restore(record)
    proxy.settle()
    passed = [proxy.chat(name, key="nobody").status_code for name in ("id-of-spare", "spare")]

    assert {one.status_code for one in refused} == {503}
    assert max(one.elapsed.total_seconds() for one in refused) < 2 * PATIENCE
    assert passed == [200, 200]


def test_an_undeclared_call_is_of_its_model_group_however_it_is_named(proxy: Any) -> None:
    proxy.kill("stop", workflow="plain")

    by_group = proxy.chat("plain", key="nobody")
    by_id = proxy.chat("id-of-plain", key="nobody")
    other = proxy.chat("spare", key="nobody")

    assert (by_group.status_code, by_id.status_code, other.status_code) == (503, 503, 200)


def test_a_kill_of_a_provider_refuses_at_once_and_is_over_at_once(proxy: Any) -> None:
    record = proxy.board.kill("K-900", mode="stop", provider="anthropic")
    proxy.settle()

    refused = proxy.chat("other", key="nobody")
    took = refused.elapsed.total_seconds()
    proxy.board.restore(record)
    proxy.settle()
    passed = proxy.chat("other", key="nobody")

    assert refused.status_code == 503
    assert took < 2 * PATIENCE
    assert passed.status_code == 200


def test_tools_are_stripped_and_their_calls_refused(proxy: Any) -> None:
    proxy.kill("no_tools", workflow="support-copilot")
    tool = {"type": "function", "function": {"name": "issue_refund", "parameters": {}}}

    passed = proxy.chat(tools=[tool], tool_choice="auto")
    sent = proxy.model.stub.bodies[-1]
    proxy.model.stub.call_tool = "issue_refund"
    whole = proxy.chat()
    streamed = proxy.chat(stream=True)

    assert passed.status_code == 200, passed.text
    assert not {"tools", "tool_choice"} & sent.keys()
    assert whole.status_code == 503
    assert "issue_refund" in whole.json()["error"]["message"]
    assert _events(streamed)[-1]["error"]["type"] == "ai_workflow_killed"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "a"}]}),
        ("/v1/messages", MESSAGE),
        ("/v1/responses", {"input": "a"}),
    ],
    ids=["chat", "messages", "responses"],
)
def test_a_silent_stream_is_cut_with_an_error_frame(
    proxy: Any, path: str, body: dict[str, Any]
) -> None:
    proxy.model.stub.silent_after = 6
    hung_up = proxy.model.stub.hung_up
    raw: list[bytes] = []

    def read() -> None:
        key = {"authorization": "Bearer sk-support"}
        asked = {**body, "model": "smart", "stream": True}
        with proxy.client.stream("POST", path, json=asked, headers=key) as answer:
            raw.extend(answer.iter_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    eventually_sync(lambda: len(raw) >= 2, timeout_s=20)
    kill = proxy.kill("stop", workflow="support-copilot")
    reader.join(10)

    last: Any = [event for event in parse_events(b"".join(raw)) if "error" in event][-1]
    assert not reader.is_alive()
    assert last["error"]["code"] == "ai_workflow_killed"
    assert last["error"]["kill"] == kill["id"]
    eventually_sync(lambda: proxy.model.stub.hung_up, until=lambda n: n == hung_up + 1)
    eventually_sync(lambda: proxy.tally(kill).get("cut"), until=lambda n: n == 1)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "a"}]}),
        ("/v1/responses", {"input": "a"}),
        ("/v1/messages", {"max_tokens": 9, "messages": [{"role": "user", "content": "a"}]}),
    ],
    ids=["chat", "responses", "messages"],
)
def test_a_call_in_flight_is_ended_while_the_model_is_silent(
    proxy: Any, path: str, body: dict[str, Any]
) -> None:
    proxy.model.stub.hold = True
    answers: list[httpx.Response] = []
    asked = {**body, "model": "smart"}
    caller = threading.Thread(target=lambda: answers.append(proxy.post(path, asked)))
    caller.start()
    eventually_sync(lambda: proxy.model.stub.total == 1)

    kill = proxy.kill("stop", workflow="support-copilot")
    caller.join(10)

    assert not caller.is_alive()
    assert answers[0].status_code == 503
    assert answers[0].headers["x-opsbot-kill"] == kill["id"]
    eventually_sync(lambda: proxy.model.stub.hung_up, until=lambda n: n >= 1)
    eventually_sync(lambda: proxy.tally(kill).get("cut"), until=lambda n: n == 1)


def test_an_answer_in_time_is_not_held_back(proxy: Any) -> None:
    paths: dict[str, dict[str, Any]] = {
        "/v1/chat/completions": {"messages": [{"role": "user", "content": "a"}]},
        "/v1/messages": MESSAGE,
        "/v1/responses": {"input": "a"},
        "/v1/embeddings": {"input": "a"},
    }

    took = {
        path: proxy.post(path, {"model": "smart", **body}).elapsed.total_seconds()
        for path, body in [*paths.items(), *paths.items()]
    }

    assert max(took.values()) < 1.5 * PATIENCE, took
    assert not any("fallbacks" in body for body in proxy.model.stub.bodies)


def test_a_probe_through_litellm_calls_no_model(proxy: Any) -> None:
    live = proxy.post("/v1/chat/completions", {**MESSAGE}, **{"x-opsbot-probe": "n1"})
    kill = proxy.kill("stop", workflow="support-copilot")

    killed = proxy.post("/v1/chat/completions", {**MESSAGE}, **{"x-opsbot-probe": "n2"})

    seen = live.json()["error"]
    assert (live.status_code, seen["mode"], seen["nonce"]) == (200, "live", "n1")
    assert seen["target"] == "openai/gpt-5.2"
    seen = killed.json()["error"]
    assert (killed.status_code, seen["mode"], seen["kill"]) == (503, "stop", kill["id"])
    assert proxy.model.stub.total == 0


def test_a_probe_at_the_registered_address_is_answered(proxy: Any) -> None:
    registered = proxy.fleet()[0]["workflows"]["support-copilot"]

    seen = httpx.get(
        registered["probe"],
        params={"workflow": "support-copilot"},
        headers={"x-opsbot-probe": "n"},
        trust_env=False,
    )

    assert (seen.status_code, seen.json()["mode"], seen.json()["nonce"]) == (200, "live", "n")
    assert {"fallback", "read_only", "no_tools"} <= set(registered["modes"])


def _events(answer: httpx.Response) -> list[dict[str, Any]]:
    lines = [line[6:] for line in answer.text.splitlines() if line.startswith("data: {")]
    return [json.loads(line) for line in lines]
