"""Whose call it is: the handle, the tenant, the block; never a header. And what is built by default."""

from typing import Any

import anthropic
import httpx
import httpx2
import openai
import pytest

import opsflags.httpx as guard
from opsflags.client import FlagClient
from opsflags.probe_server import ProbeRequest
from opsflags.testing import FakeFlags
from opsflags.workflow import Workflow
from tests.support.model_stub import RunningStub

CHAT = {"model": "gpt-5.2", "messages": [{"role": "user", "content": "hello"}]}
EVERY_WAY = [guard.client, guard.async_client, guard.transport, guard.async_transport]


def ask(client: Any, model: RunningStub, **headers: str) -> Any:
    """Make one chat call."""
    return client.post(f"{model.url}/v1/chat/completions", json=CHAT, headers=headers)


@pytest.mark.parametrize("make", EVERY_WAY)
def test_without_a_handle_nothing_is_built(make: Any) -> None:
    with pytest.raises(TypeError, match=r"flags\.workflow"):
        make("support-copilot")
    with pytest.raises(TypeError, match="httpx"):
        make(FakeFlags().workflow("a"), library="requests")


def test_headers_never_say_who_is_calling(
    copilot: Workflow, model: RunningStub, flags: FakeFlags
) -> None:
    flags.kill("support-copilot", tenant="acme", mode="stop")
    spoofed = {
        "x-opsbot-workflow": "another",
        "x-opsbot-tenant": "globex",
        "x-opsbot-mode": "live",
        "x-opsbot-kill": "none",
    }

    with guard.client(copilot, tenant="acme") as client:
        refused = ask(client, model, **spoofed)
    with guard.client(copilot, tenant="globex") as client:
        passed = ask(client, model, **{**spoofed, "x-opsbot-tenant": "acme"})

    assert (refused.status_code, passed.status_code) == (503, 200)


def test_a_block_overrides_the_tenant(
    copilot: Workflow, model: RunningStub, flags: FakeFlags
) -> None:
    flags.kill("support-copilot", tenant="acme", mode="stop")

    with guard.client(copilot, tenant="acme") as client:
        with copilot.call(tenant="globex"):
            passed = ask(client, model)
        refused = ask(client, model)

    assert (passed.status_code, refused.status_code) == (200, 503)


def test_a_call_without_a_tenant_counts_as_hit(
    copilot: Workflow, model: RunningStub, flags: FakeFlags
) -> None:
    flags.kill("support-copilot", tenant="acme", mode="stop")

    with guard.client(copilot) as client:
        refused = ask(client, model)

    tallies = list(copilot._report()["kills"].values())
    assert refused.status_code == 503
    assert [tally["no_tenant"] for tally in tallies] == [1]  # type: ignore[index]  # counters


def test_a_kill_on_a_model_reads_the_model_from_the_body(
    copilot: Workflow, model: RunningStub, flags: FakeFlags
) -> None:
    flags.kill("support-copilot", model="gpt-5-mini", mode="stop")

    with guard.client(copilot) as client, copilot.call(model="gpt-5-mini"):
        passed = ask(client, model)
        refused = client.post(
            f"{model.url}/v1/chat/completions", json={**CHAT, "model": "gpt-5-mini"}
        )

    assert (passed.status_code, refused.status_code) == (200, 503)


def test_each_attempt_is_decided_again(
    copilot: Workflow, model: RunningStub, flags: FakeFlags
) -> None:
    attempts: list[object] = []

    def fails_first(request: httpx2.Request) -> httpx2.Response:
        attempts.append(request)
        flags.kill("support-copilot", mode="stop")
        return httpx2.Response(500, json={"error": {"message": "overloaded"}})

    inner = guard.transport(copilot, httpx2.MockTransport(fails_first))
    sdk = openai.OpenAI(
        api_key="x", base_url="http://model/v1", http_client=httpx2.Client(transport=inner)
    )

    with sdk, pytest.raises(openai.APIStatusError) as refused:
        sdk.with_options(max_retries=3).post("/chat/completions", body=CHAT, cast_to=object)

    assert refused.value.code == "ai_workflow_killed"
    assert len(attempts) == 1


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
def test_the_library_is_that_of_the_inner_transport(copilot: Workflow, library: str) -> None:
    made_by: Any = {"httpx": httpx, "httpx2": httpx2}[library]

    sync = guard.transport(copilot, made_by.HTTPTransport())
    asynchronous = guard.async_transport(copilot, made_by.AsyncHTTPTransport())

    assert isinstance(sync, made_by.BaseTransport)
    assert isinstance(asynchronous, made_by.AsyncBaseTransport)
    with pytest.raises(TypeError, match="library="):
        guard.transport(copilot, object())


def test_the_sdks_keep_their_own_timeouts(copilot: Workflow) -> None:
    guarded = openai.OpenAI(api_key="x", http_client=guard.client(copilot))
    claude = anthropic.Anthropic(api_key="x", http_client=guard.client(copilot))
    legacy = openai.OpenAI(api_key="x", http_client=guard.client(copilot, library="httpx"))

    with guarded, claude, legacy, openai.OpenAI(api_key="x") as plain:
        assert guarded.timeout == legacy.timeout == plain.timeout
        assert claude.timeout == anthropic.Anthropic(api_key="x").timeout


def test_proxies_and_mounts_are_guarded_too(copilot: Workflow, flags: FakeFlags) -> None:
    flags.kill("support-copilot", mode="stop")
    elsewhere = httpx2.MockTransport(lambda request: httpx2.Response(200))

    with guard.client(copilot, mounts={"all://model": elsewhere}) as client:
        answer = client.post("http://model/v1/chat/completions", json=CHAT)

    assert answer.status_code == 503


def test_the_callers_own_request_is_left_as_it_was(copilot: Workflow, model: RunningStub) -> None:
    with guard.client(copilot) as client:
        answer = ask(client, model)

    assert "accept-encoding" in answer.request.headers
    assert "accept-encoding" not in model.stub.headers[0]


@pytest.mark.parametrize(
    ("mode", "status", "answered"),
    [
        (None, 200, None),
        ("read_only", 200, None),
        ("fallback", 200, None),
        ("canned", 200, True),
        ("human", 200, True),
        ("stop", 503, None),
    ],
)
def test_a_probe_sees_the_mode_and_never_reaches_the_model(
    copilot: Workflow,
    model: RunningStub,
    flags: FakeFlags,
    mode: str | None,
    status: int,
    *,
    answered: bool | None,
) -> None:
    kill = flags.kill("support-copilot", mode=mode) if mode else None

    with guard.client(copilot) as client:
        probed = ask(client, model, **{"x-opsbot-probe": "n-1"})

    seen = probed.json()
    assert probed.status_code == status
    assert (seen["mode"], seen["kill"], seen["nonce"]) == (mode or "live", kill, "n-1")
    assert seen.get("answered") is answered
    assert seen["allowed"] is (mode not in {"canned", "human", "stop"})
    assert model.stub.total == 0
    assert copilot._report()["counts"]["asked"] == 0


def test_a_probe_sees_what_read_only_and_fallback_leave(
    copilot: Workflow, model: RunningStub, flags: FakeFlags
) -> None:
    with guard.client(copilot) as client:
        flags.kill("support-copilot", mode="read_only")
        read_only = ask(client, model, **{"x-opsbot-probe": "n"}).json()
        flags.restore("all")
        flags.kill("support-copilot", mode="fallback")
        fallback = ask(client, model, **{"x-opsbot-probe": "n"}).json()

    assert read_only["tools"] == {"only": ["search_kb"], "without": []}
    assert fallback["target"] == "openai/gpt-5-mini"


def test_the_probe_server_gets_the_guards_own_answer(flags: FakeFlags) -> None:
    points: dict[str, Any] = {}
    flags_client = _Registry(points)
    handle = Workflow("support-copilot", (), "run", flags_client)

    with guard.client(handle):
        status, seen = points["support-copilot"](
            ProbeRequest({"workflow": "support-copilot", "nonce": "n-2"}, {})
        )

    assert (status, seen["mode"], seen["nonce"]) == (200, "live", "n-2")
    assert "_enforcement" in FlagClient.__slots__


class _Registry:
    """The part of a client that a guard registers with."""

    def __init__(self, points: dict[str, Any]) -> None:
        self._enforcement = points


def test_the_guard_says_which_modes_it_adds(copilot: Workflow) -> None:
    before = copilot.modes

    with guard.client(copilot):
        added = copilot.modes - before

    assert added == {"fallback", "read_only", "no_tools"}


def test_whoever_reads_it_is_answered_in_their_language(
    copilot: Workflow, model: RunningStub, flags: FakeFlags
) -> None:
    texts = {"locale": "en", "canned": {"en": "Back soon.", "de": "Bald zur\u00fcck."}}
    flags.declare("support-copilot", {"texts": texts})
    flags.kill("support-copilot", mode="canned")
    spoken = guard.client(copilot, locale="de-CH", library="httpx")

    german = ask(spoken, model).json()["choices"][0]["message"]["content"]
    with copilot.call(locale="en"):
        english = ask(spoken, model).json()["choices"][0]["message"]["content"]
    refused = spoken.post(f"{model.url}/v1/embeddings", json={"model": "m", "input": "x"}).json()

    assert (german, english) == ("Bald zur\u00fcck.", "Back soon.")
    assert refused["error"]["user_message"] == "Bald zur\u00fcck."
