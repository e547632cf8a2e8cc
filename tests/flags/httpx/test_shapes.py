"""What a caller reads: the 503 body, approved texts in each API's shape, and where no text fits."""

import json
from typing import Any

import anthropic
import httpx2
import openai
import pytest

import opsflags.httpx as guard
from opsbot.workbench.model_stub import parse_events
from opsflags.testing import FakeFlags
from opsflags.workflow import Workflow
from tests.flags.httpx.conftest import RECORD
from tests.support.model_stub import RunningStub

MESSAGES = [{"role": "user", "content": "Where is my refund?"}]
CHAT = {"model": "gpt-5.2", "messages": MESSAGES}


@pytest.fixture
def sdk(copilot: Workflow, model: RunningStub) -> Any:
    """Return an OpenAI client; typed loosely, as tests pass bodies of their own."""
    with openai.OpenAI(
        api_key="x", base_url=f"{model.url}/v1", http_client=guard.client(copilot)
    ) as made:
        yield made


@pytest.fixture
def client(copilot: Workflow) -> Any:
    """Return a guarded client of the library itself."""
    with guard.client(copilot) as made:
        yield made


def test_the_refusal_says_what_it_is_and_nothing_internal(
    client: Any, model: RunningStub, flags: FakeFlags
) -> None:
    kill = flags.kill("support-copilot", mode="stop")

    answer = client.post(f"{model.url}/v1/chat/completions", json=CHAT)

    assert answer.status_code == 503
    assert answer.headers["x-should-retry"] == "false"
    assert answer.headers["x-opsbot-kill"] == kill
    assert answer.json() == {
        "error": {
            "type": "ai_workflow_killed",
            "code": "ai_workflow_killed",
            "message": f"Model calls of support-copilot are refused by {kill}: mode stop.",
            "workflow": "support-copilot",
            "kill": kill,
            "mode": "stop",
            "user_message": "This assistant is paused for now.",
        }
    }


def test_an_approved_text_is_marked_and_counted(
    client: Any, model: RunningStub, flags: FakeFlags, copilot: Workflow
) -> None:
    kill = flags.kill("support-copilot", mode="canned")

    answer = client.post(f"{model.url}/v1/chat/completions", json=CHAT)

    assert answer.headers["x-opsbot-mode"] == "canned"
    assert answer.headers["x-opsbot-kill"] == kill
    assert answer.json()["usage"]["total_tokens"] == 0
    assert copilot._report()["counts"] == {"asked": 1, "let": 0, "refused": 1, "cut": 0}


def test_the_responses_api_reads_an_approved_text(
    sdk: Any, model: RunningStub, flags: FakeFlags
) -> None:
    flags.kill("support-copilot", mode="canned")

    whole = sdk.responses.create(model="gpt-5.2", input="hello")
    with sdk.responses.stream(model="gpt-5.2", input="hello") as stream:
        events = [event.type for event in stream]
        streamed = stream.get_final_response()

    assert whole.output_text == streamed.output_text == RECORD["canned"]
    assert events[0] == "response.created"
    assert events[-1] == "response.completed"
    assert model.stub.total == 0


def test_the_helpers_of_both_sdks_read_a_streamed_text(
    sdk: Any, model: RunningStub, flags: FakeFlags, copilot: Workflow
) -> None:
    flags.kill("support-copilot", mode="canned")
    claude: Any = anthropic.Anthropic(
        api_key="x", base_url=model.url, http_client=guard.client(copilot)
    )

    with sdk.chat.completions.stream(**CHAT) as stream:
        for _ in stream:
            pass
        chat = stream.get_final_completion().choices[0].message.content
    with claude, claude.messages.stream(**CHAT, max_tokens=9) as words:
        message = "".join(words.text_stream)

    assert chat == message == RECORD["canned"]


def test_usage_is_streamed_where_it_was_asked_for(
    sdk: Any, model: RunningStub, flags: FakeFlags
) -> None:
    flags.kill("support-copilot", mode="canned")

    chunks = list(
        sdk.chat.completions.create(**CHAT, stream=True, stream_options={"include_usage": True})
    )

    assert chunks[-1].usage.total_tokens == 0


SCHEMA = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}
TOOL = {"type": "function", "function": {"name": "search_kb"}}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("chat/completions", {**CHAT, "response_format": SCHEMA}),
        ("chat/completions", {**CHAT, "response_format": {"type": "json_object"}}),
        ("chat/completions", {**CHAT, "tools": [TOOL], "tool_choice": "required"}),
        ("chat/completions", {**CHAT, "tools": [TOOL], "tool_choice": TOOL}),
        ("chat/completions", {**CHAT, "modalities": ["text", "audio"]}),
        ("responses", {"model": "m", "input": "x", "text": {"format": {"type": "json_schema"}}}),
        ("responses", {"model": "m", "input": "x", "background": True}),
        ("messages", {**CHAT, "output_config": {"format": {"type": "json_schema"}}}),
        ("messages", {**CHAT, "tool_choice": {"type": "tool", "name": "record"}}),
        ("embeddings", {"model": "m", "input": "x"}),
        ("completions", {"model": "m", "prompt": "x"}),
        ("images/generations", {"model": "m", "prompt": "x"}),
    ],
)
def test_where_a_text_is_no_answer_the_call_is_refused_with_the_text(
    client: Any, model: RunningStub, flags: FakeFlags, path: str, body: dict[str, object]
) -> None:
    flags.kill("support-copilot", mode="canned")

    answer = client.post(f"{model.url}/v1/{path}", json=body)

    assert answer.status_code == 503
    assert answer.json()["error"]["user_message"] == RECORD["canned"]
    assert answer.json()["error"]["mode"] == "canned"
    assert model.stub.total == 0


def test_a_responses_stream_is_cut_in_its_own_shape(
    client: Any, sdk: Any, model: RunningStub, flags: FakeFlags
) -> None:
    model.stub.silent_after = 4
    body = {"model": "gpt-5.2", "input": "x", "stream": True}
    raw = b""

    with client.stream("POST", f"{model.url}/v1/responses", json=body) as answer:
        for chunk in answer.iter_bytes():
            raw += chunk
            if raw.count(b"data:") == 4:
                flags.kill("support-copilot", mode="stop")
    flags.restore("all")
    stream = sdk.responses.create(**body)
    next(stream)
    flags.kill("support-copilot", mode="stop")
    with pytest.raises(openai.APIError) as cut:
        list(stream)

    last = parse_events(raw)[-1]
    assert (last["type"], last["code"]) == ("error", "ai_workflow_killed")
    assert last["sequence_number"] == 4
    assert cut.value.code == "ai_workflow_killed"


def test_a_cut_body_without_a_shape_for_errors_breaks_and_never_looks_whole(
    client: Any, model: RunningStub, flags: FakeFlags
) -> None:
    model.stub.silent_after = 3
    body = {"model": "tts", "input": "x", "voice": "v", "stream": False}

    with client.stream("POST", f"{model.url}/v1/audio/speech", json=body) as answer:
        sound = answer.iter_bytes()
        next(sound)
        flags.kill("support-copilot", mode="stop")

        with pytest.raises(httpx2.ReadError, match="ai_workflow_killed"):
            list(sound)


def test_unknown_requests_pass_in_live_only(
    client: Any, model: RunningStub, flags: FakeFlags
) -> None:
    live = client.get(f"{model.url}/v1/models")
    flags.kill("support-copilot", mode="fallback")
    degraded = client.get(f"{model.url}/v1/models")
    flags.restore("all")
    flags.kill("support-copilot", tool="issue_refund", mode="stop")
    listed = client.get(f"{model.url}/v1/models")
    unreadable = client.post(f"{model.url}/v1/chat/completions", content=b"{not json")

    assert live.json()["object"] == "list"
    assert (degraded.status_code, degraded.json()["error"]["mode"]) == (503, "stop")
    assert listed.status_code == 200
    assert unreadable.status_code == 503


def test_a_fallback_at_another_provider_is_refused(
    client: Any, model: RunningStub, flags: FakeFlags, copilot: Workflow
) -> None:
    flags.declare(
        "support-copilot",
        {
            **RECORD,
            "route": {
                **RECORD["route"],  # type: ignore[dict-item]  # a plain record
                "fallbacks": [{"provider": "anthropic", "model": "claude-sonnet-5"}],
            },
        },
    )
    flags.kill("support-copilot", mode="fallback")

    answer = client.post(f"{model.url}/v1/chat/completions", json=CHAT)

    assert (answer.status_code, answer.json()["error"]["mode"]) == (503, "stop")
    assert model.stub.total == 0
    assert copilot._report()["counts"]["refused"] == 1


def test_the_rewritten_body_keeps_every_other_field(
    client: Any, model: RunningStub, flags: FakeFlags
) -> None:
    flags.kill("support-copilot", mode="fallback")
    body = {**CHAT, "temperature": 0.2, "metadata": {"order": "Ä-17"}}

    client.post(f"{model.url}/v1/chat/completions", content=json.dumps(body), headers=JSON)

    assert model.stub.bodies[0] == {**body, "model": "gpt-5-mini"}


JSON = {"content-type": "application/json"}
